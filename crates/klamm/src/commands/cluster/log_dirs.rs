//! `klamm cluster log-dirs`.

use crate::connect::{Connect, check, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::Target;
use klamm_wire::messages::describe_log_dirs::{DescribeLogDirsRequest, DescribeLogDirsResult};
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Each partition, not only the sum of each folder.
    #[arg(short, long)]
    partitions: bool,
    /// Only this broker.
    #[arg(long, value_name = "ID")]
    broker: Option<i32>,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session()?;
    let cluster = session.client.cluster().await.map_err(explain)?;
    let mut documents = Vec::new();
    let mut rows = Vec::new();
    let mut failure = Ok(());
    for id in cluster
        .brokers
        .keys()
        .filter(|id| arguments.broker.is_none_or(|b| b == **id))
    {
        let request = DescribeLogDirsRequest { topics: None };
        let answer = session.ask(Target::Node(*id), &request).await?;
        check(answer.error_code, None::<&str>, format_args!("broker {id}"))?;
        for folder in &answer.results {
            let about = format_args!("broker {id} folder {}", folder.log_dir);
            failure = failure.and(check(folder.error_code, None::<&str>, about));
            documents.push(document(*id, folder));
            rows.extend(rows_of(*id, folder, arguments.partitions));
        }
    }
    if screen.is_json() {
        screen.document(&json!({ "log_dirs": documents }))?;
    } else {
        let heading = ["BROKER", "FOLDER", "PARTITION", "BYTES", "FREE"];
        screen.table(&heading, &rows)?;
    }
    failure
}

fn rows_of(broker: i32, folder: &DescribeLogDirsResult, each: bool) -> Vec<Vec<String>> {
    let path = folder.log_dir.to_string();
    let partitions = || {
        folder
            .topics
            .iter()
            .flat_map(|topic| topic.partitions.iter().map(move |p| (topic, p)))
    };
    let sum: i64 = partitions()
        .map(|(_, partition)| partition.partition_size)
        .sum();
    let count = format!("{} in all", partitions().count());
    let free = folder.usable_bytes.to_string();
    let mut rows = vec![vec![
        broker.to_string(),
        path.clone(),
        count,
        sum.to_string(),
        free,
    ]];
    if each {
        rows.extend(partitions().map(|(topic, partition)| {
            let name = format!("{}-{}", topic.name, partition.partition_index);
            vec![
                broker.to_string(),
                path.clone(),
                name,
                partition.partition_size.to_string(),
                String::new(),
            ]
        }));
    }
    rows
}

fn document(broker: i32, folder: &DescribeLogDirsResult) -> Value {
    let partitions = folder.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|partition| {
            json!({
                "topic": topic.name.as_str(),
                "partition": partition.partition_index,
                "bytes": partition.partition_size,
                "lag": partition.offset_lag,
                "future": partition.is_future_key,
            })
        })
    });
    json!({
        "broker": broker,
        "folder": folder.log_dir.as_str(),
        "online": folder.error_code == 0,
        "total_bytes": folder.total_bytes,
        "usable_bytes": folder.usable_bytes,
        "cordoned": folder.is_cordoned,
        "partitions": partitions.collect::<Vec<_>>(),
    })
}

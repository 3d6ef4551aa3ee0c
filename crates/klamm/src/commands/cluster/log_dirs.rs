//! `klamm cluster log-dirs`.

use crate::connect::{Connect, explain, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::admin::LogDir;
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
    let session = arguments.connect.session().await?;
    let cluster = session.client.cluster().await.map_err(explain)?;
    let mut documents = Vec::new();
    let mut rows = Vec::new();
    let mut failure = Ok(());
    for id in cluster
        .brokers
        .keys()
        .filter(|id| arguments.broker.is_none_or(|b| b == **id))
    {
        let folders = session.admin.describe_log_dirs(*id).await;
        let folders = folders.map_err(|error| explain_about(format_args!("broker {id}"), error))?;
        for folder in folders {
            documents.push(document(*id, &folder));
            rows.extend(rows_of(*id, &folder, arguments.partitions));
            if let Err(error) = folder.state {
                let about = format!("broker {id} folder {}", folder.path);
                failure = failure.and(Err(explain_about(about, error)));
            }
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

fn rows_of(broker: i32, folder: &LogDir, each: bool) -> Vec<Vec<String>> {
    let row = |partition: String, bytes: i64, free: String| {
        vec![
            broker.to_string(),
            folder.path.clone(),
            partition,
            bytes.to_string(),
            free,
        ]
    };
    let sum = folder
        .partitions
        .values()
        .map(|partition| partition.bytes)
        .sum();
    let free = folder
        .usable_bytes
        .map_or("unknown".to_owned(), |bytes| bytes.to_string());
    let mut rows = vec![row(
        format!("{} in all", folder.partitions.len()),
        sum,
        free,
    )];
    if each {
        let partitions = folder.partitions.iter();
        rows.extend(partitions.map(|((topic, partition), found)| {
            row(format!("{topic}-{partition}"), found.bytes, String::new())
        }));
    }
    rows
}

fn document(broker: i32, folder: &LogDir) -> Value {
    let partitions = folder.partitions.iter().map(|((topic, partition), found)| {
        json!({
            "topic": topic.as_ref(),
            "partition": partition,
            "bytes": found.bytes,
            "lag": found.offset_lag,
            "future": found.is_future,
        })
    });
    json!({
        "broker": broker,
        "folder": folder.path,
        "online": folder.state.is_ok(),
        "total_bytes": folder.total_bytes,
        "usable_bytes": folder.usable_bytes,
        "cordoned": folder.is_cordoned,
        "partitions": partitions.collect::<Vec<_>>(),
    })
}

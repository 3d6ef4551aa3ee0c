//! `klamm topic delete-records NAME --before PARTITION:OFFSET…`.

use crate::connect::{Connect, explain, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use serde_json::json;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  klamm topic delete-records orders --before 0:1500 --before 1:900\n  \
klamm topic delete-records orders --all"
)]
pub(crate) struct Arguments {
    /// The topic.
    name: String,
    /// Delete what lies before this offset of a partition; may be given more than once.
    #[arg(long, value_name = "PARTITION:OFFSET", required_unless_present = "all", value_parser = place)]
    before: Vec<(i32, i64)>,
    /// Delete all records that are there.
    #[arg(long, conflicts_with = "before")]
    all: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let topic = session.topic(&arguments.name).await?;
    let key = |partition: i32| (Arc::clone(&topic.name), partition);
    let mut places = Vec::new();
    for (partition, offset) in &arguments.before {
        if topic.partition(*partition).is_none() {
            let name = &arguments.name;
            return Err(Failure::usage(format!(
                "topic {name} has no partition {partition}"
            )));
        }
        places.push((key(*partition), Some(*offset)));
    }
    if arguments.all {
        places = topic
            .partitions
            .iter()
            .map(|p| (key(p.index), None))
            .collect();
    }
    let results = session
        .admin
        .delete_records(&places)
        .await
        .map_err(explain)?;
    let mut documents = Vec::new();
    let mut failure = Ok(());
    for ((name, partition), result) in results {
        match result {
            Ok(start) => {
                documents.push(json!({ "partition": partition, "start": start }));
                if !screen.is_json() {
                    screen.line(format_args!("{name}-{partition} starts at {start}"))?;
                }
            }
            Err(error) => {
                let about = format!("{name}-{partition}");
                failure = failure.and(Err(explain_about(about, error)));
            }
        }
    }
    if screen.is_json() {
        screen.document(&json!({ "topic": arguments.name, "partitions": documents }))?;
    }
    failure
}

fn place(text: &str) -> Result<(i32, i64), String> {
    let pair = text.split_once(':').and_then(|(partition, offset)| {
        Some((partition.trim().parse().ok()?, offset.trim().parse().ok()?))
    });
    pair.filter(|(partition, offset)| *partition >= 0 && *offset >= 0)
        .ok_or_else(|| "expected PARTITION:OFFSET, such as 0:1500".to_owned())
}

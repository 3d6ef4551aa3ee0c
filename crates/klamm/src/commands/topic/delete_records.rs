//! `klamm topic delete-records NAME --before PARTITION:OFFSET…`.

use crate::connect::{Connect, Session, check};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::Target;
use klamm_wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use serde_json::json;

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

/// Means: up to the high watermark.
const HIGH_WATERMARK: i64 = -1;

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session()?;
    let topic = session.topic(&arguments.name).await?;
    let mut places = arguments.before.clone();
    if arguments.all {
        places = topic
            .partitions
            .iter()
            .map(|p| (p.partition_index, HIGH_WATERMARK))
            .collect();
    }
    let mut results = Vec::new();
    for (partition, offset) in places {
        let leader = topic
            .partitions
            .iter()
            .find(|p| p.partition_index == partition);
        let leader = leader.ok_or_else(|| {
            Failure::usage(format!(
                "topic {} has no partition {partition}",
                arguments.name
            ))
        })?;
        let start = delete(&session, arguments, leader.leader_id, (partition, offset)).await?;
        results.push(json!({ "partition": partition, "start": start }));
        if !screen.is_json() {
            screen.line(format_args!(
                "{}-{partition} starts at {start}",
                arguments.name
            ))?;
        }
    }
    if screen.is_json() {
        screen.document(&json!({ "topic": arguments.name, "partitions": results }))?;
    }
    Ok(())
}

/// Deletes in one partition, and gives its new first offset.
async fn delete(
    session: &Session,
    arguments: &Arguments,
    leader: i32,
    (partition_index, offset): (i32, i64),
) -> Result<i64, Failure> {
    let partitions = vec![DeleteRecordsPartition { partition_index, offset }];
    let topic = DeleteRecordsTopic { name: arguments.name.as_str().into(), partitions };
    let request = DeleteRecordsRequest { topics: vec![topic], timeout_ms: session.timeout_ms() };
    let response = session.ask(Target::Node(leader), &request).await?;
    let mut results = response.topics.iter().flat_map(|topic| &topic.partitions);
    let result = results
        .next()
        .ok_or_else(|| Failure::failed("the answer is empty"))?;
    let about = format_args!("{}-{partition_index}", arguments.name);
    check(result.error_code, None::<&str>, about)?;
    Ok(result.low_watermark)
}

fn place(text: &str) -> Result<(i32, i64), String> {
    let pair = text.split_once(':').and_then(|(partition, offset)| {
        Some((partition.trim().parse().ok()?, offset.trim().parse().ok()?))
    });
    pair.filter(|(partition, offset)| *partition >= 0 && *offset >= 0)
        .ok_or_else(|| "expected PARTITION:OFFSET, such as 0:1500".to_owned())
}

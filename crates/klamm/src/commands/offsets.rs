//! `klamm offsets TOPIC`: first and last offsets, or the offset at a time.

use crate::commands::consume::position::Position;
use crate::connect::{Connect, Session, block_on, check};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::Target;
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsTopic,
};
use klamm_wire::messages::metadata::MetadataResponseTopic;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  klamm offsets orders\n  klamm offsets orders --at 2026-01-31T12:00:00Z\n  klamm offsets orders --at max-timestamp"
)]
pub(crate) struct Arguments {
    /// The topic.
    topic: String,
    /// Instead of first and last: the offset at a time (2026-01-31T12:00:00Z or @MILLISECONDS), or of the newest
    /// timestamp (max-timestamp).
    #[arg(long, value_name = "TIME", value_parser = at)]
    at: Option<i64>,
    /// Only these partitions, separated by commas.
    #[arg(short, long, value_delimiter = ',')]
    partition: Vec<i32>,
    #[command(flatten)]
    connect: Connect,
}

/// What ListOffsets calls the places of a log.
pub(crate) const EARLIEST: i64 = -2;
pub(crate) const LATEST: i64 = -1;
const MAX_TIMESTAMP: i64 = -3;

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        let session = arguments.connect.session()?;
        let mut topic = session.topic(&arguments.topic).await?;
        topic
            .partitions
            .sort_by_key(|partition| partition.partition_index);
        for wanted in &arguments.partition {
            if !topic
                .partitions
                .iter()
                .any(|p| p.partition_index == *wanted)
            {
                return Err(Failure::usage(format!(
                    "topic {} has no partition {wanted}",
                    arguments.topic
                )));
            }
        }
        topic.partitions.retain(|p| {
            arguments.partition.is_empty() || arguments.partition.contains(&p.partition_index)
        });
        match arguments.at {
            Some(timestamp) => print_at(&session, &topic, timestamp, screen).await,
            None => print_ends(&session, &topic, screen).await,
        }
    })
}

async fn print_ends(
    session: &Session,
    topic: &MetadataResponseTopic,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let starts = offsets(session, topic, EARLIEST).await?;
    let ends = offsets(session, topic, LATEST).await?;
    let pairs: Vec<_> = starts.iter().zip(&ends).collect();
    if screen.is_json() {
        let partitions = pairs.iter().map(|(start, end)| {
            json!({ "partition": start.partition_index, "start": start.offset, "end": end.offset })
        });
        let partitions: Vec<Value> = partitions.collect();
        return screen
            .document(&json!({ "topic": topic.name.as_deref(), "partitions": partitions }));
    }
    let rows = pairs.iter().map(|(start, end)| {
        let count = end.offset.saturating_sub(start.offset);
        [
            start.partition_index.into(),
            start.offset,
            end.offset,
            count,
        ]
        .map(|n: i64| n.to_string())
        .to_vec()
    });
    screen.table(
        &["PARTITION", "START", "END", "END - START"],
        &rows.collect::<Vec<_>>(),
    )
}

async fn print_at(
    session: &Session,
    topic: &MetadataResponseTopic,
    timestamp: i64,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let found = offsets(session, topic, timestamp).await?;
    // A log without such a record has no offset there.
    let offset = |found: &ListOffsetsPartitionResponse| (found.offset >= 0).then_some(found.offset);
    if screen.is_json() {
        let partitions = found.iter().map(|at| {
            json!({ "partition": at.partition_index, "offset": offset(at), "timestamp": at.timestamp })
        });
        let partitions: Vec<Value> = partitions.collect();
        return screen
            .document(&json!({ "topic": topic.name.as_deref(), "partitions": partitions }));
    }
    let rows = found.iter().map(|at| match offset(at) {
        Some(offset) => {
            vec![
                at.partition_index.to_string(),
                offset.to_string(),
                crate::moment::show(at.timestamp),
            ]
        }
        None => vec![
            at.partition_index.to_string(),
            "none".to_owned(),
            String::new(),
        ],
    });
    screen.table(&["PARTITION", "OFFSET", "TIME"], &rows.collect::<Vec<_>>())
}

/// The offset at a time in each partition of a topic, asking each leader.
pub(crate) async fn offsets(
    session: &Session,
    topic: &MetadataResponseTopic,
    timestamp: i64,
) -> Result<Vec<ListOffsetsPartitionResponse>, Failure> {
    let name = topic.name.clone().unwrap_or_default();
    session
        .client
        .cluster()
        .await
        .map_err(crate::connect::explain)?;
    let mut found = Vec::new();
    for partition in &topic.partitions {
        let index = partition.partition_index;
        if partition.leader_id < 0 {
            return Err(Failure::failed(format!("{name}-{index} has no leader")));
        }
        let asked =
            ListOffsetsPartition { partition_index: index, current_leader_epoch: -1, timestamp };
        let topics = vec![ListOffsetsTopic { name: name.clone(), partitions: vec![asked] }];
        let request = ListOffsetsRequest {
            replica_id: -1,
            topics,
            timeout_ms: session.timeout_ms(),
            ..Default::default()
        };
        let response = session
            .ask(Target::Node(partition.leader_id), &request)
            .await?;
        let answer = response
            .topics
            .into_iter()
            .flat_map(|topic| topic.partitions)
            .next();
        let answer = answer.ok_or_else(|| Failure::failed("the answer is empty"))?;
        check(
            answer.error_code,
            None::<&str>,
            format_args!("{name}-{index}"),
        )?;
        found.push(answer);
    }
    Ok(found)
}

fn at(text: &str) -> Result<i64, String> {
    match (text, text.parse()) {
        ("max-timestamp", _) => Ok(MAX_TIMESTAMP),
        (_, Ok(Position::Time(ms))) => Ok(ms),
        _ => Err(
            "expected a time such as 2026-01-31T12:00:00Z, @MILLISECONDS, or max-timestamp"
                .to_owned(),
        ),
    }
}

//! `klamm cluster quorum`.

use crate::connect::{Connect, check};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::Target;
use klamm_wire::messages::describe_quorum::{
    DescribeQuorumRequest, ReplicaState, RequestPartitionData, RequestTopicData,
};
use serde_json::{Value, json};

pub(crate) async fn run(connect: &Connect, screen: &mut Screen) -> Result<(), Failure> {
    let session = connect.session()?;
    let topic = RequestTopicData {
        topic_name: "__cluster_metadata".into(),
        partitions: vec![RequestPartitionData { partition_index: 0 }],
    };
    let response = session
        .ask(Target::Any, &DescribeQuorumRequest { topics: vec![topic] })
        .await?;
    check(
        response.error_code,
        response.error_message.as_ref(),
        "quorum",
    )?;
    let partition = response
        .topics
        .iter()
        .flat_map(|topic| &topic.partitions)
        .next();
    let partition = partition.ok_or_else(|| Failure::failed("the answer is empty"))?;
    check(
        partition.error_code,
        partition.error_message.as_ref(),
        "quorum",
    )?;
    if screen.is_json() {
        let replicas =
            |replicas: &[ReplicaState]| -> Vec<Value> { replicas.iter().map(document).collect() };
        return screen.document(&json!({
            "leader_id": partition.leader_id,
            "leader_epoch": partition.leader_epoch,
            "high_watermark": partition.high_watermark,
            "voters": replicas(&partition.current_voters),
            "observers": replicas(&partition.observers),
        }));
    }
    screen.line(format_args!(
        "leader {} epoch {} high watermark {}",
        partition.leader_id, partition.leader_epoch, partition.high_watermark
    ))?;
    let voters = partition
        .current_voters
        .iter()
        .map(|replica| ("voter", replica));
    let observers = partition
        .observers
        .iter()
        .map(|replica| ("observer", replica));
    let end = partition
        .current_voters
        .iter()
        .map(|r| r.log_end_offset)
        .max()
        .unwrap_or(0);
    let rows = voters.chain(observers).map(|(role, replica)| {
        vec![
            format!("  {}", replica.replica_id),
            role.to_owned(),
            replica.log_end_offset.to_string(),
            end.saturating_sub(replica.log_end_offset).to_string(),
            replica.replica_directory_id.to_string(),
        ]
    });
    let heading = ["  NODE", "ROLE", "LOG END", "BEHIND", "DIRECTORY"];
    screen.table(&heading, &rows.collect::<Vec<_>>())
}

fn document(replica: &ReplicaState) -> Value {
    json!({
        "id": replica.replica_id,
        "directory": replica.replica_directory_id.to_string(),
        "log_end": replica.log_end_offset,
        "last_fetch": replica.last_fetch_timestamp,
        "last_caught_up": replica.last_caught_up_timestamp,
    })
}

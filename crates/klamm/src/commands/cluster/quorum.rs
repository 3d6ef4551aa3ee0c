//! `klamm cluster quorum`.

use crate::connect::{Connect, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::admin::QuorumReplica;
use serde_json::{Value, json};

pub(crate) async fn run(connect: &Connect, screen: &mut Screen) -> Result<(), Failure> {
    let session = connect.session().await?;
    let quorum = session.admin.describe_quorum().await.map_err(explain)?;
    if screen.is_json() {
        let replicas =
            |replicas: &[QuorumReplica]| -> Vec<Value> { replicas.iter().map(document).collect() };
        return screen.document(&json!({
            "leader_id": quorum.leader_id,
            "leader_epoch": quorum.leader_epoch,
            "high_watermark": quorum.high_watermark,
            "voters": replicas(&quorum.voters),
            "observers": replicas(&quorum.observers),
        }));
    }
    screen.line(format_args!(
        "leader {} epoch {} high watermark {}",
        quorum.leader_id, quorum.leader_epoch, quorum.high_watermark
    ))?;
    let end = quorum
        .voters
        .iter()
        .map(|replica| replica.log_end_offset)
        .max()
        .unwrap_or(0);
    let voters = quorum.voters.iter().map(|replica| ("voter", replica));
    let observers = quorum.observers.iter().map(|replica| ("observer", replica));
    let rows = voters.chain(observers).map(|(role, replica)| {
        vec![
            format!("  {}", replica.node_id),
            role.to_owned(),
            replica.log_end_offset.to_string(),
            end.saturating_sub(replica.log_end_offset).to_string(),
            replica.directory_id.to_string(),
        ]
    });
    let heading = ["  NODE", "ROLE", "LOG END", "BEHIND", "DIRECTORY"];
    screen.table(&heading, &rows.collect::<Vec<_>>())
}

fn document(replica: &QuorumReplica) -> Value {
    json!({
        "id": replica.node_id,
        "directory": replica.directory_id.to_string(),
        "log_end": replica.log_end_offset,
        "last_fetch": replica.last_fetch_ms,
        "last_caught_up": replica.last_caught_up_ms,
    })
}

//! Somebody who moves logs between the directories of the node, while they are written, read, compacted and crash.

use crate::node::log_dir;
use crate::stage::Client;
use klamm_codec::Str;
use klamm_wire::ErrorCode;
use klamm_wire::messages::alter_replica_log_dirs::{
    AlterReplicaLogDir, AlterReplicaLogDirTopic, AlterReplicaLogDirsRequest,
};

/// The coordinators' logs move as well, under those who use them.
const COORDINATORS: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

/// Moves logs until the run drains.
pub(crate) async fn shuffle(mut client: Client) {
    while !client.draining() {
        client.pause(5_000).await;
        let (name, partition, may_be_gone) = if client.rng.percent(20) {
            let name = COORDINATORS[client.rng.index(2)].to_owned();
            (name, i32::from(client.rng.percent(50)), true)
        } else if let Some(target) = client.target() {
            let gone = client.is_deleting(target.key.topic);
            (target.name, target.key.partition, gone)
        } else {
            continue;
        };
        let dir = log_dir(client.rng.index(client.stage.options.log_dirs));
        let Some(code) = move_log(&mut client, &name, partition, &dir).await else {
            continue;
        };
        let fine = match code {
            ErrorCode::NONE => true,
            // The directory has failed.
            ErrorCode::LOG_DIR_NOT_FOUND | ErrorCode::KAFKA_STORAGE_ERROR => true,
            // It is deleted meanwhile, or nobody has made it yet.
            code => code.is_retriable() || may_be_gone,
        };
        if code == ErrorCode::NONE {
            client.stage.reach("a log asked to move");
        }
        if !fine {
            let text = format!("moving {name}-{partition} to {dir} was answered with {code:?}");
            client.stage.violation(text);
        }
    }
}

/// Asks for a move; `None` if there was no answer this time.
async fn move_log(client: &mut Client, name: &str, partition: i32, dir: &str) -> Option<ErrorCode> {
    let request = AlterReplicaLogDirsRequest {
        dirs: vec![AlterReplicaLogDir {
            path: Str::from(dir),
            topics: vec![AlterReplicaLogDirTopic {
                name: Str::from(name),
                partitions: vec![partition],
            }],
        }],
    };
    let version = client.version::<AlterReplicaLogDirsRequest>(1);
    let answer = client.attempt(&request, version).await?;
    let first = answer
        .results
        .iter()
        .flat_map(|topic| &topic.partitions)
        .next();
    Some(first.map_or(ErrorCode::UNKNOWN_SERVER_ERROR, |partition| {
        ErrorCode(partition.error_code)
    }))
}

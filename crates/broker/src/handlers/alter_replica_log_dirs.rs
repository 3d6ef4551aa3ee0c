//! AlterReplicaLogDirs (key 34), versions 1–2 (KIP-113): begins to move replicas to other directories of this node.
//! DescribeLogDirs shows how far they are.

use crate::node::Node;
use crate::partitions::{MoveRefusal, Registry};
use crate::request::{Call, error_code};
use klamm_codec::Str;
use klamm_host::Host;
use klamm_wire::ErrorCode;
use klamm_wire::messages::alter_replica_log_dirs::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult, AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    partitions: &'a Arc<Registry>,
    host: &'a Host,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { partitions: &node.partitions, host: &node.host }
    }
}

pub(crate) async fn handle(
    request: AlterReplicaLogDirsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> AlterReplicaLogDirsResponse {
    let mut wanted = Vec::new();
    for dir in request.dirs {
        for topic in dir.topics {
            for partition in topic.partitions {
                wanted.push((topic.name.clone(), partition, dir.path.clone()));
            }
        }
    }
    let (registry, all) = (Arc::clone(needs.partitions), wanted.clone());
    // Folders are made: not on a reactor thread.
    let begun = klamm_host::run_blocking(&*needs.host.tasks, move || {
        let begin = |(topic, partition, path): &(Str, i32, Str)| {
            let begun = registry.move_log(topic, *partition, path);
            begun.map_or_else(
                |refusal| told(topic, *partition, &refusal),
                |()| ErrorCode::NONE,
            )
        };
        all.iter().map(begin).collect::<Vec<_>>()
    });
    let codes = match begun.await {
        Ok(codes) => codes,
        Err(_) => vec![ErrorCode::KAFKA_STORAGE_ERROR; wanted.len()],
    };
    let mut topics: BTreeMap<Str, Vec<AlterReplicaLogDirPartitionResult>> = BTreeMap::new();
    for ((topic, partition_index, _), code) in wanted.into_iter().zip(codes) {
        let result = AlterReplicaLogDirPartitionResult { partition_index, error_code: code.code() };
        topics.entry(topic).or_default().push(result);
    }
    let results = topics
        .into_iter()
        .map(|(topic_name, partitions)| AlterReplicaLogDirTopicResult { topic_name, partitions });
    AlterReplicaLogDirsResponse {
        results: results.collect(),
        ..AlterReplicaLogDirsResponse::default()
    }
}

fn told(topic: &Str, partition: i32, refusal: &MoveRefusal) -> ErrorCode {
    if let MoveRefusal::Failed(error) = refusal {
        tracing::error!(?topic, partition, %error, "a move does not begin");
    }
    error_code::of_move(refusal)
}

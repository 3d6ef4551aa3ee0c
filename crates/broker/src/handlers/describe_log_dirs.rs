//! DescribeLogDirs (key 35), versions 1–5: log directories, what lies in them and how much room is left (KIP-113,
//! KIP-827, KIP-1066).

use crate::node::Node;
use crate::partitions::{Partition, Registry};
use crate::request::Call;
use klamm_codec::Str;
use klamm_host::Host;
use klamm_storage::LogDir;
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_log_dirs::{
    DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResponse,
    DescribeLogDirsResult, DescribeLogDirsTopic,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    partitions: &'a Registry,
    host: &'a Host,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { partitions: &node.partitions, host: &node.host }
    }
}

pub(crate) async fn handle(
    request: DescribeLogDirsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> DescribeLogDirsResponse {
    let wanted: Option<BTreeSet<(Str, i32)>> = request.topics.map(|topics| {
        let topics = topics.into_iter();
        let named = topics.flat_map(|topic| {
            let name = topic.topic;
            topic
                .partitions
                .into_iter()
                .map(move |partition| (name.clone(), partition))
        });
        named.collect()
    });
    let dirs: Vec<Arc<LogDir>> = needs.partitions.directories().map(Arc::clone).collect();
    let refused = needs.partitions.failed_directories().iter();
    let refused: Vec<_> = refused.map(|path| offline(path)).collect();
    let logs = needs.partitions.all();
    let host = needs.host.clone();
    let work = move || {
        let one = |dir: &Arc<LogDir>| describe(dir, &logs, wanted.as_ref(), &host);
        dirs.iter().map(one).chain(refused).collect::<Vec<_>>()
    };
    // The disk is asked for its room: not on a reactor thread.
    match klamm_host::run_blocking(&*needs.host.tasks, work).await {
        Ok(results) => DescribeLogDirsResponse { results, ..DescribeLogDirsResponse::default() },
        Err(_) => DescribeLogDirsResponse::default(),
    }
}

fn shown(path: &Path) -> Str {
    Str::from(path.to_string_lossy().into_owned())
}

fn offline(path: &Path) -> DescribeLogDirsResult {
    DescribeLogDirsResult {
        error_code: ErrorCode::KAFKA_STORAGE_ERROR.code(),
        log_dir: shown(path),
        ..DescribeLogDirsResult::default()
    }
}

/// What a directory holds of a partition: its log, or a copy on its way there.
fn replica(log: &Partition, dir: &LogDir) -> Option<DescribeLogDirsPartition> {
    let size = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
    if log.dir().directory_id() == dir.directory_id() {
        return Some(DescribeLogDirsPartition {
            partition_index: log.name().partition,
            partition_size: size(log.size_bytes()),
            // The leader's own replica lags behind nobody.
            offset_lag: 0,
            is_future_key: false,
        });
    }
    let copy = log.move_state()?;
    (copy.directory_id == dir.directory_id()).then(|| DescribeLogDirsPartition {
        partition_index: log.name().partition,
        partition_size: size(copy.size_bytes),
        offset_lag: copy.lag,
        is_future_key: true,
    })
}

fn describe(
    dir: &LogDir,
    logs: &[Arc<Partition>],
    wanted: Option<&BTreeSet<(Str, i32)>>,
    host: &Host,
) -> DescribeLogDirsResult {
    let room = if dir.is_online() {
        host.disk.space(dir.path()).ok()
    } else {
        None
    };
    let Some(room) = room else {
        return offline(dir.path());
    };
    let mut topics: BTreeMap<&str, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
    for log in logs {
        let name = log.name();
        let is_wanted = wanted.is_none_or(|wanted| {
            wanted.contains(&(Str::from(name.topic.as_str()), name.partition))
        });
        if let Some(described) = replica(log, dir).filter(|_| is_wanted) {
            topics
                .entry(name.topic.as_str())
                .or_default()
                .push(described);
        }
    }
    let topics = topics.into_iter().map(|(name, mut partitions)| {
        partitions.sort_unstable_by_key(|partition| partition.partition_index);
        DescribeLogDirsTopic { name: Str::from(name), partitions }
    });
    DescribeLogDirsResult {
        error_code: ErrorCode::NONE.code(),
        log_dir: shown(dir.path()),
        topics: topics.collect(),
        total_bytes: i64::try_from(room.total).unwrap_or(i64::MAX),
        usable_bytes: i64::try_from(room.usable).unwrap_or(i64::MAX),
        is_cordoned: false,
    }
}

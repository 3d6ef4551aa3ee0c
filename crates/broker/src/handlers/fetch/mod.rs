//! Fetch (key 1), versions 4–18. Waits until `min_bytes` or `max_wait_ms`, then answers with file ranges.
//!
//! Left out: versions below 4, which carry the old message format. Replica fetches are refused on client listeners
//! (CVE-2018-1288): a follower's claim would move the high watermark.

mod read;
pub(crate) mod session;

use super::Reply;
use crate::node::Node;
use crate::observing::Meters;
use crate::partitions::{Reader, Registry};
use crate::quotas::Quotas;
use crate::request::Call;
use crate::waiting::Watch;
use klamm_codec::Str;
use klamm_host::Host;
use klamm_wire::ErrorCode;
use klamm_wire::messages::fetch::{
    EpochEndOffset, FetchRequest, FetchResponse, FetchableTopicResponse, PartitionData,
};
use parking_lot::Mutex;
use read::{Limits, PartitionRead, Pass, Target};
use session::{
    Client, FetchSessions, PartitionKey, Plan, SessionError, SessionRequest, Told, Want,
};
use std::sync::Arc;
use std::time::Duration;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    partitions: &'a Arc<Registry>,
    sessions: &'a Mutex<FetchSessions>,
    host: &'a Host,
    meters: &'a Meters,
    quotas: &'a Quotas,
    /// `fetch.max.bytes`.
    response_bytes_max: i32,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            partitions: &node.partitions,
            sessions: &node.fetch_sessions,
            host: &node.host,
            meters: &node.meters,
            quotas: &node.quotas,
            response_bytes_max: node.config.fetch_bytes_max,
        }
    }
}

const CONSUMER: i32 = -1;
/// Kafka's own replica checker names itself so; it may read up to the log's end.
const DEBUG_CONSUMER: i32 = -2;
const FIRST_VERSION_WITH_SESSIONS: i16 = 7;
const FIRST_VERSION_WITH_TOPIC_IDS: i16 = 13;
const FIRST_VERSION_WITH_LEADER_HINTS: i16 = 12;
const READ_COMMITTED: i8 = 1;
/// A client may ask for more; it is answered after this all the same.
const WAIT_MAX: Duration = Duration::from_secs(300);

pub(crate) async fn handle(
    request: FetchRequest,
    call: &Call,
    needs: Needs<'_>,
) -> Reply<FetchResponse> {
    let replica_id = if call.version >= 15 {
        request.replica_state.replica_id
    } else {
        request.replica_id
    };
    let reader = match (replica_id, request.isolation_level) {
        (CONSUMER, READ_COMMITTED) => Reader::ReadCommitted,
        (CONSUMER, _) => Reader::ReadUncommitted,
        (DEBUG_CONSUMER, _) => Reader::Debug,
        _ => Reader::Replica,
    };
    let plan = match begin_session(&request, call, needs) {
        Ok(plan) => plan,
        Err(error) => return refused(error).into(),
    };
    let mut bytes_max = needs.response_bytes_max;
    if let Some(quota) = needs.quotas.fetch_bytes_max(&call.client_id) {
        bytes_max = bytes_max.min(quota as i32);
    }
    let response_bytes = request.max_bytes.clamp(0, bytes_max);
    let limits = Limits {
        response_bytes,
        bytes_min: request.min_bytes.clamp(0, response_bytes),
    };
    let wait_ms = u64::try_from(request.max_wait_ms).unwrap_or(0);
    let wait = Duration::from_millis(wait_ms).min(WAIT_MAX);
    let targets = Arc::new(find_targets(&plan, call.version, needs.partitions));
    let reads = read_or_wait(&targets, reader, limits, wait, needs).await;
    let bytes = reads.iter().map(PartitionRead::bytes).sum();
    let rest = match needs.quotas.charge_fetch(&call.client_id, bytes) {
        Ok(rest) => rest,
        Err(wait) => return throttled(&plan, wait, needs).into(),
    };
    let mut response = respond(plan, &targets, reads, call.version, needs);
    response.throttle_time_ms = whole_ms(rest);
    response.into()
}

fn whole_ms(wait: Duration) -> i32 {
    i32::try_from(wait.as_millis()).unwrap_or(i32::MAX)
}

/// A client that should be resting gets no data (KIP-219), and no session: a full fetch begins again after the wait.
fn throttled(plan: &Plan, wait: Duration, needs: Needs<'_>) -> FetchResponse {
    let session_id = if plan.incremental {
        plan.session_id
    } else {
        needs.sessions.lock().end(plan.session_id);
        0
    };
    FetchResponse {
        throttle_time_ms: whole_ms(wait),
        session_id,
        ..FetchResponse::default()
    }
}

fn begin_session(
    request: &FetchRequest,
    call: &Call,
    needs: Needs<'_>,
) -> Result<Plan, SessionError> {
    let version = call.version;
    let mut wants = Vec::new();
    for topic in &request.topics {
        for partition in &topic.partitions {
            let key = PartitionKey {
                topic_id: topic.topic_id,
                topic: topic.topic.clone(),
                partition: partition.partition,
            };
            let want = Want {
                fetch_offset: partition.fetch_offset,
                bytes_max: partition.partition_max_bytes,
                current_leader_epoch: partition.current_leader_epoch,
                last_fetched_epoch: partition.last_fetched_epoch,
            };
            wants.push((key, want));
        }
    }
    if version < FIRST_VERSION_WITH_SESSIONS {
        return Ok(Plan { session_id: 0, incremental: false, wants });
    }
    let forgotten = request.forgotten_topics_data.iter().flat_map(|topic| {
        topic.partitions.iter().map(|partition| PartitionKey {
            topic_id: topic.topic_id,
            topic: topic.topic.clone(),
            partition: *partition,
        })
    });
    let session = SessionRequest {
        id: request.session_id,
        epoch: request.session_epoch,
        client: Client { id: call.client_id.clone(), address: call.caller.peer.ip() },
        uses_topic_ids: version >= FIRST_VERSION_WITH_TOPIC_IDS,
        wants,
        forgotten: forgotten.collect(),
    };
    let now_ms = u64::try_from(needs.host.clock.monotonic().as_millis()).unwrap_or(u64::MAX);
    let random = || {
        i32::from_be_bytes(
            needs.host.entropy.next_u64().to_be_bytes()[..4]
                .try_into()
                .unwrap_or_default(),
        )
    };
    needs.sessions.lock().begin(session, now_ms, random)
}

fn refused(error: SessionError) -> FetchResponse {
    let code = match error {
        SessionError::NotFound => ErrorCode::FETCH_SESSION_ID_NOT_FOUND,
        SessionError::WrongEpoch => ErrorCode::INVALID_FETCH_SESSION_EPOCH,
        SessionError::TopicIdMismatch => ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR,
    };
    FetchResponse { error_code: code.code(), ..FetchResponse::default() }
}

fn find_targets(plan: &Plan, version: i16, partitions: &Registry) -> Vec<Target> {
    let by_id = version >= FIRST_VERSION_WITH_TOPIC_IDS;
    let find = |(key, want): &(PartitionKey, Want)| Target {
        partition: if by_id {
            partitions.find_by_id(key.topic_id, key.partition)
        } else {
            partitions.find_by_name(&key.topic, key.partition)
        },
        want: want.clone(),
    };
    plan.wants.iter().map(find).collect()
}

/// Reads, and reads again whenever one of the partitions grew, until there is enough or the time is over.
async fn read_or_wait(
    targets: &Arc<Vec<Target>>,
    reader: Reader,
    limits: Limits,
    wait: Duration,
    needs: Needs<'_>,
) -> Vec<PartitionRead> {
    let mut reads = read_all(targets, reader, limits, needs).await;
    if wait.is_zero() || read::is_enough(&reads, limits) {
        return reads;
    }
    let _waits = needs.meters.fetches_waiting.enter();
    let deadline = tokio::time::Instant::now() + wait;
    let mut watch = Watch::default();
    loop {
        let partitions = targets
            .iter()
            .filter_map(|target| target.partition.as_ref().ok());
        watch.begin(partitions.map(|partition| &partition.watchers));
        // What came between the last read and the registration was not announced.
        reads = read_all(targets, reader, limits, needs).await;
        if read::is_enough(&reads, limits) {
            return reads;
        }
        if tokio::time::timeout_at(deadline, watch.changed())
            .await
            .is_err()
        {
            return reads;
        }
    }
}

/// Looks positions up: in line near the end of the logs, on the blocking pool from the first place on that may be cold.
async fn read_all(
    targets: &Arc<Vec<Target>>,
    reader: Reader,
    limits: Limits,
    needs: Needs<'_>,
) -> Vec<PartitionRead> {
    let mut pass = Pass::new(targets, reader, limits);
    let Some(cold) = pass.go_on(targets) else {
        return pass.into_reads();
    };
    let shared = Arc::clone(targets);
    let work = move || pass.finish(&shared, cold);
    match klamm_host::run_blocking(&*needs.host.tasks, work).await {
        Ok(reads) => reads,
        // The pool is shutting down with the node.
        Err(_) => targets
            .iter()
            .map(|_| PartitionRead::failed(ErrorCode::KAFKA_STORAGE_ERROR))
            .collect(),
    }
}

fn respond(
    plan: Plan,
    targets: &[Target],
    reads: Vec<PartitionRead>,
    version: i16,
    needs: Needs<'_>,
) -> FetchResponse {
    let mut response = FetchResponse { session_id: plan.session_id, ..FetchResponse::default() };
    let mut sessions = (plan.session_id != 0).then(|| needs.sessions.lock());
    let mut last_with_records = None;
    for (((key, _), target), read) in plan.wants.into_iter().zip(targets).zip(reads) {
        let has_records = read.bytes() > 0;
        if let Some(sessions) = &mut sessions {
            let told = Told {
                high_watermark: read.high_watermark,
                log_start_offset: read.log_start_offset,
                failed: read.error != ErrorCode::NONE,
            };
            let news = sessions.tell(plan.session_id, &key, told);
            if plan.incremental && !news && !has_records && read.diverging.is_none() {
                continue;
            }
        }
        needs.meters.fetched_bytes.add(read.bytes() as u64);
        if has_records {
            last_with_records = Some(key.clone());
        }
        let data = partition_data(key.partition, target, read, version);
        add(&mut response.responses, &key, data);
    }
    if let (Some(sessions), Some(key)) = (&mut sessions, last_with_records) {
        sessions.start_after(plan.session_id, &key);
    }
    response
}

fn partition_data(index: i32, target: &Target, read: PartitionRead, version: i16) -> PartitionData {
    let mut data = PartitionData {
        partition_index: index,
        error_code: read.error.code(),
        high_watermark: read.high_watermark,
        last_stable_offset: read.last_stable_offset,
        log_start_offset: read.log_start_offset,
        aborted_transactions: read.aborted,
        preferred_read_replica: -1,
        records: Some(read.records),
        ..PartitionData::default()
    };
    if let Some((epoch, end_offset)) = read.diverging {
        data.diverging_epoch = EpochEndOffset { epoch, end_offset };
    }
    if matches!(
        read.error,
        ErrorCode::FENCED_LEADER_EPOCH | ErrorCode::NOT_LEADER_OR_FOLLOWER
    ) && version >= FIRST_VERSION_WITH_LEADER_HINTS
        && let Ok(partition) = &target.partition
    {
        data.current_leader.leader_id = partition.leader_id().0;
        data.current_leader.leader_epoch = partition.leader_epoch();
    }
    data
}

/// Adds a partition to the response, under its topic if that is the last one named.
fn add(topics: &mut Vec<FetchableTopicResponse>, key: &PartitionKey, data: PartitionData) {
    match topics.last_mut() {
        Some(topic) if topic.topic_id == key.topic_id && topic.topic == key.topic => {
            topic.partitions.push(data);
        }
        _ => topics.push(FetchableTopicResponse {
            topic: Str::clone(&key.topic),
            topic_id: key.topic_id,
            partitions: vec![data],
        }),
    }
}

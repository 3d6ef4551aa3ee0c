//! What members read: committed offsets, each held against what was promised, and records.

use super::{Plan, Seat, expect_passing, is_behind};
use crate::oracle::CommitKey;
use crate::stage::Client;
use klamm_codec::Str;
use klamm_model::Uuid;
use klamm_records::batches;
use klamm_wire::ErrorCode;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use klamm_wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
    OffsetFetchResponse,
};
use tokio::time::Instant;

const WITH_GROUPS: i16 = 8;
const WITH_MEMBERS: i16 = 9;
const BY_ID: i16 = 10;
const WITH_STABLE: i16 = 7;
/// By name.
const FETCH_VERSION: i16 = 12;

/// What a look at committed offsets brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looked {
    /// The offset, 0 where nothing is committed.
    At(i64),
    /// Not this time.
    Nothing,
    /// The member is behind.
    Behind,
}

/// Reads the committed offset of a partition; a member may say who it is.
pub(super) async fn committed(
    client: &mut Client,
    plan: &Plan,
    partition: i32,
    member: Option<&Seat>,
    stable: bool,
) -> Looked {
    let version = client.version::<OffsetFetchRequest>(if stable { WITH_STABLE } else { 1 });
    let member = member.filter(|_| version >= WITH_MEMBERS);
    let request = request(plan, partition, member, (version, stable));
    let asked = Instant::now();
    let Some(answer) = client.attempt(&request, version).await else {
        return Looked::Nothing;
    };
    let Some((code, offset, metadata)) = first_of(&answer, version) else {
        client
            .stage
            .violation("OffsetFetch was answered without the partition".to_owned());
        return Looked::Nothing;
    };
    match code {
        ErrorCode::NONE => {}
        code if is_behind(code) && member.is_some() => return Looked::Behind,
        ErrorCode::UNSTABLE_OFFSET_COMMIT if stable => {
            client
                .stage
                .reach("an offset that waits for its transaction");
            client.pause(300).await;
            return Looked::Nothing;
        }
        code => {
            expect_passing(client, plan, "OffsetFetch", code);
            client.pause(300).await;
            return Looked::Nothing;
        }
    }
    let number = metadata.as_ref().and_then(|text| text.parse().ok());
    let seen = (offset >= 0).then(|| (CommitKey(number.unwrap_or(u64::MAX)), offset));
    let mut oracle = client.stage.oracle();
    let broken = if client.stage.options.offsets_expire {
        let place = (plan.number, partition);
        oracle.groups.seen_or_expired(place, asked, seen)
    } else {
        let offsets = &mut oracle.groups.offsets;
        offsets.seen((plan.number, partition), asked, seen)
    };
    if let Some(text) = broken {
        oracle.violation(format!("OffsetFetch {version}, stable {stable}: {text}"));
    }
    drop(oracle);
    client.stage.reach("a look at a committed offset");
    Looked::At(offset.max(0))
}

fn request(
    plan: &Plan,
    partition: i32,
    member: Option<&Seat>,
    (version, require_stable): (i16, bool),
) -> OffsetFetchRequest {
    let partition_indexes = vec![partition];
    let mut request = OffsetFetchRequest { require_stable, ..OffsetFetchRequest::default() };
    if version < WITH_GROUPS {
        request.group_id = plan.id.clone();
        let topic = OffsetFetchRequestTopic { name: plan.topic.clone(), partition_indexes };
        request.topics = Some(vec![topic]);
        return request;
    }
    let mut topic =
        OffsetFetchRequestTopics { partition_indexes, ..OffsetFetchRequestTopics::default() };
    if version >= BY_ID {
        topic.topic_id = plan.topic_id;
    } else {
        topic.name = plan.topic.clone();
    }
    request.groups = vec![OffsetFetchRequestGroup {
        group_id: plan.id.clone(),
        member_id: member.map(|seat| seat.member_id.clone()),
        member_epoch: member.map_or(-1, |seat| seat.epoch),
        topics: Some(vec![topic]),
    }];
    request
}

/// Code, offset and metadata of the only partition.
fn first_of(answer: &OffsetFetchResponse, version: i16) -> Option<(ErrorCode, i64, Option<Str>)> {
    let all = ErrorCode(answer.error_code);
    if version < WITH_GROUPS {
        let found = answer
            .topics
            .iter()
            .flat_map(|topic| &topic.partitions)
            .next();
        return match found {
            _ if all != ErrorCode::NONE => Some((all, -1, None)),
            Some(p) => Some((
                ErrorCode(p.error_code),
                p.committed_offset,
                p.metadata.clone(),
            )),
            None => None,
        };
    }
    let group = answer.groups.first()?;
    let all = ErrorCode(group.error_code);
    let found = group
        .topics
        .iter()
        .flat_map(|topic| &topic.partitions)
        .next();
    match found {
        _ if all != ErrorCode::NONE => Some((all, -1, None)),
        Some(p) => Some((
            ErrorCode(p.error_code),
            p.committed_offset,
            p.metadata.clone(),
        )),
        None => None,
    }
}

/// What a fetch brought: the offsets of records, and where to go on.
pub(super) struct Taken {
    pub(super) offsets: Vec<i64>,
    pub(super) next: i64,
    /// The last stable offset, from which on nothing is read.
    pub(super) end: i64,
}

/// Fetches committed records of a partition.
pub(super) async fn records(
    client: &mut Client,
    plan: &Plan,
    partition: i32,
    from: i64,
) -> Option<Taken> {
    let max_bytes = [200, 2_000][client.rng.index(2)];
    let fetch = FetchPartition {
        partition,
        current_leader_epoch: -1,
        fetch_offset: from,
        partition_max_bytes: max_bytes,
        ..FetchPartition::default()
    };
    let topic = FetchTopic {
        topic: plan.topic.clone(),
        topic_id: Uuid::ZERO,
        partitions: vec![fetch],
    };
    let request = FetchRequest {
        replica_id: -1,
        max_wait_ms: 100,
        min_bytes: 1,
        max_bytes,
        isolation_level: 1,
        session_id: 0,
        session_epoch: -1,
        topics: vec![topic],
        ..FetchRequest::default()
    };
    let answer = client.attempt(&request, FETCH_VERSION).await?;
    let partition = answer.responses.iter().flat_map(|t| &t.partitions).next()?;
    let code = ErrorCode(partition.error_code);
    if code != ErrorCode::NONE {
        expect_passing(client, plan, "Fetch", code);
        client.pause(300).await;
        return None;
    }
    let bytes = partition
        .records
        .as_ref()
        .and_then(|records| records.as_bytes().cloned())
        .unwrap_or_default();
    let end = partition.last_stable_offset;
    let mut taken = Taken { offsets: Vec::new(), next: from, end };
    for batch in batches(&bytes) {
        // The last one may be cut off by the size limit.
        let Ok(batch) = batch else { break };
        let next = batch.header().next_offset().0;
        taken.offsets.extend(taken.next..next);
        taken.next = next;
    }
    Some(taken)
}

//! Consumers: read on from an offset, and hand everything to the oracle.

use crate::oracle::{Floor, Watermarks};
use crate::record::RecordId;
use crate::stage::{Client, Target};
use klamm_codec::Str;
use klamm_records::{BatchError, Compression, InflateLimit, Inflater, Records, batches};
use klamm_wire::ErrorCode;
use klamm_wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData,
};
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};

/// Asks `ListOffsets` for the first offset that is left.
pub(crate) const EARLIEST: i64 = -2;
/// Asks `ListOffsets` for the next offset that will be read.
pub(crate) const LATEST: i64 = -1;

/// How a fetch is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FetchShape {
    pub(crate) version: i16,
    pub(crate) max_wait_ms: i32,
    pub(crate) min_bytes: i32,
    pub(crate) max_bytes: i32,
    pub(crate) committed_only: bool,
}

/// Consumes until the run drains.
pub(crate) async fn consume(mut client: Client) {
    while !client.draining() {
        let Some(target) = client.target() else {
            client.pause(1_000).await;
            continue;
        };
        let shape = FetchShape {
            version: client.version::<FetchRequest>(client.lowest_with_ids()),
            max_wait_ms: [0, 100, 2_000][client.rng.index(3)],
            min_bytes: [0, 1, 1, 20_000][client.rng.index(4)],
            max_bytes: [1, 1_000, 1 << 20][client.rng.index(3)],
            committed_only: client.rng.percent(50),
        };
        let from = [EARLIEST, EARLIEST, LATEST][client.rng.index(3)];
        let Some(mut position) = offset_at(&mut client, &target, from).await else {
            continue;
        };
        for _ in 0..client.rng.between(1, 60) {
            if client.draining() {
                return;
            }
            match fetch(&mut client, &target, position, shape).await {
                Fetched::Upto(next) => position = next,
                Fetched::Nothing => {}
                Fetched::Leave => break,
            }
            if client.rng.percent(20) {
                client.pause(300).await;
            }
        }
    }
}

/// What one fetch brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// Records; go on from here.
    Upto(i64),
    /// No record, or no answer.
    Nothing,
    /// The position is not in the log, or the topic is gone.
    Leave,
}

/// One special offset, held against what was known before; `None` if there was no answer this time.
pub(crate) async fn offset_at(client: &mut Client, target: &Target, which: i64) -> Option<i64> {
    let floor = client.stage.oracle().floor(target.key)?;
    let offset = list_offset(client, target, which).await?;
    let marks = Watermarks {
        high: if which == LATEST { offset } else { -1 },
        last_stable: -1,
        log_start: if which == EARLIEST { offset } else { -1 },
    };
    if !client.is_deleting(target.key.topic) {
        let mut oracle = client.stage.oracle();
        oracle.observed(target.key, floor, marks);
    }
    Some(offset)
}

/// One special offset; `None` if there was no answer this time.
pub(crate) async fn list_offset(client: &mut Client, target: &Target, which: i64) -> Option<i64> {
    let partition = ListOffsetsPartition {
        partition_index: target.key.partition,
        current_leader_epoch: -1,
        timestamp: which,
    };
    let topic = ListOffsetsTopic {
        name: Str::from(target.name.as_str()),
        partitions: vec![partition],
    };
    let request = ListOffsetsRequest {
        replica_id: -1,
        topics: vec![topic],
        ..ListOffsetsRequest::default()
    };
    let version = client.version::<ListOffsetsRequest>(0);
    let response = client.attempt(&request, version).await?;
    let answer = response
        .topics
        .into_iter()
        .flat_map(|topic| topic.partitions)
        .next()?;
    match ErrorCode(answer.error_code) {
        ErrorCode::NONE => Some(answer.offset),
        code => {
            expect_passing(client, target, "ListOffsets", code);
            client.pause(200).await;
            None
        }
    }
}

/// Errors are fine if they pass, or if the topic is being deleted.
fn expect_passing(client: &Client, target: &Target, api: &str, code: ErrorCode) {
    let fine = code.is_retriable() && code != ErrorCode::CORRUPT_MESSAGE;
    if !fine && !client.is_deleting(target.key.topic) {
        client
            .stage
            .violation(format!("{api} of {target:?} was answered with {code:?}"));
    }
}

/// One fetch of one partition.
pub(crate) async fn fetch(
    client: &mut Client,
    target: &Target,
    position: i64,
    shape: FetchShape,
) -> Fetched {
    let request = request_of(target, position, shape);
    let Some(floor) = client.stage.oracle().floor(target.key) else {
        return Fetched::Leave;
    };
    let answer: Option<FetchResponse> = client.attempt(&request, shape.version).await;
    let Some(response) = answer else {
        return Fetched::Nothing;
    };
    let code = ErrorCode(response.error_code);
    if code != ErrorCode::NONE {
        expect_passing(client, target, "Fetch", code);
        return Fetched::Leave;
    }
    let partition = response
        .responses
        .into_iter()
        .flat_map(|topic| topic.partitions)
        .next();
    let Some(partition) = partition else {
        client
            .stage
            .violation(format!("Fetch of {target:?} was answered without it"));
        return Fetched::Leave;
    };
    judge(client, target, (floor, position), &partition).await
}

/// Holds what a fetch brought of one partition against what was known before, and what was asked for.
pub(crate) async fn judge(
    client: &mut Client,
    target: &Target,
    (floor, position): (Floor, i64),
    partition: &PartitionData,
) -> Fetched {
    let deleting = client.is_deleting(target.key.topic);
    match ErrorCode(partition.error_code) {
        ErrorCode::NONE => {
            let marks = Watermarks {
                high: partition.high_watermark,
                last_stable: partition.last_stable_offset,
                log_start: partition.log_start_offset,
            };
            let mut oracle = client.stage.oracle();
            if !deleting {
                oracle.observed(target.key, floor, marks);
            }
            drop(oracle);
            take_records(client, target, position, partition)
        }
        ErrorCode::OFFSET_OUT_OF_RANGE => {
            client.stage.reach("a read outside of the log");
            Fetched::Leave
        }
        code => {
            expect_passing(client, target, "Fetch", code);
            client.pause(200).await;
            Fetched::Leave
        }
    }
}

fn request_of(target: &Target, position: i64, shape: FetchShape) -> FetchRequest {
    let partition = FetchPartition {
        partition: target.key.partition,
        current_leader_epoch: -1,
        fetch_offset: position,
        partition_max_bytes: shape.max_bytes,
        ..FetchPartition::default()
    };
    let mut topic = FetchTopic { partitions: vec![partition], ..FetchTopic::default() };
    if shape.version >= 13 {
        topic.topic_id = target.key.topic;
    } else {
        topic.topic = Str::from(target.name.as_str());
    }
    FetchRequest {
        replica_id: -1,
        max_wait_ms: shape.max_wait_ms,
        min_bytes: shape.min_bytes,
        max_bytes: shape.max_bytes,
        isolation_level: i8::from(shape.committed_only),
        session_id: 0,
        session_epoch: -1,
        topics: vec![topic],
        ..FetchRequest::default()
    }
}

fn take_records(
    client: &Client,
    target: &Target,
    position: i64,
    partition: &PartitionData,
) -> Fetched {
    if client.is_deleting(target.key.topic) {
        return Fetched::Leave;
    }
    let bytes = partition
        .records
        .as_ref()
        .and_then(|records| records.as_bytes().cloned())
        .unwrap_or_default();
    let mut found = Vec::new();
    let mut next = position;
    let mut oracle = client.stage.oracle();
    let compacted = oracle.is_compacted(target.key);
    let broken = read_batches(&bytes, (&mut next, compacted), &mut found);
    if let Some(text) = broken {
        oracle.violation(format!("{target:?} from {position}: {text}"));
    }
    let last = found.last().map(|(offset, _)| *offset);
    if last.is_some_and(|last| last >= partition.high_watermark) {
        let text = format!(
            "{target:?}: {last:?} read, high watermark {}",
            partition.high_watermark
        );
        oracle.violation(text);
    }
    oracle.read(target.key, position, &found);
    drop(oracle);
    if compacted && next - position > found.len() as i64 {
        client.stage.reach("a read over a compacted gap");
    }
    client.stage.reach(if last.is_some() {
        "a read with records"
    } else {
        "a read without records"
    });
    // Compaction leaves batches without records, which say how far their offsets went.
    if last.is_some() || next > position {
        Fetched::Upto(next)
    } else {
        Fetched::Nothing
    }
}

/// The records from a position on, which moves behind the last whole batch; a text if bytes are not what a broker may send.
fn read_batches(
    bytes: &[u8],
    (next, compacted): (&mut i64, bool),
    found: &mut Vec<(i64, Option<RecordId>)>,
) -> Option<String> {
    let position = *next;
    let mut inflater = Inflater::new();
    for batch in batches(bytes) {
        let batch = match batch {
            Ok(batch) => batch,
            // The last batch may be cut off by the size limit.
            Err(BatchError::Incomplete { .. }) if !found.is_empty() => return None,
            Err(error) => return Some(format!("no batch: {error}")),
        };
        if let Err(error) = batch.verify_crc() {
            return Some(format!("a batch with a wrong checksum: {error}"));
        }
        let body = match batch.header().compression() {
            Some(Compression::None) => batch.body().to_vec(),
            _ => match batch.inflate(&mut inflater, InflateLimit::bytes(16 << 20)) {
                Ok(body) => body,
                Err(error) => return Some(format!("a batch that can't be inflated: {error}")),
            },
        };
        for record in Records::new(batch.header(), &body) {
            match record {
                Ok(record) if record.offset.0 < position => {}
                Ok(record) => {
                    let id = RecordId::recognise(record.key, record.value, compacted);
                    found.push((record.offset.0, id));
                }
                Err(problem) => return Some(format!("a batch with a bad record: {problem:?}")),
            }
        }
        *next = position.max(batch.header().next_offset().0);
    }
    None
}

//! Reads all that transactors committed, as a reader of committed records does, and has it judged.

use crate::oracle::TransactionKey;
use crate::stage::{Client, HEALED_WAIT_MAX};
use crate::transactor::{PARTITIONS, recognise, topic_of};
use klamm_codec::Str;
use klamm_records::{ControlType, Records, batches};
use klamm_wire::ErrorCode;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic, PartitionData};
use std::collections::BTreeSet;
use tokio::time::timeout;

/// By name.
const VERSION: i16 = 12;

/// A record of a transaction, by partition.
type Seen = (TransactionKey, i32, u32);

/// A reader in one partition.
pub(crate) struct Reader {
    topic: Str,
    partition: i32,
    position: i64,
    /// Producers whose transaction here was aborted.
    aborted: BTreeSet<i64>,
}

/// Nobody writes any more: every transaction must have ended, as it was promised.
pub(crate) async fn audit(client: &mut Client) {
    let mut read: Vec<Seen> = Vec::new();
    for number in 0..client.stage.options.transactors {
        for partition in 0..PARTITIONS {
            let topic = Str::from(topic_of(number));
            let mut reader = Reader::new(topic, partition);
            let mut take = |value: Option<&[u8]>| {
                let (key, number) = recognise(value).ok_or("a record that no transactor wrote")?;
                read.push((key, partition, number));
                Ok(())
            };
            let reading = reader.read_all(client, &mut take);
            if timeout(HEALED_WAIT_MAX, reading).await.is_err() {
                let text = format!("a transaction hangs in {}-{partition}", topic_of(number));
                client.stage.violation(text);
                return;
            }
        }
    }
    let mut oracle = client.stage.oracle();
    for text in oracle.transactions.audited(&read) {
        oracle.violation(text);
    }
}

/// What is done with a committed record's value.
type Take<'a> = dyn FnMut(Option<&[u8]>) -> Result<(), &'static str> + 'a;

impl Reader {
    pub(crate) fn new(topic: Str, partition: i32) -> Self {
        Self { topic, partition, position: 0, aborted: BTreeSet::new() }
    }

    /// Reads up to the high watermark: only then no transaction is open.
    pub(crate) async fn read_all(&mut self, client: &mut Client, take: &mut Take<'_>) {
        loop {
            let request = self.request();
            let Some(response) = client.attempt(&request, VERSION).await else {
                continue;
            };
            let partition = response
                .responses
                .into_iter()
                .flat_map(|topic| topic.partitions)
                .next();
            match partition {
                Some(partition) if partition.error_code == ErrorCode::NONE.code() => {
                    if let Err(text) = self.take(&partition, take) {
                        client.stage.violation(text);
                        return;
                    }
                    if self.position >= partition.high_watermark {
                        return;
                    }
                }
                _ => client.pause(200).await,
            }
        }
    }

    fn request(&self) -> FetchRequest {
        let partition = FetchPartition {
            partition: self.partition,
            current_leader_epoch: -1,
            fetch_offset: self.position,
            partition_max_bytes: 1 << 20,
            ..FetchPartition::default()
        };
        FetchRequest {
            replica_id: -1,
            max_wait_ms: 100,
            min_bytes: 1,
            max_bytes: 1 << 20,
            isolation_level: 1,
            session_id: 0,
            session_epoch: -1,
            topics: vec![FetchTopic {
                topic: self.topic.clone(),
                partitions: vec![partition],
                ..FetchTopic::default()
            }],
            ..FetchRequest::default()
        }
    }

    fn take(&mut self, partition: &PartitionData, take: &mut Take<'_>) -> Result<(), String> {
        let aborted = partition.aborted_transactions.as_deref();
        let mut begins: Vec<(i64, i64)> = aborted
            .unwrap_or_default()
            .iter()
            .map(|one| (one.first_offset, one.producer_id))
            .collect();
        begins.sort_unstable();
        let mut begins = begins.into_iter().peekable();
        let bytes = partition
            .records
            .as_ref()
            .and_then(|records| records.as_bytes().cloned())
            .unwrap_or_default();
        for batch in batches(&bytes) {
            // The last one may be cut off by the size limit.
            let Ok(batch) = batch else { break };
            let header = *batch.header();
            let (last, producer) = (header.last_offset().0, header.producer_id.0);
            while let Some((_, id)) = begins.next_if(|(first, _)| *first <= last) {
                self.aborted.insert(id);
            }
            let records = Records::new(&header, batch.body());
            for record in records {
                let record = record.map_err(|error| format!("a bad record: {error:?}"))?;
                if record.offset.0 < self.position {
                    continue;
                }
                if header.is_control() {
                    let end = record.key.and_then(ControlType::from_key);
                    if end == Some(ControlType::Abort) {
                        self.aborted.remove(&producer);
                    }
                } else if !self.aborted.contains(&producer) {
                    take(record.value)?;
                }
            }
            self.position = self.position.max(last + 1);
        }
        Ok(())
    }
}

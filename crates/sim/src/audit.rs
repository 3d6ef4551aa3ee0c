//! Reads all that transactors committed, as a reader of committed records does, the markers, and what their coordinators
//! wrote down, and has it judged.

use crate::oracle::{Marker, Markers, StateLog, Step, TransactionKey};
use crate::stage::{Client, HEALED_WAIT_MAX};
use crate::transactor::{PARTITIONS, STATE_TOPIC, recognise, topic_of};
use klamm_codec::Str;
use klamm_records::{
    BatchHeader, EndTransaction, EndTransactionMarker, RecordView, Records, batches,
};
use klamm_wire::ErrorCode;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic, PartitionData};
use std::collections::{BTreeMap, BTreeSet};
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
    /// The epoch of the records that wait for a marker, by producer.
    open: BTreeMap<i64, i16>,
}

/// What a reader comes by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'a> {
    /// A record that counts.
    Record { offset: i64, key: Option<&'a [u8]>, value: Option<&'a [u8]> },
    /// The end of a transaction.
    Marker(Marker),
}

/// Nobody writes any more: every transaction must have ended, as it was promised.
pub(crate) async fn audit(client: &mut Client) {
    let mut read: Vec<Seen> = Vec::new();
    for number in 0..client.stage.options.transactors {
        for partition in 0..PARTITIONS {
            let topic = Str::from(topic_of(number));
            let mut reader = Reader::new(topic, partition);
            let mut markers = Markers::default();
            let stage = std::rc::Rc::clone(&client.stage);
            let mut take = |found: Found<'_>| {
                match found {
                    Found::Record { value, .. } => {
                        let (key, number) =
                            recognise(value).ok_or("a record that no transactor wrote")?;
                        read.push((key, partition, number));
                    }
                    Found::Marker(marker) => {
                        let mut oracle = stage.oracle();
                        let broken = markers.marker(marker, &mut oracle.decisions);
                        broken.into_iter().for_each(|text| oracle.violation(text));
                    }
                }
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
    {
        let mut oracle = client.stage.oracle();
        for text in oracle.transactions.audited(&read) {
            oracle.violation(text);
        }
    }
    if client.stage.options.transactors > 0 {
        let steps = timeout(HEALED_WAIT_MAX, audit_decisions(client));
        if steps.await.is_err() {
            let text = format!("{STATE_TOPIC} can't be read");
            client.stage.violation(text);
        }
    }
}

/// *Invariant 19*, as the log of the coordinators shows it.
async fn audit_decisions(client: &mut Client) {
    for partition in 0..STATE_PARTITIONS {
        let mut log = StateLog::default();
        let stage = std::rc::Rc::clone(&client.stage);
        let mut take = |found: Found<'_>| {
            let Found::Record { offset, key, value } = found else {
                return Err("a marker among decisions");
            };
            // Its type, and the length of the id.
            let id = key
                .and_then(|key| key.get(4..))
                .ok_or("a decision about nobody")?;
            let step = match value {
                Some(value) => Some(Step::read(value).ok_or("a decision that can't be read")?),
                None => None,
            };
            if let Some(text) = log.record(offset, id, step) {
                stage.violation(text);
            }
            stage.reach("a step of a transactional id");
            Ok(())
        };
        let mut reader = Reader::new(Str::from_static(STATE_TOPIC), partition);
        reader.read_all(client, &mut take).await;
    }
}

/// What is done with what a reader comes by.
type Take<'a> = dyn FnMut(Found<'_>) -> Result<(), &'static str> + 'a;

/// As the node is told.
pub(crate) const STATE_PARTITIONS: i32 = 2;

impl Reader {
    pub(crate) fn new(topic: Str, partition: i32) -> Self {
        Self {
            topic,
            partition,
            position: 0,
            aborted: BTreeSet::new(),
            open: BTreeMap::new(),
        }
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
                    if let Some(marker) = self.marker(&header, &record) {
                        if !marker.commit {
                            self.aborted.remove(&producer);
                        }
                        take(Found::Marker(marker))?;
                    }
                    continue;
                }
                self.open.insert(producer, header.producer_epoch);
                if !self.aborted.contains(&producer) {
                    let (offset, key, value) = (record.offset.0, record.key, record.value);
                    take(Found::Record { offset, key, value })?;
                }
            }
            self.position = self.position.max(last + 1);
        }
        Ok(())
    }

    /// The marker that a control record is.
    fn marker(&mut self, header: &BatchHeader, record: &RecordView<'_>) -> Option<Marker> {
        let marker = EndTransactionMarker::parse(record.key?, record.value?)?;
        let (producer_id, epoch) = (header.producer_id.0, header.producer_epoch);
        let open = self.open.remove(&producer_id);
        Some(Marker {
            producer_id,
            epoch,
            commit: marker.end == EndTransaction::Commit,
            coordinator_epoch: marker.coordinator_epoch,
            has_own_epoch: open.is_some_and(|records| records < epoch),
        })
    }
}

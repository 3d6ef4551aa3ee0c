//! Cases whose requests depend on the answers before.

use crate::compare::case::{Load, Value};
use crate::compare::meter::{Moved, latencies, measured};
use crate::frames::{self, Asker};
use crate::load::{Seen, clock, until};
use crate::node::Node;
use anyhow::{Result, bail, ensure};
use hdrhistogram::Histogram;
use klamm_records::{Compression, batches};
use klamm_wire::messages::end_txn::EndTxnRequest;
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const RECORDS: usize = 16;

/// A transactional producer under transaction version 2.
#[derive(Debug)]
struct Producer<'a> {
    asker: Asker,
    id: &'a str,
    producer: (i64, i16),
    sequence: i32,
}

impl<'a> Producer<'a> {
    fn begin(node: &Node, id: &'a str) -> Result<Self> {
        let mut asker = Asker::connect(node.address)?;
        frames::coordinator(&mut asker, id, 1)?;
        let mut producer = (0, 0);
        let request = InitProducerIdRequest {
            transactional_id: Some(id.into()),
            transaction_timeout_ms: 60_000,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        frames::retried(|| {
            let answer = asker.ask(&request, 4)?;
            producer = (answer.producer_id, answer.producer_epoch);
            Ok(Some(answer.error_code))
        })?;
        Ok(Self { asker, id, producer, sequence: 0 })
    }

    /// A batch; asked again as long as the end of the transaction before is under way.
    fn send(&mut self) -> Result<()> {
        let numbers = (self.producer.0, self.producer.1, self.sequence);
        let batch = frames::numbered((RECORDS, 1000), numbers, true)?;
        let mut request = frames::produce_request(self.id, &[0], batch, -1);
        request.transactional_id = Some(self.id.into());
        frames::retried(|| {
            let answer = self.asker.ask(&request, 12)?;
            let partitions = answer.responses.iter().flat_map(|t| &t.partition_responses);
            Ok(partitions.map(|p| p.error_code).max())
        })?;
        self.sequence += i32::try_from(RECORDS)?;
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        let request = EndTxnRequest {
            transactional_id: self.id.into(),
            producer_id: self.producer.0,
            producer_epoch: self.producer.1,
            committed: true,
        };
        let answer = self.asker.ask(&request, 5)?;
        ensure!(
            answer.error_code == 0,
            "EndTxn: error {}",
            answer.error_code
        );
        let producer = (answer.producer_id, answer.producer_epoch);
        if producer != self.producer {
            (self.producer, self.sequence) = (producer, 0);
        }
        Ok(())
    }
}

/// A producer that writes as fast as it is answered, and commits every 100 ms.
pub(super) fn transactions(node: &Node, load: &Load) -> Result<Vec<Value>> {
    const TRANSACTION: Duration = Duration::from_millis(100);
    frames::make(node.address, &load.topic, 1, &[])?;
    let mut producer = Producer::begin(node, &load.topic)?;
    let length = Duration::from_secs_f64(load.seconds(3.0));
    let (mut commit, mut first) = (Histogram::new(3)?, Histogram::new(3)?);
    let mut batches = 0;
    let mut all = measured(node, Moved::records(1, 1), || {
        let started = clock();
        while started.elapsed() < length {
            let began = clock();
            producer.send()?;
            first.record(micros(began))?;
            batches += 1;
            while began.elapsed() < TRANSACTION {
                producer.send()?;
                batches += 1;
            }
            let ends = clock();
            producer.commit()?;
            commit.record(micros(ends))?;
        }
        let seconds = started.elapsed().as_secs_f64();
        let latency_us = Histogram::new(3)?;
        Ok(Seen { latency_us, answer_bytes: 0, seconds })
    })?;
    // How much it was is known only now.
    let records = f64::from(batches) * RECORDS as f64;
    for value in &mut all {
        match value.name {
            "CPU a million records" => value.value /= records,
            "CPU" | "CPU user" | "CPU system" | "to disk" => value.value /= records * 1000.0,
            "rate" => value.value *= records * 1000.0,
            _ => {}
        }
    }
    for (histogram, names) in [(&commit, COMMIT), (&first, FIRST)] {
        let values = latencies(histogram).into_iter().zip(names);
        all.extend(values.map(|(value, name)| Value { name, ..value }));
    }
    frames::delete(node.address, &load.topic)?;
    Ok(all)
}

const COMMIT: [&str; 2] = ["commit p50", "commit p99"];
const FIRST: [&str; 2] = ["first batch after it p50", "first batch after it p99"];

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).map_or(u64::MAX, |us| us.max(1))
}

/// One record each millisecond, and a reader that waits for it.
pub(super) fn end_to_end(node: &Node, load: &Load) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, 1, &[])?;
    let count = load.of(3_000);
    let topic = load.topic.clone();
    let address = node.address;
    let all = measured(node, Moved::requests(count, 100), || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async move {
            let started = clock() + Duration::from_millis(50);
            let times = move |n: usize| started + Duration::from_millis(n as u64);
            let reader = tokio::spawn(read(
                TcpStream::connect(address).await?,
                topic.clone(),
                count,
                times,
            ));
            let produce = frames::produce(&topic, frames::batch(1, 100, Compression::None)?, -1)?;
            let (mut answers, mut writer) = TcpStream::connect(address).await?.into_split();
            let drain = tokio::spawn(async move {
                let mut buffer = vec![0; 4096];
                while answers.read(&mut buffer).await.is_ok_and(|n| n > 0) {}
            });
            for n in 0..count {
                until(times(n)).await;
                writer.write_all(&produce).await?;
            }
            let latency_us = reader.await??;
            drain.abort();
            let seconds = started.elapsed().as_secs_f64();
            Ok(Seen { latency_us, answer_bytes: 0, seconds })
        })
    })?;
    frames::delete(node.address, &load.topic)?;
    Ok(all)
}

/// Reads record after record, and how long after its time each came.
async fn read(
    mut stream: TcpStream,
    topic: String,
    count: usize,
    times: impl Fn(usize) -> Instant + Send,
) -> Result<Histogram<u64>> {
    stream.set_nodelay(true)?;
    let mut latency_us = Histogram::new(3)?;
    // Record 0 showed that the partition answers.
    let mut offset = 1;
    while latency_us.len() < count as u64 {
        stream
            .write_all(&frames::fetch_waiting(&topic, offset)?)
            .await?;
        let mut length = [0; 4];
        stream.read_exact(&mut length).await?;
        let mut body = vec![0; usize::try_from(i32::from_be_bytes(length))?];
        stream.read_exact(&mut body).await?;
        let records = frames::fetched(body.into())?;
        for batch in batches(&records) {
            let Ok(batch) = batch else {
                bail!("half a batch came");
            };
            while offset <= batch.header().last_offset().0 {
                latency_us.record(micros(times(usize::try_from(offset - 1)?)))?;
                offset += 1;
            }
        }
    }
    Ok(latency_us)
}

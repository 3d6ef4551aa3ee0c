//! Cases whose requests depend on the answers before.

use super::{Moved, Value, values};
use crate::compare::Load;
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

const BATCHES: usize = 16;
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

/// A producer that commits every 256 KiB.
pub(super) fn transactions(node: &Node, load: &Load) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, 1, &[])?;
    let mut producer = Producer::begin(node, &load.topic)?;
    let transactions = load.of(500);
    let (mut commit, mut pause) = (Histogram::new(3)?, Histogram::new(3)?);
    let requests = transactions * (BATCHES + 1);
    let moved = Moved {
        bytes: (transactions * BATCHES * RECORDS * 1000) as f64,
        requests,
    };
    let mut all = values(node, moved, || {
        let started = clock();
        for _ in 0..transactions {
            let began = clock();
            producer.send()?;
            pause.record(micros(began))?;
            for _ in 1..BATCHES {
                producer.send()?;
            }
            let ends = clock();
            producer.commit()?;
            commit.record(micros(ends))?;
        }
        let seconds = started.elapsed().as_secs_f64();
        Ok(Seen { latency_us: commit.clone(), answer_bytes: 0, seconds })
    })?;
    all.retain(|value| !matches!(value.name, "p50" | "p99" | "p99.9"));
    let ms = |histogram: &Histogram<u64>, q| histogram.value_at_quantile(q) as f64 / 1e3;
    all.push(Value::new("commit p50", "ms", ms(&commit, 0.5)));
    all.push(Value::new("commit p99", "ms", ms(&commit, 0.99)));
    all.push(Value::new(
        "first batch after it p50",
        "ms",
        ms(&pause, 0.5),
    ));
    all.push(Value::new(
        "first batch after it p99",
        "ms",
        ms(&pause, 0.99),
    ));
    frames::delete(node.address, &load.topic)?;
    Ok(all)
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).map_or(u64::MAX, |us| us.max(1))
}

/// One record each millisecond, and a reader that waits for it.
pub(super) fn end_to_end(node: &Node, load: &Load) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, 1, &[])?;
    let count = load.of(10_000);
    let topic = load.topic.clone();
    let address = node.address;
    let moved = Moved { bytes: (count * 100) as f64, requests: count };
    let all = values(node, moved, || {
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

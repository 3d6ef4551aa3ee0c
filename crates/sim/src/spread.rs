//! Producers that write to many partitions with one request: each partition is answered for itself.

use crate::oracle::{BatchKey, ProducerKey};
use crate::producer::{Verdict, batch, identify, judge};
use crate::stage::{Client, Target};
use bytes::Bytes;
use klamm_codec::{Records, Str};
use klamm_records::{Codec, Compression};
use klamm_wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse,
    TopicProduceData,
};

/// One producer, and the partitions that it writes to.
struct Spread {
    version: i16,
    acks: i16,
    producer: ProducerKey,
    records_max: usize,
    parts: Vec<Part>,
}

/// A partition of the spread, with one batch under way at most.
struct Part {
    target: Target,
    /// Id, epoch, and the next sequence number in this partition.
    identity: Option<(i64, i16, i32)>,
    pending: Option<Pending>,
}

struct Pending {
    key: BatchKey,
    bytes: Bytes,
    attempts: u32,
}

const FIRST_VERSION_WITH_IDS: i16 = 13;

/// Produces until the run drains.
pub(crate) async fn spread(mut client: Client) {
    while !client.draining() {
        match begin(&mut client).await {
            Some(session) => session.run(&mut client).await,
            None => client.pause(1_000).await,
        }
        client.pause(500).await;
    }
}

async fn begin(client: &mut Client) -> Option<Spread> {
    let is_idempotent = client.rng.percent(client.stage.options.idempotent_percent);
    let identity = if is_idempotent {
        let (id, epoch) = identify(client).await;
        Some((id, epoch, 0))
    } else {
        None
    };
    let mut parts: Vec<Part> = Vec::new();
    for _ in 0..client.rng.between(2, 30) {
        let target = client.target()?;
        if parts.iter().all(|part| part.target.key != target.key) {
            parts.push(Part { target, identity, pending: None });
        }
    }
    let producer = client.stage.oracle().producer(is_idempotent);
    Some(Spread {
        version: client.version::<ProduceRequest>(client.lowest_with_ids()),
        acks: if is_idempotent {
            -1
        } else {
            [-1, 1][client.rng.index(2)]
        },
        producer,
        records_max: [1, 10][client.rng.index(2)],
        parts,
    })
}

impl Spread {
    async fn run(mut self, client: &mut Client) {
        let mut left = client.rng.between(1, 20);
        loop {
            if left > 0 && !client.draining() {
                left -= 1;
                self.make(client);
            }
            if self.parts.iter().all(|part| part.pending.is_none()) {
                return;
            }
            let request = self.request();
            for pending in self
                .parts
                .iter_mut()
                .filter_map(|part| part.pending.as_mut())
            {
                pending.attempts += 1;
            }
            let answer: Option<ProduceResponse> = client.attempt(&request, self.version).await;
            match answer {
                Some(answer) => self.take(client, &answer).await,
                None if client.rng.percent(3) => break,
                None => {}
            }
            if client.rng.percent(40) {
                client.pause(300).await;
            }
        }
        let mut oracle = client.stage.oracle();
        for pending in self.parts.into_iter().filter_map(|part| part.pending) {
            oracle.given_up(pending.key);
        }
    }

    /// A batch for most partitions that have none under way.
    fn make(&mut self, client: &mut Client) {
        for part in self.parts.iter_mut().filter(|part| part.pending.is_none()) {
            if client.rng.percent(20) {
                continue;
            }
            let count = 1 + client.rng.index(self.records_max);
            let mut oracle = client.stage.oracle();
            let (key, ids) = oracle.sending(part.target.key, self.producer, count);
            let compacted = oracle.is_compacted(part.target.key);
            let codec = Codec::from(Compression::None);
            let bytes = batch(&ids, (codec, compacted), &mut part.identity);
            part.pending = Some(Pending { key, bytes, attempts: 0 });
        }
    }

    fn request(&self) -> ProduceRequest {
        let by_id = self.version >= FIRST_VERSION_WITH_IDS;
        let pending = self
            .parts
            .iter()
            .filter_map(|part| Some((part, part.pending.as_ref()?)));
        // A topic for each partition: most clients group them, and none has to.
        let topics = pending.map(|(part, pending)| {
            let data = PartitionProduceData {
                index: part.target.key.partition,
                records: Some(Records::Bytes(pending.bytes.clone())),
            };
            let mut topic =
                TopicProduceData { partition_data: vec![data], ..TopicProduceData::default() };
            if by_id {
                topic.topic_id = part.target.key.topic;
            } else {
                topic.name = Str::from(part.target.name.as_str());
            }
            topic
        });
        ProduceRequest {
            acks: self.acks,
            timeout_ms: 10_000,
            topic_data: topics.collect(),
            ..ProduceRequest::default()
        }
    }

    async fn take(&mut self, client: &mut Client, response: &ProduceResponse) {
        let by_id = self.version >= FIRST_VERSION_WITH_IDS;
        let (mut settled, mut failed, mut over) = (0, 0, Vec::new());
        for part in &mut self.parts {
            let Some(pending) = &part.pending else {
                continue;
            };
            let Some(answer) = find(response, by_id, &part.target) else {
                let text = format!("Produce was answered without {:?}", part.target);
                client.stage.violation(text);
                continue;
            };
            let place = (&part.target, part.identity.is_some());
            match judge(client, place, (pending.key, pending.attempts), answer) {
                Verdict::Settled => {
                    part.pending = None;
                    settled += 1;
                }
                Verdict::Again => failed += 1,
                Verdict::EndSession => {
                    client.stage.oracle().given_up(pending.key);
                    over.push(part.target.key);
                    failed += 1;
                }
            }
        }
        // Nothing more is written there: what was given up may be missing from the sequence.
        self.parts.retain(|part| !over.contains(&part.target.key));
        if settled > 1 {
            client
                .stage
                .reach("a request that wrote to several partitions");
        }
        if failed > 0 {
            client.pause(200).await;
            if settled > 0 {
                client
                    .stage
                    .reach("a request that wrote to some of its partitions");
            }
        }
    }
}

fn find<'a>(
    response: &'a ProduceResponse,
    by_id: bool,
    target: &Target,
) -> Option<&'a PartitionProduceResponse> {
    let topics = response.responses.iter();
    let mut partitions = topics
        .filter(|topic| match by_id {
            true => topic.topic_id == target.key.topic,
            false => *topic.name == *target.name,
        })
        .flat_map(|topic| &topic.partition_responses);
    partitions.find(|partition| partition.index == target.key.partition)
}

//! Writes what members of a group read.

use super::Plan;
use crate::stage::Client;
use klamm_codec::Records;
use klamm_records::{BatchBuilder, BatchFields, Codec, Compression, Deflater, NewRecord};
use klamm_wire::ErrorCode;
use klamm_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};

/// By name.
const VERSION: i16 = 12;

/// Feeds until the run drains. A repetition may write twice: to readers these are records like others.
pub(crate) async fn feed(mut client: Client, plan: Plan) {
    while !client.draining() {
        let count = u64::try_from(plan.partitions).unwrap_or(1);
        let partition = i32::try_from(client.rng.below(count)).unwrap_or(0);
        let records = client.rng.between(1, 4);
        let request = request(&plan, partition, records);
        if let Some(answer) = client.attempt(&request, VERSION).await {
            let first = answer.responses.iter().flat_map(|t| &t.partition_responses);
            let code = first.map(|p| ErrorCode(p.error_code)).next();
            if let Some(code) = code.filter(|code| *code != ErrorCode::NONE) {
                super::expect_passing(&client, &plan, "Produce", code);
            }
        }
        client.pause(500).await;
    }
    client.stage.progress.borrow_mut().fed.insert(plan.number);
}

fn request(plan: &Plan, index: i32, records: u64) -> ProduceRequest {
    let mut builder = BatchBuilder::new();
    for _ in 0..records {
        let new = NewRecord {
            timestamp_ms: crate::RecordId(0).timestamp_ms(),
            key: None,
            value: Some(b"read me"),
            headers: &[],
        };
        builder
            .append(&new)
            .expect("a few small records stay far below 2 GiB");
    }
    let bytes = builder
        .build(
            &BatchFields::default(),
            Codec::from(Compression::None),
            &mut Deflater::new(),
        )
        .expect("writing bytes to memory needs only memory");
    let partition = PartitionProduceData { index, records: Some(Records::Bytes(bytes)) };
    ProduceRequest {
        acks: -1,
        timeout_ms: 10_000,
        topic_data: vec![TopicProduceData {
            name: plan.topic.clone(),
            partition_data: vec![partition],
            ..TopicProduceData::default()
        }],
        ..ProduceRequest::default()
    }
}

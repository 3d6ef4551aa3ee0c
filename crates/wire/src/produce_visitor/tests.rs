//! The visitor against the generated decoder, on honest and on changed bytes.

use super::*;
use crate::messages::produce::{PartitionProduceData, TopicProduceData};
use bytes::Bytes;
use klamm_codec::{Dec, Enc, Message, Records, Str};
use proptest::prelude::*;

/// The request that the visitor sees.
fn visit(body: &[u8], version: i16) -> Result<(ProduceRequest, usize), DecodeError> {
    let (start, mut visitor) = ProduceVisitor::new(body, version)?;
    let mut request = ProduceRequest {
        transactional_id: start.transactional_id.map(Str::from),
        acks: start.acks,
        timeout_ms: start.timeout_ms,
        topic_data: Vec::new(),
    };
    let mut announced = 0;
    while let Some(event) = visitor.next_event()? {
        match event {
            ProduceEvent::Topic { name, id, partitions } => {
                assert_eq!(announced, 0);
                announced = partitions;
                let partition_data = Vec::new();
                let topic = TopicProduceData { name: name.into(), topic_id: id, partition_data };
                request.topic_data.push(topic);
            }
            ProduceEvent::Partition { index, records } => {
                announced -= 1;
                let records = records.map(|r| Records::Bytes(Bytes::copy_from_slice(r)));
                let topic = request.topic_data.last_mut().unwrap();
                topic
                    .partition_data
                    .push(PartitionProduceData { index, records });
            }
        }
    }
    assert_eq!(visitor.next_event(), Ok(None));
    Ok((request, visitor.remaining()))
}

fn decode(body: &[u8], version: i16) -> Result<(ProduceRequest, usize), DecodeError> {
    let mut dec = Dec::new(Bytes::copy_from_slice(body));
    let request = ProduceRequest::decode(&mut dec, version)?;
    Ok((request, dec.remaining()))
}

fn encode(request: &ProduceRequest, version: i16) -> Vec<u8> {
    let mut enc = Enc::new();
    request.encode(&mut enc, version).unwrap();
    enc.finish().into_bytes().unwrap().to_vec()
}

fn requests() -> impl Strategy<Value = (ProduceRequest, i16)> {
    let records = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
    let partition = (any::<i32>(), records).prop_map(|(index, records)| PartitionProduceData {
        index,
        records: records.map(|bytes| Records::Bytes(bytes.into())),
    });
    let partitions = prop::collection::vec(partition, 0..4);
    let topics = prop::collection::vec(("[a-zä]{0,9}", any::<u128>(), partitions), 0..4);
    let head = (prop::option::of("[a-z]{0,5}"), any::<i16>(), any::<i32>());
    (head, topics, 3i16..=13).prop_map(|((id, acks, timeout_ms), topics, version)| {
        let topic_data = topics
            .into_iter()
            .map(|(name, id, partition_data)| TopicProduceData {
                name: if version < 13 {
                    name.into()
                } else {
                    Str::EMPTY
                },
                topic_id: if version < 13 { Uuid::ZERO } else { Uuid(id) },
                partition_data,
            });
        let transactional_id = id.map(Str::from);
        let topic_data = topic_data.collect();
        (
            ProduceRequest { transactional_id, acks, timeout_ms, topic_data },
            version,
        )
    })
}

proptest! {
    #[test]
    fn both_readers_see_the_same((request, version) in requests()) {
        let body = encode(&request, version);
        prop_assert_eq!(visit(&body, version), Ok((request, 0)));
    }

    #[test]
    fn both_readers_refuse_the_same(
        (request, version) in requests(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut body = encode(&request, version);
        for (at, value) in changes {
            let at = at.index(body.len());
            body[at] = value;
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        match (visit(&body, version), decode(&body, version)) {
            (Ok(seen), Ok(decoded)) => prop_assert_eq!(seen, decoded),
            (Err(_), Err(_)) => {}
            (seen, decoded) => prop_assert!(false, "{seen:?} but {decoded:?}"),
        }
    }
}

#[test]
fn records_are_slices_of_the_frame() {
    let request = ProduceRequest {
        topic_data: vec![TopicProduceData {
            name: "t".into(),
            partition_data: vec![PartitionProduceData {
                index: 7,
                records: Some(Records::Bytes(Bytes::from_static(b"batch"))),
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let frame: Bytes = encode(&request, 9).into();
    let (_, mut visitor) = ProduceVisitor::new(&frame, 9).unwrap();
    let topic = ProduceEvent::Topic { name: "t", id: Uuid::ZERO, partitions: 1 };
    assert_eq!(visitor.next_event(), Ok(Some(topic)));
    let Ok(Some(ProduceEvent::Partition { index: 7, records: Some(records) })) =
        visitor.next_event()
    else {
        panic!("no partition");
    };
    assert_eq!(frame.slice_ref(records), "batch");
}

#[test]
fn versions_without_schema_are_refused() {
    for version in [2, 14] {
        let refused = ProduceVisitor::new(&[0; 64], version).err();
        let expected = DecodeError::UnsupportedVersion { message: "ProduceRequest", version };
        assert_eq!(refused, Some(expected));
    }
}

//! Version and body of a Produce request, read by the visitor and by the decoder.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Message};
use klamm_wire::messages::produce::ProduceRequest;
use klamm_wire::produce_visitor::{ProduceEvent, ProduceVisitor};

/// Both readers see the same, or both refuse.
pub(crate) fn run(data: &[u8]) {
    let mut dec = Dec::new(Bytes::copy_from_slice(data));
    let Ok(version) = dec.i16() else { return };
    let body = dec.rest();
    let seen = visit(&body, version);
    let mut dec = Dec::new(body);
    match (seen, ProduceRequest::decode(&mut dec, version)) {
        (Ok((partitions, remaining)), Ok(request)) => {
            let decoded = request.topic_data.iter().flat_map(|topic| {
                let partitions = topic.partition_data.iter();
                partitions.map(|p| {
                    (
                        p.index,
                        p.records.as_ref().and_then(|r| r.as_bytes().cloned()),
                    )
                })
            });
            assert!(decoded.eq(partitions));
            assert_eq!(remaining, dec.remaining());
        }
        (Err(_), Err(_)) => {}
        (seen, decoded) => panic!("{seen:?} but {decoded:?}"),
    }
}

/// Numbers and records of all partitions, and how many bytes were left over.
type Seen = (Vec<(i32, Option<Bytes>)>, usize);

fn visit(body: &Bytes, version: i16) -> Result<Seen, DecodeError> {
    let (_, mut visitor) = ProduceVisitor::new(body, version)?;
    let mut partitions = Vec::new();
    while let Some(event) = visitor.next_event()? {
        if let ProduceEvent::Partition { index, records } = event {
            partitions.push((index, records.map(|records| body.slice_ref(records))));
        }
    }
    Ok((partitions, visitor.remaining()))
}

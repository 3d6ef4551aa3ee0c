//! The `kafka-protocol` crate reads our bytes and writes them again: byte for byte the same.

use crate::fill::{Fill, fill};
use crate::schema::Kind;
use crate::{for_each, messages};
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestKind, ResponseKind};

#[test]
fn another_implementation_reads_the_same_bytes() {
    let mut compared = 0;
    let mut unsupported: Vec<String> = Vec::new();
    for_each(&messages(), |message, version| {
        let Some(key) = message.id.and_then(|id| ApiKey::try_from(id).ok()) else {
            return;
        };
        let theirs = key.valid_versions();
        if version < theirs.min || version > theirs.max {
            return;
        }
        for how in [Fill::Values, Fill::Defaults] {
            let bytes: Bytes = fill(message, version, how).bytes.into();
            let mut unread = bytes.clone();
            let mut again = BytesMut::new();
            let result = if message.kind == Kind::Request {
                RequestKind::decode(key, &mut unread, version)
                    .and_then(|value| value.encode(&mut again, version))
            } else {
                ResponseKind::decode(key, &mut unread, version)
                    .and_then(|value| value.encode(&mut again, version))
            };
            let place = format!("{} version {version}, {how:?}", message.name);
            match result {
                Ok(()) => {}
                // It announces a few versions that it then does not read.
                Err(error) if format!("{error:?}").contains("version not supported") => {
                    unsupported.push(place);
                    continue;
                }
                Err(error) => panic!("{place}: {error:?}"),
            }
            assert!(
                unread.is_empty(),
                "{place}: {} bytes left over",
                unread.len()
            );
            assert_eq!(again, bytes, "{place}");
            compared += 1;
        }
    });
    assert!(
        compared > 1000 && unsupported.len() < 10,
        "{compared}, {unsupported:?}"
    );
}

//! Headers in all forms, and what is left unread of those that we can't know.

use super::*;

fn decode(bytes: &[u8]) -> Result<(RequestHeader, Vec<u8>), DecodeError> {
    let (header, dec) = RequestHeader::decode(Bytes::copy_from_slice(bytes))?;
    Ok((header, dec.rest().to_vec()))
}

fn header(key: ApiKey, version: i16, client_id: Option<&'static str>) -> RequestHeader {
    let client_id = client_id.map(Str::from_static);
    RequestHeader { key, version, correlation_id: 9, client_id }
}

#[test]
fn requests_have_tagged_fields_from_the_flexible_version_on() {
    let old = [0, 1, 0, 11, 0, 0, 0, 9, 0, 1, b'c', 77];
    assert_eq!(
        decode(&old),
        Ok((header(ApiKey::Fetch, 11, Some("c")), vec![77]))
    );
    let new = [0, 1, 0, 12, 0, 0, 0, 9, 0, 1, b'c', 1, 5, 1, 0xff, 77];
    assert_eq!(
        decode(&new),
        Ok((header(ApiKey::Fetch, 12, Some("c")), vec![77]))
    );
    let none = [0, 1, 0, 12, 0, 0, 0, 9, 0xff, 0xff, 0, 77];
    assert_eq!(
        decode(&none),
        Ok((header(ApiKey::Fetch, 12, None), vec![77]))
    );
}

#[test]
fn a_version_from_the_future_is_read_no_further_than_its_fixed_part() {
    let future = [0, 18, 0, 99, 0, 0, 0, 9, 1, 2, 3];
    assert_eq!(
        decode(&future),
        Ok((header(ApiKey::ApiVersions, 99, None), vec![1, 2, 3]))
    );
    let negative = [0, 18, 0xff, 0xff, 0, 0, 0, 9, 1, 2, 3];
    assert_eq!(
        decode(&negative),
        Ok((header(ApiKey::ApiVersions, -1, None), vec![1, 2, 3]))
    );
}

#[test]
fn a_version_that_kafka_dropped_still_has_its_header() {
    let dropped = [0, 0, 0, 1, 0, 0, 0, 9, 0, 1, b'c', 77];
    assert_eq!(
        decode(&dropped),
        Ok((header(ApiKey::Produce, 1, Some("c")), vec![77]))
    );
}

#[test]
fn what_is_no_header_is_refused() {
    let unknown = |id| Err(DecodeError::UnknownId { what: "API key", id });
    assert_eq!(decode(&[0, 4, 0, 0, 0, 0, 0, 9]), unknown(4));
    assert_eq!(decode(&[0xff, 0xff, 0, 0, 0, 0, 0, 9]), unknown(-1));
    for cut in 0..11 {
        let bytes = [0, 1, 0, 11, 0, 0, 0, 9, 0, 1, b'c'];
        assert!(
            matches!(decode(&bytes[..cut]), Err(DecodeError::Truncated { .. })),
            "{cut}"
        );
    }
    // A section of 2^32 - 1 tagged fields.
    let tags = [
        0, 1, 0, 12, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f,
    ];
    assert!(decode(&tags).is_err());
}

#[test]
fn a_client_id_that_is_no_text_is_repaired() {
    let bytes = [0, 1, 0, 11, 0, 0, 0, 9, 0, 1, 0xff];
    let (header, _) = RequestHeader::decode(Bytes::copy_from_slice(&bytes)).unwrap();
    assert_eq!(header.client_id.as_deref(), Some("\u{fffd}"));
}

#[test]
fn headers_round_trip() {
    for key in ApiKey::ALL.iter().copied() {
        for version in key.min_version()..=key.max_version() {
            for client_id in [None, Some(""), Some("client")] {
                let header = header(key, version, client_id);
                let mut enc = Enc::new();
                header.encode(&mut enc).unwrap();
                let bytes = enc.finish().into_bytes().unwrap();
                assert_eq!(decode(&bytes), Ok((header, vec![])));
            }
            let answer = ResponseHeader { correlation_id: -7 };
            let mut enc = Enc::new();
            answer.encode(&mut enc, key, version);
            let bytes = enc.finish().into_bytes().unwrap();
            let (read, rest) = ResponseHeader::decode(bytes, key, version).unwrap();
            assert_eq!((read, rest.remaining()), (answer, 0));
        }
    }
}

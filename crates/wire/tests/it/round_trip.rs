//! Every message in every version: bytes made from the schema come back unchanged.

use crate::fill::{Fill, fill};
use crate::schema::{Message, Struct};
use crate::{codec_of, for_each, messages};
use klamm_codec::{DecodeError, EncodeError};

#[test]
fn values_come_back_unchanged() {
    for_each(&messages(), |message, version| {
        for how in [Fill::Values, Fill::Defaults, Fill::Nulls] {
            let bytes = fill(message, version, how).bytes;
            let again = (codec_of(&message.name).reencode)(bytes.clone().into(), version, version);
            assert_eq!(
                again,
                Ok(Ok(bytes)),
                "{} version {version}, {how:?}",
                message.name
            );
        }
    });
}

#[test]
fn defaults_are_those_of_the_schema() {
    for_each(&messages(), |message, version| {
        let name = &message.name;
        let codec = codec_of(name);
        let expected = fill(message, version, Fill::Defaults);
        let written = (codec.encode_default)(version);
        if expected.null_forbidden {
            let refused = matches!(written, Err(EncodeError::UnexpectedNull { .. }));
            assert!(refused, "{name} version {version}");
        } else {
            assert_eq!(
                written.as_ref(),
                Ok(&expected.bytes),
                "{name} version {version}"
            );
            let is_default = (codec.is_default)(expected.bytes.into(), version);
            assert_eq!(is_default, Ok(true), "{name} version {version}");
        }
    });
}

#[test]
fn versions_outside_the_range_are_refused() {
    for message in messages() {
        let codec = codec_of(&message.name);
        for version in [message.versions.low - 1, message.versions.high + 1] {
            let refused = (codec.attempt)(Vec::new().into(), version).0;
            assert!(
                matches!(refused, Err(DecodeError::UnsupportedVersion { .. })),
                "{} version {version}",
                message.name
            );
            assert!(matches!(
                (codec.encode_default)(version),
                Err(EncodeError::UnsupportedVersion { .. })
            ));
        }
    }
}

#[test]
fn a_field_that_a_version_lacks_is_dropped_only_if_the_schema_allows_it() {
    let mut refused = 0;
    for_each(&messages(), |message, from| {
        let bytes = fill(message, from, Fill::Values).bytes;
        for to in message.versions.low..=message.versions.high {
            let result =
                (codec_of(&message.name).reencode)(bytes.clone().into(), from, to).unwrap();
            let lost = loses(message, &message.structs[0], from, to);
            let place = format!("{} from version {from} to {to}", message.name);
            if lost {
                let refusal = matches!(result, Err(EncodeError::UnsupportedField { .. }));
                assert!(refusal, "{place}: {result:?}");
                refused += 1;
            } else {
                assert!(result.is_ok(), "{place}: {result:?}");
            }
        }
    });
    assert!(refused > 500, "{refused}");
}

/// Whether a value with all fields of one version can't be said in another.
fn loses(message: &Message, s: &Struct, from: i16, to: i16) -> bool {
    s.fields
        .iter()
        .filter(|f| f.versions.contains(from))
        .any(|f| {
            if f.versions.contains(to) {
                let inner = f.kind.struct_name().and_then(|name| message.find(name));
                inner.is_some_and(|inner| loses(message, inner, from, to))
            } else {
                !f.ignorable
            }
        })
}

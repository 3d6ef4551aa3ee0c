//! What every generated message has to pass. Included by the tests of each crate that has generated code.

use bytes::Bytes;
use klamm_codec::{Budget, Dec, DecodeError, Enc, EncodeError, Message as Wire};
use std::path::Path;

use super::fill::{Fill, fill};
use super::schema::{Kind, Message, Struct, parse};

type Written = Result<Vec<u8>, EncodeError>;

/// What tests ask of a message whose type they don't know.
pub(crate) struct Codec {
    /// Reads a value to its end and writes it again, perhaps in another version.
    pub(crate) reencode: fn(Bytes, i16, i16) -> Result<Written, DecodeError>,
    /// Whether bytes are the default value.
    pub(crate) is_default: fn(Bytes, i16) -> Result<bool, DecodeError>,
    /// Writes the default value.
    pub(crate) encode_default: fn(i16) -> Written,
    /// Reads hostile bytes; hands back what it took from the budget.
    pub(crate) attempt: fn(Bytes, i16) -> (Result<(), DecodeError>, Budget),
}

pub(crate) fn codec<M: Wire + Default + PartialEq>() -> Codec {
    fn read<M: Wire>(bytes: Bytes, version: i16) -> Result<M, DecodeError> {
        let mut dec = Dec::new(bytes);
        let value = M::decode(&mut dec, version)?;
        dec.finish()?;
        Ok(value)
    }
    fn write<M: Wire>(value: &M, version: i16) -> Result<Vec<u8>, EncodeError> {
        let mut enc = Enc::new();
        value.encode(&mut enc, version)?;
        Ok(enc.finish().into_bytes().unwrap().to_vec())
    }
    Codec {
        reencode: |bytes, from, to| Ok(write(&read::<M>(bytes, from)?, to)),
        is_default: |bytes, version| Ok(read::<M>(bytes, version)? == M::default()),
        encode_default: |version| write(&M::default(), version),
        attempt: |bytes, version| {
            let mut dec = Dec::new(bytes);
            let result = M::decode(&mut dec, version).map(drop);
            (result, dec.budget())
        },
    }
}

/// Finds the codec of a message by its name.
pub(crate) type CodecOf = fn(&str) -> Codec;

/// The messages of a folder of schema files, headers aside.
pub(crate) fn read_schemas(folder: &str) -> Vec<Message> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut messages = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "kschema")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            messages.extend(parse(&text).unwrap());
        }
    }
    messages.retain(|message| message.kind != Kind::Header);
    messages.sort_by_key(|message| (message.id, message.name.clone()));
    messages
}

/// Calls back for every message in every version.
pub(crate) fn for_each(messages: &[Message], mut check: impl FnMut(&Message, i16)) {
    for message in messages {
        for version in message.versions.low..=message.versions.high {
            check(message, version);
        }
    }
}

pub(crate) fn values_come_back_unchanged(messages: &[Message], codec_of: CodecOf) {
    for_each(messages, |message, version| {
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

pub(crate) fn defaults_are_those_of_the_schema(messages: &[Message], codec_of: CodecOf) {
    for_each(messages, |message, version| {
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

pub(crate) fn versions_outside_the_range_are_refused(messages: &[Message], codec_of: CodecOf) {
    for message in messages {
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

pub(crate) fn a_field_that_a_version_lacks_is_dropped_only_if_the_schema_allows_it(
    messages: &[Message],
    codec_of: CodecOf,
) {
    let mut refused = 0;
    for_each(messages, |message, from| {
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
    assert!(refused > 0);
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

/// A small generator: the same bytes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

pub(crate) fn every_cut_is_refused(messages: &[Message], codec_of: CodecOf) {
    for_each(messages, |message, version| {
        let codec = codec_of(&message.name);
        let bytes = fill(message, version, Fill::Values).bytes;
        // Long messages repeat their structs: their first and last bytes show every cut.
        let cuts = (0..bytes.len()).filter(|cut| *cut < 200 || *cut + 20 > bytes.len());
        for cut in cuts {
            let result = (codec.reencode)(bytes[..cut].to_vec().into(), version, version);
            assert!(
                result.is_err(),
                "{} version {version} cut at {cut}",
                message.name
            );
        }
    });
}

pub(crate) fn changed_bytes_never_panic_and_stay_within_the_budget(
    messages: &[Message],
    codec_of: CodecOf,
) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut refused) = (0, 0);
    for_each(messages, |message, version| {
        let codec = codec_of(&message.name);
        let bytes = fill(message, version, Fill::Values).bytes;
        for _ in 0..60 {
            let mut bytes = bytes.clone();
            if bytes.is_empty() {
                continue;
            }
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len());
                bytes[at] = match random.below(4) {
                    0 => 0xff,
                    1 => 0,
                    2 => 0x7f,
                    _ => random.below(256) as u8,
                };
            }
            let granted = Budget::for_frame(bytes.len());
            let (result, left) = (codec.attempt)(bytes.clone().into(), version);
            assert!(left.elements <= granted.elements);
            assert!(left.allocated_bytes <= granted.allocated_bytes);
            // What was read can be written and read again.
            match result {
                Ok(()) => {
                    read += 1;
                    if let Ok(Ok(again)) = (codec.reencode)(bytes.into(), version, version) {
                        let third = (codec.reencode)(again.clone().into(), version, version);
                        assert_eq!(third, Ok(Ok(again)), "{} {version}", message.name);
                    }
                }
                Err(_) => refused += 1,
            }
        }
    });
    assert!(
        read > 100 && refused > 100,
        "{read} read, {refused} refused"
    );
}

/// The most bytes of memory that a byte of the frame cost.
pub(crate) fn the_leanest_honest_frames_are_within_the_budget(
    messages: &[Message],
    codec_of: CodecOf,
) -> usize {
    let mut dearest = 0;
    for_each(messages, |message, version| {
        for depth in 0..4 {
            let bytes = fill(message, version, Fill::Many { depth, count: 20_000 }).bytes;
            if bytes.len() < 20_000 {
                continue;
            }
            let granted = Budget::for_frame(bytes.len());
            let frame_bytes = bytes.len();
            let (result, left) = (codec_of(&message.name).attempt)(bytes.into(), version);
            assert_eq!(
                result,
                Ok(()),
                "{} version {version} depth {depth}",
                message.name
            );
            let taken = granted.allocated_bytes - left.allocated_bytes;
            dearest = dearest.max(taken / frame_bytes);
        }
    });
    dearest
}

//! The generated messages against the schema files, another implementation, hostile bytes and Kafka's own schemas.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

#[path = "../../../../xtask/src/codegen/schema.rs"]
#[expect(dead_code, reason = "the generator uses more of it")]
mod schema;

mod fill;
mod hostile;
mod jars;
mod other_implementation;
mod round_trip;

use bytes::Bytes;
use klamm_codec::{Budget, Dec, DecodeError, Enc, EncodeError, Message};
use std::path::Path;

/// What tests ask of a message whose type they don't know.
struct Codec {
    /// Reads a value to its end and writes it again, perhaps in another version.
    reencode: fn(Bytes, i16, i16) -> Result<Result<Vec<u8>, EncodeError>, DecodeError>,
    /// Whether bytes are the default value.
    is_default: fn(Bytes, i16) -> Result<bool, DecodeError>,
    /// Writes the default value.
    encode_default: fn(i16) -> Result<Vec<u8>, EncodeError>,
    /// Reads hostile bytes; hands back what it took from the budget.
    attempt: fn(Bytes, i16) -> (Result<(), DecodeError>, Budget),
}

fn codec<M: Message + Default + PartialEq>() -> Codec {
    fn read<M: Message>(bytes: Bytes, version: i16) -> Result<M, DecodeError> {
        let mut dec = Dec::new(bytes);
        let value = M::decode(&mut dec, version)?;
        dec.finish()?;
        Ok(value)
    }
    fn write<M: Message>(value: &M, version: i16) -> Result<Vec<u8>, EncodeError> {
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

macro_rules! codecs {
    ($($api:ident = $key:literal, $module:ident, $request:ident, $response:ident,
       $min:literal..=$max:literal, $flexible:expr, $stability:ident, [$($listener:ident)*];)*) => {
        fn codec_of(name: &str) -> Codec {
            use klamm_wire::messages::*;
            match name {
                $(
                    stringify!($request) => codec::<$module::$request>(),
                    stringify!($response) => codec::<$module::$response>(),
                )*
                "ConsumerProtocolSubscription" => {
                    codec::<consumer_protocol::ConsumerProtocolSubscription>()
                }
                "ConsumerProtocolAssignment" => {
                    codec::<consumer_protocol::ConsumerProtocolAssignment>()
                }
                "DefaultPrincipalData" => codec::<default_principal::DefaultPrincipalData>(),
                _ => panic!("no message named {name}"),
            }
        }
    };
}
klamm_wire::every_api!(codecs);

/// All messages of this crate's schema files, headers aside.
fn messages() -> Vec<schema::Message> {
    let messages = read_schemas("schema");
    assert_eq!(messages.len(), 2 * 89 + 3);
    messages
}

/// The messages of a folder of schema files, headers aside.
fn read_schemas(folder: &str) -> Vec<schema::Message> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut messages = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "kschema")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            messages.extend(schema::parse(&text).unwrap());
        }
    }
    messages.retain(|message| message.kind != schema::Kind::Header);
    messages.sort_by_key(|message| (message.id, message.name.clone()));
    messages
}

/// Calls back for every message in every version.
fn for_each(messages: &[schema::Message], mut check: impl FnMut(&schema::Message, i16)) {
    for message in messages {
        for version in message.versions.low..=message.versions.high {
            check(message, version);
        }
    }
}

//! The generated messages against the schema files, another implementation, hostile bytes and Kafka's own schemas.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

#[path = "../../../../xtask/src/codegen/schema.rs"]
#[expect(dead_code, reason = "the generator uses more of it")]
mod schema;

mod answers;
mod checks;
mod fill;
mod fuzz_seeds;
mod hostile;
mod jars;
mod other_implementation;
mod round_trip;
mod standing;

use checks::{Codec, codec, for_each, read_schemas};

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
                "MemberStanding" => codec::<member_standing::MemberStanding>(),
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
    assert_eq!(messages.len(), 2 * 89 + 4);
    messages
}

//! Key, version and the body of a response.

use bytes::Bytes;
use klamm_codec::{Dec, Enc, Message};
use klamm_wire::ApiKey;

/// Reads a response. What can be read can be written, and then reads and writes the same again.
pub(crate) fn run(data: &[u8]) {
    let mut dec = Dec::new(Bytes::copy_from_slice(data));
    let (Ok(key), Ok(version)) = (dec.i16(), dec.i16()) else {
        return;
    };
    macro_rules! check {
        ($($api:ident = $key:literal, $module:ident, $request:ident, $response:ident,
           $min:literal..=$max:literal, $flexible:expr, $stability:ident, [$($on:ident)*];)*) => {
            match ApiKey::from_i16(key) {
                $(Some(ApiKey::$api) => {
                    round_trip::<klamm_wire::messages::$module::$response>(dec.rest(), version);
                })*
                None => {}
            }
        };
    }
    klamm_wire::every_api!(check);
}

fn round_trip<M: Message>(bytes: Bytes, version: i16) {
    let Ok(value) = M::decode(&mut Dec::new(bytes), version) else {
        return;
    };
    let written = write(&value, version);
    let again = M::decode(&mut Dec::new(written.clone()), version).expect("we wrote it");
    // Bytes are compared, not values: a float may be no number.
    assert_eq!(write(&again, version), written);
}

fn write<M: Message>(value: &M, version: i16) -> Bytes {
    let mut enc = Enc::new();
    value
        .encode(&mut enc, version)
        .expect("what was read can be written");
    enc.finish().into_bytes().expect("in memory")
}

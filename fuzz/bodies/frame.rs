//! A frame as a client sends it, without its length: header, then the body that the header announces.

use bytes::Bytes;
use klamm_codec::{DecodeError, Enc, Message};
use klamm_wire::RequestHeader;

/// Reads a frame. What can be read can be written, and reads the same again.
pub(crate) fn run(data: &[u8]) {
    let Ok((header, mut body)) = RequestHeader::decode(Bytes::copy_from_slice(data)) else {
        return;
    };
    let granted = body.budget();
    macro_rules! read {
        ($($api:ident = $key:literal, $module:ident, $request:ident, $response:ident,
           $min:literal..=$max:literal, $flexible:expr, $stability:ident, [$($on:ident)*];)*) => {
            match header.key {
                $(klamm_wire::ApiKey::$api => {
                    type Request = klamm_wire::messages::$module::$request;
                    Request::decode(&mut body, header.version).map(drop)
                })*
            }
        };
    }
    let result: Result<(), DecodeError> = klamm_wire::every_api!(read);
    let left = body.budget();
    assert!(left.elements <= granted.elements && left.allocated_bytes <= granted.allocated_bytes);
    if result.is_ok() {
        let mut enc = Enc::new();
        header
            .encode(&mut enc)
            .expect("what was read can be written");
        let bytes = enc.finish().into_bytes().expect("in memory");
        let (again, _) = RequestHeader::decode(bytes).expect("what was written can be read");
        assert_eq!(header, again);
    }
}

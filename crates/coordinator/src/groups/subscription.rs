//! The topics in the `consumer` protocol's subscription, of which every version begins alike.

use bytes::Bytes;
use klamm_codec::{Dec, Str};

/// The topics; `None` if the bytes are not a subscription.
pub(super) fn topics(metadata: &Bytes) -> Option<Vec<Str>> {
    let mut dec = Dec::new(metadata.clone());
    let version = dec.i16().ok()?;
    if version < 0 {
        return None;
    }
    dec.array(false, 2, |dec| dec.string(false)).ok()
}

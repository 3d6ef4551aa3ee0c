//! The `consumer` protocol, which the classic protocol carries inside: what a member reads, and what it gets.
//!
//! Versions 0 to 3; a newer one begins like 3.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Str};

/// Partitions by topic name.
pub(super) type NamedPartitions = Vec<(Str, Vec<i32>)>;

/// What a member reads and has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct EmbeddedSubscription {
    pub(super) version: i16,
    pub(super) topics: Vec<Str>,
    pub(super) owned: NamedPartitions,
    pub(super) rack_id: Option<Str>,
}

/// What a member gets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct EmbeddedAssignment {
    pub(super) partitions: NamedPartitions,
    /// From an assignor of the clients; the coordinator has no use for it.
    pub(super) has_user_data: bool,
}

/// The topics; `None` if the bytes are not a subscription.
pub(super) fn topics(metadata: &Bytes) -> Option<Vec<Str>> {
    let mut dec = Dec::new(metadata.clone());
    let version = dec.i16().ok()?;
    if version < 0 {
        return None;
    }
    dec.array(false, 2, |dec| dec.string(false)).ok()
}

fn partitions(dec: &mut Dec) -> Result<NamedPartitions, DecodeError> {
    dec.array(false, 6, |dec| {
        Ok((dec.string(false)?, dec.array(false, 4, Dec::i32)?))
    })
}

impl EmbeddedSubscription {
    /// Reads a subscription; `None` if the bytes are none.
    pub(super) fn read(metadata: &Bytes) -> Option<Self> {
        let mut dec = Dec::new(metadata.clone());
        let version = dec.i16().ok().filter(|version| *version >= 0)?;
        let topics = dec.array(false, 2, |dec| dec.string(false)).ok()?;
        dec.nullable_bytes(false).ok()?;
        let owned = if version >= 1 {
            partitions(&mut dec).ok()?
        } else {
            Vec::new()
        };
        if version >= 2 {
            // The generation in which it had them.
            dec.i32().ok()?;
        }
        let rack_id = if version >= 3 {
            dec.nullable_string(false).ok()?
        } else {
            None
        };
        let rack_id = rack_id.filter(|rack| !rack.is_empty());
        Some(Self { version: version.min(3), topics, owned, rack_id })
    }
}

impl EmbeddedAssignment {
    /// Reads an assignment; `None` if the bytes are none. A member that never asked has no bytes, and nothing.
    pub(super) fn read(bytes: &Bytes) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let mut dec = Dec::new(bytes.clone());
        dec.i16().ok().filter(|version| *version >= 0)?;
        let partitions = partitions(&mut dec).ok()?;
        let user_data = dec.nullable_bytes(false).ok()?;
        let has_user_data = user_data.is_some_and(|data| !data.is_empty());
        Some(Self { partitions, has_user_data })
    }

    /// The bytes, in the version that the member's subscription has.
    ///
    /// # Errors
    /// A name is too long.
    pub(super) fn write(&self, version: i16) -> Result<Bytes, EncodeError> {
        let mut enc = Enc::new();
        enc.i16(version);
        enc.array(false, &self.partitions, |enc, (topic, partitions)| {
            enc.string(false, topic)?;
            enc.array(false, partitions, |enc, partition| {
                enc.i32(*partition);
                Ok(())
            })
        })?;
        enc.nullable_bytes(false, None)?;
        let bytes = enc.finish().into_bytes();
        Ok(bytes.expect("nothing here lies in a file"))
    }
}

//! What Klamm says of a group's members beyond Kafka, as bytes of a tagged field: a version, then [`MemberStanding`].
//!
//! A client asks for it with a tagged field of its request. Whoever does not ask gets Kafka's bytes, and a broker that
//! does not know the tag passes over it.

use crate::messages::member_standing::MemberStanding;
use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

impl MemberStanding {
    /// The bytes of the field.
    ///
    /// # Errors
    /// A text or a list is too long.
    pub fn to_field(&self) -> Result<Bytes, EncodeError> {
        let mut enc = Enc::new();
        enc.i16(Self::MAX_VERSION);
        self.encode(&mut enc, Self::MAX_VERSION)?;
        // It shares no range of a file, the only part that could fail.
        Ok(enc.finish().into_bytes().unwrap_or_default())
    }

    /// Reads the bytes of the field.
    ///
    /// # Errors
    /// They are not of this form, or of a version that is not known here.
    pub fn from_field(field: Bytes) -> Result<Self, DecodeError> {
        let mut dec = Dec::new(field);
        let version = dec.i16()?;
        let standing = Self::decode(&mut dec, version)?;
        dec.finish()?;
        Ok(standing)
    }
}

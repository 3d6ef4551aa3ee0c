//! DefaultPrincipalData, versions 0. A caller's identity inside an envelope.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A caller's identity inside an envelope.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DefaultPrincipalData {
    /// `string`.
    pub r#type: Str,
    /// `string`.
    pub name: Str,
    /// `bool`.
    pub token_authenticated: bool,
}

impl DefaultPrincipalData {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DefaultPrincipalData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DefaultPrincipalData",
                version,
            });
        }
        let r#type = dec.string(true)?;
        let name = dec.string(true)?;
        let token_authenticated = dec.bool()?;
        dec.skip_tagged_fields()?;
        Ok(Self { r#type, name, token_authenticated })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DefaultPrincipalData",
                version,
            });
        }
        enc.string(true, &self.r#type)?;
        enc.string(true, &self.name)?;
        enc.bool(self.token_authenticated);
        enc.no_tagged_fields();
        Ok(())
    }
}

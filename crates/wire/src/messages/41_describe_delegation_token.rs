//! DescribeDelegationToken (key 41), versions 1-3. Lists delegation tokens.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Lists delegation tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeDelegationTokenRequest {
    /// `[]DescribeDelegationTokenOwner`, nullable.
    pub owners: Option<Vec<DescribeDelegationTokenOwner>>,
}

impl Default for DescribeDelegationTokenRequest {
    fn default() -> Self {
        Self { owners: Some(Vec::new()) }
    }
}

impl DescribeDelegationTokenRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for DescribeDelegationTokenRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeDelegationTokenRequest",
                version,
            });
        }
        let flexible = version >= 2;
        let owners = dec.nullable_array(flexible, 3, |dec| {
            DescribeDelegationTokenOwner::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { owners })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeDelegationTokenRequest",
                version,
            });
        }
        let flexible = version >= 2;
        enc.nullable_array(flexible, self.owners.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribeDelegationTokenOwner` in [`DescribeDelegationTokenRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeDelegationTokenOwner {
    /// `string`.
    pub principal_type: Str,
    /// `string`.
    pub principal_name: Str,
}

impl Message for DescribeDelegationTokenOwner {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let principal_type = dec.string(flexible)?;
        let principal_name = dec.string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { principal_type, principal_name })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.string(flexible, &self.principal_type)?;
        enc.string(flexible, &self.principal_name)?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The tokens, owners and renewers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeDelegationTokenResponse {
    /// `int16`.
    pub error_code: i16,
    /// `[]DescribedDelegationToken`.
    pub tokens: Vec<DescribedDelegationToken>,
    /// `int32`.
    pub throttle_time_ms: i32,
}

impl DescribeDelegationTokenResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for DescribeDelegationTokenResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeDelegationTokenResponse",
                version,
            });
        }
        let flexible = version >= 2;
        let error_code = dec.i16()?;
        let tokens = dec.array(flexible, 30, |dec| {
            DescribedDelegationToken::decode(dec, version)
        })?;
        let throttle_time_ms = dec.i32()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { error_code, tokens, throttle_time_ms })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeDelegationTokenResponse",
                version,
            });
        }
        let flexible = version >= 2;
        enc.i16(self.error_code);
        enc.array(flexible, &self.tokens, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.i32(self.throttle_time_ms);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribedDelegationToken` in [`DescribeDelegationTokenResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribedDelegationToken {
    /// `string`.
    pub principal_type: Str,
    /// `string`.
    pub principal_name: Str,
    /// `string`, versions 3.
    pub token_requester_principal_type: Str,
    /// `string`, versions 3.
    pub token_requester_principal_name: Str,
    /// `int64`.
    pub issue_timestamp: i64,
    /// `int64`.
    pub expiry_timestamp: i64,
    /// `int64`.
    pub max_timestamp: i64,
    /// `string`.
    pub token_id: Str,
    /// `bytes`.
    pub hmac: Bytes,
    /// `[]DescribedDelegationTokenRenewer`.
    pub renewers: Vec<DescribedDelegationTokenRenewer>,
}

impl Message for DescribedDelegationToken {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let principal_type = dec.string(flexible)?;
        let principal_name = dec.string(flexible)?;
        let token_requester_principal_type = if version == 3 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let token_requester_principal_name = if version == 3 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let issue_timestamp = dec.i64()?;
        let expiry_timestamp = dec.i64()?;
        let max_timestamp = dec.i64()?;
        let token_id = dec.string(flexible)?;
        let hmac = dec.bytes(flexible)?;
        let renewers = dec.array(flexible, 3, |dec| {
            DescribedDelegationTokenRenewer::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            principal_type,
            principal_name,
            token_requester_principal_type,
            token_requester_principal_name,
            issue_timestamp,
            expiry_timestamp,
            max_timestamp,
            token_id,
            hmac,
            renewers,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.string(flexible, &self.principal_type)?;
        enc.string(flexible, &self.principal_name)?;
        if version == 3 {
            enc.string(flexible, &self.token_requester_principal_type)?;
        } else if !self.token_requester_principal_type.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "DescribedDelegationToken.token_requester_principal_type",
                version,
            });
        }
        if version == 3 {
            enc.string(flexible, &self.token_requester_principal_name)?;
        } else if !self.token_requester_principal_name.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "DescribedDelegationToken.token_requester_principal_name",
                version,
            });
        }
        enc.i64(self.issue_timestamp);
        enc.i64(self.expiry_timestamp);
        enc.i64(self.max_timestamp);
        enc.string(flexible, &self.token_id)?;
        enc.bytes(flexible, &self.hmac)?;
        enc.array(flexible, &self.renewers, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribedDelegationTokenRenewer` in [`DescribeDelegationTokenResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribedDelegationTokenRenewer {
    /// `string`.
    pub principal_type: Str,
    /// `string`.
    pub principal_name: Str,
}

impl Message for DescribedDelegationTokenRenewer {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let principal_type = dec.string(flexible)?;
        let principal_name = dec.string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { principal_type, principal_name })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.string(flexible, &self.principal_type)?;
        enc.string(flexible, &self.principal_name)?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for DescribeDelegationTokenResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        self.throttle_time_ms
    }

    fn set_throttle_time_ms(&mut self, ms: i32) {
        self.throttle_time_ms = ms;
    }
}

impl Request for DescribeDelegationTokenRequest {
    const KEY: ApiKey = ApiKey::DescribeDelegationToken;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = DescribeDelegationTokenResponse;
}

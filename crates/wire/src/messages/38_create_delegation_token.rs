//! CreateDelegationToken (key 38), versions 1-3. Creates a delegation token.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Creates a delegation token.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateDelegationTokenRequest {
    /// `string`, versions 3, nullable.
    pub owner_principal_type: Option<Str>,
    /// `string`, versions 3, nullable.
    pub owner_principal_name: Option<Str>,
    /// `[]CreatableRenewers`.
    pub renewers: Vec<CreatableRenewers>,
    /// `int64`.
    pub max_lifetime_ms: i64,
}

impl Default for CreateDelegationTokenRequest {
    fn default() -> Self {
        Self {
            owner_principal_type: Some(Str::EMPTY),
            owner_principal_name: Some(Str::EMPTY),
            renewers: Vec::new(),
            max_lifetime_ms: 0,
        }
    }
}

impl CreateDelegationTokenRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for CreateDelegationTokenRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "CreateDelegationTokenRequest",
                version,
            });
        }
        let flexible = version >= 2;
        let owner_principal_type = if version == 3 {
            dec.nullable_string(flexible)?
        } else {
            Some(Str::EMPTY)
        };
        let owner_principal_name = if version == 3 {
            dec.nullable_string(flexible)?
        } else {
            Some(Str::EMPTY)
        };
        let renewers = dec.array(flexible, 3, |dec| CreatableRenewers::decode(dec, version))?;
        let max_lifetime_ms = dec.i64()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            owner_principal_type,
            owner_principal_name,
            renewers,
            max_lifetime_ms,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "CreateDelegationTokenRequest",
                version,
            });
        }
        let flexible = version >= 2;
        if version == 3 {
            enc.nullable_string(flexible, self.owner_principal_type.as_deref())?;
        } else if self
            .owner_principal_type
            .as_ref()
            .is_none_or(|value| !value.is_empty())
        {
            return Err(EncodeError::UnsupportedField {
                field: "CreateDelegationTokenRequest.owner_principal_type",
                version,
            });
        }
        if version == 3 {
            enc.nullable_string(flexible, self.owner_principal_name.as_deref())?;
        } else if self
            .owner_principal_name
            .as_ref()
            .is_none_or(|value| !value.is_empty())
        {
            return Err(EncodeError::UnsupportedField {
                field: "CreateDelegationTokenRequest.owner_principal_name",
                version,
            });
        }
        enc.array(flexible, &self.renewers, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.i64(self.max_lifetime_ms);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `CreatableRenewers` in [`CreateDelegationTokenRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatableRenewers {
    /// `string`.
    pub principal_type: Str,
    /// `string`.
    pub principal_name: Str,
}

impl Message for CreatableRenewers {
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

/// The token with its secret and its dates.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateDelegationTokenResponse {
    /// `int16`.
    pub error_code: i16,
    /// `string`.
    pub principal_type: Str,
    /// `string`.
    pub principal_name: Str,
    /// `string`, versions 3.
    pub token_requester_principal_type: Str,
    /// `string`, versions 3.
    pub token_requester_principal_name: Str,
    /// `int64`.
    pub issue_timestamp_ms: i64,
    /// `int64`.
    pub expiry_timestamp_ms: i64,
    /// `int64`.
    pub max_timestamp_ms: i64,
    /// `string`.
    pub token_id: Str,
    /// `bytes`.
    pub hmac: Bytes,
    /// `int32`.
    pub throttle_time_ms: i32,
}

impl CreateDelegationTokenResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for CreateDelegationTokenResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "CreateDelegationTokenResponse",
                version,
            });
        }
        let flexible = version >= 2;
        let error_code = dec.i16()?;
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
        let issue_timestamp_ms = dec.i64()?;
        let expiry_timestamp_ms = dec.i64()?;
        let max_timestamp_ms = dec.i64()?;
        let token_id = dec.string(flexible)?;
        let hmac = dec.bytes(flexible)?;
        let throttle_time_ms = dec.i32()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            error_code,
            principal_type,
            principal_name,
            token_requester_principal_type,
            token_requester_principal_name,
            issue_timestamp_ms,
            expiry_timestamp_ms,
            max_timestamp_ms,
            token_id,
            hmac,
            throttle_time_ms,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "CreateDelegationTokenResponse",
                version,
            });
        }
        let flexible = version >= 2;
        enc.i16(self.error_code);
        enc.string(flexible, &self.principal_type)?;
        enc.string(flexible, &self.principal_name)?;
        if version == 3 {
            enc.string(flexible, &self.token_requester_principal_type)?;
        } else if !self.token_requester_principal_type.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "CreateDelegationTokenResponse.token_requester_principal_type",
                version,
            });
        }
        if version == 3 {
            enc.string(flexible, &self.token_requester_principal_name)?;
        } else if !self.token_requester_principal_name.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "CreateDelegationTokenResponse.token_requester_principal_name",
                version,
            });
        }
        enc.i64(self.issue_timestamp_ms);
        enc.i64(self.expiry_timestamp_ms);
        enc.i64(self.max_timestamp_ms);
        enc.string(flexible, &self.token_id)?;
        enc.bytes(flexible, &self.hmac)?;
        enc.i32(self.throttle_time_ms);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for CreateDelegationTokenResponse {
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

impl Request for CreateDelegationTokenRequest {
    const KEY: ApiKey = ApiKey::CreateDelegationToken;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = CreateDelegationTokenResponse;
}

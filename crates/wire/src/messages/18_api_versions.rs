//! ApiVersions (key 18), versions 0-4. Asks what a node speaks; the first request of most clients.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks what a node speaks; the first request of most clients.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApiVersionsRequest {
    /// `string`, versions 3-4.
    pub client_software_name: Str,
    /// `string`, versions 3-4.
    pub client_software_version: Str,
}

impl ApiVersionsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for ApiVersionsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ApiVersionsRequest", version });
        }
        let flexible = version >= 3;
        let client_software_name = if version >= 3 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let client_software_version = if version >= 3 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { client_software_name, client_software_version })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ApiVersionsRequest", version });
        }
        let flexible = version >= 3;
        if version >= 3 {
            enc.string(flexible, &self.client_software_name)?;
        }
        if version >= 3 {
            enc.string(flexible, &self.client_software_version)?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Version ranges of all APIs, and the cluster's features.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiVersionsResponse {
    /// `int16`.
    pub error_code: i16,
    /// `[]ApiVersion`.
    pub api_keys: Vec<ApiVersion>,
    /// `int32`, versions 1-4.
    pub throttle_time_ms: i32,
    /// `[]SupportedFeatureKey`, versions 3-4, tag 0.
    pub supported_features: Vec<SupportedFeatureKey>,
    /// `int64`, versions 3-4, tag 1, default -1.
    pub finalized_features_epoch: i64,
    /// `[]FinalizedFeatureKey`, versions 3-4, tag 2.
    pub finalized_features: Vec<FinalizedFeatureKey>,
    /// `bool`, versions 3-4, tag 3.
    pub zk_migration_ready: bool,
}

impl Default for ApiVersionsResponse {
    fn default() -> Self {
        Self {
            error_code: 0,
            api_keys: Vec::new(),
            throttle_time_ms: 0,
            supported_features: Vec::new(),
            finalized_features_epoch: -1,
            finalized_features: Vec::new(),
            zk_migration_ready: false,
        }
    }
}

impl ApiVersionsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for ApiVersionsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ApiVersionsResponse",
                version,
            });
        }
        let flexible = version >= 3;
        let error_code = dec.i16()?;
        let api_keys = dec.array(flexible, 6, |dec| ApiVersion::decode(dec, version))?;
        let throttle_time_ms = if version >= 1 { dec.i32()? } else { 0 };
        let mut supported_features = Vec::new();
        let mut finalized_features_epoch = -1;
        let mut finalized_features = Vec::new();
        let mut zk_migration_ready = false;
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 => {
                        supported_features =
                            dec.array(true, 6, |dec| SupportedFeatureKey::decode(dec, version))?
                    }
                    1 => finalized_features_epoch = dec.i64()?,
                    2 => {
                        finalized_features =
                            dec.array(true, 6, |dec| FinalizedFeatureKey::decode(dec, version))?
                    }
                    3 => zk_migration_ready = dec.bool()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            error_code,
            api_keys,
            throttle_time_ms,
            supported_features,
            finalized_features_epoch,
            finalized_features,
            zk_migration_ready,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ApiVersionsResponse",
                version,
            });
        }
        let flexible = version >= 3;
        enc.i16(self.error_code);
        enc.array(flexible, &self.api_keys, |enc, item| {
            item.encode(enc, version)
        })?;
        if version >= 1 {
            enc.i32(self.throttle_time_ms);
        }
        if flexible {
            enc.tagged_fields(|tags| {
                if !self.supported_features.is_empty() {
                    tags.field(0, |enc| {
                        enc.array(true, &self.supported_features, |enc, item| {
                            item.encode(enc, version)
                        })?;
                        Ok(())
                    })?;
                }
                if self.finalized_features_epoch != -1 {
                    tags.field(1, |enc| {
                        enc.i64(self.finalized_features_epoch);
                        Ok(())
                    })?;
                }
                if !self.finalized_features.is_empty() {
                    tags.field(2, |enc| {
                        enc.array(true, &self.finalized_features, |enc, item| {
                            item.encode(enc, version)
                        })?;
                        Ok(())
                    })?;
                }
                if self.zk_migration_ready {
                    tags.field(3, |enc| {
                        enc.bool(self.zk_migration_ready);
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// `ApiVersion` in [`ApiVersionsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApiVersion {
    /// `int16`.
    pub api_key: i16,
    /// `int16`.
    pub min_version: i16,
    /// `int16`.
    pub max_version: i16,
}

impl Message for ApiVersion {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let api_key = dec.i16()?;
        let min_version = dec.i16()?;
        let max_version = dec.i16()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { api_key, min_version, max_version })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        enc.i16(self.api_key);
        enc.i16(self.min_version);
        enc.i16(self.max_version);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `SupportedFeatureKey` in [`ApiVersionsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SupportedFeatureKey {
    /// `string`.
    pub name: Str,
    /// `int16`.
    pub min_version: i16,
    /// `int16`.
    pub max_version: i16,
}

impl Message for SupportedFeatureKey {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let min_version = dec.i16()?;
        let max_version = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, min_version, max_version })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.i16(self.min_version);
        enc.i16(self.max_version);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `FinalizedFeatureKey` in [`ApiVersionsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FinalizedFeatureKey {
    /// `string`.
    pub name: Str,
    /// `int16`.
    pub max_version_level: i16,
    /// `int16`.
    pub min_version_level: i16,
}

impl Message for FinalizedFeatureKey {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let max_version_level = dec.i16()?;
        let min_version_level = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, max_version_level, min_version_level })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.i16(self.max_version_level);
        enc.i16(self.min_version_level);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for ApiVersionsResponse {
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

impl Request for ApiVersionsRequest {
    const KEY: ApiKey = ApiKey::ApiVersions;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 3;
    type Response = ApiVersionsResponse;
}

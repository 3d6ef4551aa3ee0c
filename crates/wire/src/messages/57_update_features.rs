//! UpdateFeatures (key 57), versions 0-2. Changes the levels of features.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Changes the levels of features.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateFeaturesRequest {
    /// `int32`, default 60000.
    pub timeout_ms: i32,
    /// `[]FeatureUpdateKey`.
    pub feature_updates: Vec<FeatureUpdateKey>,
    /// `bool`, versions 1-2.
    pub validate_only: bool,
}

impl Default for UpdateFeaturesRequest {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            feature_updates: Vec::new(),
            validate_only: false,
        }
    }
}

impl UpdateFeaturesRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for UpdateFeaturesRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "UpdateFeaturesRequest",
                version,
            });
        }
        let timeout_ms = dec.i32()?;
        let feature_updates = dec.array(true, 5, |dec| FeatureUpdateKey::decode(dec, version))?;
        let validate_only = if version >= 1 { dec.bool()? } else { false };
        dec.skip_tagged_fields()?;
        Ok(Self { timeout_ms, feature_updates, validate_only })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "UpdateFeaturesRequest",
                version,
            });
        }
        enc.i32(self.timeout_ms);
        enc.array(true, &self.feature_updates, |enc, item| {
            item.encode(enc, version)
        })?;
        if version >= 1 {
            enc.bool(self.validate_only);
        } else if self.validate_only {
            return Err(EncodeError::UnsupportedField {
                field: "UpdateFeaturesRequest.validate_only",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `FeatureUpdateKey` in [`UpdateFeaturesRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureUpdateKey {
    /// `string`.
    pub feature: Str,
    /// `int16`.
    pub max_version_level: i16,
    /// `bool`, versions 0.
    pub allow_downgrade: bool,
    /// `int8`, versions 1-2, default 1.
    pub upgrade_type: i8,
}

impl Default for FeatureUpdateKey {
    fn default() -> Self {
        Self {
            feature: Str::EMPTY,
            max_version_level: 0,
            allow_downgrade: false,
            upgrade_type: 1,
        }
    }
}

impl Message for FeatureUpdateKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let feature = dec.string(true)?;
        let max_version_level = dec.i16()?;
        let allow_downgrade = if version == 0 { dec.bool()? } else { false };
        let upgrade_type = if version >= 1 { dec.i8()? } else { 1 };
        dec.skip_tagged_fields()?;
        Ok(Self { feature, max_version_level, allow_downgrade, upgrade_type })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.feature)?;
        enc.i16(self.max_version_level);
        if version == 0 {
            enc.bool(self.allow_downgrade);
        } else if self.allow_downgrade {
            return Err(EncodeError::UnsupportedField {
                field: "FeatureUpdateKey.allow_downgrade",
                version,
            });
        }
        if version >= 1 {
            enc.i8(self.upgrade_type);
        } else if self.upgrade_type != 1 {
            return Err(EncodeError::UnsupportedField {
                field: "FeatureUpdateKey.upgrade_type",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The outcome of the change.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateFeaturesResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `[]UpdatableFeatureResult`, versions 0-1.
    pub results: Vec<UpdatableFeatureResult>,
}

impl Default for UpdateFeaturesResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
            results: Vec::new(),
        }
    }
}

impl UpdateFeaturesResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for UpdateFeaturesResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "UpdateFeaturesResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let results = if version <= 1 {
            dec.array(true, 5, |dec| UpdatableFeatureResult::decode(dec, version))?
        } else {
            Vec::new()
        };
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, error_code, error_message, results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "UpdateFeaturesResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        if version <= 1 {
            enc.array(true, &self.results, |enc, item| item.encode(enc, version))?;
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `UpdatableFeatureResult` in [`UpdateFeaturesResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct UpdatableFeatureResult {
    /// `string`.
    pub feature: Str,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
}

impl Default for UpdatableFeatureResult {
    fn default() -> Self {
        Self {
            feature: Str::EMPTY,
            error_code: 0,
            error_message: Some(Str::EMPTY),
        }
    }
}

impl Message for UpdatableFeatureResult {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let feature = dec.string(true)?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { feature, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.feature)?;
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl UpdatableFeatureResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for UpdateFeaturesResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.results {
            item.visit_errors(seen);
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        self.throttle_time_ms
    }

    fn set_throttle_time_ms(&mut self, ms: i32) {
        self.throttle_time_ms = ms;
    }
}

impl Request for UpdateFeaturesRequest {
    const KEY: ApiKey = ApiKey::UpdateFeatures;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = UpdateFeaturesResponse;
}

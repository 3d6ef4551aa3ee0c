//! DescribeCluster (key 60), versions 0-2. Asks for the nodes of the cluster.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for the nodes of the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeClusterRequest {
    /// `bool`.
    pub include_cluster_authorized_operations: bool,
    /// `int8`, versions 1-2, default 1.
    pub endpoint_type: i8,
    /// `bool`, versions 2.
    pub include_fenced_brokers: bool,
}

impl Default for DescribeClusterRequest {
    fn default() -> Self {
        Self {
            include_cluster_authorized_operations: false,
            endpoint_type: 1,
            include_fenced_brokers: false,
        }
    }
}

impl DescribeClusterRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for DescribeClusterRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeClusterRequest",
                version,
            });
        }
        let include_cluster_authorized_operations = dec.bool()?;
        let endpoint_type = if version >= 1 { dec.i8()? } else { 1 };
        let include_fenced_brokers = if version == 2 { dec.bool()? } else { false };
        dec.skip_tagged_fields()?;
        Ok(Self {
            include_cluster_authorized_operations,
            endpoint_type,
            include_fenced_brokers,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeClusterRequest",
                version,
            });
        }
        enc.bool(self.include_cluster_authorized_operations);
        if version >= 1 {
            enc.i8(self.endpoint_type);
        } else if self.endpoint_type != 1 {
            return Err(EncodeError::UnsupportedField {
                field: "DescribeClusterRequest.endpoint_type",
                version,
            });
        }
        if version == 2 {
            enc.bool(self.include_fenced_brokers);
        } else if self.include_fenced_brokers {
            return Err(EncodeError::UnsupportedField {
                field: "DescribeClusterRequest.include_fenced_brokers",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Nodes, controller and cluster id.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeClusterResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `int8`, versions 1-2, default 1.
    pub endpoint_type: i8,
    /// `string`.
    pub cluster_id: Str,
    /// `int32`, a brokerId, default -1.
    pub controller_id: i32,
    /// `[]DescribeClusterBroker`.
    pub brokers: Vec<DescribeClusterBroker>,
    /// `int32`, default -2147483648.
    pub cluster_authorized_operations: i32,
}

impl Default for DescribeClusterResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: None,
            endpoint_type: 1,
            cluster_id: Str::EMPTY,
            controller_id: -1,
            brokers: Vec::new(),
            cluster_authorized_operations: i32::MIN,
        }
    }
}

impl DescribeClusterResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for DescribeClusterResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeClusterResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let endpoint_type = if version >= 1 { dec.i8()? } else { 1 };
        let cluster_id = dec.string(true)?;
        let controller_id = dec.i32()?;
        let brokers = dec.array(true, 11, |dec| DescribeClusterBroker::decode(dec, version))?;
        let cluster_authorized_operations = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            throttle_time_ms,
            error_code,
            error_message,
            endpoint_type,
            cluster_id,
            controller_id,
            brokers,
            cluster_authorized_operations,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeClusterResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        if version >= 1 {
            enc.i8(self.endpoint_type);
        } else if self.endpoint_type != 1 {
            return Err(EncodeError::UnsupportedField {
                field: "DescribeClusterResponse.endpoint_type",
                version,
            });
        }
        enc.string(true, &self.cluster_id)?;
        enc.i32(self.controller_id);
        enc.array(true, &self.brokers, |enc, item| item.encode(enc, version))?;
        enc.i32(self.cluster_authorized_operations);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribeClusterBroker` in [`DescribeClusterResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeClusterBroker {
    /// `int32`, a brokerId.
    pub broker_id: i32,
    /// `string`.
    pub host: Str,
    /// `int32`.
    pub port: i32,
    /// `string`, nullable, default null.
    pub rack: Option<Str>,
    /// `bool`, versions 2.
    pub is_fenced: bool,
}

impl Message for DescribeClusterBroker {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let broker_id = dec.i32()?;
        let host = dec.string(true)?;
        let port = dec.i32()?;
        let rack = dec.nullable_string(true)?;
        let is_fenced = if version == 2 { dec.bool()? } else { false };
        dec.skip_tagged_fields()?;
        Ok(Self { broker_id, host, port, rack, is_fenced })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.broker_id);
        enc.string(true, &self.host)?;
        enc.i32(self.port);
        enc.nullable_string(true, self.rack.as_deref())?;
        if version == 2 {
            enc.bool(self.is_fenced);
        } else if self.is_fenced {
            return Err(EncodeError::UnsupportedField {
                field: "DescribeClusterBroker.is_fenced",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for DescribeClusterResponse {
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

impl Request for DescribeClusterRequest {
    const KEY: ApiKey = ApiKey::DescribeCluster;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = DescribeClusterResponse;
}

//! Which version of each request a broker and we both speak (KIP-35, KIP-511).

use crate::connection::Connection;
use crate::error::ClientError;
use klamm_codec::{Dec, Message};
use klamm_wire::messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};
use klamm_wire::{ApiKey, ErrorCode, Request, ResponseHeader};
use std::collections::BTreeMap;

/// What one broker speaks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions {
    /// Lowest and highest version by key.
    ranges: BTreeMap<i16, (i16, i16)>,
    /// Levels of the cluster's finalized features.
    features: BTreeMap<String, i16>,
}

impl Versions {
    /// Asks the broker. One that is older than our request answers in version 0 and says what it knows.
    pub(crate) async fn ask(connection: &Connection) -> Result<Self, ClientError> {
        let request = ApiVersionsRequest {
            client_software_name: "klamm".into(),
            client_software_version: env!("CARGO_PKG_VERSION").into(),
        };
        let mut version = ApiVersionsRequest::MAX_VERSION;
        let mut response = ask_in(connection, &request, version).await?;
        if response.error_code == ErrorCode::UNSUPPORTED_VERSION.code() {
            version = known_to_both(&response.api_keys);
            response = ask_in(connection, &request, version).await?;
        }
        ClientError::check(response.error_code)?;
        let range = |api: &ApiVersion| (api.api_key, (api.min_version, api.max_version));
        let features = response.finalized_features.iter();
        let features =
            features.map(|feature| (feature.name.to_string(), feature.max_version_level));
        Ok(Self {
            ranges: response.api_keys.iter().map(range).collect(),
            features: features.collect(),
        })
    }

    /// The finalized level of a feature, 0 if it is off.
    pub(crate) fn feature(&self, name: &str) -> i16 {
        self.features.get(name).copied().unwrap_or(0)
    }

    /// The highest version of a request that both sides speak.
    pub(crate) fn highest<R: Request>(&self) -> Result<i16, ClientError> {
        self.highest_below::<R>(i16::MAX)
    }

    /// The highest version that both sides speak, and not above `ceiling`.
    pub(crate) fn highest_below<R: Request>(&self, ceiling: i16) -> Result<i16, ClientError> {
        let unsupported = ClientError::UnsupportedVersion { api: R::KEY.name() };
        let Some((min, max)) = self.ranges.get(&(R::KEY as i16)) else {
            return Err(unsupported);
        };
        // A version that may still change is not spoken unless a caller names it.
        let stable = R::MAX_VERSION - i16::from(R::KEY.is_highest_unstable());
        let version = stable.min(*max).min(ceiling);
        if version < *min || version < R::MIN_VERSION {
            Err(unsupported)
        } else {
            Ok(version)
        }
    }

    /// All that the broker speaks: key, lowest and highest version. Keys that we do not know are left out.
    pub(crate) fn all(&self) -> Vec<(ApiKey, i16, i16)> {
        let known = |(key, (min, max)): (&i16, &(i16, i16))| {
            ApiKey::from_i16(*key).map(|api| (api, *min, *max))
        };
        self.ranges.iter().filter_map(known).collect()
    }
}

async fn ask_in(
    connection: &Connection,
    request: &ApiVersionsRequest,
    version: i16,
) -> Result<ApiVersionsResponse, ClientError> {
    let bytes = connection.call_raw(request, version).await?;
    let (_, dec) = ResponseHeader::decode(bytes, ApiKey::ApiVersions, version)?;
    let rest = dec.rest();
    // A refusal always has the form of version 0, whatever was asked.
    let code = rest.first_chunk().map(|bytes| i16::from_be_bytes(*bytes));
    let refused = code == Some(ErrorCode::UNSUPPORTED_VERSION.code());
    let form = if refused { 0 } else { version };
    Ok(ApiVersionsResponse::decode(&mut Dec::new(rest), form)?)
}

fn known_to_both(api_keys: &[ApiVersion]) -> i16 {
    let entry = api_keys
        .iter()
        .find(|api| api.api_key == ApiKey::ApiVersions as i16);
    entry.map_or(0, |api| {
        api.max_version.clamp(0, ApiVersionsRequest::MAX_VERSION)
    })
}

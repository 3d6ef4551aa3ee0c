//! ApiVersions (key 18), versions 0–4: what this node speaks, and which features are finalized (KIP-511, KIP-584).

use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::{Call, advertised};
use klamm_metadata::level::{
    ELR_VERSION, FEATURES, GROUP_VERSION, KRAFT_VERSION, METADATA_VERSION, TRANSACTION_VERSION,
};
use klamm_wire::ErrorCode;
use klamm_wire::messages::api_versions::{
    ApiVersion, ApiVersionsRequest, ApiVersionsResponse, FinalizedFeatureKey, SupportedFeatureKey,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    quorum: &'a QuorumHandle,
    takes_telemetry: bool,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            quorum: &node.quorum,
            takes_telemetry: node.telemetry.is_offered(),
        }
    }
}

#[expect(clippy::unused_async, reason = "every handler has the same form")]
pub(crate) async fn handle(
    request: ApiVersionsRequest,
    call: &Call,
    needs: Needs<'_>,
) -> ApiVersionsResponse {
    if call.version >= 3 {
        let (name, version) = (
            &request.client_software_name,
            &request.client_software_version,
        );
        if !is_software_name(name) || !is_software_name(version) {
            return ApiVersionsResponse {
                error_code: ErrorCode::INVALID_REQUEST.code(),
                ..ApiVersionsResponse::default()
            };
        }
        call.caller.set_software(name, version);
    }
    let image = needs.quorum.image();
    // Versions below 4 can't express a lowest level of 0 (KAFKA-17492): Kafka leaves such features out.
    let lowest_min = if call.version < 4 { 1 } else { 0 };
    let supported = FEATURES
        .iter()
        .filter(|feature| feature.supported.min >= lowest_min && is_implemented(feature.name))
        .map(|feature| SupportedFeatureKey {
            name: feature.name.into(),
            min_version: feature.supported.min,
            max_version: feature.supported.max,
        });
    let kraft = (KRAFT_VERSION, needs.quorum.kraft_version());
    let agreed = image
        .features()
        .chain([kraft])
        .filter(|(name, level)| *level > 0 && is_implemented(name));
    let finalized = agreed.map(|(name, level)| FinalizedFeatureKey {
        name: name.into(),
        max_version_level: level,
        min_version_level: level,
    });
    ApiVersionsResponse {
        api_keys: api_keys(needs.takes_telemetry),
        supported_features: supported.collect(),
        finalized_features_epoch: needs.quorum.applied_offset(),
        finalized_features: finalized.collect(),
        ..ApiVersionsResponse::default()
    }
}

/// Features whose APIs this node serves. Others may be agreed in a directory that Kafka wrote; clients must not use
/// them here.
fn is_implemented(feature: &str) -> bool {
    matches!(
        feature,
        METADATA_VERSION | KRAFT_VERSION | ELR_VERSION | GROUP_VERSION | TRANSACTION_VERSION
    )
}

/// The answer to a version that we do not know: which ones we do.
pub(crate) fn unsupported_version(takes_telemetry: bool) -> ApiVersionsResponse {
    ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION.code(),
        api_keys: api_keys(takes_telemetry),
        ..ApiVersionsResponse::default()
    }
}

fn api_keys(takes_telemetry: bool) -> Vec<ApiVersion> {
    advertised(takes_telemetry)
        .map(|api| ApiVersion {
            api_key: api.key.key(),
            min_version: api.min,
            max_version: api.max,
        })
        .collect()
}

/// KIP-511's rule: letters, digits, `-` and `.`, with a letter or digit at either end.
fn is_software_name(name: &str) -> bool {
    let is_inner = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'.';
    let ends = [name.bytes().next(), name.bytes().next_back()];
    name.bytes().all(is_inner)
        && ends
            .iter()
            .all(|c| c.is_some_and(|c| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_names_follow_the_rule() {
        for good in ["librdkafka", "apache-kafka-java", "2.16.0", "a"] {
            assert!(is_software_name(good), "{good}");
        }
        for bad in ["", "-a", "a.", "a b", "a\n", "ä"] {
            assert!(!is_software_name(bad), "{bad:?}");
        }
    }
}

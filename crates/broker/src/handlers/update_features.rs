//! UpdateFeatures (key 57), versions 0–2: moves the agreed levels of features, all of them or none (KIP-584).

use super::refusals::{Told, ask};
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::decide::{FeatureUpdate, UpgradeKind, update_features};
use klamm_wire::ErrorCode;
use klamm_wire::messages::update_features::{
    FeatureUpdateKey, UpdatableFeatureResult, UpdateFeaturesRequest, UpdateFeaturesResponse,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    quorum: &'a QuorumHandle,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { quorum: &node.quorum }
    }
}

const FIRST_VERSION_WITH_TYPE: i16 = 1;
const LAST_VERSION_WITH_RESULTS: i16 = 1;

pub(crate) async fn handle(
    request: UpdateFeaturesRequest,
    call: &Call,
    needs: Needs<'_>,
) -> UpdateFeaturesResponse {
    let updates: Vec<_> = request
        .feature_updates
        .iter()
        .map(|key| update(key, call.version))
        .collect();
    let validate_only = request.validate_only;
    let decided = ask(needs.quorum, move |context| {
        update_features(&context.controller, &updates, validate_only)
    });
    match decided.await {
        Ok(()) => UpdateFeaturesResponse {
            results: if call.version <= LAST_VERSION_WITH_RESULTS {
                request
                    .feature_updates
                    .into_iter()
                    .map(|key| done(key.feature))
                    .collect()
            } else {
                Vec::new()
            },
            error_message: None,
            ..UpdateFeaturesResponse::default()
        },
        Err(told) => refused(told),
    }
}

fn update(key: &FeatureUpdateKey, version: i16) -> FeatureUpdate {
    let kind = match (version < FIRST_VERSION_WITH_TYPE, key.upgrade_type) {
        (true, _) if key.allow_downgrade => UpgradeKind::SafeDowngrade,
        (true, _) | (false, 1) => UpgradeKind::Upgrade,
        (false, 2) => UpgradeKind::SafeDowngrade,
        (false, 3) => UpgradeKind::UnsafeDowngrade,
        (false, _) => UpgradeKind::Unknown,
    };
    FeatureUpdate {
        name: key.feature.to_string(),
        level: key.max_version_level,
        kind,
    }
}

fn done(feature: Str) -> UpdatableFeatureResult {
    UpdatableFeatureResult {
        feature,
        error_code: ErrorCode::NONE.code(),
        // As in Kafka.
        error_message: Some(Str::from_static("NONE")),
    }
}

fn refused(told: Told) -> UpdateFeaturesResponse {
    let message = told.message.unwrap_or_default();
    UpdateFeaturesResponse {
        error_code: told.code,
        error_message: Some(Str::from(format!("No feature was changed: {}", &*message))),
        ..UpdateFeaturesResponse::default()
    }
}

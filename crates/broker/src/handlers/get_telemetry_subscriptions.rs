//! GetTelemetrySubscriptions (key 71), version 0 (KIP-714): what a client shall push, how often, in which codecs.

use crate::node::Node;
use crate::request::{Call, error_code};
use crate::telemetry::{Client, Telemetry};
use klamm_codec::Str;
use klamm_host::Host;
use klamm_model::Uuid;
use klamm_records::Compression;
use klamm_wire::messages::get_telemetry_subscriptions::{
    GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    telemetry: &'a Telemetry,
    host: &'a Host,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { telemetry: &node.telemetry, host: &node.host }
    }
}

/// In the order of Kafka's preference: clients take the first that they know.
const CODECS: [Compression; 4] = [
    Compression::Zstd,
    Compression::Lz4,
    Compression::Gzip,
    Compression::Snappy,
];

#[expect(clippy::unused_async, reason = "every handler has the same form")]
pub(crate) async fn handle(
    request: GetTelemetrySubscriptionsRequest,
    call: &Call,
    needs: Needs<'_>,
) -> GetTelemetrySubscriptionsResponse {
    let instance = match request.client_instance_id {
        Uuid::ZERO => Uuid::from_random(needs.host.entropy.next_u128()),
        known => known,
    };
    let software = call.caller.software();
    let client = Client::new(call, software.as_ref());
    match needs.telemetry.subscribe(instance, &client) {
        Ok(told) => GetTelemetrySubscriptionsResponse {
            client_instance_id: instance,
            subscription_id: told.0.subscription_id,
            accepted_compression_types: CODECS
                .iter()
                .map(|codec| codec.id().cast_signed())
                .collect(),
            push_interval_ms: told.0.interval_ms,
            telemetry_max_bytes: i32::try_from(needs.telemetry.bytes_max()).unwrap_or(i32::MAX),
            // The page shows sums since the start: that spares adding up here.
            delta_temporality: false,
            requested_metrics: told.0.metrics.into_iter().map(Str::from).collect(),
            ..GetTelemetrySubscriptionsResponse::default()
        },
        Err(refusal) => GetTelemetrySubscriptionsResponse {
            error_code: error_code::of_telemetry(refusal).code(),
            ..GetTelemetrySubscriptionsResponse::default()
        },
    }
}

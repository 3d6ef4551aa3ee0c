//! PushTelemetry (key 72), version 0 (KIP-714): metrics of a client, for this node's metrics page.

use crate::node::Node;
use crate::request::{Call, error_code};
use crate::telemetry::{Client, Push, Telemetry};
use klamm_host::Host;
use klamm_wire::ErrorCode;
use klamm_wire::messages::push_telemetry::{PushTelemetryRequest, PushTelemetryResponse};
use std::sync::Arc;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    telemetry: &'a Arc<Telemetry>,
    host: &'a Host,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { telemetry: &node.telemetry, host: &node.host }
    }
}

pub(crate) async fn handle(
    request: PushTelemetryRequest,
    call: &Call,
    needs: Needs<'_>,
) -> PushTelemetryResponse {
    let (telemetry, call) = (Arc::clone(needs.telemetry), call.clone());
    // A push may be a megabyte, and more inside.
    let taken = klamm_host::run_blocking(&*needs.host.tasks, move || {
        let software = call.caller.software();
        let push = Push {
            instance: request.client_instance_id,
            subscription_id: request.subscription_id,
            is_last: request.terminating,
            compression: request.compression_type,
            metrics: &request.metrics,
        };
        telemetry.push(&push, &Client::new(&call, software.as_ref()))
    });
    let code = match taken.await {
        Ok(Ok(())) => ErrorCode::NONE,
        Ok(Err(refusal)) => error_code::of_telemetry(refusal),
        Err(_) => ErrorCode::UNKNOWN_SERVER_ERROR,
    };
    PushTelemetryResponse { error_code: code.code(), ..PushTelemetryResponse::default() }
}

//! AlterClientQuotas (key 49), versions 0–1 (KIP-546): sets and removes quotas, entity by entity.

use super::refusals::Told;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_metadata::decide::{QuotaAlteration, alter_client_quotas};
use klamm_wire::messages::alter_client_quotas::{
    AlterClientQuotasRequest, AlterClientQuotasResponse, RequestEntityData, RequestEntryData,
    ResponseEntityData, ResponseEntryData,
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

pub(crate) async fn handle(
    request: AlterClientQuotasRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> AlterClientQuotasResponse {
    let alterations: Vec<_> = request.entries.iter().map(alteration).collect();
    let validate_only = request.validate_only;
    let decided = needs.quorum.decide(move |context| {
        alter_client_quotas(&context.controller, &alterations, validate_only)
    });
    let told: Vec<Told> = match decided.await {
        Ok(results) => results.into_iter().map(Told::from).collect(),
        Err(error) => vec![Told::from(error); request.entries.len()],
    };
    let entries = request.entries.into_iter().zip(told);
    AlterClientQuotasResponse {
        entries: entries.map(|(entry, told)| answer(entry, told)).collect(),
        ..AlterClientQuotasResponse::default()
    }
}

fn alteration(entry: &RequestEntryData) -> QuotaAlteration {
    let part = |part: &RequestEntityData| {
        let name = part.entity_name.as_deref().map(str::to_owned);
        (part.entity_type.to_string(), name)
    };
    let ops = entry
        .ops
        .iter()
        .map(|op| (op.key.to_string(), (!op.remove).then_some(op.value)));
    QuotaAlteration {
        entity: entry.entity.iter().map(part).collect(),
        ops: ops.collect(),
    }
}

fn answer(entry: RequestEntryData, told: Told) -> ResponseEntryData {
    let parts = entry.entity.into_iter().map(|part| ResponseEntityData {
        entity_type: part.entity_type,
        entity_name: part.entity_name,
    });
    ResponseEntryData {
        error_code: told.code,
        error_message: told.message,
        entity: parts.collect(),
    }
}

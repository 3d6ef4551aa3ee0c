//! What AlterConfigs and IncrementalAlterConfigs do alike: check, ask the controller, answer for each resource.

use super::describe_configs::check_node;
use super::refusals::Told;
use crate::quorum::QuorumHandle;
use klamm_codec::Str;
use klamm_coordinator::groups::Pattern;
use klamm_metadata::decide::{AlterConfig, ConfigResults, Controller, Decision};
use klamm_metadata::image::{ConfigResource, ResourceKind};
use klamm_model::NodeId;
use klamm_settings::client_metrics::SELECTORS;
use klamm_wire::ErrorCode;
use std::collections::{BTreeMap, BTreeSet};

/// One resource of a request.
#[derive(Debug)]
pub(super) struct Asked<C> {
    pub(super) resource_type: i8,
    pub(super) name: Str,
    /// The changes by name; `Err` for a change that the request must not make.
    pub(super) changes: Vec<(Str, Result<C, BadChange>)>,
}

/// Why a change can't even be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadChange {
    /// No value to set.
    Null,
    /// A pattern of client metrics that does not compile.
    Pattern,
    /// No known operation.
    Operation(i8),
}

/// A resource's answer: what is known already, or its place among those that the controller is asked about.
#[derive(Debug)]
enum Checked {
    Refused(Told),
    Asked(usize),
}

/// Whether a value selects clients by what they do not have, or by a pattern that does not compile (KIP-714).
pub(super) fn has_bad_pattern(resource_type: i8, name: &str, value: &str) -> bool {
    let is_bad = |pair: &str| match pair.split_once('=') {
        Some((key, text)) => !SELECTORS.contains(&key.trim()) || Pattern::new(text.trim()).is_err(),
        None => !pair.trim().is_empty(),
    };
    resource_type == ResourceKind::ClientMetrics.code()
        && name == "match"
        && value.split(',').any(is_bad)
}

/// Has the controller decide on what is not refused before. Gives a word for each resource.
pub(super) async fn carry_out<C: Send + 'static>(
    asked: Vec<Asked<C>>,
    (quorum, node_id): (&QuorumHandle, NodeId),
    decide: impl FnOnce(&Controller<'_>, &[AlterConfig<C>]) -> Decision<ConfigResults> + Send + 'static,
) -> Vec<Told> {
    let (checked, alterations) = check(asked, node_id);
    let decided: Result<Vec<Told>, Told> = if alterations.is_empty() {
        Ok(Vec::new())
    } else {
        let decided = quorum.decide(move |context| decide(&context.controller, &alterations));
        let told = decided.await.map_err(Told::from);
        told.map(|results| results.into_iter().map(|(_, word)| word.into()).collect())
    };
    let words = checked
        .into_iter()
        .map(|checked| match (checked, &decided) {
            (Checked::Refused(told), _) => told,
            (Checked::Asked(_), Err(told)) => told.clone(),
            (Checked::Asked(at), Ok(told)) => told.get(at).cloned().unwrap_or(Told::OK),
        });
    words.collect()
}

/// Sorts out what is refused before the controller sees it. The alterations are those left, in order.
fn check<C>(asked: Vec<Asked<C>>, node_id: NodeId) -> (Vec<Checked>, Vec<AlterConfig<C>>) {
    let mut times: BTreeMap<(i8, Str), usize> = BTreeMap::new();
    for one in &asked {
        *times
            .entry((one.resource_type, one.name.clone()))
            .or_default() += 1;
    }
    let mut checked = Vec::with_capacity(asked.len());
    let mut alterations = Vec::new();
    for one in asked {
        let is_double = times.get(&(one.resource_type, one.name.clone())) > Some(&1);
        checked.push(match check_one(one, is_double, node_id) {
            Ok(alteration) => {
                alterations.push(alteration);
                Checked::Asked(alterations.len() - 1)
            }
            Err(told) => Checked::Refused(told),
        });
    }
    (checked, alterations)
}

fn check_one<C>(asked: Asked<C>, is_double: bool, node_id: NodeId) -> Result<AlterConfig<C>, Told> {
    let invalid = |message: String| Err(Told::new(ErrorCode::INVALID_REQUEST, message));
    if is_double {
        return invalid("Each resource must appear at most once.".to_owned());
    }
    let names: BTreeSet<&Str> = asked.changes.iter().map(|(name, _)| name).collect();
    if names.len() != asked.changes.len() {
        return invalid("A setting is named twice.".to_owned());
    }
    let nulls = asked
        .changes
        .iter()
        .filter(|(_, change)| matches!(change, Err(BadChange::Null)));
    let nulls: Vec<&str> = nulls.map(|(name, _)| &**name).collect();
    if !nulls.is_empty() {
        return invalid(format!(
            "Null value not supported for : {}",
            nulls.join(", ")
        ));
    }
    let code = asked.resource_type;
    let Some(kind) = ResourceKind::from_code(code) else {
        return invalid(format!("Unknown resource type {code}"));
    };
    match kind {
        ResourceKind::BrokerLogger => {
            return invalid("Log levels can't be changed at run time.".to_owned());
        }
        ResourceKind::Broker if !asked.name.is_empty() => check_node(&asked.name, node_id)?,
        _ => {}
    }
    let mut changes = Vec::with_capacity(asked.changes.len());
    for (name, change) in asked.changes {
        match change {
            Ok(change) => changes.push((name.to_string(), change)),
            Err(BadChange::Operation(operation)) => {
                return invalid(format!("Unknown operation {operation} on {}", &*name));
            }
            Err(BadChange::Pattern) => {
                let message = format!("Illegal client matching pattern in {}", &*name);
                return Err(Told::new(ErrorCode::INVALID_CONFIG, message));
            }
            Err(BadChange::Null) => return invalid("Null value not supported".to_owned()),
        }
    }
    Ok(AlterConfig { resource: ConfigResource::new(kind, &asked.name), changes })
}

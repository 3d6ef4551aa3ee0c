//! Changes client quotas (KIP-546).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use klamm_codec::Str;

use super::{Controller, Decision, Refusal, RefusalKind};
use crate::generated::ClientQuotaRecord;
use crate::image::QuotaEntity;
use crate::record::MetadataRecord;
use crate::snapshot::quota_entity;

/// Changes for one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaAlteration {
    /// The parts of the entity: type and name. A part may be missing its name, which means "everyone else".
    pub entity: Vec<(String, Option<String>)>,
    /// Quotas to set, or to remove with `None`.
    pub ops: Vec<(String, Option<f64>)>,
}

/// How large a quota may be, and whether it may be a fraction.
#[derive(Clone, Copy)]
struct Key(&'static str, f64, bool);

const USER_AND_CLIENT_KEYS: [Key; 4] = [
    Key("producer_byte_rate", i64::MAX as f64, true),
    Key("consumer_byte_rate", i64::MAX as f64, true),
    Key("request_percentage", f64::MAX, false),
    Key("controller_mutation_rate", f64::MAX, false),
];
const IP_KEYS: [Key; 1] = [Key("connection_creation_rate", i32::MAX as f64, true)];

/// Decides on quotas, entity by entity, in the order of the request.
#[must_use]
pub fn alter_client_quotas(
    controller: &Controller<'_>,
    alterations: &[QuotaAlteration],
    validate_only: bool,
) -> Decision<Vec<Result<(), Refusal>>> {
    let mut records = Vec::new();
    let mut seen = BTreeSet::new();
    let mut reply = Vec::with_capacity(alterations.len());
    for alteration in alterations {
        let result = entity_of(&alteration.entity).and_then(|entity| {
            if seen.insert(entity.clone()) {
                alter(controller, &entity, &alteration.ops)
            } else {
                Err(invalid("The request names an entity twice.".to_owned()))
            }
        });
        reply.push(result.map(|own| records.extend(own)));
    }
    Decision { records, reply }.validated(validate_only)
}

fn invalid(message: String) -> Refusal {
    Refusal::new(RefusalKind::InvalidRequest, message)
}

fn entity_of(parts: &[(String, Option<String>)]) -> Result<QuotaEntity, Refusal> {
    let mut entity = QuotaEntity::new();
    for (kind, name) in parts {
        if !matches!(kind.as_str(), "user" | "client-id" | "ip") {
            return Err(invalid(format!(
                "Unhandled client quota entity type: {kind}"
            )));
        }
        if name.as_deref() == Some("") {
            return Err(invalid(format!("Empty {kind} not supported")));
        }
        let name = name.as_deref().map(Arc::from);
        if entity.insert(kind.as_str().into(), name).is_some() {
            return Err(invalid(format!("The entity has two parts of type {kind}.")));
        }
    }
    if entity.is_empty() {
        return Err(invalid("Invalid empty client quota entity".to_owned()));
    }
    if entity.contains_key("ip") && entity.len() > 1 {
        return Err(invalid(
            "An address is limited alone, not with a user or client.".to_owned(),
        ));
    }
    Ok(entity)
}

fn alter(
    controller: &Controller<'_>,
    entity: &QuotaEntity,
    ops: &[(String, Option<f64>)],
) -> Result<Vec<MetadataRecord>, Refusal> {
    let keys: &[Key] = if entity.contains_key("ip") {
        &IP_KEYS
    } else {
        &USER_AND_CLIENT_KEYS
    };
    if let Some(Some(ip)) = entity.get("ip")
        && ip.parse::<std::net::IpAddr>().is_err()
    {
        return Err(invalid(format!("{ip} is not an IP address.")));
    }
    let none = BTreeMap::new();
    let current = controller
        .image
        .quotas()
        .of(entity)
        .map_or(&none, |quotas| &**quotas);
    let mut seen = BTreeSet::new();
    let mut records = Vec::new();
    for (name, value) in ops {
        if !seen.insert(name) {
            return Err(invalid(format!("The request has quota {name} twice.")));
        }
        let key = || Str::from(name.as_str());
        let entity = || quota_entity(entity);
        match value {
            None if current.contains_key(name.as_str()) => records.push(
                ClientQuotaRecord { entity: entity(), key: key(), value: 0.0, remove: true }.into(),
            ),
            None => {}
            Some(value) => {
                check_value(keys, name, *value)?;
                if current.get(name.as_str()) != Some(value) {
                    let (value, remove) = (*value, false);
                    let record = ClientQuotaRecord { entity: entity(), key: key(), value, remove };
                    records.push(record.into());
                }
            }
        }
    }
    Ok(records)
}

fn check_value(keys: &[Key], name: &str, value: f64) -> Result<(), Refusal> {
    let Some(Key(_, max, integral)) = keys.iter().find(|key| key.0 == name) else {
        return Err(invalid(format!("Invalid configuration key {name}")));
    };
    if value.is_nan() || value <= 0.0 {
        return Err(invalid(format!("Quota {name} must be greater than 0")));
    }
    if value > *max {
        return Err(invalid(format!("Quota {name} is larger than {max}.")));
    }
    if *integral && (value % 1.0).abs() > 1e-6 {
        return Err(invalid(format!("{name} cannot be a fractional value.")));
    }
    Ok(())
}

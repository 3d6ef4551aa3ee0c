//! Client quotas: describe, change.

use super::Admin;
use crate::client::Target;
use crate::error::ClientError;
use klamm_wire::ErrorCode;
use klamm_wire::messages::alter_client_quotas::{
    AlterClientQuotasRequest, OpData, RequestEntityData, RequestEntryData,
};
use klamm_wire::messages::describe_client_quotas::{ComponentData, DescribeClientQuotasRequest};
use std::collections::BTreeMap;

/// Whom a quota limits: parts (`user`, `client-id`, `ip`) with their names. A part without a name is everyone whom no
/// other quota names.
pub type QuotaEntity = BTreeMap<String, Option<String>>;

/// What to ask of one part of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuotaMatch {
    /// It has this name.
    Exact(String),
    /// It is everyone else.
    Default,
    /// It is there, whatever its name.
    Any,
}

/// Entities to find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuotaFilter {
    /// What to ask of the parts; an entity must have all of them.
    pub parts: BTreeMap<String, QuotaMatch>,
    /// Whether an entity may have no other parts.
    pub strict: bool,
}

/// The quotas of an entity: key and value.
pub type QuotaValues = BTreeMap<String, f64>;

impl Admin {
    /// Finds quotas.
    ///
    /// # Errors
    /// The filter contradicts itself, or the cluster can't be reached.
    pub async fn describe_client_quotas(
        &self,
        filter: &QuotaFilter,
    ) -> Result<BTreeMap<QuotaEntity, QuotaValues>, ClientError> {
        let components = filter.parts.iter().map(|(kind, wanted)| {
            let (match_type, name) = match wanted {
                QuotaMatch::Exact(name) => (0, Some(name.as_str().into())),
                QuotaMatch::Default => (1, None),
                QuotaMatch::Any => (2, None),
            };
            ComponentData { entity_type: kind.as_str().into(), match_type, r#match: name }
        });
        let request =
            DescribeClientQuotasRequest { components: components.collect(), strict: filter.strict };
        let what = "describing client quotas";
        let response = self
            .call(what, Target::Any, &request, |response| {
                ClientError::check_with(response.error_code, response.error_message.as_deref())
            })
            .await?;
        let entries = response.entries.unwrap_or_default().into_iter();
        let found = entries.map(|entry| {
            let parts = entry.entity.into_iter().map(|part| {
                let name = part.entity_name.map(|name| name.to_string());
                (part.entity_type.to_string(), name)
            });
            let values = entry.values.into_iter();
            let values = values.map(|value| (value.key.to_string(), value.value));
            (parts.collect(), values.collect())
        });
        Ok(found.collect())
    }

    /// Sets quotas of one entity, or removes those without a value.
    ///
    /// # Errors
    /// The entity, a key or a value is not allowed, or the cluster can't be reached.
    pub async fn alter_client_quotas(
        &self,
        entity: &QuotaEntity,
        changes: &[(String, Option<f64>)],
        validate_only: bool,
    ) -> Result<(), ClientError> {
        let parts = entity.iter().map(|(kind, name)| RequestEntityData {
            entity_type: kind.as_str().into(),
            entity_name: name.as_deref().map(Into::into),
        });
        let ops = changes.iter().map(|(key, value)| OpData {
            key: key.as_str().into(),
            value: value.unwrap_or_default(),
            remove: value.is_none(),
        });
        let request = AlterClientQuotasRequest {
            entries: vec![RequestEntryData { entity: parts.collect(), ops: ops.collect() }],
            validate_only,
        };
        let what = "changing client quotas";
        let checked = self.call(what, Target::Controller, &request, |response| {
            let entry = response.entries.first();
            let code = entry.map_or(ErrorCode::UNKNOWN_SERVER_ERROR.code(), |e| e.error_code);
            ClientError::check_with(code, entry.and_then(|entry| entry.error_message.as_deref()))
        });
        checked.await.map(drop)
    }
}

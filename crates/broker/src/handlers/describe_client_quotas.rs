//! DescribeClientQuotas (key 48), versions 0–1 (KIP-546): the quotas of the entities that fit a filter.

use super::refusals::Told;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::image::QuotaEntity;
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_client_quotas::{
    ComponentData, DescribeClientQuotasRequest, DescribeClientQuotasResponse, EntityData,
    EntryData, ValueData,
};
use std::collections::BTreeMap;

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

/// What a filter says of one part of an entity.
#[derive(Debug, PartialEq, Eq)]
enum Wanted<'a> {
    /// It has this name; none is "everyone else".
    Name(Option<&'a str>),
    /// It is there.
    Any,
}

type Filter<'a> = BTreeMap<&'a str, Wanted<'a>>;

#[expect(clippy::unused_async, reason = "every handler has the same form")]
pub(crate) async fn handle(
    request: DescribeClientQuotasRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> DescribeClientQuotasResponse {
    let filter = match filter(&request.components) {
        Ok(filter) => filter,
        Err(told) => {
            return DescribeClientQuotasResponse {
                error_code: told.code,
                error_message: told.message,
                entries: None,
                ..DescribeClientQuotasResponse::default()
            };
        }
    };
    let image = needs.quorum.image();
    let found = image.quotas().iter();
    let entries = found
        .filter(|(entity, _)| fits(entity, &filter, request.strict))
        .map(|(entity, values)| EntryData {
            entity: entity.iter().map(part).collect(),
            values: values.iter().map(value).collect(),
        });
    DescribeClientQuotasResponse {
        entries: Some(entries.collect()),
        ..DescribeClientQuotasResponse::default()
    }
}

const MATCH_EXACT: i8 = 0;
const MATCH_DEFAULT: i8 = 1;
const MATCH_SPECIFIED: i8 = 2;

fn filter(components: &[ComponentData]) -> Result<Filter<'_>, Told> {
    let invalid = |message: String| Err(Told::new(ErrorCode::INVALID_REQUEST, message));
    let mut filter = Filter::new();
    for component in components {
        let kind = &*component.entity_type;
        if kind.is_empty() {
            return invalid("A component of the filter has no entity type.".to_owned());
        }
        if filter.contains_key(kind) {
            return invalid(format!("The filter has two components of type {kind}."));
        }
        if !matches!(kind, "user" | "client-id" | "ip") {
            let message = format!("There are no quotas for entities of type {kind}.");
            return Err(Told::new(ErrorCode::UNSUPPORTED_VERSION, message));
        }
        let wanted = match (component.match_type, component.r#match.as_deref()) {
            (MATCH_EXACT, Some(name)) => Wanted::Name(Some(name)),
            (MATCH_EXACT, None) => return invalid("An exact match needs a name.".to_owned()),
            (MATCH_DEFAULT, None) => Wanted::Name(None),
            (MATCH_SPECIFIED, None) => Wanted::Any,
            (MATCH_DEFAULT | MATCH_SPECIFIED, Some(_)) => {
                return invalid("Only an exact match has a name.".to_owned());
            }
            (unknown, _) => return invalid(format!("There is no match type {unknown}.")),
        };
        filter.insert(kind, wanted);
    }
    if filter.contains_key("ip") && filter.len() > 1 {
        return invalid("An address is limited alone, not with a user or client.".to_owned());
    }
    Ok(filter)
}

/// Whether an entity has all that is wanted; a strict filter wants nothing else in it.
fn fits(entity: &QuotaEntity, filter: &Filter<'_>, strict: bool) -> bool {
    let has = |(kind, wanted): (&&str, &Wanted<'_>)| match (entity.get(*kind), wanted) {
        (Some(_), Wanted::Any) => true,
        (Some(name), Wanted::Name(wanted)) => name.as_deref() == *wanted,
        (None, _) => false,
    };
    filter.iter().all(has) && !(strict && entity.len() != filter.len())
}

fn part((kind, name): (&std::sync::Arc<str>, &Option<std::sync::Arc<str>>)) -> EntityData {
    EntityData {
        entity_type: Str::from(&**kind),
        entity_name: name.as_deref().map(Str::from),
    }
}

fn value((key, value): (&std::sync::Arc<str>, &f64)) -> ValueData {
    ValueData { key: Str::from(&**key), value: *value }
}

//! `klamm quota remove --user … | --client-id … | --ip … [QUOTA…]`.

use super::{Entity, shown};
use crate::connect::{Connect, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  klamm quota remove --client-id billing\n  \
klamm quota remove --default-user request_percentage")]
pub(crate) struct Arguments {
    #[command(flatten)]
    entity: Entity,
    /// What to remove; all quotas of the entity if none is named.
    #[arg(value_name = "QUOTA")]
    quotas: Vec<String>,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let there = arguments.entity.quotas(&session).await?;
    let entity = arguments.entity.named();
    let whom = shown(&entity);
    let doomed: Vec<String> = if arguments.quotas.is_empty() {
        there.keys().cloned().collect()
    } else {
        arguments.quotas.clone()
    };
    if let Some(missing) = doomed.iter().find(|name| !there.contains_key(*name)) {
        return Err(Failure::failed(format!("{whom} has no quota {missing}")));
    }
    if doomed.is_empty() {
        return Err(Failure::failed(format!("{whom} has no quotas of its own")));
    }
    let changes: Vec<_> = doomed.into_iter().map(|name| (name, None)).collect();
    let changed = session.admin.alter_client_quotas(&entity, &changes, false);
    changed.await.map_err(|error| explain_about(&whom, error))?;
    if screen.is_json() {
        return screen.document(&json!({ "entity": entity, "removed": changes.len() }));
    }
    screen.line(format_args!("removed {} quotas of {whom}", changes.len()))
}

//! `klamm quota set --user … | --client-id … | --ip … QUOTA=VALUE…`.

use super::{Entity, shown};
use crate::connect::{Connect, explain_about};
use crate::failure::Failure;
use crate::quantity;
use crate::screen::Screen;
use klamm_settings::Settings;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Quotas: producer_byte_rate and consumer_byte_rate in bytes a second (1m, 64k), request_percentage in \
percents of\na thread, controller_mutation_rate in partitions a second; for addresses connection_creation_rate.\n\n\
Examples:\n  klamm quota set --client-id billing producer_byte_rate=1m consumer_byte_rate=4m\n  \
klamm quota set --default-user request_percentage=50\n  \
klamm quota set --ip 10.0.0.7 connection_creation_rate=10"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    entity: Entity,
    /// What to set.
    #[arg(required = true, value_name = "QUOTA=VALUE")]
    quotas: Vec<String>,
    /// Only check whether it would work.
    #[arg(long)]
    validate_only: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let mut changes = Vec::new();
    for text in &arguments.quotas {
        let (name, value) = Settings::parse_override(text).map_err(Failure::usage)?;
        let value = value_of(&value).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        changes.push((name, Some(value)));
    }
    let entity = arguments.entity.named();
    let whom = shown(&entity);
    let session = arguments.connect.session().await?;
    let validate_only = arguments.validate_only;
    let changed = session
        .admin
        .alter_client_quotas(&entity, &changes, validate_only);
    changed.await.map_err(|error| explain_about(&whom, error))?;
    if screen.is_json() {
        return screen.document(
            &json!({ "entity": entity, "set": changes.len(), "validate_only": validate_only }),
        );
    }
    let verb = if validate_only { "would set" } else { "set" };
    screen.line(format_args!("{verb} {} quotas of {whom}", changes.len()))
}

/// A number, or bytes with a unit.
fn value_of(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) => Ok(value),
        Err(_) => quantity::bytes(text).map(|bytes| bytes as f64),
    }
}

//! `klamm quota …`: how much clients may do.

mod describe;
mod list;
mod remove;
mod set;

use crate::connect::{Connect, Session, block_on, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::admin::{QuotaEntity, QuotaFilter, QuotaMatch, QuotaValues};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Set quotas of a user, a client id or an address.
    Set(set::Arguments),
    /// Show all quotas.
    List(Connect),
    /// Show the quotas of one user, client id or address.
    Describe(describe::Arguments),
    /// Remove quotas.
    Remove(remove::Arguments),
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::Set(arguments) => set::run(&arguments, screen).await,
            Command::List(connect) => list::run(&connect, screen).await,
            Command::Describe(arguments) => describe::run(&arguments, screen).await,
            Command::Remove(arguments) => remove::run(&arguments, screen).await,
        }
    })
}

/// Whom a quota limits. A user and a client id together limit that client of that user.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = true)]
struct Entity {
    /// A user. Without authentication everybody is ANONYMOUS.
    #[arg(long, value_name = "NAME", conflicts_with = "default_user")]
    user: Option<String>,
    /// Every user without a quota of its own.
    #[arg(long)]
    default_user: bool,
    /// A client id.
    #[arg(long, value_name = "ID", conflicts_with = "default_client_id")]
    client_id: Option<String>,
    /// Every client id without a quota of its own.
    #[arg(long)]
    default_client_id: bool,
    /// An address.
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["default_ip", "user", "default_user", "client_id", "default_client_id"])]
    ip: Option<String>,
    /// Every address without a quota of its own.
    #[arg(long, conflicts_with_all = ["user", "default_user", "client_id", "default_client_id"])]
    default_ip: bool,
}

impl Entity {
    fn named(&self) -> QuotaEntity {
        let parts = [
            ("user", &self.user, self.default_user),
            ("client-id", &self.client_id, self.default_client_id),
            ("ip", &self.ip, self.default_ip),
        ];
        parts
            .into_iter()
            .filter(|(_, name, is_default)| name.is_some() || *is_default)
            .map(|(kind, name, _)| (kind.to_owned(), name.clone()))
            .collect()
    }

    /// The quotas of exactly this entity.
    async fn quotas(&self, session: &Session) -> Result<QuotaValues, Failure> {
        let entity = self.named();
        let parts = entity.iter().map(|(kind, name)| {
            let wanted = name.clone().map_or(QuotaMatch::Default, QuotaMatch::Exact);
            (kind.clone(), wanted)
        });
        let filter = QuotaFilter { parts: parts.collect(), strict: true };
        let mut found = session
            .admin
            .describe_client_quotas(&filter)
            .await
            .map_err(explain)?;
        Ok(found.remove(&entity).unwrap_or_default())
    }
}

/// An entity in words.
fn shown(entity: &QuotaEntity) -> String {
    let parts = entity.iter().map(|(kind, name)| match name {
        Some(name) => format!("{kind} {name}"),
        None => format!("default {kind}"),
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn document(entity: &QuotaEntity, values: &QuotaValues) -> Value {
    json!({ "entity": entity, "quotas": values })
}

/// Quotas as a table, or one document an entity.
fn print(quotas: &BTreeMap<QuotaEntity, QuotaValues>, screen: &mut Screen) -> Result<(), Failure> {
    if screen.is_json() {
        for (entity, values) in quotas {
            screen.document(&document(entity, values))?;
        }
        return Ok(());
    }
    let rows = quotas.iter().flat_map(|(entity, values)| {
        let row =
            |(key, value): (&String, &f64)| vec![shown(entity), key.clone(), value.to_string()];
        values.iter().map(row).collect::<Vec<_>>()
    });
    screen.table(&["ENTITY", "QUOTA", "VALUE"], &rows.collect::<Vec<_>>())
}

//! `klamm txn list`.

use crate::connect::{Connect, explain};
use crate::failure::Failure;
use crate::quantity;
use crate::screen::Screen;
use klamm_client::admin::TransactionFilter;
use serde_json::{Value, json};
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  klamm txn list --state Ongoing --open-for 5m\n  klamm txn list --pattern 'billing-.*' --json"
)]
pub(crate) struct Arguments {
    /// Only those in these states, separated by commas: Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit,
    /// CompleteAbort.
    #[arg(long, value_delimiter = ',')]
    state: Vec<String>,
    /// Only those of these producer ids, separated by commas.
    #[arg(long, value_delimiter = ',')]
    producer_id: Vec<i64>,
    /// Only those that are open for longer.
    #[arg(long, value_name = "DURATION", value_parser = quantity::duration)]
    open_for: Option<Duration>,
    /// Only ids that match this pattern as a whole, in RE2's syntax.
    #[arg(long)]
    pattern: Option<String>,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let filter = TransactionFilter {
        states: arguments.state.clone(),
        producer_ids: arguments.producer_id.clone(),
        open_for: arguments.open_for,
        pattern: arguments.pattern.clone(),
    };
    let listed = session
        .admin
        .list_transactions(&filter)
        .await
        .map_err(explain)?;
    if screen.is_json() {
        let listed = listed.iter().map(|one| {
            json!({
                "transactional_id": one.transactional_id,
                "producer_id": one.producer_id,
                "state": one.state,
                "coordinator": one.coordinator,
            })
        });
        return screen.document(&json!({ "transactions": listed.collect::<Vec<Value>>() }));
    }
    let rows = listed.into_iter().map(|one| {
        let (producer, coordinator) = (one.producer_id.to_string(), one.coordinator.to_string());
        vec![one.transactional_id, producer, one.state, coordinator]
    });
    let heading = ["TRANSACTIONAL ID", "PRODUCER ID", "STATE", "COORDINATOR"];
    screen.table(&heading, &rows.collect::<Vec<_>>())
}

//! `klamm group list`.

use crate::connect::{Connect, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  klamm group list --long\n  klamm group list --state Stable,Empty --kind consumer"
)]
pub(crate) struct Arguments {
    /// Only groups in these states, separated by commas.
    #[arg(long, value_delimiter = ',')]
    state: Vec<String>,
    /// Only groups of these kinds, separated by commas: classic, consumer.
    #[arg(long, value_delimiter = ',')]
    kind: Vec<String>,
    /// Print kind, state and protocol too.
    #[arg(short, long)]
    long: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let states: Vec<&str> = arguments.state.iter().map(String::as_str).collect();
    let kinds: Vec<&str> = arguments.kind.iter().map(String::as_str).collect();
    let groups = session
        .admin
        .list_groups(&states, &kinds)
        .await
        .map_err(explain)?;
    if screen.is_json() {
        let groups = groups.iter().map(|group| {
            json!({
                "group": group.group_id,
                "kind": group.kind,
                "state": group.state,
                "protocol": group.protocol_type,
            })
        });
        return screen.document(&json!({ "groups": groups.collect::<Vec<Value>>() }));
    }
    if arguments.long {
        let rows = groups
            .into_iter()
            .map(|group| vec![group.group_id, group.kind, group.state, group.protocol_type]);
        let heading = ["GROUP", "KIND", "STATE", "PROTOCOL"];
        return screen.table(&heading, &rows.collect::<Vec<_>>());
    }
    for group in &groups {
        screen.line(&group.group_id)?;
    }
    Ok(())
}

//! `klamm config alter KIND NAME --set … --delete … --append … --subtract …`.

use super::Resource;
use crate::connect::{Connect, explain, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::admin::ConfigOperation;
use klamm_settings::Settings;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  klamm config alter topic orders --set retention.ms=3600000 --delete segment.bytes\n  \
klamm config alter topic orders --append cleanup.policy=compact\n  \
klamm config alter broker default --set log.retention.ms=3600000"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    resource: Resource,
    /// Set a value.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Go back to the default.
    #[arg(long, value_name = "NAME")]
    delete: Vec<String>,
    /// Add words to a list.
    #[arg(long, value_name = "NAME=WORDS")]
    append: Vec<String>,
    /// Take words from a list.
    #[arg(long, value_name = "NAME=WORDS")]
    subtract: Vec<String>,
    /// Only check whether it would work.
    #[arg(long)]
    validate_only: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let changes = changes(arguments)?;
    let count = changes.len();
    if count == 0 {
        let what = "nothing to change: give --set, --delete, --append or --subtract";
        return Err(Failure::usage(what));
    }
    let resource = arguments.resource.named()?;
    let session = arguments.connect.session().await?;
    let changes = [(resource, changes)];
    let results = session
        .admin
        .alter_configs(&changes, arguments.validate_only)
        .await;
    let shown = arguments.resource.shown();
    for result in results.map_err(explain)?.into_values() {
        result.map_err(|error| explain_about(&shown, error))?;
    }
    if screen.is_json() {
        let validate_only = arguments.validate_only;
        return screen.document(
            &json!({ "resource": shown, "changed": count, "validate_only": validate_only }),
        );
    }
    let verb = if arguments.validate_only {
        "would change"
    } else {
        "changed"
    };
    screen.line(format_args!("{verb} {count} settings of {shown}"))
}

fn changes(arguments: &Arguments) -> Result<Vec<(String, ConfigOperation)>, Failure> {
    type Operation = fn(String) -> ConfigOperation;
    let with_values: [(Operation, &[String]); 3] = [
        (ConfigOperation::Set, &arguments.set),
        (ConfigOperation::Append, &arguments.append),
        (ConfigOperation::Subtract, &arguments.subtract),
    ];
    let mut changes = Vec::new();
    for (operation, texts) in with_values {
        for text in texts {
            let (name, value) = Settings::parse_override(text).map_err(Failure::usage)?;
            changes.push((name, operation(value)));
        }
    }
    let deletions = arguments.delete.iter();
    changes.extend(deletions.map(|name| (name.clone(), ConfigOperation::Delete)));
    Ok(changes)
}

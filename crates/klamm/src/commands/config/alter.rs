//! `klamm config alter KIND NAME --set … --delete … --append … --subtract …`.

use super::Resource;
use crate::connect::{Connect, check};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::Target;
use klamm_settings::Settings;
use klamm_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
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

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let configs = changes(arguments)?;
    if configs.is_empty() {
        return Err(Failure::usage(
            "nothing to change: give --set, --delete, --append or --subtract",
        ));
    }
    let session = arguments.connect.session()?;
    let count = configs.len();
    let resource = AlterConfigsResource {
        resource_type: arguments.resource.code(),
        resource_name: arguments.resource.name()?.into(),
        configs,
    };
    let request = IncrementalAlterConfigsRequest {
        resources: vec![resource],
        validate_only: arguments.validate_only,
    };
    let target = arguments.resource.target()?;
    if matches!(target, Target::Node(_)) {
        session
            .client
            .cluster()
            .await
            .map_err(crate::connect::explain)?;
    }
    let response = session.ask(target, &request).await?;
    for result in &response.responses {
        check(
            result.error_code,
            result.error_message.as_ref(),
            arguments.resource.shown(),
        )?;
    }
    let shown = arguments.resource.shown();
    if screen.is_json() {
        return screen.document(&json!({ "resource": shown, "changed": count, "validate_only": arguments.validate_only }));
    }
    let verb = if arguments.validate_only {
        "would change"
    } else {
        "changed"
    };
    screen.line(format_args!("{verb} {count} settings of {shown}"))
}

fn changes(arguments: &Arguments) -> Result<Vec<AlterableConfig>, Failure> {
    let mut changes = Vec::new();
    let with_values = [
        (SET, &arguments.set),
        (APPEND, &arguments.append),
        (SUBTRACT, &arguments.subtract),
    ];
    for (config_operation, texts) in with_values {
        for text in texts {
            let (name, value) = Settings::parse_override(text).map_err(Failure::usage)?;
            changes.push(AlterableConfig {
                name: name.into(),
                config_operation,
                value: Some(value.into()),
            });
        }
    }
    changes.extend(arguments.delete.iter().map(|name| AlterableConfig {
        name: name.as_str().into(),
        config_operation: DELETE,
        value: None,
    }));
    Ok(changes)
}

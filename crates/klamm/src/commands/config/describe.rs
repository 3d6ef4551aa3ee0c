//! `klamm config describe KIND NAME`.

use super::{Resource, describe};
use crate::connect::Connect;
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_wire::messages::describe_configs::DescribeConfigsResourceResult;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  klamm config describe topic orders\n  klamm config describe broker 0 --all --documentation"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    resource: Resource,
    /// Defaults too, not only what was set.
    #[arg(short, long)]
    all: bool,
    /// What each setting does.
    #[arg(long)]
    documentation: bool,
    #[command(flatten)]
    connect: Connect,
}

const DEFAULT_SOURCE: i8 = 5;

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session()?;
    let resource = &arguments.resource;
    let mut configs = describe(&session, resource, None, arguments.documentation).await?;
    configs.retain(|config| arguments.all || config.config_source != DEFAULT_SOURCE);
    if screen.is_json() {
        let configs: Vec<Value> = configs.iter().map(document).collect();
        return screen.document(&json!({ "resource": resource.shown(), "configs": configs }));
    }
    let rows = configs.iter().map(|config| {
        let mut row = vec![
            config.name.to_string(),
            shown(config),
            source(config.config_source).to_owned(),
        ];
        if arguments.documentation {
            row.push(
                config
                    .documentation
                    .as_deref()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        row
    });
    let heading: &[&str] = if arguments.documentation {
        &["SETTING", "VALUE", "SOURCE", "WHAT IT DOES"]
    } else {
        &["SETTING", "VALUE", "SOURCE"]
    };
    screen.table(heading, &rows.collect::<Vec<_>>())
}

fn shown(config: &DescribeConfigsResourceResult) -> String {
    match &config.value {
        Some(value) => value.to_string(),
        None if config.is_sensitive => "(hidden)".to_owned(),
        None => "(unset)".to_owned(),
    }
}

fn document(config: &DescribeConfigsResourceResult) -> Value {
    let synonyms = config.synonyms.iter().map(|synonym| {
        json!({
            "name": synonym.name.as_str(),
            "value": synonym.value.as_deref(),
            "source": source(synonym.source),
        })
    });
    let mut document = json!({
        "name": config.name.as_str(),
        "value": config.value.as_deref(),
        "source": source(config.config_source),
        "read_only": config.read_only,
        "sensitive": config.is_sensitive,
        "synonyms": synonyms.collect::<Vec<_>>(),
    });
    if let Some(text) = config.documentation.as_deref()
        && let Some(object) = document.as_object_mut()
    {
        object.insert("documentation".to_owned(), text.into());
    }
    document
}

/// The layers of settings by their number on the wire.
const fn source(code: i8) -> &'static str {
    match code {
        1 => "topic",
        2 => "broker",
        3 => "all brokers",
        4 => "file",
        5 => "default",
        6 => "logger",
        7 => "client-metrics",
        8 => "group",
        _ => "unknown",
    }
}

//! `klamm config describe KIND NAME`.

use super::{Resource, describe};
use crate::connect::Connect;
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::admin::{ConfigEntry, ConfigSource};
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

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let resource = &arguments.resource;
    let mut configs = describe(&session, resource, arguments.documentation).await?;
    configs.retain(|_, entry| arguments.all || entry.source != ConfigSource::Default);
    if screen.is_json() {
        let configs: Vec<Value> = configs.iter().map(document).collect();
        return screen.document(&json!({ "resource": resource.shown(), "configs": configs }));
    }
    let rows = configs.iter().map(|(name, entry)| {
        let mut row = vec![name.clone(), shown(entry), source(entry.source).to_owned()];
        if arguments.documentation {
            row.push(entry.documentation.clone().unwrap_or_default());
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

fn shown(entry: &ConfigEntry) -> String {
    match &entry.value {
        Some(value) => value.clone(),
        None if entry.is_sensitive => "(hidden)".to_owned(),
        None => "(unset)".to_owned(),
    }
}

fn document((name, entry): (&String, &ConfigEntry)) -> Value {
    let synonyms = entry.synonyms.iter().map(|synonym| {
        json!({ "name": synonym.name, "value": synonym.value, "source": source(synonym.source) })
    });
    let mut document = json!({
        "name": name,
        "value": entry.value,
        "source": source(entry.source),
        "read_only": entry.is_read_only,
        "sensitive": entry.is_sensitive,
        "synonyms": synonyms.collect::<Vec<_>>(),
    });
    if let Some(text) = &entry.documentation
        && let Some(object) = document.as_object_mut()
    {
        object.insert("documentation".to_owned(), text.as_str().into());
    }
    document
}

/// The layers of settings in words.
const fn source(source: ConfigSource) -> &'static str {
    match source {
        ConfigSource::Topic => "topic",
        ConfigSource::DynamicBroker => "broker",
        ConfigSource::DynamicDefaultBroker => "all brokers",
        ConfigSource::StaticBroker => "file",
        ConfigSource::Default => "default",
        ConfigSource::DynamicBrokerLogger => "logger",
        ConfigSource::ClientMetrics => "client-metrics",
        ConfigSource::Group => "group",
        ConfigSource::Other(_) => "unknown",
    }
}

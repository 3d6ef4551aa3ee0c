//! `klamm config …`: settings at run time.

mod alter;
mod describe;
mod get;

use crate::connect::{Session, block_on, explain, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use clap::ValueEnum;
use klamm_client::admin::{ConfigEntry, ConfigResource, ConfigResourceKind};
use std::collections::BTreeMap;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show settings and where they come from.
    Describe(describe::Arguments),
    /// Print one value.
    Get(get::Arguments),
    /// Change settings.
    Alter(alter::Arguments),
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::Describe(arguments) => describe::run(&arguments, screen).await,
            Command::Get(arguments) => get::run(&arguments, screen).await,
            Command::Alter(arguments) => alter::run(&arguments, screen).await,
        }
    })
}

/// What settings belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A topic.
    Topic,
    /// A broker, by number.
    Broker,
    /// A group.
    Group,
    /// A client telemetry subscription.
    ClientMetrics,
}

/// The resource that a command is about.
#[derive(Debug, Clone, clap::Args)]
struct Resource {
    /// What the settings belong to.
    kind: Kind,
    /// Its name; a broker's number, or `default` for all brokers.
    name: String,
}

/// Stands for all brokers.
const ALL_BROKERS: &str = "default";

impl Resource {
    /// As the client names it: all brokers have an empty name.
    fn named(&self) -> Result<ConfigResource, Failure> {
        let name = match (self.kind, self.name.as_str()) {
            (Kind::Broker, ALL_BROKERS) => "",
            (Kind::Broker, name) if name.parse::<i32>().is_err() => {
                return Err(Failure::usage(format!(
                    "broker: expected a number, or {ALL_BROKERS} for all brokers, not '{name}'"
                )));
            }
            (_, name) => name,
        };
        let kind = match self.kind {
            Kind::Topic => ConfigResourceKind::Topic,
            Kind::Broker => ConfigResourceKind::Broker,
            Kind::Group => ConfigResourceKind::Group,
            Kind::ClientMetrics => ConfigResourceKind::ClientMetrics,
        };
        Ok(ConfigResource { kind, name: name.to_owned() })
    }

    fn shown(&self) -> String {
        let kind = match self.kind {
            Kind::Topic => "topic",
            Kind::Broker => "broker",
            Kind::Group => "group",
            Kind::ClientMetrics => "client-metrics",
        };
        format!("{kind} {}", self.name)
    }
}

/// The settings of a resource, by name.
async fn describe(
    session: &Session,
    resource: &Resource,
    documentation: bool,
) -> Result<BTreeMap<String, ConfigEntry>, Failure> {
    let named = resource.named()?;
    let results = session
        .admin
        .describe_configs(&[named], documentation)
        .await;
    let result = results.map_err(explain)?.into_values().next();
    let result = result.ok_or_else(|| Failure::failed("the answer is empty"))?;
    result.map_err(|error| explain_about(resource.shown(), error))
}

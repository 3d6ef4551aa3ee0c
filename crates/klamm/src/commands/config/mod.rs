//! `klamm config …`: settings at run time.

mod alter;
mod describe;
mod get;

use crate::connect::{Session, block_on, check};
use crate::failure::Failure;
use crate::screen::Screen;
use clap::ValueEnum;
use klamm_client::Target;
use klamm_wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
};

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
    /// The kind's number on the wire.
    fn code(&self) -> i8 {
        match self.kind {
            Kind::Topic => 2,
            Kind::Broker => 4,
            Kind::ClientMetrics => 16,
            Kind::Group => 32,
        }
    }

    /// The name on the wire: empty for all brokers.
    fn name(&self) -> Result<&str, Failure> {
        match (self.kind, self.name.as_str()) {
            (Kind::Broker, ALL_BROKERS) => Ok(""),
            (Kind::Broker, name) if name.parse::<i32>().is_err() => Err(Failure::usage(format!(
                "broker: expected a number, or {ALL_BROKERS} for all brokers, not '{name}'"
            ))),
            (_, name) => Ok(name),
        }
    }

    /// Who answers for it: a broker for itself, anybody for the rest.
    fn target(&self) -> Result<Target<'static>, Failure> {
        match (self.kind, self.name()?.parse()) {
            (Kind::Broker, Ok(id)) => Ok(Target::Node(id)),
            _ => Ok(Target::Any),
        }
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

/// The settings of a resource, by name; all of them if no names are given.
async fn describe(
    session: &Session,
    resource: &Resource,
    names: Option<&[String]>,
    documentation: bool,
) -> Result<Vec<DescribeConfigsResourceResult>, Failure> {
    let keys = names.map(|names| names.iter().map(|name| name.as_str().into()).collect());
    let asked = DescribeConfigsResource {
        resource_type: resource.code(),
        resource_name: resource.name()?.into(),
        configuration_keys: keys,
    };
    let request = DescribeConfigsRequest {
        resources: vec![asked],
        include_synonyms: true,
        include_documentation: documentation,
    };
    let target = resource.target()?;
    if matches!(target, Target::Node(_)) {
        // Numbers of brokers are known only after the cluster was asked.
        session
            .client
            .cluster()
            .await
            .map_err(crate::connect::explain)?;
    }
    let response = session.ask(target, &request).await?;
    let result = response.results.into_iter().next();
    let result = result.ok_or_else(|| Failure::failed("the answer is empty"))?;
    check(
        result.error_code,
        result.error_message.as_ref(),
        resource.shown(),
    )?;
    let mut configs = result.configs;
    configs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(configs)
}

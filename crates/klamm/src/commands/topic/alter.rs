//! `klamm topic alter NAME --partitions N`.

use crate::connect::{Connect, check};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::Target;
use klamm_wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(after_help = "Settings of a topic change with `klamm config alter topic NAME --set …`.")]
pub(crate) struct Arguments {
    /// The topic.
    name: String,
    /// The new number of partitions. It can only grow, and keys then go to other partitions than before.
    #[arg(short, long, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    /// Only check whether it would work.
    #[arg(long)]
    validate_only: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session()?;
    let topic = CreatePartitionsTopic {
        name: arguments.name.as_str().into(),
        count: arguments.partitions,
        assignments: None,
    };
    let request = CreatePartitionsRequest {
        topics: vec![topic],
        timeout_ms: session.timeout_ms(),
        validate_only: arguments.validate_only,
    };
    let response = session.ask(Target::Controller, &request).await?;
    for result in &response.results {
        check(
            result.error_code,
            result.error_message.as_ref(),
            format_args!("topic {}", result.name),
        )?;
    }
    if screen.is_json() {
        return screen
            .document(&json!({ "topic": arguments.name, "partitions": arguments.partitions }));
    }
    screen.line(format_args!(
        "{} has {} partitions",
        arguments.name, arguments.partitions
    ))
}

//! `klamm topic alter NAME --partitions N`.

use crate::connect::{Connect, explain, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::admin::MorePartitions;
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
    let session = arguments.connect.session().await?;
    let Arguments { name, partitions, .. } = arguments;
    let more = MorePartitions { topic: name.clone(), count: *partitions, assignments: None };
    let results = session
        .admin
        .create_partitions(&[more], arguments.validate_only)
        .await;
    for (name, result) in results.map_err(explain)? {
        result.map_err(|error| explain_about(format_args!("topic {name}"), error))?;
    }
    if screen.is_json() {
        return screen.document(&json!({ "topic": name, "partitions": partitions }));
    }
    let verb = if arguments.validate_only {
        "could have"
    } else {
        "has"
    };
    screen.line(format_args!("{name} {verb} {partitions} partitions"))
}

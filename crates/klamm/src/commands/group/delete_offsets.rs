//! `klamm group delete-offsets GROUP --topic TOPIC…`.

use super::select::{Selected, partitions};
use crate::connect::{Connect, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::PartitionKey;
use klamm_wire::ErrorCode;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  klamm group delete-offsets billing --topic orders\n  klamm group delete-offsets billing --topic orders:0,1"
)]
pub(crate) struct Arguments {
    /// The group.
    group: String,
    /// A topic, or some of its partitions; may be given more than once.
    #[arg(long, required = true, value_name = "TOPIC[:PARTITION,…]")]
    topic: Vec<Selected>,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let keys: Vec<PartitionKey> = partitions(&session, &arguments.topic)
        .await?
        .into_iter()
        .collect();
    let group = &arguments.group;
    let results = session.admin.delete_group_offsets(group, &keys).await;
    let results = results.map_err(|error| explain_about(format_args!("group {group}"), error))?;
    let mut deleted: Vec<Value> = Vec::new();
    let mut failure = Ok(());
    for ((topic, partition), result) in results {
        match result {
            Ok(()) if screen.is_json() => {
                deleted.push(json!({ "topic": topic.as_ref(), "partition": partition }));
            }
            Ok(()) => screen.line(format_args!("forgot {topic}-{partition}"))?,
            Err(error) => {
                let is_read = error.code() == Some(ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC);
                let mut said = explain_about(format_args!("{topic}-{partition}"), error);
                if is_read {
                    said = said.advise("stop the members that subscribe to the topic first");
                }
                failure = failure.and(Err(said));
            }
        }
    }
    if screen.is_json() {
        screen.document(&json!({ "group": group, "deleted": deleted }))?;
    }
    failure
}

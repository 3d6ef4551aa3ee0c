//! `klamm txn abort ID…`, and `klamm txn abort --partition TOPIC:PARTITION --start-offset N`.

use crate::connect::{Connect, Session, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::PartitionKey;
use klamm_client::admin::OpenTransaction;
use serde_json::json;
use std::sync::Arc;

const AFTER_HELP: &str = "\
By id, the coordinator ends the transaction, and its producer is fenced: it can write nothing more until it begins anew.\n\
By partition, an abort marker is written there without asking any coordinator: only for a transaction that hangs.\n\
Examples:\n  klamm txn abort billing-1\n  klamm txn abort --partition orders:0 --start-offset 1500";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The transactional ids.
    #[arg(
        required_unless_present = "partition",
        conflicts_with = "partition",
        value_name = "ID"
    )]
    ids: Vec<String>,
    /// A partition in which a transaction hangs.
    #[arg(long, value_name = "TOPIC:PARTITION", requires = "start_offset", value_parser = place)]
    partition: Option<(String, i32)>,
    /// Where the transaction begins in that partition.
    #[arg(long, value_name = "OFFSET", requires = "partition")]
    start_offset: Option<i64>,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    if let (Some((topic, partition)), Some(offset)) = (&arguments.partition, arguments.start_offset)
    {
        let key: PartitionKey = (Arc::from(topic.as_str()), *partition);
        abort_hanging(&session, &key, offset).await?;
        return match screen.is_json() {
            true => screen
                .document(&json!({ "topic": topic, "partition": partition, "aborted": offset })),
            false => screen.line(format_args!(
                "aborted the transaction at {topic}-{partition}:{offset}"
            )),
        };
    }
    let mut aborted = Vec::new();
    let mut failure = Ok(());
    for id in &arguments.ids {
        // A look first: fencing would make an id that nobody uses.
        let done = match session.admin.describe_transaction(id).await {
            Ok(_) => session.admin.fence_producer(id).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => aborted.push(id),
            Err(error) => {
                let said = explain_about(format_args!("transactional id {id}"), error);
                let said = said.advise("`klamm txn list` shows the ids there are");
                failure = failure.and(Err(said));
            }
        }
    }
    if screen.is_json() {
        screen.document(&json!({ "aborted": aborted }))?;
    } else {
        for id in aborted {
            screen.line(format_args!(
                "aborted what {id} had open, and fenced its producer"
            ))?;
        }
    }
    failure
}

async fn abort_hanging(session: &Session, key: &PartitionKey, offset: i64) -> Result<(), Failure> {
    let about = || format!("{}-{}", key.0, key.1);
    let producers = session
        .admin
        .describe_producers(std::slice::from_ref(key))
        .await;
    let mut producers = producers.map_err(|error| explain_about(about(), error))?;
    let producers = producers.remove(key).unwrap_or_else(|| Ok(Vec::new()));
    let producers = producers.map_err(|error| explain_about(about(), error))?;
    let open = producers
        .iter()
        .find(|one| one.transaction_start_offset == Some(offset));
    let Some(open) = open else {
        let what = format!("no open transaction begins at {}:{offset}", about());
        return Err(
            Failure::failed(what).advise("`klamm txn find-hanging` shows where transactions hang")
        );
    };
    let open = OpenTransaction {
        producer_id: open.producer_id,
        producer_epoch: i16::try_from(open.epoch).unwrap_or(i16::MAX),
        coordinator_epoch: open.coordinator_epoch,
    };
    let done = session.admin.abort_hanging(key, open).await;
    done.map_err(|error| explain_about(about(), error))
}

fn place(text: &str) -> Result<(String, i32), String> {
    let pair = text.rsplit_once(':').and_then(|(topic, partition)| {
        Some((
            topic.to_owned(),
            partition.parse().ok().filter(|partition| *partition >= 0)?,
        ))
    });
    pair.ok_or_else(|| "expected TOPIC:PARTITION, such as orders:0".to_owned())
}

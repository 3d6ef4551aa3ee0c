//! `klamm txn describe ID…`.

use crate::connect::{Connect, explain_about};
use crate::failure::Failure;
use crate::moment;
use crate::screen::Screen;
use klamm_client::admin::TransactionDescription;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The transactional ids.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let now_ms = session.client.host().clock.now_ms();
    let mut described = Vec::new();
    let mut failure = Ok(());
    for id in &arguments.ids {
        match session.admin.describe_transaction(id).await {
            Ok(one) => described.push(one),
            Err(error) => {
                let said = explain_about(format_args!("transactional id {id}"), error);
                let said = said.advise("`klamm txn list` shows the ids there are");
                failure = failure.and(Err(said));
            }
        }
    }
    if screen.is_json() {
        let described: Vec<Value> = described.iter().map(|one| to_json(one, now_ms)).collect();
        screen.document(&json!({ "transactions": described }))?;
        return failure;
    }
    for one in &described {
        print(one, now_ms, screen)?;
    }
    failure
}

/// How long it is open, in milliseconds.
fn open_for(one: &TransactionDescription, now_ms: i64) -> Option<i64> {
    one.started_ms
        .map(|started_ms| now_ms.saturating_sub(started_ms).max(0))
}

fn print(one: &TransactionDescription, now_ms: i64, screen: &mut Screen) -> Result<(), Failure> {
    screen.line(format_args!(
        "{}: {}, producer {} epoch {}, timeout {}s, coordinator {}",
        one.transactional_id,
        one.state,
        one.producer_id,
        one.producer_epoch,
        one.timeout.as_secs_f64(),
        one.coordinator
    ))?;
    if let (Some(started_ms), Some(open_ms)) = (one.started_ms, open_for(one, now_ms)) {
        let started = moment::show(started_ms);
        screen.line(format_args!(
            "  open since {started}, for {}s",
            open_ms / 1000
        ))?;
    }
    let partitions: Vec<String> = one
        .partitions
        .iter()
        .map(|(topic, partition)| format!("{topic}-{partition}"))
        .collect();
    if !partitions.is_empty() {
        screen.line(format_args!("  in {}", partitions.join(" ")))?;
    }
    Ok(())
}

fn to_json(one: &TransactionDescription, now_ms: i64) -> Value {
    let partitions = one
        .partitions
        .iter()
        .map(|(topic, partition)| json!({ "topic": topic.as_ref(), "partition": partition }));
    json!({
        "transactional_id": one.transactional_id,
        "producer_id": one.producer_id,
        "producer_epoch": one.producer_epoch,
        "state": one.state,
        "timeout_ms": u64::try_from(one.timeout.as_millis()).unwrap_or(u64::MAX),
        "started": one.started_ms,
        "open_ms": open_for(one, now_ms),
        "coordinator": one.coordinator,
        "partitions": partitions.collect::<Vec<Value>>(),
    })
}

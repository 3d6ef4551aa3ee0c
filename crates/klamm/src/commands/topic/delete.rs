//! `klamm topic delete NAME…`.

use crate::connect::{Connect, explain, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::ClientError;
use klamm_wire::ErrorCode;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The topics.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Succeed if a topic is not there.
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let names: Vec<&str> = arguments.names.iter().map(String::as_str).collect();
    let results = session.admin.delete_topics(&names).await.map_err(explain)?;
    let mut deleted = Vec::new();
    let mut failure = Ok(());
    for (name, result) in results {
        match result {
            Ok(()) => deleted.push(name),
            Err(error) if arguments.if_exists && is_missing(&error) => {}
            Err(error) => {
                failure = failure.and(Err(explain_about(format_args!("topic {name}"), error)));
            }
        }
    }
    if screen.is_json() {
        screen.document(&json!({ "deleted": deleted }))?;
    } else {
        for name in deleted {
            screen.line(format_args!("deleted {name}"))?;
        }
    }
    failure
}

fn is_missing(error: &ClientError) -> bool {
    error.code() == Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
}

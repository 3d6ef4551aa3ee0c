//! `klamm topic delete NAME…`.

use crate::connect::{Connect, check};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::Target;
use klamm_wire::ErrorCode;
use klamm_wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
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
    let session = arguments.connect.session()?;
    let topics = arguments
        .names
        .iter()
        .map(|name| DeleteTopicState { name: Some(name.as_str().into()), ..Default::default() });
    let request = DeleteTopicsRequest {
        topics: topics.collect(),
        // What brokers before 2.8 read instead.
        topic_names: arguments
            .names
            .iter()
            .map(|name| name.as_str().into())
            .collect(),
        timeout_ms: session.timeout_ms(),
    };
    let response = session.ask(Target::Controller, &request).await?;
    let mut deleted = Vec::new();
    let mut failure = Ok(());
    for result in &response.responses {
        let name = result.name.as_deref().unwrap_or_default();
        let missing = ErrorCode::from(result.error_code) == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        if missing && arguments.if_exists {
            continue;
        }
        match check(
            result.error_code,
            result.error_message.as_ref(),
            format_args!("topic {name}"),
        ) {
            Ok(()) => deleted.push(name),
            Err(error) => failure = failure.and(Err(error)),
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

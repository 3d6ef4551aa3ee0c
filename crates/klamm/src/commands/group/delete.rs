//! `klamm group delete NAME…`.

use crate::connect::{Connect, explain, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_wire::ErrorCode;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The groups.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let names: Vec<&str> = arguments.names.iter().map(String::as_str).collect();
    let results = session.admin.delete_groups(&names).await.map_err(explain)?;
    let mut deleted = Vec::new();
    let mut failure = Ok(());
    for (name, result) in results {
        match result {
            Ok(()) => deleted.push(name),
            Err(error) => {
                let has_members = error.code() == Some(ErrorCode::NON_EMPTY_GROUP);
                let mut said = explain_about(format_args!("group {name}"), error);
                if has_members {
                    said = said.advise(format_args!(
                        "stop its members first; `klamm group describe {name}` shows them"
                    ));
                }
                failure = failure.and(Err(said));
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

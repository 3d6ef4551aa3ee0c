//! `klamm format`: writes the identity of a node into its data folders, as Kafka's storage tool does.

use crate::commands::server::load;
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_model::Uuid;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A server formats empty folders by itself, unless klamm.format.auto=false.\n\
Example:\n  klamm format --config server.properties --cluster-id zDXu96PzQtOdnNypKlfzLQ"
)]
pub(crate) struct Arguments {
    /// A file of settings in Kafka's server.properties form.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A setting that wins over the file; may be given more than once.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The cluster's id, 22 characters of URL-safe base64. Random unless given.
    #[arg(long, value_name = "ID")]
    cluster_id: Option<String>,
    /// Succeed if all folders are formatted already.
    #[arg(long)]
    ignore_formatted: bool,
}

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let loaded = load(arguments.config.as_deref(), &arguments.set)?;
    for warning in &loaded.warnings {
        eprintln!("klamm: {warning}");
    }
    if let Some(id) = &arguments.cluster_id
        && id.parse::<Uuid>().is_err()
    {
        return Err(
            Failure::usage("--cluster-id: expected 22 characters of URL-safe base64")
                .advise("leave it out for a random one"),
        );
    }
    let host = klamm_host::os::host();
    let formatted = klamm_broker::format(&host, &loaded.settings, arguments.cluster_id.as_deref())
        .map_err(Failure::failed)?;
    let folders: Vec<String> = formatted
        .new_directories
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if folders.is_empty() && !arguments.ignore_formatted {
        return Err(Failure::failed(format!(
            "all folders are formatted already, for cluster {}",
            formatted.cluster_id
        ))
        .advise("--ignore-formatted accepts that"));
    }
    if screen.is_json() {
        return screen
            .document(&json!({ "cluster_id": formatted.cluster_id, "formatted": folders }));
    }
    for folder in folders {
        screen.line(format_args!(
            "formatted {folder} for cluster {}",
            formatted.cluster_id
        ))?;
    }
    Ok(())
}

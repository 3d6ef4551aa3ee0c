//! `klamm config get KIND NAME SETTING`.

use super::{Resource, describe};
use crate::connect::Connect;
use crate::failure::Failure;
use crate::screen::Screen;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  klamm config get topic orders retention.ms\n  klamm config get broker 0 log.retention.ms"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    resource: Resource,
    /// The setting.
    setting: String,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let setting = &arguments.setting;
    let configs = describe(&session, &arguments.resource, false).await?;
    let entry = configs.get(setting).ok_or_else(|| {
        Failure::failed(format!(
            "{} has no setting {setting}",
            arguments.resource.shown()
        ))
        .advise("`klamm config describe … --all` shows the settings there are")
    })?;
    if screen.is_json() {
        return screen.document(&json!({ "name": setting, "value": entry.value }));
    }
    screen.line(entry.value.as_deref().unwrap_or_default())
}

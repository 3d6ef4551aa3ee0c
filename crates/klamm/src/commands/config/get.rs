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
    let session = arguments.connect.session()?;
    let setting = &arguments.setting;
    let names = [setting.clone()];
    let configs = describe(&session, &arguments.resource, Some(&names), false).await?;
    let config = configs.into_iter().find(|config| config.name == *setting);
    let config = config.ok_or_else(|| {
        Failure::failed(format!(
            "{} has no setting {setting}",
            arguments.resource.shown()
        ))
        .advise("`klamm config describe … --all` shows the settings there are")
    })?;
    let value = config.value.as_deref();
    if screen.is_json() {
        return screen.document(&json!({ "name": setting, "value": value }));
    }
    screen.line(value.unwrap_or_default())
}

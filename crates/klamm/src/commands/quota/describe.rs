//! `klamm quota describe --user … | --client-id … | --ip …`.

use super::{Entity, print, shown};
use crate::connect::Connect;
use crate::failure::Failure;
use crate::screen::Screen;
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  klamm quota describe --client-id billing\n  klamm quota describe --default-user"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    entity: Entity,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let values = arguments.entity.quotas(&session).await?;
    let entity = arguments.entity.named();
    if values.is_empty() {
        return Err(Failure::failed(format!(
            "{} has no quotas of its own",
            shown(&entity)
        )));
    }
    print(&BTreeMap::from([(entity, values)]), screen)
}

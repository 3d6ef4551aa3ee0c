//! `klamm quota list`.

use super::print;
use crate::connect::{Connect, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::admin::QuotaFilter;

pub(crate) async fn run(connect: &Connect, screen: &mut Screen) -> Result<(), Failure> {
    let session = connect.session().await?;
    let everything = QuotaFilter::default();
    let found = session.admin.describe_client_quotas(&everything).await;
    let found = found.map_err(explain)?;
    if found.is_empty() && !screen.is_json() {
        return screen.line("no quotas are set");
    }
    print(&found, screen)
}

//! What the node tells about itself.

mod endpoint;
mod meters;
mod scrape;

pub(crate) use endpoint::{Readiness, serve};
pub(crate) use meters::Meters;

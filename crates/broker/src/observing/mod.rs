//! What the node tells about itself.

mod endpoint;
mod meters;
mod scrape;
mod table;

pub(crate) use endpoint::{Readiness, serve};
pub(crate) use meters::{Counter, Gauge, Meters, PauseMeters};
pub use table::metrics_markdown;

//! The quorum as a whole: a node alone, and clusters on a hostile network.

mod alone;
mod cluster;
mod disk;
#[allow(
    clippy::unwrap_used,
    reason = "checks of generated records may fail loudly"
)]
mod generated_records;
mod oracle;
mod rules;
mod simulation;

//! Records, one module per type.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

#![allow(
    clippy::too_many_lines,
    reason = "generated: a field takes a line or more"
)]

pub mod kraft_version_record;
pub mod leader_change_message;
pub mod snapshot_footer_record;
pub mod snapshot_header_record;
pub mod voters_record;

pub use kraft_version_record::KraftVersionRecord;
pub use leader_change_message::LeaderChangeMessage;
pub use snapshot_footer_record::SnapshotFooterRecord;
pub use snapshot_header_record::SnapshotHeaderRecord;
pub use voters_record::VotersRecord;

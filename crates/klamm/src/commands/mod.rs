//! The commands, one file or folder each.

pub(crate) mod bench;
pub(crate) mod cluster;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod consume;
pub(crate) mod format;
pub(crate) mod group;
pub(crate) mod log_dump;
pub(crate) mod offsets;
pub(crate) mod produce;
pub(crate) mod quota;
pub(crate) mod server;
pub(crate) mod topic;
pub(crate) mod txn;

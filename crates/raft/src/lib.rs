//! The metadata quorum: elections, log agreement, snapshots, voters. Pure.

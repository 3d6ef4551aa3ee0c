//! The quorum as a whole: a node alone, and clusters on a hostile network.

mod alone;
mod cluster;
mod disk;
mod oracle;
mod rules;
mod simulation;

//! Logs from the outside: directories that Kafka wrote, and what a crash leaves.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod compacted;
mod crash;
mod deleted;
mod emptied;
mod faults;
mod fuzz_seeds;
mod in_memory;
mod kafka_wrote;
mod large_syncs;
mod leftovers;
mod moving;
mod read_once;
mod store;
mod story;

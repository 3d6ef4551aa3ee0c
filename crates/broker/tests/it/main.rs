//! A node in this process, spoken to over loopback as any client would.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admin;
mod answers;
mod bad_input;
mod bursts;
mod client;
mod cold_reads;
mod commits;
mod compaction;
mod consumer_groups;
mod data_path;
mod deleted_topics;
mod flusher;
mod gated_disk;
mod group_consumer;
mod groups;
mod kafkas_directory;
mod late_answers;
mod log_dirs;
mod many_logs;
mod metrics;
mod no_room;
mod node;
mod quotas;
mod several_directories;
mod simulated;
mod slow_frames;
mod standing;
mod telemetry;
mod transactional_ids;
mod transactional_producer;
mod transactions;

//! Tests that see the crate from outside.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod generated_records;

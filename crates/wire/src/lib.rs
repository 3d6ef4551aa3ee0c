//! Kafka's requests and responses as Rust values.

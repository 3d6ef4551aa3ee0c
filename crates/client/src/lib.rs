//! A Kafka client in pure Rust: producer, consumer, admin.

//! A Kafka client in pure Rust: producer, consumer, admin.
//!
//! ```text
//! producer   consumer   admin
//!       client: targets, retries, metadata
//!       pool: one connection a broker          versions
//!       connection: pipelined requests, answers in order
//! ```
//! Everything runs over `klamm_host`, so a simulated host carries it too. Property names and defaults are those of the
//! Java client.

pub mod admin;
mod backoff;
mod client;
mod config;
mod connection;
mod consumer;
mod error;
mod metadata;
mod offsets;
mod pool;
mod producer;
mod versions;

pub use admin::Admin;
pub use client::{Client, Target};
pub use config::{
    Acks, Address, ClientConfig, ConsumerConfig, IsolationLevel, OffsetReset, ProducerConfig,
    SecurityProtocol,
};
pub use consumer::{Consumer, ConsumerRecord};
pub use error::{ClientError, ConfigError};
pub use metadata::{BrokerNode, Cluster, Partition, Topic};
pub use offsets::{FoundOffset, Looked, OffsetSpec, PartitionKey};
pub use producer::{Delivered, Delivery, Producer, Record};

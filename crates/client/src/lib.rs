//! A Kafka client in pure Rust: producer, consumers (alone or in a group), admin.
//!
//! ```text
//! producer   consumer   group consumer   admin
//!       client: targets, retries, metadata
//!       pool: one connection a broker          versions
//!       connection: pipelined requests, answers in order
//! ```
//! ```no_run
//! # async fn example() -> Result<(), klamm_client::ClientError> {
//! use klamm_client::{Client, ClientConfig, Consumer, ConsumerConfig, Producer, ProducerConfig, Record};
//! let client = Client::new(klamm_host::os::host(), ClientConfig::new("127.0.0.1:9092")?)?;
//! let producer = Producer::new(&client, ProducerConfig::default())?;
//! let delivered = producer.send(Record::new("topic", "value").with_key("key")).await?.await?;
//! producer.close().await;
//! let mut consumer = Consumer::new(&client, ConsumerConfig::default());
//! consumer.assign_topic("topic").await?;
//! consumer.seek("topic", delivered.partition, 0)?;
//! let records = consumer.poll(std::time::Duration::from_secs(1)).await?;
//! # Ok(()) }
//! ```
//! Everything runs over `klamm_host`, so a simulated host carries it too. Property names and defaults are those of the
//! Java client.

pub mod admin;
mod backoff;
mod client;
mod config;
mod connection;
mod consumer;
mod coordinator;
mod error;
mod group_offsets;
mod metadata;
mod offsets;
mod pool;
mod producer;
mod versions;

pub use admin::Admin;
pub use client::{Client, Target};
pub use config::{
    Acks, Address, ClientAssignor, ClientConfig, ConsumerConfig, GroupConfig, GroupProtocol,
    IsolationLevel, OffsetReset, ProducerConfig, SecurityProtocol,
};
pub use consumer::{
    Consumer, ConsumerRecord, GroupConsumer, GroupMetadata, RebalanceListener, Subscription,
};
pub use error::{ClientError, ConfigError};
pub use group_offsets::GroupOffset;
pub use metadata::{BrokerNode, Cluster, Partition, Topic};
pub use offsets::{FoundOffset, Looked, OffsetSpec, PartitionKey};
pub use producer::{Delivered, Delivery, Producer, Record};

//! Options of a producer, for `produce` and `bench`.

use crate::connect::warn_of_unknown;
use crate::failure::Failure;
use crate::quantity;
use klamm_client::ProducerConfig;
use std::collections::BTreeMap;
use std::time::Duration;

/// What most people set; the rest goes through `-X` and `--command-config`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ProducerOptions {
    /// The codec of batches.
    #[arg(short = 'z', long, value_parser = ["none", "gzip", "snappy", "lz4", "zstd"])]
    codec: Option<String>,
    /// When a record counts as written: 0 sent, 1 in the leader's log, all in the log of every in-sync replica.
    #[arg(long, value_parser = ["0", "1", "all", "-1"], allow_hyphen_values = true)]
    acks: Option<String>,
    /// Allow duplicates and another order after retries.
    #[arg(long)]
    no_idempotence: bool,
    /// How long a batch waits for more records [default: 5ms].
    #[arg(long, value_name = "DURATION", value_parser = quantity::duration)]
    linger: Option<Duration>,
    /// Bytes of a batch before it is sent without lingering [default: 256k].
    #[arg(long, value_name = "BYTES", value_parser = quantity::bytes)]
    batch_size: Option<u64>,
}

/// More than a Java client's 16 KiB: a command writes to few partitions, and larger batches cost less each way.
const BATCH_BYTES: &str = "262144";

impl ProducerOptions {
    /// The producer's settings: those that a client left over, and these options above them.
    pub(crate) fn config(&self, rest: Vec<(String, String)>) -> Result<ProducerConfig, Failure> {
        let mut properties: BTreeMap<String, String> = rest.into_iter().collect();
        let mut set = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                properties.insert(name.to_owned(), value);
            }
        };
        set("compression.type", self.codec.clone());
        set("acks", self.acks.clone());
        set(
            "enable.idempotence",
            self.no_idempotence.then(|| "false".to_owned()),
        );
        set(
            "linger.ms",
            self.linger.map(|linger| linger.as_millis().to_string()),
        );
        set("batch.size", self.batch_size.map(|bytes| bytes.to_string()));
        properties
            .entry("batch.size".to_owned())
            .or_insert_with(|| BATCH_BYTES.to_owned());
        let (config, rest) = ProducerConfig::from_properties(properties)
            .map_err(|error| Failure::usage(error.to_string()))?;
        warn_of_unknown(&rest);
        Ok(config)
    }
}

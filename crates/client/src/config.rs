//! Settings under the Java client's names, with its defaults.
//!
//! `from_properties` reads name and value pairs and gives back the names that it does not know, for a warning. A known
//! name with a bad value is an error that says what is expected.

use crate::error::ConfigError;
use klamm_records::{Codec, Compression};
use std::time::Duration;

macro_rules! settings {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$doc:meta])* $field:ident: $type:ty = $default:expr, $key:literal, $parse:expr;)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            /// The names of the settings.
            pub const NAMES: &'static [&'static str] = &[$($key),*];

            /// Sets one setting. `false` if the name is none of these.
            ///
            /// # Errors
            /// The value is not one of the setting's.
            pub fn set(&mut self, name: &str, value: &str) -> Result<bool, ConfigError> {
                let value = value.trim();
                match name {
                    $($key => match ($parse)(value) {
                        Ok(parsed) => self.$field = parsed,
                        Err(expected) => return Err(ConfigError::new(name, value, expected)),
                    },)*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }
    };
}

settings! {
    /// What every client has.
    ClientConfig {
        /// Brokers to ask first, as `host:port`. Empty only until it is set.
        bootstrap_servers: Vec<Address> = Vec::new(), "bootstrap.servers", addresses;
        /// The name that brokers log and count requests under.
        client_id: String = "klamm".to_owned(), "client.id", text;
        /// How long one request may take before its connection is given up.
        request_timeout: Duration = ms(30_000), "request.timeout.ms", positive_millis;
        /// How long an admin call or a look-up may take, retries included.
        api_timeout: Duration = ms(60_000), "default.api.timeout.ms", millis;
        /// The first pause before a retry; doubles, with jitter.
        retry_backoff: Duration = ms(100), "retry.backoff.ms", millis;
        /// The longest pause before a retry.
        retry_backoff_max: Duration = ms(1000), "retry.backoff.max.ms", millis;
        /// The first pause before a broker is dialled again; doubles, with jitter.
        reconnect_backoff: Duration = ms(50), "reconnect.backoff.ms", millis;
        /// The longest pause before a broker is dialled again.
        reconnect_backoff_max: Duration = ms(1000), "reconnect.backoff.max.ms", millis;
        /// How long a connection may take to stand.
        connection_setup_timeout: Duration = ms(10_000), "socket.connection.setup.timeout.ms", positive_millis;
        /// Connections without use are closed after this.
        connections_idle_max: Duration = ms(540_000), "connections.max.idle.ms", positive_millis;
        /// Metadata older than this is asked for again.
        metadata_age_max: Duration = ms(300_000), "metadata.max.age.ms", millis;
        /// Topics that were not used for this long leave the metadata.
        metadata_idle_max: Duration = ms(300_000), "metadata.max.idle.ms", millis;
        /// Whether asking for a topic may create it.
        allow_auto_create_topics: bool = true, "allow.auto.create.topics", boolean;
        /// Only `PLAINTEXT` so far.
        security_protocol: SecurityProtocol = SecurityProtocol::Plaintext, "security.protocol", security_protocol;
    }
}

settings! {
    /// What a producer has beside [`ClientConfig`].
    ProducerConfig {
        /// When a write counts: 0 sent, 1 in the leader's log, all in the log of every in-sync replica.
        acks: Acks = Acks::All, "acks", acks;
        /// Each record once and in order, in spite of retries.
        enable_idempotence: bool = true, "enable.idempotence", boolean;
        /// How long a batch waits for more records.
        linger: Duration = ms(5), "linger.ms", millis;
        /// Bytes of a batch before it is sent without lingering.
        batch_size: usize = 16_384, "batch.size", bytes;
        /// Bytes of records that may wait; then `send` waits.
        buffer_memory: usize = 33_554_432, "buffer.memory", bytes;
        /// How long `send` may wait for metadata and memory.
        block_max: Duration = ms(60_000), "max.block.ms", millis;
        /// The codec of batches.
        compression: Compression = Compression::None, "compression.type", compression;
        /// 1 to 9.
        gzip_level: Option<i32> = None, "compression.gzip.level", level(-1, 9);
        /// Taken for Java's sake; our encoder has one level.
        lz4_level: Option<i32> = None, "compression.lz4.level", level(1, 17);
        /// -131072 to 22.
        zstd_level: Option<i32> = None, "compression.zstd.level", level(-131_072, 22);
        /// Requests under way to one broker. With idempotence at most 5.
        in_flight_max: usize = 5, "max.in.flight.requests.per.connection", count;
        /// From `send` to the answer, retries included.
        delivery_timeout: Duration = ms(120_000), "delivery.timeout.ms", positive_millis;
        /// Attempts after the first one.
        retries: u32 = i32::MAX as u32, "retries", retries;
        /// The largest request, and with it the largest record, in bytes.
        request_size_max: usize = 1_048_576, "max.request.size", bytes;
        /// A name that outlives the process: records, and the offsets they came from, are written all or none (KIP-98).
        transactional_id: Option<String> = None, "transactional.id", group::optional_text;
        /// How long a transaction may stay open; then the coordinator aborts it.
        transaction_timeout: Duration = ms(60_000), "transaction.timeout.ms", positive_millis;
        /// Records with a key go where the key says, unless this is set.
        partitioner_ignore_keys: bool = false, "partitioner.ignore.keys", boolean;
        /// Records without a key prefer partitions with short queues.
        partitioner_adaptive: bool = true, "partitioner.adaptive.partitioning.enable", boolean;
    }
}

settings! {
    /// What a consumer has beside [`ClientConfig`].
    ConsumerConfig {
        /// A broker answers when this many bytes are there, or after `fetch_wait_max`.
        fetch_bytes_min: i32 = 1, "fetch.min.bytes", bytes_i32;
        /// Bytes of one answer; a first batch that is larger comes all the same.
        fetch_bytes_max: i32 = 52_428_800, "fetch.max.bytes", bytes_i32;
        /// How long a broker waits for `fetch_bytes_min`.
        fetch_wait_max: Duration = ms(500), "fetch.max.wait.ms", millis;
        /// Bytes of one partition in an answer; a first batch that is larger comes all the same.
        partition_fetch_bytes_max: i32 = 1_048_576, "max.partition.fetch.bytes", bytes_i32;
        /// Records that one poll gives at most.
        poll_records_max: usize = 500, "max.poll.records", count;
        /// Whether records of open and aborted transactions are seen.
        isolation_level: IsolationLevel = IsolationLevel::ReadUncommitted, "isolation.level", isolation_level;
        /// Where to go when there is no position, or no record at it.
        auto_offset_reset: OffsetReset = OffsetReset::Latest, "auto.offset.reset", offset_reset;
        /// Whether the checksum of each batch is checked.
        check_crcs: bool = true, "check.crcs", boolean;
        /// The rack, for reading from a near replica (KIP-392).
        client_rack: String = String::new(), "client.rack", text;
    }
}

mod group;

pub use group::{ClientAssignor, GroupConfig, GroupProtocol};

/// A broker's host name and port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// A name or digits.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// When a write counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acks {
    /// When it is sent. Nobody knows the offset, or whether it arrived.
    None,
    /// When the leader has it.
    Leader,
    /// When every in-sync replica has it.
    All,
}

/// Which records a consumer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IsolationLevel {
    /// All up to the high watermark.
    ReadUncommitted,
    /// Without those of open and aborted transactions (KIP-98).
    ReadCommitted,
}

/// Where a consumer goes without a valid position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetReset {
    /// The first record.
    Earliest,
    /// After the last record.
    Latest,
    /// The first record that is not older than this (KIP-1106).
    ByDuration(Duration),
    /// Nowhere: `poll` fails.
    None,
}

/// How bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityProtocol {
    /// As they are.
    Plaintext,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl std::str::FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "host:port";
        // Listener names and schemes may stand in front: `PLAINTEXT://host:port`.
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = port.parse().map_err(|_| EXPECTED)?;
        if host.is_empty() || port == 0 {
            return Err(EXPECTED);
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl ClientConfig {
    /// A configuration with these brokers and defaults otherwise.
    ///
    /// # Errors
    /// Not a list of `host:port`.
    pub fn new(bootstrap_servers: &str) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        config.set("bootstrap.servers", bootstrap_servers)?;
        Ok(config)
    }

    /// Reads name and value pairs. Gives the pairs that are not this part's.
    ///
    /// # Errors
    /// The first value that is not one of its setting's.
    pub fn from_properties(
        properties: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Self, Vec<(String, String)>), ConfigError> {
        let mut config = Self::default();
        let rest = take(properties, |name, value| config.set(name, value))?;
        Ok((config, rest))
    }
}

impl ProducerConfig {
    /// Reads name and value pairs. Gives the pairs that are not this part's.
    ///
    /// # Errors
    /// A value that is not one of its setting's, or settings that contradict each other.
    pub fn from_properties(
        properties: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Self, Vec<(String, String)>), ConfigError> {
        let mut config = Self::default();
        let mut idempotence_asked = false;
        let rest = take(properties, |name, value| {
            idempotence_asked |= name == "enable.idempotence";
            config.set(name, value)
        })?;
        let contradiction = config.idempotence_contradiction();
        match contradiction {
            // Like Java: the default steps back, an explicit wish does not.
            Some(_) if !idempotence_asked && config.transactional_id.is_none() => {
                config.enable_idempotence = false;
            }
            Some((name, expected)) => return Err(ConfigError::new(name, "", expected)),
            None => {}
        }
        Ok((config, rest))
    }

    /// What stands against idempotence, if it is wished.
    pub(crate) fn idempotence_contradiction(&self) -> Option<(&'static str, &'static str)> {
        if !self.enable_idempotence {
            let expected = "true, with transactional.id";
            return self
                .transactional_id
                .as_ref()
                .map(|_| ("enable.idempotence", expected));
        }
        if self.acks != Acks::All {
            return Some(("acks", "all, with enable.idempotence"));
        }
        if self.in_flight_max > IDEMPOTENT_IN_FLIGHT_MAX {
            let name = "max.in.flight.requests.per.connection";
            return Some((name, "5 at most, with enable.idempotence"));
        }
        (self.retries == 0).then_some(("retries", "above 0, with enable.idempotence"))
    }

    /// The codec with its level.
    pub(crate) const fn codec(&self) -> Codec {
        let level = match self.compression {
            Compression::Gzip => self.gzip_level,
            Compression::Zstd => self.zstd_level,
            Compression::Lz4 => self.lz4_level,
            Compression::None | Compression::Snappy => None,
        };
        Codec { compression: self.compression, level }
    }
}

impl ConsumerConfig {
    /// Reads name and value pairs. Gives the pairs that are not this part's.
    ///
    /// # Errors
    /// The first value that is not one of its setting's.
    pub fn from_properties(
        properties: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Self, Vec<(String, String)>), ConfigError> {
        let mut config = Self::default();
        let rest = take(properties, |name, value| config.set(name, value))?;
        Ok((config, rest))
    }
}

impl Acks {
    /// The number on the wire.
    #[must_use]
    pub const fn wire(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Leader => 1,
            Self::All => -1,
        }
    }
}

/// The brokers keep the last five batches of a producer, so no more may be under way.
const IDEMPOTENT_IN_FLIGHT_MAX: usize = 5;

fn take(
    properties: impl IntoIterator<Item = (String, String)>,
    mut set: impl FnMut(&str, &str) -> Result<bool, ConfigError>,
) -> Result<Vec<(String, String)>, ConfigError> {
    let mut rest = Vec::new();
    for (name, value) in properties {
        if !set(&name, &value)? {
            rest.push((name, value));
        }
    }
    Ok(rest)
}

type Parsed<T> = Result<T, &'static str>;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn text(value: &str) -> Parsed<String> {
    Ok(value.to_owned())
}

fn addresses(value: &str) -> Parsed<Vec<Address>> {
    let parts = value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let list: Vec<_> = parts.map(str::parse).collect::<Result<_, _>>()?;
    if list.is_empty() {
        Err("one host:port at least")
    } else {
        Ok(list)
    }
}

fn millis(value: &str) -> Parsed<Duration> {
    let range = "whole milliseconds from 0 to 9223372036854775807";
    let millis: i64 = value.parse().map_err(|_| range)?;
    u64::try_from(millis).map(ms).map_err(|_| range)
}

fn positive_millis(value: &str) -> Parsed<Duration> {
    millis(value).and_then(|d| {
        if d.is_zero() {
            Err("whole milliseconds from 1")
        } else {
            Ok(d)
        }
    })
}

fn bytes(value: &str) -> Parsed<usize> {
    bytes_i32(value).and_then(|n| usize::try_from(n).map_err(|_| "bytes from 0 to 2147483647"))
}

fn bytes_i32(value: &str) -> Parsed<i32> {
    let parsed = value.parse().ok().filter(|n| *n >= 0);
    parsed.ok_or("bytes from 0 to 2147483647")
}

fn count(value: &str) -> Parsed<usize> {
    let parsed = value.parse::<i32>().ok().filter(|n| *n >= 1);
    parsed
        .and_then(|n| usize::try_from(n).ok())
        .ok_or("a number from 1 to 2147483647")
}

fn retries(value: &str) -> Parsed<u32> {
    let parsed = value.parse::<i32>().ok();
    parsed
        .and_then(|n| u32::try_from(n).ok())
        .ok_or("a number from 0 to 2147483647")
}

fn boolean(value: &str) -> Parsed<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("true or false"),
    }
}

fn level(min: i32, max: i32) -> impl Fn(&str) -> Parsed<Option<i32>> {
    move |value| {
        let parsed = value.parse().ok().filter(|n| (min..=max).contains(n));
        parsed.map(Some).ok_or("a level that the codec knows")
    }
}

fn compression(value: &str) -> Parsed<Compression> {
    Compression::from_name(value).ok_or("none, gzip, snappy, lz4 or zstd")
}

fn acks(value: &str) -> Parsed<Acks> {
    match value {
        "0" => Ok(Acks::None),
        "1" => Ok(Acks::Leader),
        "all" | "-1" => Ok(Acks::All),
        _ => Err("0, 1, all or -1"),
    }
}

fn isolation_level(value: &str) -> Parsed<IsolationLevel> {
    match value {
        "read_uncommitted" => Ok(IsolationLevel::ReadUncommitted),
        "read_committed" => Ok(IsolationLevel::ReadCommitted),
        _ => Err("read_uncommitted or read_committed"),
    }
}

fn security_protocol(value: &str) -> Parsed<SecurityProtocol> {
    match value {
        "PLAINTEXT" => Ok(SecurityProtocol::Plaintext),
        _ => Err("PLAINTEXT"),
    }
}

fn offset_reset(value: &str) -> Parsed<OffsetReset> {
    let expected = "earliest, latest, none or by_duration:PnDTnHnMn.nS";
    match value {
        "earliest" => Ok(OffsetReset::Earliest),
        "latest" => Ok(OffsetReset::Latest),
        "none" => Ok(OffsetReset::None),
        other => {
            let duration = other.strip_prefix("by_duration:").and_then(iso_duration);
            duration.map(OffsetReset::ByDuration).ok_or(expected)
        }
    }
}

/// `P1DT2H3M4.5S`: days, hours, minutes, seconds.
fn iso_duration(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('P')?;
    let (date, time) = text.split_once('T').map_or((text, ""), |(d, t)| (d, t));
    let mut total = 0.0;
    let mut parts = 0;
    for (mut rest, units) in [
        (date, &[('D', 86_400.0)][..]),
        (time, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)][..]),
    ] {
        for (unit, seconds) in units {
            if let Some((number, after)) = rest.split_once(*unit) {
                let number: f64 = number.parse().ok().filter(|n| *n >= 0.0)?;
                total += number * seconds;
                parts += 1;
                rest = after;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    if parts == 0 {
        None
    } else {
        Duration::try_from_secs_f64(total).ok()
    }
}

#[cfg(test)]
mod tests;

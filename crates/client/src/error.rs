//! What can go wrong, by what the caller can do about it.

use crate::config::Address;
use klamm_codec::{DecodeError, EncodeError};
use klamm_wire::ErrorCode;
use std::io;

/// A setting has a bad value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} = {value:?}: expected {expected}")]
pub struct ConfigError {
    /// The setting.
    pub name: String,
    /// What it was set to.
    pub value: String,
    /// What it may be.
    pub expected: &'static str,
}

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// A setting has a bad value.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The connection could not be made, or ended before the answer. The request may have been carried out.
    #[error("{address}: {reason}")]
    Disconnected {
        /// The broker.
        address: Address,
        /// Why.
        reason: String,
    },
    /// The time for the whole call is over.
    #[error("{what} took too long{}", last_words(.last.as_deref()))]
    Timeout {
        /// The call.
        what: &'static str,
        /// What the last attempt ended with.
        last: Option<Box<Self>>,
    },
    /// The broker answered with an error code.
    #[error("{code}{}", message.as_deref().map(|m| format!(": {m}")).unwrap_or_default())]
    Server {
        /// The code.
        code: ErrorCode,
        /// What the broker says about it.
        message: Option<String>,
    },
    /// The broker has no version of this request that we speak.
    #[error("the broker does not speak {api} in a version of ours")]
    UnsupportedVersion {
        /// The request.
        api: &'static str,
    },
    /// The broker's bytes cannot be read, or the answer lacks what was asked for.
    #[error("bad answer: {0}")]
    BadAnswer(String),
    /// The request cannot be written in this version.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A record exceeds `max.request.size` or `buffer.memory`.
    #[error("a record of {bytes} bytes exceeds {setting} = {limit}")]
    RecordTooLarge {
        /// The record with its overhead.
        bytes: usize,
        /// The setting.
        setting: &'static str,
        /// Its value.
        limit: usize,
    },
    /// The topic has no such partition.
    #[error("{topic} has no partition {partition}")]
    NoSuchPartition {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// A partition has no position, and `auto.offset.reset` is `none`; or its position lies outside the log.
    #[error("no valid offset for {topic}-{partition}")]
    NoOffset {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// A batch from the broker is damaged.
    #[error("{topic}-{partition} at offset {offset}: {reason}")]
    CorruptBatch {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Where the batch begins, or the position if that is unknown.
        offset: i64,
        /// What is wrong.
        reason: String,
    },
    /// Another producer took over the transactional id. Nothing that this one does can succeed any more: close it.
    #[error("another producer took over transactional.id {transactional_id}: close this one")]
    Fenced {
        /// The id.
        transactional_id: String,
    },
    /// The open transaction cannot be committed: abort it, then do its work again.
    #[error("the transaction has to be aborted: {reason}")]
    MustAbort {
        /// What went wrong in it.
        reason: Box<Self>,
    },
    /// The call does not fit what the transactional producer is doing.
    #[error("{0}")]
    WrongTime(&'static str),
    /// The client was closed.
    #[error("the client is closed")]
    Closed,
}

impl ConfigError {
    pub(crate) fn new(name: &str, value: &str, expected: &'static str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), expected }
    }
}

impl ClientError {
    pub(crate) fn disconnected(address: &Address, error: &io::Error) -> Self {
        Self::Disconnected { address: address.clone(), reason: error.to_string() }
    }

    /// An error code without a message; `Ok` for none.
    pub(crate) fn check(code: i16) -> Result<(), Self> {
        Self::check_with(code, None::<&str>)
    }

    /// An error code with the broker's message; `Ok` for none.
    pub(crate) fn check_with(code: i16, message: Option<impl AsRef<str>>) -> Result<(), Self> {
        if code == 0 {
            return Ok(());
        }
        let message = message.map(|m| m.as_ref().to_owned());
        Err(Self::Server { code: ErrorCode(code), message })
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Disconnected { .. } => true,
            Self::Server { code, .. } => code.is_retriable(),
            _ => false,
        }
    }

    /// The broker's error code, if it gave one.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Server { code, .. } => Some(*code),
            _ => None,
        }
    }
}

impl From<DecodeError> for ClientError {
    fn from(error: DecodeError) -> Self {
        Self::BadAnswer(error.to_string())
    }
}

fn last_words(last: Option<&ClientError>) -> String {
    last.map(|error| format!("; last: {error}"))
        .unwrap_or_default()
}

//! What a `records` field holds.

use bytes::Bytes;
use klamm_host::FileRange;
use std::io;
use std::sync::Arc;

/// Record batches in memory, or a range of a file that the socket will be fed from.
#[derive(Debug, Clone)]
pub enum Records {
    /// Bytes, usually a slice of a received frame.
    Bytes(Bytes),
    /// A range of a log segment.
    File(FileRange),
}

impl Records {
    /// No record: what Kafka answers when there is nothing to read.
    pub const EMPTY: Self = Self::Bytes(Bytes::new());

    /// Bytes of the batches.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::File(range) => range.len,
        }
    }

    /// Whether there is no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, if they are in memory. Whatever was decoded is.
    #[must_use]
    pub const fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::File(_) => None,
        }
    }

    /// The bytes; read from the file if need be.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn to_bytes(&self) -> io::Result<Bytes> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::File(range) => Ok(range.read()?.into()),
        }
    }
}

impl Default for Records {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl From<Bytes> for Records {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<FileRange> for Records {
    fn from(range: FileRange) -> Self {
        Self::File(range)
    }
}

/// Equal bytes, or the same range of the same open file. Never reads a file.
impl PartialEq for Records {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::File(a), Self::File(b)) => {
                Arc::ptr_eq(&a.file, &b.file) && a.position == b.position && a.len == b.len
            }
            _ => false,
        }
    }
}

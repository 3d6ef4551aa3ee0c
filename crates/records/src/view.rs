//! Batches as they lie in a byte string: a fetch answer, a produce request, a piece of a segment.

use crate::crc::crc32c;
use crate::header::{
    BatchHeader, CRC_FROM, Compression, HEADER_BYTES, LOG_OVERHEAD_BYTES, MAGIC, Stamp,
};
use crate::inflate::{InflateError, InflateLimit, InflateReader, Inflater};
use crate::record::Records;

/// One whole batch of magic 2. Its length and magic are right; `verify_crc` and the checks of `validate` say the rest.
#[derive(Debug, Clone, Copy)]
pub struct BatchView<'a> {
    header: BatchHeader,
    bytes: &'a [u8],
}

/// Why bytes are not a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The bytes end before the batch does: normal at the end of a fetch, a torn write at the end of a log.
    #[error("the batch needs {need} bytes and {have} are there")]
    Incomplete {
        /// Bytes that are there.
        have: usize,
        /// Bytes that are needed to go on: a header, or the whole batch once the header is there.
        need: usize,
    },
    /// The announced length cannot hold a header.
    #[error("a batch cannot be {length} bytes long")]
    BadLength {
        /// The length field.
        length: i32,
    },
    /// A message set of magic 0 or 1, from before Kafka 0.11.
    #[error("the message format {magic} is no longer written")]
    OldMagic {
        /// 0 or 1.
        magic: i8,
    },
    /// A format that nobody knows.
    #[error("unknown message format {magic}")]
    UnknownMagic {
        /// The byte.
        magic: i8,
    },
    /// The bytes are not those that were written.
    #[error("the checksum is {computed:#010x}, but {stored:#010x} was stored")]
    Crc {
        /// In the header.
        stored: u32,
        /// Of the bytes.
        computed: u32,
    },
    /// Codec id 5, 6 or 7.
    #[error("unknown compression codec {id}")]
    BadCompression {
        /// The id.
        id: u8,
    },
    /// A negative count, a negative last offset delta, or more records than offsets.
    #[error("{count} records do not fit offsets 0 to {last_offset_delta}")]
    BadCount {
        /// Records, by the header.
        count: i32,
        /// The last offset, relative to the base offset.
        last_offset_delta: i32,
    },
}

impl<'a> BatchView<'a> {
    /// The batch at the beginning of `bytes`; what follows it is ignored.
    ///
    /// # Errors
    /// `Incomplete`, `BadLength`, `OldMagic`, `UnknownMagic`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BatchError> {
        let have = bytes.len();
        let Some((_, magic)) = bytes.split_at_checked(16) else {
            return Err(BatchError::Incomplete { have, need: HEADER_BYTES });
        };
        // The magic sits at one place in all formats, and the old ones have shorter headers.
        match magic.first().map(|b| b.cast_signed()) {
            None => return Err(BatchError::Incomplete { have, need: HEADER_BYTES }),
            Some(MAGIC) => {}
            Some(magic @ (0 | 1)) => return Err(BatchError::OldMagic { magic }),
            Some(magic) => return Err(BatchError::UnknownMagic { magic }),
        }
        let Some((header, _)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(BatchError::Incomplete { have, need: HEADER_BYTES });
        };
        let header = BatchHeader::parse(header);
        let need = header.batch_bytes();
        if need < HEADER_BYTES {
            return Err(BatchError::BadLength { length: header.length });
        }
        match bytes.split_at_checked(need) {
            Some((bytes, _)) => Ok(Self { header, bytes }),
            None => Err(BatchError::Incomplete { have, need }),
        }
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The whole batch.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What follows the header, compressed or not.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.bytes.get(HEADER_BYTES..).unwrap_or_default()
    }

    /// Whether the bytes are those that were written.
    ///
    /// # Errors
    /// `Crc`.
    pub fn verify_crc(&self) -> Result<(), BatchError> {
        let computed = crc32c(self.bytes.get(CRC_FROM..).unwrap_or_default());
        let stored = self.header.crc;
        if computed == stored {
            Ok(())
        } else {
            Err(BatchError::Crc { stored, computed })
        }
    }

    /// The checks that hold for every batch in a log: checksum, codec, counts. Fewer records than offsets are right
    /// there, since compaction takes some, and none at all too.
    ///
    /// # Errors
    /// `BadCompression`, `BadCount`, `Crc`.
    pub fn validate_stored(&self) -> Result<(), BatchError> {
        let header = &self.header;
        if header.compression().is_none() {
            return Err(BatchError::BadCompression { id: header.attributes.codec_id() });
        }
        let (count, last) = (header.record_count, header.last_offset_delta);
        if count < 0 || last < 0 || i64::from(count) > i64::from(last) + 1 {
            return Err(BatchError::BadCount { count, last_offset_delta: last });
        }
        self.verify_crc()
    }

    /// The new header that a leader writes in front of the untouched body.
    #[must_use]
    pub fn stamped(&self, stamp: Stamp) -> [u8; HEADER_BYTES] {
        self.header.stamped(stamp, self.body()).to_bytes()
    }

    /// The records, if they are not compressed.
    #[must_use]
    pub fn records(&self) -> Option<Records<'a>> {
        match self.header.compression() {
            Some(Compression::None) => Some(Records::new(&self.header, self.body())),
            _ => None,
        }
    }

    /// A reader of the body without compression, which gives at most `limit` bytes.
    ///
    /// # Errors
    /// An unknown codec, or a frame that this house does not read.
    pub fn inflate_reader<'i>(
        &self,
        inflater: &'i mut Inflater,
        limit: InflateLimit,
    ) -> Result<InflateReader<'i>, InflateError>
    where
        'a: 'i,
    {
        let compression = self
            .header
            .compression()
            .ok_or(InflateError::UnknownCodec)?;
        inflater.reader(compression, self.body(), limit)
    }

    /// The body without compression, in memory; give it to `Records::new`.
    ///
    /// # Errors
    /// An unknown codec, bytes that are not the codec's, or more output than the limit.
    pub fn inflate(
        &self,
        inflater: &mut Inflater,
        limit: InflateLimit,
    ) -> Result<Vec<u8>, InflateError> {
        self.inflate_reader(inflater, limit)?.read_to_end()
    }
}

/// The batches in a byte string, one after the other. Ends at the end of the bytes or after the first error.
#[derive(Debug, Clone)]
pub struct Batches<'a> {
    all: &'a [u8],
    position: usize,
    failed: bool,
}

/// Walks over the batches in `bytes`.
#[must_use]
pub const fn batches(bytes: &[u8]) -> Batches<'_> {
    Batches { all: bytes, position: 0, failed: false }
}

impl Batches<'_> {
    /// Bytes of the batches given so far: where the next one begins, or where the error is.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<BatchView<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.all.get(self.position..).unwrap_or_default();
        if self.failed || rest.is_empty() {
            return None;
        }
        let batch = BatchView::parse(rest);
        match &batch {
            Ok(batch) => self.position += batch.bytes.len(),
            Err(_) => self.failed = true,
        }
        Some(batch)
    }
}

const _: () = assert!(LOG_OVERHEAD_BYTES < HEADER_BYTES);

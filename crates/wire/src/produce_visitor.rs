//! Reads Produce requests piece by piece: no structs, no allocation, slices of the frame.
//!
//! ```text
//! start: transactional id, acks, timeout
//! topic: name or id ── partition: index, records ── partition … ── topic …
//! ```
//! Says the same as the generated decoder (a test holds one against the other), at a fraction of its cost.
//! To keep records beyond the frame's borrow, `Bytes::slice_ref` shares them.

use klamm_codec::{DecodeError, varint};
use klamm_model::Uuid;

use crate::Request;
use crate::messages::produce::ProduceRequest;

/// What a Produce request says before its topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProduceStart<'a> {
    /// The transaction that the batches belong to.
    pub transactional_id: Option<&'a str>,
    /// 0: no answer, 1: written by the leader, -1: by all in-sync replicas.
    pub acks: i16,
    /// How long to wait for the acknowledgements, in milliseconds.
    pub timeout_ms: i32,
}

/// The next thing in a Produce request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProduceEvent<'a> {
    /// The partitions that follow are of this topic.
    Topic {
        /// Its name; empty from version 13 on.
        name: &'a str,
        /// Its id; zero before version 13.
        id: Uuid,
        /// How many follow. A peer's claim that has room in the frame, no more.
        partitions: usize,
    },
    /// Batches for a partition.
    Partition {
        /// Its number.
        index: i32,
        /// The batches, not looked into.
        records: Option<&'a [u8]>,
    },
}

/// A position in a Produce request. After an error it stays where it is: ask no further.
#[derive(Debug, Clone)]
pub struct ProduceVisitor<'a> {
    unread: Unread<'a>,
    flexible: bool,
    by_id: bool,
    topics_left: usize,
    /// None between topics.
    partitions_left: Option<usize>,
    done: bool,
}

impl<'a> ProduceVisitor<'a> {
    /// Begins at the front of a request body.
    ///
    /// # Errors
    /// The version is none of ours, or the bytes are no Produce request.
    pub fn new(body: &'a [u8], version: i16) -> Result<(ProduceStart<'a>, Self), DecodeError> {
        if !(ProduceRequest::MIN_VERSION..=ProduceRequest::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ProduceRequest", version });
        }
        let flexible = version >= <ProduceRequest as Request>::FLEXIBLE_FROM;
        let mut unread = Unread(body);
        let start = ProduceStart {
            transactional_id: unread.nullable_text(flexible)?,
            acks: i16::from_be_bytes(unread.fixed()?),
            timeout_ms: i32::from_be_bytes(unread.fixed()?),
        };
        let topics_left = unread.count(flexible)?;
        let by_id = version >= FIRST_VERSION_BY_ID;
        let visitor = Self {
            unread,
            flexible,
            by_id,
            topics_left,
            partitions_left: None,
            done: false,
        };
        Ok((start, visitor))
    }

    /// The next topic or partition; None at the end.
    ///
    /// # Errors
    /// The bytes are no Produce request.
    pub fn next_event(&mut self) -> Result<Option<ProduceEvent<'a>>, DecodeError> {
        if self.partitions_left == Some(0) {
            self.tagged_fields()?;
            self.partitions_left = None;
        }
        if let Some(left) = self.partitions_left {
            let index = i32::from_be_bytes(self.unread.fixed()?);
            let records = self.unread.nullable_bytes(self.flexible)?;
            self.tagged_fields()?;
            self.partitions_left = Some(left - 1);
            return Ok(Some(ProduceEvent::Partition { index, records }));
        }
        if let Some(left) = self.topics_left.checked_sub(1) {
            let (name, id) = if self.by_id {
                ("", Uuid::from_bytes(self.unread.fixed()?))
            } else {
                let name = self.unread.nullable_text(self.flexible)?;
                (name.ok_or(DecodeError::UnexpectedNull)?, Uuid::ZERO)
            };
            let partitions = self.unread.count(self.flexible)?;
            self.topics_left = left;
            self.partitions_left = Some(partitions);
            return Ok(Some(ProduceEvent::Topic { name, id, partitions }));
        }
        if !self.done {
            self.tagged_fields()?;
            self.done = true;
        }
        Ok(None)
    }

    /// Bytes not read yet: at the end, those that do not belong to the request.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.unread.0.len()
    }

    fn tagged_fields(&mut self) -> Result<(), DecodeError> {
        if self.flexible {
            self.unread.skip_tagged_fields()
        } else {
            Ok(())
        }
    }
}

/// The first version that names topics by id (KIP-516).
const FIRST_VERSION_BY_ID: i16 = 13;

/// Bytes still to be read.
#[derive(Debug, Clone)]
struct Unread<'a>(&'a [u8]);

impl<'a> Unread<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let Some((taken, rest)) = self.0.split_at_checked(count) else {
            return Err(DecodeError::Truncated { needed: count, remaining: self.0.len() });
        };
        self.0 = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((taken, rest)) = self.0.split_first_chunk::<N>() else {
            return Err(DecodeError::Truncated { needed: N, remaining: self.0.len() });
        };
        self.0 = rest;
        Ok(*taken)
    }

    fn uvarint(&mut self) -> Result<u32, DecodeError> {
        let (value, length) = varint::read_uvarint(self.0)?;
        self.take(length)?;
        Ok(value)
    }

    /// A length in front of text (`i16`) or of anything else (`i32`), or the compact form of both.
    fn length(&mut self, flexible: bool, text: bool) -> Result<Option<usize>, DecodeError> {
        let announced = if flexible {
            i64::from(self.uvarint()?) - 1
        } else if text {
            i64::from(i16::from_be_bytes(self.fixed()?))
        } else {
            i64::from(i32::from_be_bytes(self.fixed()?))
        };
        match usize::try_from(announced) {
            Ok(count) => Ok(Some(count)),
            Err(_) if announced == -1 => Ok(None),
            Err(_) => Err(DecodeError::NegativeLength(announced)),
        }
    }

    fn nullable_bytes(&mut self, flexible: bool) -> Result<Option<&'a [u8]>, DecodeError> {
        let length = self.length(flexible, false)?;
        length.map(|count| self.take(count)).transpose()
    }

    fn nullable_text(&mut self, flexible: bool) -> Result<Option<&'a str>, DecodeError> {
        let Some(count) = self.length(flexible, true)? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(self.take(count)?);
        text.map(Some).map_err(|_| DecodeError::NotUtf8)
    }

    /// The count of an array. A topic takes three bytes at least, a partition six.
    fn count(&mut self, flexible: bool) -> Result<usize, DecodeError> {
        let count = self
            .length(flexible, false)?
            .ok_or(DecodeError::UnexpectedNull)?;
        let remaining = self.0.len();
        let needed = count.saturating_mul(ELEMENT_BYTES_MIN);
        if needed > remaining {
            return Err(DecodeError::Truncated { needed, remaining });
        }
        Ok(count)
    }

    fn skip_tagged_fields(&mut self) -> Result<(), DecodeError> {
        let mut lowest = Some(0u32);
        for _ in 0..self.uvarint()? {
            let tag = self.uvarint()?;
            if lowest.is_none_or(|lowest| tag < lowest) {
                return Err(DecodeError::TagOrder(tag));
            }
            lowest = tag.checked_add(1);
            let size = self.uvarint()? as usize;
            self.take(size)?;
        }
        Ok(())
    }
}

/// The least that a topic takes: an empty compact name, an empty compact array, no tagged fields.
const ELEMENT_BYTES_MIN: usize = 3;

#[cfg(test)]
mod tests;

//! Reads values out of a frame without copying.

use bytes::Bytes;
use klamm_model::Uuid;

use crate::{Budget, DecodeError, Records, Str, varint};

/// A reader over a frame. Text, bytes and records come out as slices that share the frame's memory.
///
/// `flexible` chooses between the two forms of every length: a fixed-width number, or (KIP-482) an unsigned varint of
/// length + 1 where zero means null.
#[derive(Debug, Clone)]
pub struct Dec {
    frame: Bytes,
    /// Where the next byte is. Invariant: `position <= end <= frame.len()`.
    position: usize,
    /// Where reading has to stop: the end of the frame, or of the tagged field being read.
    end: usize,
    budget: Budget,
    /// Whether bytes that are no text become U+FFFD.
    repairs_text: bool,
}

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident -> $type:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// [`DecodeError::Truncated`].
        #[inline]
        pub fn $name(&mut self) -> Result<$type, DecodeError> {
            Ok(<$type>::from_be_bytes(self.fixed()?))
        }
    )*};
}

impl Dec {
    /// Elements that an array gets memory for before the first of them was read. Beyond, it grows as they arrive.
    pub const CAPACITY_MAX: usize = 4096;

    /// Reads a frame under the default budget.
    #[must_use]
    pub fn new(frame: Bytes) -> Self {
        let budget = Budget::for_frame(frame.len());
        Self::with_budget(frame, budget)
    }

    /// Reads a frame under a budget of the caller's.
    #[must_use]
    pub const fn with_budget(frame: Bytes, budget: Budget) -> Self {
        Self {
            position: 0,
            end: frame.len(),
            frame,
            budget,
            repairs_text: false,
        }
    }

    /// From now on text that is no UTF-8 is read with U+FFFD in the wrong places instead of being refused: Java reads
    /// it so, and clients in other languages send what they were configured with.
    pub const fn repair_text(&mut self) {
        self.repairs_text = true;
    }

    /// Bytes not yet read.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.end - self.position
    }

    /// Bytes read.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// What the elements may still cost.
    #[must_use]
    pub const fn budget(&self) -> Budget {
        self.budget
    }

    /// The bytes not yet read, as a slice that shares the frame.
    #[must_use]
    pub fn rest(&self) -> Bytes {
        self.frame.slice(self.position..self.end)
    }

    /// Checks that nothing is left over.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBytes`].
    pub const fn finish(&self) -> Result<(), DecodeError> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes(left)),
        }
    }

    /// Moves on by `count` bytes and says where they began.
    #[inline]
    fn advance(&mut self, count: usize) -> Result<usize, DecodeError> {
        let remaining = self.remaining();
        if count > remaining {
            return Err(DecodeError::Truncated { needed: count, remaining });
        }
        let start = self.position;
        self.position += count;
        Ok(start)
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let remaining = self.remaining();
        let truncated = DecodeError::Truncated { needed: N, remaining };
        let unread = self.frame.get(self.position..self.end).unwrap_or_default();
        let Some(bytes) = unread.first_chunk::<N>() else {
            return Err(truncated);
        };
        self.position += N;
        Ok(*bytes)
    }

    fixed! {
        /// Reads one byte.
        u8 -> u8;
        /// Reads an int8.
        i8 -> i8;
        /// Reads an int16.
        i16 -> i16;
        /// Reads an int32.
        i32 -> i32;
        /// Reads an int64.
        i64 -> i64;
        /// Reads a uint16.
        u16 -> u16;
        /// Reads a uint32.
        u32 -> u32;
        /// Reads a float64.
        f64 -> f64;
    }

    /// Reads a boolean. As in Kafka, every byte but zero is true.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    #[inline]
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        Ok(self.u8()? != 0)
    }

    /// Reads an id of 16 bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    #[inline]
    pub fn uuid(&mut self) -> Result<Uuid, DecodeError> {
        Ok(Uuid::from_bytes(self.fixed()?))
    }

    /// Reads an unsigned variable-length number.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::VarintTooLong`].
    #[inline]
    pub fn uvarint(&mut self) -> Result<u32, DecodeError> {
        let (value, length) = varint::read_uvarint(self.unread())?;
        self.position += length;
        Ok(value)
    }

    /// Reads an unsigned variable-length number of 64 bits.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::VarintTooLong`].
    #[inline]
    pub fn uvarlong(&mut self) -> Result<u64, DecodeError> {
        let (value, length) = varint::read_uvarlong(self.unread())?;
        self.position += length;
        Ok(value)
    }

    /// Reads a zig-zag folded number.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::VarintTooLong`].
    #[inline]
    pub fn varint(&mut self) -> Result<i32, DecodeError> {
        let (value, length) = varint::read_varint(self.unread())?;
        self.position += length;
        Ok(value)
    }

    /// Reads a zig-zag folded number of 64 bits.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::VarintTooLong`].
    #[inline]
    pub fn varlong(&mut self) -> Result<i64, DecodeError> {
        let (value, length) = varint::read_varlong(self.unread())?;
        self.position += length;
        Ok(value)
    }

    #[inline]
    fn unread(&self) -> &[u8] {
        self.frame.get(self.position..self.end).unwrap_or_default()
    }

    /// Takes the next `count` bytes as a slice of the frame.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<Bytes, DecodeError> {
        let start = self.advance(count)?;
        Ok(self.frame.slice(start..self.position))
    }

    /// Passes over the next `count` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    #[inline]
    pub fn skip(&mut self, count: usize) -> Result<(), DecodeError> {
        self.advance(count).map(drop)
    }

    /// Reads text.
    ///
    /// # Errors
    /// Null, no UTF-8, or a length beyond the end.
    pub fn string(&mut self, flexible: bool) -> Result<Str, DecodeError> {
        self.nullable_string(flexible)?
            .ok_or(DecodeError::UnexpectedNull)
    }

    /// Reads text or null.
    ///
    /// # Errors
    /// No UTF-8, or a length beyond the end.
    pub fn nullable_string(&mut self, flexible: bool) -> Result<Option<Str>, DecodeError> {
        let announced = if flexible {
            self.compact_length()?
        } else {
            i64::from(self.i16()?)
        };
        match length(announced)? {
            None => Ok(None),
            Some(count) => {
                let bytes = self.take(count)?;
                match Str::from_utf8(bytes.clone()) {
                    Err(DecodeError::NotUtf8) if self.repairs_text => {
                        self.repaired(&bytes).map(Some)
                    }
                    text => text.map(Some),
                }
            }
        }
    }

    /// No slice of the frame, so it costs.
    fn repaired(&mut self, bytes: &[u8]) -> Result<Str, DecodeError> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.budget.take(1, text.len())?;
        Ok(Str::from(text))
    }

    /// Reads bytes.
    ///
    /// # Errors
    /// Null, or a length beyond the end.
    pub fn bytes(&mut self, flexible: bool) -> Result<Bytes, DecodeError> {
        self.nullable_bytes(flexible)?
            .ok_or(DecodeError::UnexpectedNull)
    }

    /// Reads bytes or null.
    ///
    /// # Errors
    /// A length beyond the end.
    pub fn nullable_bytes(&mut self, flexible: bool) -> Result<Option<Bytes>, DecodeError> {
        match self.wide_length(flexible)? {
            None => Ok(None),
            Some(count) => self.take(count).map(Some),
        }
    }

    /// Reads record batches or null. They are not looked into.
    ///
    /// # Errors
    /// A length beyond the end.
    pub fn records(&mut self, flexible: bool) -> Result<Option<Records>, DecodeError> {
        Ok(self.nullable_bytes(flexible)?.map(Records::Bytes))
    }

    /// Reads an array. An element takes at least `element_bytes_min` in the frame, which bounds the count before anything
    /// is allocated.
    ///
    /// # Errors
    /// Null, more elements than can follow, a spent budget, or what `read` reports.
    pub fn array<T>(
        &mut self,
        flexible: bool,
        element_bytes_min: usize,
        read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        self.nullable_array(flexible, element_bytes_min, read)?
            .ok_or(DecodeError::UnexpectedNull)
    }

    /// Reads an array or null.
    ///
    /// # Errors
    /// As [`Dec::array`], without null.
    pub fn nullable_array<T>(
        &mut self,
        flexible: bool,
        element_bytes_min: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<Vec<T>>, DecodeError> {
        let Some(count) = self.array_count(flexible, element_bytes_min, size_of::<T>())? else {
            return Ok(None);
        };
        let mut items = Vec::with_capacity(count.min(Self::CAPACITY_MAX));
        for _ in 0..count {
            // Doubles as elements arrive, but never beyond what the budget paid for.
            if items.len() == items.capacity() {
                items.reserve_exact((count - items.len()).min(items.len().max(1)));
            }
            items.push(read(self)?);
        }
        Ok(Some(items))
    }

    /// Reads the count of an array, checks it against the bytes that remain, and pays for `element_bytes` of memory each.
    /// None is a null array.
    ///
    /// # Errors
    /// As [`Dec::nullable_array`].
    pub fn array_count(
        &mut self,
        flexible: bool,
        element_bytes_min: usize,
        element_bytes: usize,
    ) -> Result<Option<usize>, DecodeError> {
        let Some(count) = self.wide_length(flexible)? else {
            return Ok(None);
        };
        let needed = count.saturating_mul(element_bytes_min);
        let remaining = self.remaining();
        if needed > remaining {
            return Err(DecodeError::Truncated { needed, remaining });
        }
        self.budget.take(count, element_bytes)?;
        Ok(Some(count))
    }

    /// Reads the byte before a nullable struct: whether a struct follows.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn struct_marker(&mut self) -> Result<bool, DecodeError> {
        Ok(self.i8()? >= 0)
    }

    /// Reads what precedes a nullable struct in a tagged field: there, Kafka's marker is an unsigned varint, and zero is null.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::VarintTooLong`].
    pub fn tagged_struct_marker(&mut self) -> Result<bool, DecodeError> {
        Ok(self.uvarint()? != 0)
    }

    /// Reads the tagged fields at the end of a flexible struct. `read` gets each tag with a reader that ends where the field
    /// ends, and says whether it knew the tag; unknown fields are passed over.
    ///
    /// # Errors
    /// Tags that don't rise, a known field that does not fill its size, or what `read` reports.
    pub fn tagged_fields(
        &mut self,
        mut read: impl FnMut(&mut Self, u32) -> Result<bool, DecodeError>,
    ) -> Result<(), DecodeError> {
        let count = self.uvarint()?;
        let mut lowest = Some(0u32);
        for _ in 0..count {
            let tag = self.uvarint()?;
            if lowest.is_none_or(|lowest| tag < lowest) {
                return Err(DecodeError::TagOrder(tag));
            }
            lowest = tag.checked_add(1);
            let size = self.uvarint()? as usize;
            let remaining = self.remaining();
            if size > remaining {
                return Err(DecodeError::Truncated { needed: size, remaining });
            }
            let outer_end = std::mem::replace(&mut self.end, self.position + size);
            let known = read(self, tag);
            let field_end = std::mem::replace(&mut self.end, outer_end);
            if !known? {
                self.position = field_end;
            } else if self.position != field_end {
                return Err(DecodeError::TagSize(tag));
            }
        }
        Ok(())
    }

    /// Passes over the tagged fields of a struct that knows none.
    ///
    /// # Errors
    /// As [`Dec::tagged_fields`].
    pub fn skip_tagged_fields(&mut self) -> Result<(), DecodeError> {
        self.tagged_fields(|_, _| Ok(false))
    }

    fn compact_length(&mut self) -> Result<i64, DecodeError> {
        Ok(i64::from(self.uvarint()?) - 1)
    }

    fn wide_length(&mut self, flexible: bool) -> Result<Option<usize>, DecodeError> {
        let announced = if flexible {
            self.compact_length()?
        } else {
            i64::from(self.i32()?)
        };
        length(announced)
    }
}

/// -1 means null, and below there is nothing.
fn length(announced: i64) -> Result<Option<usize>, DecodeError> {
    match usize::try_from(announced) {
        Ok(count) => Ok(Some(count)),
        Err(_) if announced == -1 => Ok(None),
        Err(_) => Err(DecodeError::NegativeLength(announced)),
    }
}

#[cfg(test)]
mod tests;

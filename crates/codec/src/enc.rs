//! Writes values into segments that a socket takes one after the other.

use bytes::{BufMut, Bytes, BytesMut};
use klamm_host::FileRange;
use klamm_model::Uuid;
use std::io;

use crate::text::Text;
use crate::{EncodeError, Records, varint};

/// A piece of output.
#[derive(Debug, Clone)]
pub enum Segment {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A range of a file, for `sendfile`.
    File(FileRange),
}

impl Segment {
    /// Bytes of this piece.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::File(range) => range.len,
        }
    }

    /// Whether this piece has no byte. `Enc` makes no such piece.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What was written, in order.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The pieces; none is empty.
    pub segments: Vec<Segment>,
    /// Bytes of all pieces together.
    pub len: usize,
}

impl Output {
    /// All pieces as one. Copies unless there is a single piece in memory; reads files.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn into_bytes(mut self) -> io::Result<Bytes> {
        if let [Segment::Bytes(bytes)] = self.segments.as_mut_slice() {
            return Ok(std::mem::take(bytes));
        }
        let mut all = BytesMut::with_capacity(self.len);
        for segment in &self.segments {
            match segment {
                Segment::Bytes(bytes) => all.extend_from_slice(bytes),
                Segment::File(range) => all.extend_from_slice(&range.read()?),
            }
        }
        Ok(all.freeze())
    }
}

impl From<Bytes> for Output {
    fn from(bytes: Bytes) -> Self {
        let len = bytes.len();
        let segments = if len == 0 {
            Vec::new()
        } else {
            vec![Segment::Bytes(bytes)]
        };
        Self { segments, len }
    }
}

/// A writer. Small values are copied into a buffer; long bytes and file ranges become segments of their own.
#[derive(Debug, Default)]
pub struct Enc {
    /// Finished pieces. The buffers among them stay writable until the end, so that a frame's length can be filled in.
    pieces: Vec<Piece>,
    /// Bytes of the finished pieces.
    pieces_len: usize,
    buffer: BytesMut,
}

#[derive(Debug)]
enum Piece {
    Buffer(BytesMut),
    Shared(Segment),
}

/// Bytes up to this length are copied: a segment costs more than so short a copy.
const COPIED_BYTES_MAX: usize = 1024;

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident $put:ident $type:ty;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(&mut self, value: $type) {
            self.buffer.$put(value);
        }
    )*};
}

impl Enc {
    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer with room for `bytes`.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { buffer: BytesMut::with_capacity(bytes), ..Self::default() }
    }

    /// A writer that begins with a frame's length, to be filled in by [`Enc::finish_frame`].
    #[must_use]
    pub fn framed() -> Self {
        let mut enc = Self::with_capacity(256);
        enc.i32(0);
        enc
    }

    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces_len + self.buffer.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pieces written.
    #[must_use]
    pub fn finish(mut self) -> Output {
        let len = self.len();
        if self.pieces.is_empty() {
            // The usual case: all of it is in one buffer, which need not be cut.
            return Output::from(self.buffer.freeze());
        }
        self.cut();
        let segments = self
            .pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Buffer(buffer) => Segment::Bytes(buffer.freeze()),
                Piece::Shared(segment) => segment,
            })
            .collect();
        Output { segments, len }
    }

    /// What was written, as one piece. Copies unless it is one in memory; reads files.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn finish_bytes(self) -> io::Result<Bytes> {
        if self.pieces.is_empty() {
            return Ok(self.buffer.freeze());
        }
        self.finish().into_bytes()
    }

    /// The pieces of a frame begun with [`Enc::framed`], its length filled in.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] from 2 GiB on.
    pub fn finish_frame(mut self) -> Result<Output, EncodeError> {
        let length = self.len().saturating_sub(4);
        let length = i32::try_from(length).map_err(|_| EncodeError::TooLong(length))?;
        let first = match self.pieces.first_mut() {
            Some(Piece::Buffer(first)) => Some(first),
            Some(Piece::Shared(_)) => None,
            None => Some(&mut self.buffer),
        };
        if let Some(place) = first.and_then(|first| first.first_chunk_mut::<4>()) {
            *place = length.to_be_bytes();
        }
        Ok(self.finish())
    }

    /// Makes a piece of what is in the buffer.
    fn cut(&mut self) {
        if !self.buffer.is_empty() {
            let buffer = self.buffer.split();
            self.pieces_len += buffer.len();
            self.pieces.push(Piece::Buffer(buffer));
        }
    }

    fn share(&mut self, segment: Segment) {
        self.cut();
        self.pieces_len += segment.len();
        self.pieces.push(Piece::Shared(segment));
    }

    fixed! {
        /// Writes one byte.
        u8 put_u8 u8;
        /// Writes an int8.
        i8 put_i8 i8;
        /// Writes an int16.
        i16 put_i16 i16;
        /// Writes an int32.
        i32 put_i32 i32;
        /// Writes an int64.
        i64 put_i64 i64;
        /// Writes a uint16.
        u16 put_u16 u16;
        /// Writes a uint32.
        u32 put_u32 u32;
        /// Writes a float64.
        f64 put_f64 f64;
    }

    /// Writes a boolean.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.u8(value.into());
    }

    /// Writes an id of 16 bytes.
    #[inline]
    pub fn uuid(&mut self, value: Uuid) {
        self.buffer.put_slice(&value.to_bytes());
    }

    /// Writes an unsigned variable-length number.
    #[inline]
    pub fn uvarint(&mut self, value: u32) {
        varint::put_uvarint(&mut self.buffer, value);
    }

    /// Writes an unsigned variable-length number of 64 bits.
    #[inline]
    pub fn uvarlong(&mut self, value: u64) {
        varint::put_uvarlong(&mut self.buffer, value);
    }

    /// Writes a number, zig-zag folded.
    #[inline]
    pub fn varint(&mut self, value: i32) {
        varint::put_varint(&mut self.buffer, value);
    }

    /// Writes a number of 64 bits, zig-zag folded.
    #[inline]
    pub fn varlong(&mut self, value: i64) {
        varint::put_varlong(&mut self.buffer, value);
    }

    /// Copies bytes without a length.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.put_slice(bytes);
    }

    /// Writes bytes without a length; long ones are shared, not copied.
    pub fn raw_shared(&mut self, bytes: &Bytes) {
        if bytes.len() <= COPIED_BYTES_MAX {
            self.raw(bytes);
        } else {
            self.share(Segment::Bytes(bytes.clone()));
        }
    }

    /// Writes text.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] from 32 KiB on if not flexible.
    pub fn string<T: Text + ?Sized>(
        &mut self,
        flexible: bool,
        text: &T,
    ) -> Result<(), EncodeError> {
        let text = text.utf8();
        let count = text.len();
        if flexible {
            self.compact_length(count)?;
        } else {
            self.i16(i16::try_from(count).map_err(|_| EncodeError::TooLong(count))?);
        }
        self.raw(text);
        Ok(())
    }

    /// Writes text or null.
    ///
    /// # Errors
    /// As [`Enc::string`].
    pub fn nullable_string(
        &mut self,
        flexible: bool,
        text: Option<&str>,
    ) -> Result<(), EncodeError> {
        match text {
            Some(text) => self.string(flexible, text)?,
            None if flexible => self.u8(0),
            None => self.i16(-1),
        }
        Ok(())
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] from 2 GiB on.
    pub fn bytes(&mut self, flexible: bool, bytes: &Bytes) -> Result<(), EncodeError> {
        self.wide_length(flexible, bytes.len())?;
        self.raw_shared(bytes);
        Ok(())
    }

    /// Writes bytes or null.
    ///
    /// # Errors
    /// As [`Enc::bytes`].
    pub fn nullable_bytes(
        &mut self,
        flexible: bool,
        bytes: Option<&Bytes>,
    ) -> Result<(), EncodeError> {
        match bytes {
            Some(bytes) => self.bytes(flexible, bytes)?,
            None => self.wide_null(flexible),
        }
        Ok(())
    }

    /// Writes record batches or null. A file range is not read, it becomes a segment.
    ///
    /// # Errors
    /// As [`Enc::bytes`].
    pub fn records(
        &mut self,
        flexible: bool,
        records: Option<&Records>,
    ) -> Result<(), EncodeError> {
        match records {
            None => self.wide_null(flexible),
            Some(Records::Bytes(bytes)) => self.bytes(flexible, bytes)?,
            Some(Records::File(range)) => {
                self.wide_length(flexible, range.len)?;
                if range.len > 0 {
                    self.share(Segment::File(range.clone()));
                }
            }
        }
        Ok(())
    }

    /// Writes an array.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] from 2^31 elements on, or what `write` reports.
    pub fn array<T>(
        &mut self,
        flexible: bool,
        items: &[T],
        mut write: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.wide_length(flexible, items.len())?;
        for item in items {
            write(self, item)?;
        }
        Ok(())
    }

    /// Writes an array or null.
    ///
    /// # Errors
    /// As [`Enc::array`].
    pub fn nullable_array<T>(
        &mut self,
        flexible: bool,
        items: Option<&[T]>,
        write: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        match items {
            Some(items) => self.array(flexible, items, write)?,
            None => self.wide_null(flexible),
        }
        Ok(())
    }

    /// Writes the byte before a nullable struct: whether a struct follows.
    pub fn struct_marker(&mut self, present: bool) {
        self.i8(if present { 1 } else { -1 });
    }

    /// Writes what precedes a nullable struct in a tagged field: there, Kafka's marker is an unsigned varint, and zero is null.
    pub fn tagged_struct_marker(&mut self, present: bool) {
        self.uvarint(present.into());
    }

    /// Writes the tagged fields at the end of a flexible struct. `write` adds them in the order of their tags, and only those
    /// that differ from their default.
    ///
    /// # Errors
    /// What `write` reports.
    pub fn tagged_fields(
        &mut self,
        write: impl FnOnce(&mut TagWriter) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let mut tags = TagWriter { count: 0, fields: None };
        write(&mut tags)?;
        self.uvarint(tags.count);
        if let Some(fields) = tags.fields {
            self.append(fields);
        }
        Ok(())
    }

    /// Writes an empty section of tagged fields.
    #[inline]
    pub fn no_tagged_fields(&mut self) {
        self.u8(0);
    }

    fn append(&mut self, other: Self) {
        for piece in other.pieces {
            match piece {
                Piece::Buffer(buffer) => self.raw(&buffer),
                Piece::Shared(segment) => self.share(segment),
            }
        }
        self.raw(&other.buffer);
    }

    fn compact_length(&mut self, count: usize) -> Result<(), EncodeError> {
        if count > i32::MAX as usize {
            return Err(EncodeError::TooLong(count));
        }
        self.uvarint(count as u32 + 1);
        Ok(())
    }

    fn wide_length(&mut self, flexible: bool, count: usize) -> Result<(), EncodeError> {
        if flexible {
            return self.compact_length(count);
        }
        self.i32(i32::try_from(count).map_err(|_| EncodeError::TooLong(count))?);
        Ok(())
    }

    fn wide_null(&mut self, flexible: bool) {
        if flexible {
            self.u8(0);
        } else {
            self.i32(-1);
        }
    }
}

/// Collects the tagged fields of one struct.
#[derive(Debug)]
pub struct TagWriter {
    count: u32,
    /// Most structs have none.
    fields: Option<Enc>,
}

impl TagWriter {
    /// Adds a field. Tags must rise.
    ///
    /// # Errors
    /// What `write` reports.
    pub fn field(
        &mut self,
        tag: u32,
        write: impl FnOnce(&mut Enc) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let mut field = Enc::new();
        write(&mut field)?;
        let size = u32::try_from(field.len()).map_err(|_| EncodeError::TooLong(field.len()))?;
        let fields = self.fields.get_or_insert_default();
        fields.uvarint(tag);
        fields.uvarint(size);
        fields.append(field);
        self.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

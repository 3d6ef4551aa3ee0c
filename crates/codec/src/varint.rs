//! Variable-length numbers: seven bits a byte, lowest first, the top bit says "more follows".
//!
//! Signed numbers are zig-zag folded first (0, -1, 1, -2 … become 0, 1, 2, 3 …). These functions serve slices and
//! buffers; `Dec` and `Enc` build on them.

use bytes::BufMut;

use crate::DecodeError;

/// The longest 32-bit number.
pub const VARINT_BYTES_MAX: usize = 5;
/// The longest 64-bit number.
pub const VARLONG_BYTES_MAX: usize = 10;

/// Reads an unsigned 32-bit number from the front: the number and its length in bytes.
///
/// # Errors
/// [`DecodeError::Truncated`], or [`DecodeError::VarintTooLong`] beyond 5 bytes or 32 bits.
#[inline]
pub fn read_uvarint(bytes: &[u8]) -> Result<(u32, usize), DecodeError> {
    // Nearly all of Kafka's lengths fit one byte.
    if let Some(&first) = bytes.first()
        && first < 0x80
    {
        return Ok((u32::from(first), 1));
    }
    let (value, length) = read(bytes, VARINT_BYTES_MAX)?;
    let value = u32::try_from(value).map_err(|_| DecodeError::VarintTooLong)?;
    Ok((value, length))
}

/// Reads an unsigned 64-bit number from the front: the number and its length in bytes.
///
/// # Errors
/// [`DecodeError::Truncated`], or [`DecodeError::VarintTooLong`] beyond 10 bytes or 64 bits.
#[inline]
pub fn read_uvarlong(bytes: &[u8]) -> Result<(u64, usize), DecodeError> {
    read(bytes, VARLONG_BYTES_MAX)
}

/// Reads a zig-zag folded 32-bit number from the front: the number and its length in bytes.
///
/// # Errors
/// As [`read_uvarint`].
#[inline]
pub fn read_varint(bytes: &[u8]) -> Result<(i32, usize), DecodeError> {
    let (folded, length) = read_uvarint(bytes)?;
    Ok((unfold32(folded), length))
}

/// Reads a zig-zag folded 64-bit number from the front: the number and its length in bytes.
///
/// # Errors
/// As [`read_uvarlong`].
#[inline]
pub fn read_varlong(bytes: &[u8]) -> Result<(i64, usize), DecodeError> {
    let (folded, length) = read_uvarlong(bytes)?;
    Ok(((folded >> 1) as i64 ^ -((folded & 1) as i64), length))
}

fn read(bytes: &[u8], bytes_max: usize) -> Result<(u64, usize), DecodeError> {
    let mut value = 0u64;
    for (i, &byte) in bytes.iter().take(bytes_max).enumerate() {
        let bits = u64::from(byte & 0x7f);
        let shift = 7 * i as u32;
        // The tenth byte has room for one bit.
        if (bits << shift) >> shift != bits {
            return Err(DecodeError::VarintTooLong);
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Ok((value, i + 1));
        }
    }
    if bytes.len() < bytes_max {
        return Err(DecodeError::Truncated { needed: bytes.len() + 1, remaining: bytes.len() });
    }
    Err(DecodeError::VarintTooLong)
}

/// Writes an unsigned 32-bit number.
#[inline]
pub fn put_uvarint(out: &mut impl BufMut, value: u32) {
    put_uvarlong(out, u64::from(value));
}

/// Writes an unsigned 64-bit number.
#[inline]
pub fn put_uvarlong(out: &mut impl BufMut, mut value: u64) {
    while value >= 0x80 {
        out.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

/// Writes a number, zig-zag folded.
#[inline]
pub fn put_varint(out: &mut impl BufMut, value: i32) {
    put_uvarint(out, fold32(value));
}

/// Writes a number, zig-zag folded.
#[inline]
pub fn put_varlong(out: &mut impl BufMut, value: i64) {
    put_uvarlong(out, fold64(value));
}

/// Bytes that [`put_uvarint`] writes.
#[must_use]
pub const fn uvarint_len(value: u32) -> usize {
    uvarlong_len(value as u64)
}

/// Bytes that [`put_uvarlong`] writes.
#[must_use]
pub const fn uvarlong_len(value: u64) -> usize {
    // A zero still takes a byte.
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Bytes that [`put_varint`] writes.
#[must_use]
pub const fn varint_len(value: i32) -> usize {
    uvarint_len(fold32(value))
}

/// Bytes that [`put_varlong`] writes.
#[must_use]
pub const fn varlong_len(value: i64) -> usize {
    uvarlong_len(fold64(value))
}

const fn fold32(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

const fn unfold32(folded: u32) -> i32 {
    (folded >> 1) as i32 ^ -((folded & 1) as i32)
}

const fn fold64(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_round_trip(a: u32, b: u64, c: i32, d: i64, shift in 0u32..64) {
            let (a, b, c, d) = (a >> (shift / 2), b >> shift, c >> (shift / 2), d >> shift);
            let mut out = Vec::new();
            put_uvarint(&mut out, a);
            prop_assert_eq!(out.len(), uvarint_len(a));
            prop_assert_eq!(read_uvarint(&out), Ok((a, out.len())));
            out.clear();
            put_uvarlong(&mut out, b);
            prop_assert_eq!(out.len(), uvarlong_len(b));
            prop_assert_eq!(read_uvarlong(&out), Ok((b, out.len())));
            out.clear();
            put_varint(&mut out, c);
            prop_assert_eq!(out.len(), varint_len(c));
            prop_assert_eq!(read_varint(&out), Ok((c, out.len())));
            out.clear();
            put_varlong(&mut out, d);
            prop_assert_eq!(out.len(), varlong_len(d));
            prop_assert_eq!(read_varlong(&out), Ok((d, out.len())));
        }
    }

    #[test]
    fn numbers_fold_as_kafka_folds_them() {
        for (value, bytes) in [
            (0, &[0u8][..]),
            (-1, &[1]),
            (1, &[2]),
            (-65, &[0x81, 1]),
            (i32::MAX, &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
            (i32::MIN, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ] {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(out, bytes, "{value}");
        }
    }

    #[test]
    fn a_number_that_never_ends_or_overflows_is_refused() {
        let too_long = Err(DecodeError::VarintTooLong);
        assert_eq!(read_uvarint(&[0x80; 6]), too_long);
        assert_eq!(read_uvarint(&[0x80, 0x80, 0x80, 0x80, 0x80, 0]), too_long);
        assert_eq!(read_uvarint(&[0xff, 0xff, 0xff, 0xff, 0x1f]), too_long);
        let too_long = Err(DecodeError::VarintTooLong);
        assert_eq!(read_uvarlong(&[0x80; 11]), too_long);
        let mut tenth = [0xff; 10];
        tenth[9] = 2;
        assert_eq!(read_uvarlong(&tenth), too_long);
        let cut = Err(DecodeError::Truncated { needed: 3, remaining: 2 });
        assert_eq!(read_uvarint(&[0x80, 0x80]), cut);
        assert!(matches!(
            read_uvarlong(&[]),
            Err(DecodeError::Truncated { .. })
        ));
    }
}

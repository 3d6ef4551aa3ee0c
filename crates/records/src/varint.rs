//! Zig-zag varints, as records use them.

/// Longest encodings, in bytes.
pub(crate) const VARINT_BYTES_MAX: usize = 5;
pub(crate) const VARLONG_BYTES_MAX: usize = 10;

/// Appends a signed 32-bit number.
pub(crate) fn put_i32(out: &mut Vec<u8>, value: i32) {
    put_u64(out, u64::from(zigzag_32(value)));
}

/// Appends a signed 64-bit number.
pub(crate) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, zigzag_64(value));
}

/// Bytes that a signed 32-bit number takes.
pub(crate) fn len_i32(value: i32) -> usize {
    len_u64(u64::from(zigzag_32(value)))
}

/// Bytes that a signed 64-bit number takes.
pub(crate) fn len_i64(value: i64) -> usize {
    len_u64(zigzag_64(value))
}

/// Undoes zig-zag for 32 bits.
pub(crate) const fn unzigzag_32(raw: u32) -> i32 {
    (raw >> 1).cast_signed() ^ -((raw & 1).cast_signed())
}

/// Undoes zig-zag for 64 bits.
pub(crate) const fn unzigzag_64(raw: u64) -> i64 {
    (raw >> 1).cast_signed() ^ -((raw & 1).cast_signed())
}

const fn zigzag_32(value: i32) -> u32 {
    (value << 1).cast_unsigned() ^ (value >> 31).cast_unsigned()
}

const fn zigzag_64(value: i64) -> u64 {
    (value << 1).cast_unsigned() ^ (value >> 63).cast_unsigned()
}

const fn len_u64(raw: u64) -> usize {
    let bits = 64 - (raw | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

fn put_u64(out: &mut Vec<u8>, mut raw: u64) {
    while raw >= 0x80 {
        out.push((raw as u8) | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}

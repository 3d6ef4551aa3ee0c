//! CRC-32C (Castagnoli), the checksum of a batch.

use crc_fast::{CrcAlgorithm, Digest};

/// The checksum of one run of bytes.
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

/// The checksum of parts that follow each other.
#[must_use]
pub fn crc32c_of(parts: &[&[u8]]) -> u32 {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    for part in parts {
        digest.update(part);
    }
    // A CRC of 32 bits in a wider register: the upper half is zero.
    digest.finalize() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_another_implementation(a: Vec<u8>, b: Vec<u8>) {
            let whole = [a.clone(), b.clone()].concat();
            prop_assert_eq!(crc32c(&whole), ::crc32c::crc32c(&whole));
            prop_assert_eq!(crc32c_of(&[&a, &b]), ::crc32c::crc32c(&whole));
        }
    }
}

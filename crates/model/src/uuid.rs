//! Kafka's identifiers: 128 bits, shown as 22 characters of URL-safe base64.

use std::fmt;
use std::str::FromStr;

/// A topic, directory, cluster or incarnation id. `Uuid::ZERO` means "none" on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uuid(pub u128);

/// The text is not 22 characters of URL-safe base64 that hold 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseUuidError;

impl Uuid {
    /// No id.
    pub const ZERO: Self = Self(0);
    /// The metadata topic's reserved id; also the "unassigned" directory is 0 and "lost" is 1 (KIP-858).
    pub const ONE: Self = Self(1);

    /// Reads the big-endian bytes of an id.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// The id as big-endian bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Makes a version 4 id out of 128 random bits. Never one of the first hundred reserved ids.
    #[must_use]
    pub const fn from_random(bits: u128) -> Self {
        let versioned = (bits & !(0xf << 76)) | (0x4 << 76);
        Self((versioned & !(0x3 << 62)) | (0x2 << 62))
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 22 digits of 6 bits hold 132 bits: the last digit carries two bits and four zeros.
        let mut text = [0u8; 22];
        for (i, digit) in text.iter_mut().enumerate() {
            let six = if i < 21 {
                (self.0 >> (122 - 6 * i)) & 0x3f
            } else {
                (self.0 & 0x3) << 4
            };
            *digit = ALPHABET[six as usize];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, ParseUuidError> {
        let text = text.trim_end_matches('=').as_bytes();
        if text.len() != 22 {
            return Err(ParseUuidError);
        }
        let mut bits = 0u128;
        for (i, c) in text.iter().enumerate() {
            let six = ALPHABET.iter().position(|a| a == c).ok_or(ParseUuidError)? as u128;
            if i < 21 {
                bits = (bits << 6) | six;
            } else if six & 0xf == 0 {
                bits = (bits << 2) | (six >> 4);
            } else {
                return Err(ParseUuidError);
            }
        }
        Ok(Self(bits))
    }
}

impl fmt::Display for ParseUuidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is 22 characters of URL-safe base64")
    }
}

impl std::error::Error for ParseUuidError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_through_text() {
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0011_2233_4455_6677] {
            let text = Uuid(bits).to_string();
            assert_eq!(text.len(), 22);
            assert_eq!(text.parse(), Ok(Uuid(bits)));
        }
        assert_eq!(Uuid::ONE.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
    }

    #[test]
    fn text_with_stray_bits_or_another_length_is_refused() {
        assert_eq!(
            "AAAAAAAAAAAAAAAAAAAAAR".parse::<Uuid>(),
            Err(ParseUuidError)
        );
        assert_eq!("AAAA".parse::<Uuid>(), Err(ParseUuidError));
        assert_eq!(
            "AAAAAAAAAAAAAAAAAAAA/Q".parse::<Uuid>(),
            Err(ParseUuidError)
        );
    }
}

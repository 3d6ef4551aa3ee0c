//! xxHash32, seed 0: the checksum inside LZ4 frames.

const PRIME_1: u32 = 0x9E37_79B1;
const PRIME_2: u32 = 0x85EB_CA77;
const PRIME_3: u32 = 0xC2B2_AE3D;
const PRIME_4: u32 = 0x27D4_EB2F;
const PRIME_5: u32 = 0x1656_67B1;
const STRIPE: usize = 16;

/// The checksum of one run of bytes.
pub(crate) fn xxh32(bytes: &[u8]) -> u32 {
    let mut hash = Xxh32::new();
    hash.update(bytes);
    hash.finish()
}

/// The checksum of bytes that come in pieces.
#[derive(Debug, Clone)]
pub(crate) struct Xxh32 {
    lanes: [u32; 4],
    tail: Vec<u8>,
    total: u64,
}

impl Xxh32 {
    pub(crate) fn new() -> Self {
        let lanes = [
            PRIME_1.wrapping_add(PRIME_2),
            PRIME_2,
            0,
            0u32.wrapping_sub(PRIME_1),
        ];
        Self { lanes, tail: Vec::with_capacity(STRIPE), total: 0 }
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        self.total = self.total.wrapping_add(bytes.len() as u64);
        if !self.tail.is_empty() {
            let missing = (STRIPE - self.tail.len()).min(bytes.len());
            let (head, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            self.tail.extend_from_slice(head);
            bytes = rest;
            if self.tail.len() == STRIPE {
                let stripe = std::mem::take(&mut self.tail);
                self.stripes(&stripe);
            }
        }
        let whole = bytes.len() - bytes.len() % STRIPE;
        let (stripes, rest) = bytes.split_at_checked(whole).unwrap_or((bytes, &[]));
        self.stripes(stripes);
        self.tail.extend_from_slice(rest);
    }

    pub(crate) fn finish(&self) -> u32 {
        let [a, b, c, d] = self.lanes;
        let mut hash = if self.total >= STRIPE as u64 {
            (a.rotate_left(1))
                .wrapping_add(b.rotate_left(7))
                .wrapping_add(c.rotate_left(12))
                .wrapping_add(d.rotate_left(18))
        } else {
            PRIME_5
        };
        // The format counts modulo 2^32.
        hash = hash.wrapping_add(self.total as u32);
        let (words, rest) = self.tail.as_chunks::<4>();
        for word in words {
            let mixed = u32::from_le_bytes(*word).wrapping_mul(PRIME_3);
            hash = hash
                .wrapping_add(mixed)
                .rotate_left(17)
                .wrapping_mul(PRIME_4);
        }
        for byte in rest {
            let mixed = u32::from(*byte).wrapping_mul(PRIME_5);
            hash = hash
                .wrapping_add(mixed)
                .rotate_left(11)
                .wrapping_mul(PRIME_1);
        }
        hash = (hash ^ (hash >> 15)).wrapping_mul(PRIME_2);
        hash = (hash ^ (hash >> 13)).wrapping_mul(PRIME_3);
        hash ^ (hash >> 16)
    }

    fn stripes(&mut self, bytes: &[u8]) {
        for stripe in bytes.as_chunks::<STRIPE>().0 {
            for (lane, word) in self.lanes.iter_mut().zip(stripe.as_chunks::<4>().0) {
                let input = u32::from_le_bytes(*word).wrapping_mul(PRIME_2);
                *lane = lane
                    .wrapping_add(input)
                    .rotate_left(13)
                    .wrapping_mul(PRIME_1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from the reference implementation.
    #[test]
    fn known_values() {
        assert_eq!(xxh32(b""), 0x02CC_5D05);
        assert_eq!(xxh32(b"a"), 0x550D_7456);
        assert_eq!(xxh32(b"abc"), 0x32D1_53FF);
        assert_eq!(
            xxh32(b"Nobody inspects the spammish repetition"),
            0xE229_3B2F
        );
    }

    #[test]
    fn pieces_do_not_matter() {
        let bytes: Vec<u8> = (0..200).collect();
        for cut in 0..bytes.len() {
            let (a, b) = bytes.split_at(cut);
            let mut hash = Xxh32::new();
            hash.update(a);
            hash.update(b);
            assert_eq!(hash.finish(), xxh32(&bytes));
        }
    }
}

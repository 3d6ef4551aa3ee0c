//! Records that prove what they are: content follows from a number, so a reader knows every byte.

use klamm_host_sim::SimRng;
use std::sync::LazyLock;

/// 2026-01-01, when simulated clocks start.
const FIRST_MS: i64 = 1_767_225_600_000;
const POOL_BYTES: usize = 16 * 1024;

/// Bytes that values are cut from: the first half random, the second half easy to compress.
static POOL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut pool = vec![b'x'; POOL_BYTES];
    SimRng::new(0).fill(&mut pool[..POOL_BYTES / 2]);
    pool
});

/// A record that some producer made. Numbers rise in the order in which records were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordId(pub u64);

impl RecordId {
    /// The key: none for some records, of few distinct values for the others.
    #[must_use]
    pub fn key(self) -> Option<Vec<u8>> {
        (!self.0.is_multiple_of(5)).then(|| format!("key {}", self.0 % 7).into_bytes())
    }

    /// The key in a compacted topic, which takes none without.
    #[must_use]
    pub fn compacted_key(self) -> Vec<u8> {
        format!("key {}", self.0 % 7).into_bytes()
    }

    /// The key in a topic that is compacted or not.
    #[must_use]
    pub fn key_in(self, compacted: bool) -> Option<Vec<u8>> {
        if compacted {
            Some(self.compacted_key())
        } else {
            self.key()
        }
    }

    /// The timestamp: a millisecond later for each record that was made.
    #[must_use]
    pub fn timestamp_ms(self) -> i64 {
        FIRST_MS.saturating_add_unsigned(self.0)
    }

    /// The value: the number, then bytes that follow from it; at most a few KiB, mostly far less.
    #[must_use]
    pub fn value(self) -> Vec<u8> {
        let mut rng = SimRng::new(self.0);
        let limit = [16, 100, 100, 2_000][rng.index(4)];
        let len = rng.index(limit);
        let from = rng.index(POOL_BYTES - 2_000);
        let mut value = Vec::with_capacity(8 + len);
        value.extend_from_slice(&self.0.to_be_bytes());
        value.extend_from_slice(&POOL[from..from + len]);
        value
    }

    /// The record that a reader got, if its bytes are those that were sent.
    #[must_use]
    pub fn recognise(key: Option<&[u8]>, value: Option<&[u8]>, compacted: bool) -> Option<Self> {
        let value = value?;
        let number = value.first_chunk::<8>()?;
        let id = Self(u64::from_be_bytes(*number));
        (id.value() == value && id.key_in(compacted).as_deref() == key).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_recognised_only_whole() {
        for id in (0..200).map(RecordId) {
            let (key, mut value) = (id.key(), id.value());
            assert_eq!(
                RecordId::recognise(key.as_deref(), Some(&value), false),
                Some(id)
            );
            assert_eq!(
                RecordId::recognise(Some(b"other"), Some(&value), false),
                None
            );
            let last = value.len() - 1;
            value[last] ^= 1;
            assert_eq!(
                RecordId::recognise(key.as_deref(), Some(&value), false),
                None
            );
            assert_eq!(
                RecordId::recognise(key.as_deref(), Some(&value[..last]), false),
                None
            );
        }
    }
}

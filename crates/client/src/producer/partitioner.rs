//! Which partition a record goes to (KIP-480, KIP-794).
//!
//! A partition that the caller names wins. A key decides by its murmur2 hash. Without a key, a topic sticks to one
//! partition until a batch worth of bytes went there; the next is drawn at random, and short queues are drawn more
//! often.

/// The sticky state of one topic.
#[derive(Debug, Clone, Default)]
pub(super) struct Sticky {
    current: Option<i32>,
    /// Bytes that went to `current`.
    bytes: usize,
}

/// Where a record with this key goes.
pub(super) fn partition_of_key(key: &[u8], partition_count: usize) -> i32 {
    let hash = murmur2(key) & 0x7fff_ffff;
    let count = u32::try_from(partition_count).unwrap_or(u32::MAX).max(1);
    (hash % count).cast_signed()
}

impl Sticky {
    /// The partition for records without a key. `queues` are the partitions that can be written, with the batches
    /// that wait for each; `draw` gives a random number.
    pub(super) fn partition(
        &mut self,
        queues: &[(i32, usize)],
        adaptive: bool,
        draw: impl FnOnce() -> u64,
    ) -> Option<i32> {
        if let Some(current) = self.current
            && queues.iter().any(|(partition, _)| *partition == current)
        {
            return Some(current);
        }
        self.bytes = 0;
        self.current = pick(queues, adaptive, draw());
        self.current
    }

    /// Counts what went to the current partition. Call after appending; `batch_is_open` holds the switch back until
    /// twice the size, so that no small batch is left behind.
    pub(super) fn written(&mut self, bytes: usize, batch_size: usize, batch_is_open: bool) {
        self.bytes = self.bytes.saturating_add(bytes);
        let enough = self.bytes >= batch_size;
        let far_too_much = self.bytes >= batch_size.saturating_mul(2);
        if (enough && !batch_is_open) || far_too_much {
            self.current = None;
        }
    }
}

/// Draws a partition; the weight of each is the longest queue plus one, less its own queue.
fn pick(queues: &[(i32, usize)], adaptive: bool, random: u64) -> Option<i32> {
    let longest = queues.iter().map(|(_, waiting)| *waiting).max()?;
    let weight = |waiting: usize| {
        if adaptive {
            (longest + 1 - waiting) as u64
        } else {
            1
        }
    };
    let total: u64 = queues.iter().map(|(_, waiting)| weight(*waiting)).sum();
    let mut left = random % total.max(1);
    for (partition, waiting) in queues {
        match left.checked_sub(weight(*waiting)) {
            Some(rest) => left = rest,
            None => return Some(*partition),
        }
    }
    None
}

/// MurmurHash2, 32 bits, with the seed that Kafka's clients share.
fn murmur2(bytes: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    // The length is mixed in modulo 2^32.
    let mut hash = SEED ^ (bytes.len() as u32);
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> R;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (i, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * i);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that the Java client gives.
    #[test]
    fn murmur2_is_kafkas() {
        for (key, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            (
                "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
    }

    #[test]
    fn a_topic_sticks_until_a_batch_is_full() {
        let queues = [(0, 0), (1, 0), (2, 0)];
        let mut sticky = Sticky::default();
        assert_eq!(sticky.partition(&queues, true, || 1), Some(1));
        sticky.written(60, 100, true);
        assert_eq!(sticky.partition(&queues, true, || 2), Some(1));
        sticky.written(60, 100, true);
        assert_eq!(
            sticky.partition(&queues, true, || 2),
            Some(1),
            "an open batch holds it back"
        );
        sticky.written(10, 100, false);
        assert_eq!(sticky.partition(&queues, true, || 2), Some(2));
        sticky.written(200, 100, true);
        assert_eq!(
            sticky.partition(&queues, true, || 0),
            Some(0),
            "but not for ever"
        );
    }

    #[test]
    fn a_partition_that_is_gone_is_left() {
        let mut sticky = Sticky::default();
        assert_eq!(sticky.partition(&[(4, 0)], true, || 0), Some(4));
        assert_eq!(sticky.partition(&[(5, 0)], true, || 0), Some(5));
        assert_eq!(sticky.partition(&[], true, || 0), None);
    }

    #[test]
    fn short_queues_are_drawn_more_often() {
        let queues = [(0, 3), (1, 0)];
        let drawn: Vec<_> = (0..5).map(|i| pick(&queues, true, i).unwrap()).collect();
        assert_eq!(drawn, [0, 1, 1, 1, 1]);
        let even: Vec<_> = (0..4).map(|i| pick(&queues, false, i).unwrap()).collect();
        assert_eq!(even, [0, 1, 0, 1]);
    }
}

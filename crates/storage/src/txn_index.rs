//! Aborted transactions of a segment: `.txnindex`, there only if a transaction was aborted.
//!
//! ```text
//! 34 bytes an entry:  0 version i16 = 0   2 producer id i64   10 first offset i64   18 last offset i64 (the marker)
//!                    26 last stable offset i64 once the transaction had ended
//! ```

/// Bytes of an entry.
pub(crate) const ENTRY_BYTES: usize = 34;
const VERSION: i16 = 0;

/// A transaction whose records do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbortedTxn {
    /// The producer.
    pub producer_id: i64,
    /// Offset of its first record.
    pub first_offset: i64,
    /// Offset of the marker.
    pub last_offset: i64,
    /// The last stable offset after the marker.
    pub last_stable_offset: i64,
}

impl AbortedTxn {
    pub(crate) fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut out = [0; ENTRY_BYTES];
        let fields = [
            self.producer_id,
            self.first_offset,
            self.last_offset,
            self.last_stable_offset,
        ];
        let (version, rest) = out.split_at_mut(2);
        version.copy_from_slice(&VERSION.to_be_bytes());
        for (place, field) in rest.chunks_exact_mut(8).zip(fields) {
            place.copy_from_slice(&field.to_be_bytes());
        }
        out
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first_chunk()?;
        let mut fields = rest
            .chunks_exact(8)
            .map(|f| f.try_into().map_or(-1, i64::from_be_bytes));
        let entry = Self {
            producer_id: fields.next()?,
            first_offset: fields.next()?,
            last_offset: fields.next()?,
            last_stable_offset: fields.next()?,
        };
        let sound = i16::from_be_bytes(*version) == VERSION
            && entry.producer_id >= 0
            && entry.first_offset >= 0
            && entry.last_offset >= entry.first_offset;
        sound.then_some(entry)
    }
}

/// Reads the entries of a file; stops at the first that makes no sense. `true`: all of it was read.
#[must_use]
pub fn parse_txn_index(bytes: &[u8]) -> (Vec<AbortedTxn>, bool) {
    let mut entries: Vec<AbortedTxn> = Vec::with_capacity(bytes.len() / ENTRY_BYTES);
    let mut chunks = bytes.chunks_exact(ENTRY_BYTES);
    for chunk in &mut chunks {
        match AbortedTxn::parse(chunk) {
            Some(e) if entries.last().is_none_or(|l| l.last_offset < e.last_offset) => {
                entries.push(e);
            }
            _ => return (entries, false),
        }
    }
    (entries, chunks.remainder().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn entries_round_trip() {
        let a = AbortedTxn {
            producer_id: 9,
            first_offset: 5,
            last_offset: 8,
            last_stable_offset: 7,
        };
        let b = AbortedTxn { last_offset: 12, ..a };
        let mut bytes = [a.to_bytes(), b.to_bytes()].concat();
        assert_eq!(parse_txn_index(&bytes), (vec![a, b], true));
        bytes.push(0);
        assert_eq!(parse_txn_index(&bytes), (vec![a, b], false));
        let falling = [b.to_bytes(), a.to_bytes()].concat();
        assert_eq!(parse_txn_index(&falling), (vec![b], false));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let (entries, _) = parse_txn_index(&bytes);
            prop_assert!(entries.len() <= bytes.len() / ENTRY_BYTES);
        }
    }
}

//! Kafka's checkpoint files: a version, a count, one entry a line.
//!
//! ```text
//! 0                 version
//! 2                 entries
//! orders 0 1042     topic, partition, offset      (leader-epoch-checkpoint: epoch, start offset)
//! orders 1 77
//! ```
//! A file that does not parse counts as absent: every value in it can be found again by reading more of the log, or is
//! made up by waiting a little longer.

use klamm_model::{TopicName, TopicPartition};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Offsets by partition.
pub type Offsets = BTreeMap<TopicPartition, i64>;

/// The bytes of an offset checkpoint.
#[must_use]
pub fn format_offsets<'a>(
    entries: impl ExactSizeIterator<Item = (&'a TopicPartition, i64)>,
) -> String {
    let mut text = format!("0\n{}\n", entries.len());
    for (partition, offset) in entries {
        // Writing into a string does not fail.
        let _ = writeln!(text, "{} {} {offset}", partition.topic, partition.partition);
    }
    text
}

/// Reads an offset checkpoint. `None` if it is damaged.
#[must_use]
pub fn parse_offsets(bytes: &[u8]) -> Option<Offsets> {
    let mut offsets = Offsets::new();
    let count = parse_lines(bytes, |line| {
        let mut words = line.split_ascii_whitespace();
        let topic = TopicName::new(words.next()?).ok()?;
        let partition = words.next()?.parse().ok().filter(|p| *p >= 0)?;
        let offset = words.next()?.parse().ok()?;
        offsets.insert(TopicPartition { topic, partition }, offset);
        words.next().is_none().then_some(())
    })?;
    (count == offsets.len()).then_some(offsets)
}

/// The bytes of a leader-epoch checkpoint: epochs with the first offset of each.
pub(crate) fn format_epochs(entries: &[(i32, i64)]) -> String {
    let mut text = format!("0\n{}\n", entries.len());
    for (epoch, start) in entries {
        let _ = writeln!(text, "{epoch} {start}");
    }
    text
}

/// Reads a leader-epoch checkpoint. `None` if it is damaged.
pub(crate) fn parse_epochs(bytes: &[u8]) -> Option<Vec<(i32, i64)>> {
    let mut epochs = Vec::new();
    let count = parse_lines(bytes, |line| {
        let (epoch, start) = line.split_once(' ')?;
        let entry = (epoch.parse().ok()?, start.trim_end().parse().ok()?);
        epochs.push(entry);
        (entry.0 >= 0 && entry.1 >= 0).then_some(())
    })?;
    let rising = epochs
        .windows(2)
        .all(|w| matches!(w, [a, b] if a.0 < b.0 && a.1 <= b.1));
    (count == epochs.len() && rising).then_some(epochs)
}

/// Walks over the entries of a version 0 file; gives the count that it announces. An empty file has no entries.
fn parse_lines(bytes: &[u8], mut entry: impl FnMut(&str) -> Option<()>) -> Option<usize> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    let Some(version) = lines.next() else {
        return Some(0);
    };
    if version.trim_end() != "0" {
        return None;
    }
    let Some(count) = lines.next() else {
        return Some(0);
    };
    let count = count.trim_end().parse().ok()?;
    for line in lines {
        entry(line)?;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn offsets_round_trip_and_damage_is_seen() {
        let mut offsets = Offsets::new();
        for p in 0..3 {
            let topic = TopicName::new("a.b-c").unwrap();
            offsets.insert(TopicPartition { topic, partition: p }, i64::from(p) << 40);
        }
        let text = format_offsets(offsets.iter().map(|(p, o)| (p, *o)));
        assert_eq!(
            text,
            "0\n3\na.b-c 0 0\na.b-c 1 1099511627776\na.b-c 2 2199023255552\n"
        );
        assert_eq!(parse_offsets(text.as_bytes()), Some(offsets));
        assert_eq!(parse_offsets(b""), Some(Offsets::new()));
        for bad in [
            "1\n0\n",
            "0\n1\n",
            "0\nx\n",
            "0\n1\na 0\n",
            "0\n1\na 0 1 2\n",
            "0\n1\na/b 0 1\n",
            "0\n1\na -1 1\n",
            "0\n2\na 0 1\na 0 2\n",
        ] {
            assert_eq!(parse_offsets(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn epochs_round_trip_and_must_rise() {
        let epochs = vec![(0, 0), (3, 10), (4, 10), (9, 11)];
        assert_eq!(
            parse_epochs(format_epochs(&epochs).as_bytes()),
            Some(epochs)
        );
        for bad in [
            "0\n2\n1 5\n1 6\n",
            "0\n2\n1 5\n2 4\n",
            "0\n1\n-1 0\n",
            "0\n1\n1 -1\n",
            "0\n1\n1\n",
        ] {
            assert_eq!(parse_epochs(bad.as_bytes()), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = (parse_offsets(&bytes), parse_epochs(&bytes));
        }
    }
}

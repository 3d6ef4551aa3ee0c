//! `partition.metadata`: the topic's id, in the partition's folder.
//!
//! ```text
//! version: 0
//! topic_id: MLHnBAZtTwGvx0nJ-NGTAA
//! ```

use klamm_model::Uuid;

/// Name of the file.
pub(crate) const FILE: &str = "partition.metadata";

pub(crate) fn format(topic_id: Uuid) -> String {
    format!("version: 0\ntopic_id: {topic_id}")
}

/// Reads the file. `None` if it is damaged.
#[must_use]
pub fn parse_partition_metadata(bytes: &[u8]) -> Option<Uuid> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    let version = lines.next()?.strip_prefix("version:")?;
    let id = lines.next()?.strip_prefix("topic_id:")?;
    if version.trim() == "0" {
        id.trim().parse().ok().filter(|id| *id != Uuid::ZERO)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_damage_is_seen() {
        let id = Uuid::from_random(12345);
        assert_eq!(parse_partition_metadata(format(id).as_bytes()), Some(id));
        for bad in [
            "",
            "version: 1\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ",
            "version: 0\n",
            "version: 0\ntopic_id: x",
            "\u{0}",
        ] {
            assert_eq!(parse_partition_metadata(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(
            parse_partition_metadata(format(Uuid::ZERO).as_bytes()),
            None
        );
    }
}

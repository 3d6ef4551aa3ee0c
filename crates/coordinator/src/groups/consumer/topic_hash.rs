//! One number over the metadata of the topics that a group reads, as Kafka 4.3 keeps it: when it is another, the
//! group's epoch grows.

use crate::groups::surroundings::Surroundings;
use klamm_codec::Str;
use std::collections::BTreeSet;
use twox_hash::XxHash3_64;

/// The form of the bytes under a topic's hash.
const FORM: u8 = 0;

/// 0 without topics. Names that no topic has do not count.
pub(super) fn of_topics<'a>(
    names: impl Iterator<Item = &'a Str>,
    around: &dyn Surroundings,
) -> i64 {
    let names: BTreeSet<&Str> = names.collect();
    let mut names: Vec<&Str> = names.into_iter().collect();
    names.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    let hashes: Vec<u8> = names
        .into_iter()
        .filter_map(|name| of_topic(name, around))
        .flat_map(u64::to_le_bytes)
        .collect();
    if hashes.is_empty() {
        0
    } else {
        XxHash3_64::oneshot(&hashes).cast_signed()
    }
}

fn of_topic(name: &str, around: &dyn Surroundings) -> Option<u64> {
    let topic = around.topic_named(name)?;
    let racks = around.racks(topic.id);
    let mut bytes = vec![FORM];
    let id = topic.id.to_bytes();
    let (most, least) = id.split_at(8);
    bytes.extend(most.iter().rev());
    bytes.extend(least.iter().rev());
    text(&mut bytes, &topic.name);
    bytes.extend(topic.partitions.to_le_bytes());
    for partition in 0..topic.partitions {
        bytes.extend(partition.to_le_bytes());
        let racks = usize::try_from(partition)
            .ok()
            .and_then(|index| racks.get(index));
        let mut racks: Vec<&Str> = racks.into_iter().flatten().collect();
        racks.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
        for rack in racks {
            bytes.extend(units(rack).to_le_bytes());
            text(&mut bytes, rack);
        }
    }
    Some(XxHash3_64::oneshot(&bytes))
}

fn units(text: &str) -> i32 {
    i32::try_from(text.encode_utf16().count()).unwrap_or(i32::MAX)
}

/// UTF-16, then how many units it was.
fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes.extend(units(text).to_le_bytes());
}

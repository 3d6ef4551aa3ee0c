//! The end: what was committed is there, as the log of the coordinators has it, and a pipeline wrote each record that it
//! committed exactly once.

use super::pipeline::recognise;
use super::read::{Looked, committed};
use super::{OFFSETS_PARTITIONS, OFFSETS_TOPIC, Plan, output_of};
use crate::audit::{Found, Reader};
use crate::stage::{Client, HEALED_WAIT_MAX};
use klamm_codec::Str;
use std::collections::BTreeMap;
use tokio::time::timeout;

/// Committed offsets by group, topic and partition.
type Kept = BTreeMap<(Vec<u8>, Vec<u8>, i32), i64>;

/// Nobody works any more.
pub(crate) async fn audit(client: &mut Client, plans: &[Plan]) {
    let mut kept = Kept::new();
    if !plans.is_empty()
        && timeout(HEALED_WAIT_MAX, read_log(client, &mut kept))
            .await
            .is_err()
    {
        let text = format!("{OFFSETS_TOPIC} can't be read");
        return client.stage.violation(text);
    }
    for plan in plans {
        if timeout(HEALED_WAIT_MAX, audit_group(client, plan, &kept))
            .await
            .is_err()
        {
            let text = format!("{} can't be looked at", &*plan.id);
            client.stage.violation(text);
        }
    }
}

/// Reads what a coordinator reads when it loads its groups.
async fn read_log(client: &mut Client, kept: &mut Kept) {
    for partition in 0..OFFSETS_PARTITIONS {
        let mut take = |found: Found<'_>| {
            if let Found::Record { key, value, .. } = found
                && let Some(place) = key.and_then(place)
            {
                // Its version stands before the offset.
                let offset = value.and_then(|value| value.get(2..)?.first_chunk());
                match (value, offset) {
                    (None, _) => kept.remove(&place),
                    (_, Some(offset)) => kept.insert(place, i64::from_be_bytes(*offset)),
                    (Some(_), None) => return Err("a commit that can't be read"),
                };
            }
            Ok(())
        };
        let mut reader = Reader::new(Str::from_static(OFFSETS_TOPIC), partition);
        reader.read_all(client, &mut take).await;
    }
}

/// The group, topic and partition of a commit's key; `None` for records of other kinds.
fn place(key: &[u8]) -> Option<(Vec<u8>, Vec<u8>, i32)> {
    fn text(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        Some((text.to_vec(), rest))
    }
    let (kind, rest) = key.split_first_chunk()?;
    let (group, rest) = matches!(u16::from_be_bytes(*kind), 0 | 1).then(|| text(rest))??;
    let (topic, rest) = text(rest)?;
    Some((group, topic, i32::from_be_bytes(*rest.first_chunk()?)))
}

async fn audit_group(client: &mut Client, plan: &Plan, kept: &Kept) {
    let mut ends = Vec::new();
    for partition in 0..plan.partitions {
        let offset = loop {
            if let Looked::At(offset) = committed(client, plan, partition, None, true).await {
                break offset;
            }
        };
        // *Invariant 29*: what a coordinator says is what its log says.
        let place = (
            plan.id.as_bytes().to_vec(),
            plan.topic.as_bytes().to_vec(),
            partition,
        );
        let logged = kept.get(&place).copied().unwrap_or(0);
        // An offset of nobody may expire in between.
        let has_expired = offset == 0 && client.stage.options.offsets_expire;
        if logged != offset && !has_expired {
            let text = format!(
                "{}: {offset} is committed in {partition}, and {logged} by the log",
                &*plan.id
            );
            client.stage.violation(text);
        }
        client.stage.reach("a coordinator held against its log");
        ends.push(offset);
    }
    if plan.is_pipeline {
        let mut read = Vec::new();
        let mut reader = Reader::new(output_of(plan.number), 0);
        reader
            .read_all(client, &mut |found| {
                if let Found::Record { value, .. } = found {
                    let seen = value.and_then(recognise);
                    read.push(seen.ok_or("a record that no pipeline wrote")?);
                }
                Ok(())
            })
            .await;
        for text in what_is_wrong(&ends, &read) {
            client.stage.violation(format!("{}: {text}", &*plan.id));
        }
        client.stage.reach("a pipeline held against its offsets");
    }
}

/// Every record below the committed offsets was written once, and no other.
fn what_is_wrong(ends: &[i64], read: &[(i32, i64)]) -> Vec<String> {
    let mut times: BTreeMap<(i32, i64), u32> = BTreeMap::new();
    for place in read {
        *times.entry(*place).or_default() += 1;
    }
    let mut broken = Vec::new();
    for (partition, end) in (0..).zip(ends) {
        for offset in 0..*end {
            match times.remove(&(partition, offset)) {
                Some(1) => {}
                Some(times) => {
                    broken.push(format!("{partition}-{offset} was written {times} times"))
                }
                None => broken.push(format!("{partition}-{offset} is committed and not written")),
            }
        }
    }
    broken.extend(
        times
            .keys()
            .map(|(p, o)| format!("{p}-{o} is written and not committed")),
    );
    broken
}

#[cfg(test)]
mod tests {
    use super::{place, what_is_wrong};

    #[test]
    fn the_key_of_a_commit_says_what_it_is_about() {
        let key = [0, 1, 0, 1, b'g', 0, 2, b't', b't', 0, 0, 0, 7];
        assert_eq!(place(&key), Some((b"g".to_vec(), b"tt".to_vec(), 7)));
        assert_eq!(place(&key[..12]), None, "cut");
        assert_eq!(place(&[0, 2, 0, 1, b'g']), None, "the record of a group");
    }

    #[test]
    fn output_and_offsets_go_together() {
        let all = [(0, 0), (0, 1), (1, 0)];
        assert!(what_is_wrong(&[2, 1], &all).is_empty());
        assert_eq!(what_is_wrong(&[2, 1], &all[..2]).len(), 1, "lost");
        assert_eq!(what_is_wrong(&[1, 1], &all).len(), 1, "not committed");
        let twice = [all[0], all[1], all[2], all[1]];
        assert_eq!(what_is_wrong(&[2, 1], &twice).len(), 1, "twice");
    }
}

//! The end: what was committed is there, and a pipeline wrote each record that it committed exactly once.

use super::pipeline::recognise;
use super::read::{Looked, committed};
use super::{Plan, output_of};
use crate::audit::Reader;
use crate::stage::{Client, HEALED_WAIT_MAX};
use std::collections::BTreeMap;
use tokio::time::timeout;

/// Nobody works any more.
pub(crate) async fn audit(client: &mut Client, plans: &[Plan]) {
    for plan in plans {
        if timeout(HEALED_WAIT_MAX, audit_group(client, plan))
            .await
            .is_err()
        {
            let text = format!("{} can't be looked at", &*plan.id);
            client.stage.violation(text);
        }
    }
}

async fn audit_group(client: &mut Client, plan: &Plan) {
    let mut ends = Vec::new();
    for partition in 0..plan.partitions {
        ends.push(loop {
            if let Looked::At(offset) = committed(client, plan, partition, None, true).await {
                break offset;
            }
        });
    }
    if plan.is_pipeline {
        let mut read = Vec::new();
        let mut reader = Reader::new(output_of(plan.number), 0);
        reader
            .read_all(client, &mut |value| {
                let seen = value.and_then(recognise);
                read.push(seen.ok_or("a record that no pipeline wrote")?);
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
    use super::what_is_wrong;

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

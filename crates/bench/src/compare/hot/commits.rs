//! Prepared offset commits.

use crate::compare::case::{Load, Value};
use crate::compare::meter::{Moved, measured};
use crate::frames::{self, Asker};
use crate::load;
use crate::node::Node;
use anyhow::Result;
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};

/// Of one connection each.
pub(crate) const GROUPS: usize = 100;

/// Commits of one offset each; a group has so many under way at a time.
pub(super) fn commits(
    node: &Node,
    load: &Load,
    (requests, depth): (usize, usize),
) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, 1, &[])?;
    let request = |group, offset| request(&load.topic, group, offset);
    let mut asker = Asker::connect(node.address)?;
    frames::coordinator(&mut asker, &load.topic, 0)?;
    let mut frames = Vec::new();
    for group in 0..GROUPS {
        frames::retried(|| {
            let answer = asker.ask(&request(group, 0), 8)?;
            Ok(answer
                .topics
                .iter()
                .flat_map(|t| &t.partitions)
                .map(|p| p.error_code)
                .max())
        })?;
        frames.push(frames::frame(&request(group, 7), 8)?);
    }
    let requests = load.of(requests);
    let mut values = measured(node, Moved::requests(requests, 1), || {
        load::drive(node.address, GROUPS, depth, requests, &frames)
    })?;
    // No bytes were produced.
    values.retain(|value| value.name != "to disk");
    Ok(values)
}

fn request(topic: &str, group: usize, offset: i64) -> OffsetCommitRequest {
    OffsetCommitRequest {
        group_id: format!("{topic}-{group}").as_str().into(),
        generation_id_or_member_epoch: -1,
        topics: vec![OffsetCommitRequestTopic {
            name: topic.into(),
            partitions: vec![OffsetCommitRequestPartition {
                committed_offset: offset,
                committed_leader_epoch: -1,
                committed_metadata: Some("".into()),
                ..OffsetCommitRequestPartition::default()
            }],
            ..OffsetCommitRequestTopic::default()
        }],
        ..OffsetCommitRequest::default()
    }
}

/// Bytes of such a request, for the echo beside it.
pub(crate) fn request_bytes(topic: &str) -> Result<usize> {
    Ok(frames::frame(&request(topic, GROUPS - 1, 7), 8)?.len())
}

//! Notes in which directory of a broker a replica lies (KIP-858).

use klamm_model::{NodeId, Uuid};

use super::change::unchanged;
use super::{Controller, Decision};
use crate::generated::PartitionChangeRecord;

/// Where a replica lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectoryAssignment {
    /// The topic.
    pub topic: Uuid,
    /// The partition.
    pub partition: i32,
    /// The directory's id.
    pub directory: Uuid,
}

/// Decides on assignments of a broker's replicas. What it does not hold, or is noted already, is passed over. The reply
/// is how many are new.
#[must_use]
pub fn assign_directories(
    controller: &Controller<'_>,
    broker: NodeId,
    assignments: &[DirectoryAssignment],
) -> Decision<usize> {
    if !controller.image.writing_version().has_directories() {
        return Decision::nothing(0);
    }
    let changed = |assignment: &DirectoryAssignment| changed(controller, broker, assignment);
    let records: Vec<_> = assignments
        .iter()
        .filter_map(changed)
        .map(Into::into)
        .collect();
    let reply = records.len();
    Decision { records, reply }
}

fn changed(
    controller: &Controller<'_>,
    broker: NodeId,
    assignment: &DirectoryAssignment,
) -> Option<PartitionChangeRecord> {
    let topic = controller.image.topics().by_id(assignment.topic)?;
    let state = topic.partitions.get(assignment.partition)?.unpack();
    let slot = state.replicas.iter().position(|id| *id == broker.0)?;
    let mut directories = state.directories;
    if directories.len() != state.replicas.len() {
        let cluster = controller.image.cluster();
        let default = |id: &i32| cluster.default_directory(*id);
        directories = state.replicas.iter().map(default).collect();
    }
    let place = directories.get_mut(slot)?;
    if *place == assignment.directory {
        return None;
    }
    *place = assignment.directory;
    Some(PartitionChangeRecord {
        topic_id: assignment.topic,
        partition_id: assignment.partition,
        directories: Some(directories),
        ..unchanged()
    })
}

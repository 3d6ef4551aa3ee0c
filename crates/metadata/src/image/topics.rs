//! Topics and partitions, laid out for millions of partitions.

use std::sync::Arc;

use imbl::OrdMap;
use klamm_model::{LeaderEpoch, NodeId, TopicName, Uuid};

use super::cluster::MIGRATING;
use crate::replicas::Replicas;

/// Every topic, by name and by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Topics {
    by_name: OrdMap<TopicName, Arc<Topic>>,
    by_id: OrdMap<Uuid, Arc<Topic>>,
    /// Names with `.` or `_` by what they become in metric names, where the two are one.
    by_collision: OrdMap<Arc<str>, TopicName>,
    partitions: usize,
}

/// One topic. A topic never changes its name or id; created again under its name it has another id.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// The topic's id.
    pub id: Uuid,
    /// The topic's name.
    pub name: TopicName,
    /// The topic's partitions.
    pub partitions: Partitions,
}

/// A topic's partitions in chunks of [`CHUNK`]: a change copies one chunk, not the topic.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Partitions {
    // Invariant: by chunk number, without duplicates; no chunk is empty.
    chunks: Vec<(u32, Arc<Chunk>)>,
    len: usize,
}

/// Partitions `n * CHUNK` and following. A gap is `None`; Kafka never leaves one for long.
type Chunk = Vec<Option<Partition>>;

/// Partitions in a chunk.
const CHUNK: u32 = 64;

/// The state of one partition.
#[derive(Debug, Clone, PartialEq)]
pub struct Partition {
    replicas: Replicas,
    isr: Replicas,
    directories: Arc<[Uuid]>,
    rare: Option<Box<Rare>>,
    leader: i32,
    leader_epoch: i32,
    partition_epoch: i32,
    recovery: RecoveryState,
}

/// What nearly every partition has none of.
#[derive(Debug, Clone, PartialEq)]
struct Rare {
    adding: Replicas,
    removing: Replicas,
    elr: Replicas,
    last_known_elr: Replicas,
}

/// Whether the leader lost acknowledged records and has to recover from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecoveryState {
    /// The leader was elected from the in-sync replicas.
    #[default]
    Recovered,
    /// The leader was elected unclean and has not finished its recovery.
    Recovering,
}

/// A partition's fields, unpacked: what a [`Partition`] is made of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionState {
    /// The brokers that hold the partition; the first is the preferred leader.
    pub replicas: Vec<i32>,
    /// The directory of each replica, in the same order. Empty means that none is known.
    pub directories: Vec<Uuid>,
    /// The in-sync replicas.
    pub isr: Vec<i32>,
    /// Replicas that left the in-sync set below `min.insync.replicas` yet hold all committed records (KIP-966).
    pub elr: Vec<i32>,
    /// The last leader, or the last eligible replicas, of a partition without a leader.
    pub last_known_elr: Vec<i32>,
    /// Replicas that a reassignment adds.
    pub adding: Vec<i32>,
    /// Replicas that a reassignment removes.
    pub removing: Vec<i32>,
    /// The leader; -1 without one.
    pub leader: i32,
    /// Rises with every change of the leader.
    pub leader_epoch: i32,
    /// Rises with every change of the partition.
    pub partition_epoch: i32,
    /// Whether the leader still recovers from an unclean election.
    pub recovery: RecoveryState,
}

impl RecoveryState {
    /// Kafka's number of the state.
    #[must_use]
    pub const fn code(self) -> i8 {
        match self {
            Self::Recovered => 0,
            Self::Recovering => 1,
        }
    }

    /// The state of Kafka's number.
    #[must_use]
    pub const fn from_code(code: i8) -> Option<Self> {
        match code {
            0 => Some(Self::Recovered),
            1 => Some(Self::Recovering),
            _ => None,
        }
    }
}

impl Partition {
    /// Bytes of one partition inside its table.
    pub const BYTES: usize = size_of::<Self>();

    /// Packs a state. `share` returns a shared copy of equal directories.
    pub(crate) fn pack(state: &PartitionState, share: impl FnOnce(&[Uuid]) -> Arc<[Uuid]>) -> Self {
        let rare = Rare {
            adding: Replicas::new(&state.adding),
            removing: Replicas::new(&state.removing),
            elr: Replicas::new(&state.elr),
            last_known_elr: Replicas::new(&state.last_known_elr),
        };
        let lists = [
            &rare.adding,
            &rare.removing,
            &rare.elr,
            &rare.last_known_elr,
        ];
        let is_plain = lists.iter().all(|list| list.is_empty());
        let directories = if state.directories.len() == state.replicas.len() {
            share(&state.directories)
        } else {
            share(&vec![MIGRATING; state.replicas.len()])
        };
        Self {
            replicas: Replicas::new(&state.replicas),
            isr: Replicas::new(&state.isr),
            directories,
            rare: (!is_plain).then(|| Box::new(rare)),
            leader: state.leader,
            leader_epoch: state.leader_epoch,
            partition_epoch: state.partition_epoch,
            recovery: state.recovery,
        }
    }

    /// All fields as lists.
    #[must_use]
    pub fn unpack(&self) -> PartitionState {
        PartitionState {
            replicas: self.replicas.to_vec(),
            directories: self.directories.to_vec(),
            isr: self.isr.to_vec(),
            elr: self.elr().to_vec(),
            last_known_elr: self.last_known_elr().to_vec(),
            adding: self.adding().to_vec(),
            removing: self.removing().to_vec(),
            leader: self.leader,
            leader_epoch: self.leader_epoch,
            partition_epoch: self.partition_epoch,
            recovery: self.recovery,
        }
    }

    /// The brokers that hold the partition; the first is the preferred leader.
    #[must_use]
    pub fn replicas(&self) -> &[i32] {
        &self.replicas
    }

    /// The in-sync replicas.
    #[must_use]
    pub fn isr(&self) -> &[i32] {
        &self.isr
    }

    /// The directory of each replica, in the order of [`Partition::replicas`].
    #[must_use]
    pub fn directories(&self) -> &[Uuid] {
        &self.directories
    }

    /// The directory of a broker's replica; `None` when it holds none.
    #[must_use]
    pub fn directory_of(&self, broker: i32) -> Option<Uuid> {
        let slot = self.replicas.iter().position(|id| *id == broker)?;
        self.directories.get(slot).copied()
    }

    /// Replicas that a reassignment adds.
    #[must_use]
    pub fn adding(&self) -> &[i32] {
        self.rare.as_ref().map_or(&[], |rare| &rare.adding)
    }

    /// Replicas that a reassignment removes.
    #[must_use]
    pub fn removing(&self) -> &[i32] {
        self.rare.as_ref().map_or(&[], |rare| &rare.removing)
    }

    /// Eligible leader replicas outside of the in-sync set (KIP-966).
    #[must_use]
    pub fn elr(&self) -> &[i32] {
        self.rare.as_ref().map_or(&[], |rare| &rare.elr)
    }

    /// The last known leader or eligible replicas.
    #[must_use]
    pub fn last_known_elr(&self) -> &[i32] {
        self.rare.as_ref().map_or(&[], |rare| &rare.last_known_elr)
    }

    /// The leader; `None` without one.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        (self.leader >= 0).then_some(NodeId(self.leader))
    }

    /// Rises with every change of the leader.
    #[must_use]
    pub const fn leader_epoch(&self) -> LeaderEpoch {
        LeaderEpoch(self.leader_epoch)
    }

    /// Rises with every change of the partition.
    #[must_use]
    pub const fn partition_epoch(&self) -> i32 {
        self.partition_epoch
    }

    /// Whether the leader still recovers from an unclean election.
    #[must_use]
    pub const fn recovery(&self) -> RecoveryState {
        self.recovery
    }

    /// Whether a reassignment is under way.
    #[must_use]
    pub fn is_reassigning(&self) -> bool {
        !self.adding().is_empty() || !self.removing().is_empty()
    }
}

impl Partitions {
    /// How many partitions there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none: a topic between its record and its first partition.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One partition.
    #[must_use]
    pub fn get(&self, partition: i32) -> Option<&Partition> {
        let (number, slot) = place(partition)?;
        let found = self
            .chunks
            .binary_search_by_key(&number, |chunk| chunk.0)
            .ok()?;
        self.chunks.get(found)?.1.get(slot)?.as_ref()
    }

    /// Every partition with its number, in order.
    pub fn iter(&self) -> impl Iterator<Item = (i32, &Partition)> {
        self.chunks.iter().flat_map(|(number, chunk)| {
            let first = number * CHUNK;
            chunk
                .iter()
                .zip(first..)
                .filter_map(|(partition, n)| Some((i32::try_from(n).ok()?, partition.as_ref()?)))
        })
    }

    /// Puts a partition in; false when the number is negative.
    pub(crate) fn insert(&mut self, partition: i32, value: Partition) -> bool {
        let Some((number, slot)) = place(partition) else {
            return false;
        };
        let found = match self.chunks.binary_search_by_key(&number, |chunk| chunk.0) {
            Ok(found) => found,
            Err(missing) => {
                grow(&mut self.chunks, 1);
                self.chunks.insert(missing, (number, Arc::default()));
                missing
            }
        };
        let Some((_, chunk)) = self.chunks.get_mut(found) else {
            return false;
        };
        let chunk = Arc::make_mut(chunk);
        if chunk.len() <= slot {
            let missing = slot + 1 - chunk.len();
            grow(chunk, missing);
            chunk.resize(slot + 1, None);
        }
        if let Some(place) = chunk.get_mut(slot)
            && place.replace(value).is_none()
        {
            self.len += 1;
        }
        true
    }
}

/// Makes room by doubling, from one element on: a vector by itself begins with four, and most topics are small.
fn grow<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact(more.max(list.len()));
    }
}

/// The chunk of a partition and its slot there.
fn place(partition: i32) -> Option<(u32, usize)> {
    let n = u32::try_from(partition).ok()?;
    Some((n / CHUNK, usize::try_from(n % CHUNK).ok()?))
}

impl Topics {
    /// How many topics there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is no topic.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// How many partitions all topics have together.
    #[must_use]
    pub const fn partition_count(&self) -> usize {
        self.partitions
    }

    /// The topic of a name.
    #[must_use]
    pub fn by_name(&self, name: &TopicName) -> Option<&Arc<Topic>> {
        self.by_name.get(name)
    }

    /// The topic of an unchecked name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Topic>> {
        self.by_name.get(name)
    }

    /// The topic of an id.
    #[must_use]
    pub fn by_id(&self, id: Uuid) -> Option<&Arc<Topic>> {
        self.by_id.get(&id)
    }

    /// A topic whose name differs from another one in `.` and `_` only.
    #[must_use]
    pub fn colliding_with(&self, name: &TopicName) -> Option<&TopicName> {
        self.by_collision
            .get(name.collision_key().as_str())
            .filter(|other| *other != name)
    }

    /// Every topic, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.by_name.values()
    }

    /// Every topic, by id.
    pub fn iter_by_id(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.by_id.values()
    }

    /// Topics from a name on, that name included, in order of names.
    pub fn from_name(&self, first: &TopicName) -> impl Iterator<Item = &Arc<Topic>> {
        self.by_name.range(first.clone()..).map(|(_, topic)| topic)
    }

    /// Puts a topic in, or in place of its older state.
    pub(crate) fn put(&mut self, topic: Topic) {
        let topic = Arc::new(topic);
        let added = topic.partitions.len();
        let older = self.by_id.insert(topic.id, Arc::clone(&topic));
        let removed = older.map_or(0, |older| older.partitions.len());
        self.partitions = (self.partitions + added).saturating_sub(removed);
        if has_collision_characters(&topic.name) {
            self.by_collision
                .insert(topic.name.collision_key().into(), topic.name.clone());
        }
        self.by_name.insert(topic.name.clone(), topic);
    }

    /// Takes a topic out.
    pub(crate) fn remove(&mut self, id: Uuid) -> Option<Arc<Topic>> {
        let topic = self.by_id.remove(&id)?;
        self.partitions = self.partitions.saturating_sub(topic.partitions.len());
        self.by_name.remove(&topic.name);
        if has_collision_characters(&topic.name) {
            self.by_collision
                .remove(topic.name.collision_key().as_str());
        }
        Some(topic)
    }
}

fn has_collision_characters(name: &str) -> bool {
    name.contains(['.', '_'])
}

#[cfg(test)]
mod tests;

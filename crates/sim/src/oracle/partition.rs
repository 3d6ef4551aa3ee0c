//! What is known and promised about one partition.

use super::{Ending, Floor, PartitionKey, Watermarks};
use crate::RecordId;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// A batch without an answer yet.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) to: PartitionKey,
    pub(super) ids: Vec<RecordId>,
}

#[derive(Debug)]
pub(super) struct Partition {
    synced: bool,
    /// What stands at which offset, from answers and reads.
    known: BTreeMap<i64, RecordId>,
    offsets: BTreeMap<RecordId, i64>,
    /// Offsets that were acknowledged, and when.
    acknowledged: BTreeMap<i64, Instant>,
    /// What was read since `forget_reads`.
    read: BTreeSet<i64>,
    refused: BTreeSet<RecordId>,
    /// Records below may be gone.
    deletable_below: i64,
    marks: Watermarks,
    /// Counts restarts: an answer from before one is not held against what came after.
    lives: u64,
}

impl Partition {
    pub(super) fn new(synced: bool) -> Self {
        Self {
            synced,
            known: BTreeMap::new(),
            offsets: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            read: BTreeSet::new(),
            refused: BTreeSet::new(),
            deletable_below: 0,
            marks: Watermarks { high: 0, last_stable: 0, log_start: 0 },
            lives: 0,
        }
    }

    pub(super) fn place(
        &mut self,
        offset: i64,
        id: RecordId,
        acknowledged: bool,
        once: bool,
    ) -> Result<(), String> {
        if acknowledged {
            self.acknowledged.insert(offset, Instant::now());
        } else {
            self.read.insert(offset);
        }
        if self.refused.contains(&id) {
            return Err(format!("{id:?} at {offset} had been refused"));
        }
        let before = *self.known.entry(offset).or_insert(id);
        if before != id {
            return Err(format!("offset {offset} is {id:?} and was {before:?}"));
        }
        let first = *self.offsets.entry(id).or_insert(offset);
        if once && first != offset {
            return Err(format!("{id:?} stands at {first} and at {offset}"));
        }
        Ok(())
    }

    /// The refused records that were read before.
    pub(super) fn refuse(&mut self, ids: &[RecordId]) -> Vec<RecordId> {
        self.refused.extend(ids);
        let known = ids.iter().filter(|id| self.offsets.contains_key(id));
        known.copied().collect()
    }

    pub(super) fn may_delete_below(&mut self, offset: i64) {
        self.deletable_below = self.deletable_below.max(offset);
    }

    pub(super) fn floor(&self) -> Floor {
        Floor { marks: self.marks, lives: self.lives }
    }

    pub(super) fn observed(&mut self, floor: Floor, marks: Watermarks) -> Result<(), String> {
        if floor.lives != self.lives {
            return Ok(());
        }
        let Watermarks { high, last_stable, log_start } = marks;
        let known = |mark: i64| mark >= 0;
        let old = &mut self.marks;
        let fell = [
            (high, floor.marks.high),
            (last_stable, floor.marks.last_stable),
            (log_start, floor.marks.log_start),
        ];
        old.high = old.high.max(high);
        old.last_stable = old.last_stable.max(last_stable);
        old.log_start = old.log_start.max(log_start);
        if fell.iter().any(|(now, before)| known(*now) && now < before) {
            return Err(format!("{marks:?} fell behind {:?}", floor.marks));
        }
        if known(high) && (last_stable > high || log_start > high) {
            return Err(format!("{marks:?} do not fit together"));
        }
        if log_start > self.deletable_below {
            return Err(format!(
                "the log starts at {log_start}, asked for was {}",
                self.deletable_below
            ));
        }
        Ok(())
    }

    /// The process ended: answers that are on their way tell of its life, and the log start is made durable now and then
    /// only.
    pub(super) fn died(&mut self) {
        self.lives += 1;
        self.marks.log_start = 0;
    }

    /// The node is back. Whatever the log had, `settled_at` is when the disk should have had everything acknowledged
    /// before; `None` if it had a reason not to.
    pub(super) fn restarted(
        &mut self,
        (ending, compacted): (Ending, bool),
        settled_at: Option<Instant>,
        (start, end): (i64, i64),
    ) -> (Vec<String>, usize) {
        let mut broken = Vec::new();
        self.lives += 1;
        if start > self.deletable_below || start > end {
            broken.push(format!("restarted at {start}..{end}"));
        }
        let lost = self.known.split_off(&end);
        for (offset, id) in &lost {
            let (offset, id) = (*offset, *id);
            if self.offsets.get(&id) == Some(&offset) {
                self.offsets.remove(&id);
            }
            let promised = self.acknowledged.remove(&offset);
            let old = promised.is_some_and(|at| settled_at.is_some_and(|limit| at < limit));
            // Seen by a consumer is as good as acknowledged: a killed process loses nothing.
            if ending == Ending::Process || (promised.is_some() && self.synced) || old {
                broken.push(format!(
                    "lost {id:?} at {offset}: {ending:?} ended, log end {end}"
                ));
            }
        }
        self.acknowledged.split_off(&end);
        if compacted && ending == Ending::Power {
            self.doubt_unsettled(settled_at);
        }
        if ending == Ending::Process && end < self.marks.high {
            broken.push(format!("the log ends at {end}, below {}", self.marks.high));
        }
        self.marks.high = self.marks.high.min(end);
        self.marks.last_stable = self.marks.last_stable.min(end);
        // The log start is made durable now and then only.
        self.marks.log_start = self.marks.log_start.min(start);
        (broken, lost.len())
    }

    /// The power took the end of a closed segment, perhaps, and left the next one: in a compacted log nothing tells that hole
    /// from the cleaner's work. So what the disk need not have had is known again only when it is read again.
    fn doubt_unsettled(&mut self, settled_at: Option<Instant>) {
        let (acknowledged, synced) = (&mut self.acknowledged, self.synced);
        let is_settled = |at: &Instant| synced || settled_at.is_some_and(|limit| *at < limit);
        self.known
            .retain(|offset, _| acknowledged.get(offset).is_some_and(is_settled));
        acknowledged.retain(|_, at| is_settled(at));
        // Its producer may write it again, elsewhere.
        let known = &self.known;
        self.offsets
            .retain(|id, offset| known.get(offset) == Some(id));
    }

    /// Acknowledged records that a read of everything did not show. Reads were placed before.
    pub(super) fn missing(&self, start: i64, end: i64) -> Vec<String> {
        let mut broken = Vec::new();
        let last = self.acknowledged.last_key_value();
        if let Some((last, _)) = last.filter(|(last, _)| **last >= end) {
            broken.push(format!("{last} was acknowledged, the log ends at {end}"));
        }
        for offset in start..end {
            if !self.known.contains_key(&offset) {
                broken.push(format!("nothing at {offset} in {start}..{end}"));
            }
        }
        broken
    }

    pub(super) fn forget_reads(&mut self) {
        self.read.clear();
    }

    /// The same for a compacted log: of each key the newest record must be there.
    pub(super) fn missing_newest(&self, start: i64, end: i64) -> Vec<String> {
        let mut newest: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
        for (offset, id) in self.known() {
            newest.insert(id.compacted_key(), offset);
        }
        let mut broken = Vec::new();
        for (key, offset) in newest {
            if offset >= start && !self.read.contains(&offset) {
                let key = String::from_utf8_lossy(&key);
                broken.push(format!(
                    "the newest {key:?} at {offset} is not in {start}..{end}"
                ));
            }
        }
        broken
    }

    pub(super) fn known(&self) -> impl Iterator<Item = (i64, RecordId)> + '_ {
        self.known.iter().map(|(offset, id)| (*offset, *id))
    }
}

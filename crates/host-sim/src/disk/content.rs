//! A file's bytes: what reads see, what the device holds, and the edits between the two.

use crate::SimRng;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

const PAGE: u64 = 4096;

/// Bytes with holes, in pages that clones share until one of them writes.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    pages: BTreeMap<u64, Arc<[u8; PAGE as usize]>>,
    len: u64,
}

/// A change of a file that the device does not hold yet.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    Write { position: u64, bytes: Bytes },
    SetLen(u64),
}

/// A file: `live` is the page cache, `durable` the device, `pending` what was done since the last sync, each with its
/// number in the order of all changes of the disk.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub(super) live: Content,
    pub(super) durable: Content,
    pub(super) pending: Vec<(u64, Edit)>,
    pub(super) reserved: u64,
    pub(super) cold: bool,
    pub(super) modified_ms: i64,
    pub(super) handles: usize,
}

/// Which pending edits of a file reach the device when the power goes.
pub(super) enum Survival<'a> {
    /// Those numbered below the limit; the write that has this number loses its end if there is a unit to tear at.
    Before { limit: u64, tear: Option<(u64, &'a mut SimRng)> },
    /// A prefix of this file's edits, whatever other files keep.
    FilePrefix(&'a mut SimRng),
    /// Each unit of the file stands as it was at some moment since the sync.
    Units { unit: u64, rng: &'a mut SimRng },
}

fn split(position: u64) -> (u64, usize) {
    let within = usize::try_from(position % PAGE).unwrap_or(0);
    (position / PAGE, within)
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn read(&self, buffer: &mut [u8], position: u64) -> usize {
        let left = usize::try_from(self.len.saturating_sub(position)).unwrap_or(usize::MAX);
        let total = left.min(buffer.len());
        let mut done = 0;
        while done < total {
            let (page, within) = split(position + done as u64);
            let n = (total - done).min(PAGE as usize - within);
            let target = &mut buffer[done..done + n];
            match self.pages.get(&page) {
                Some(page) => target.copy_from_slice(&page[within..within + n]),
                None => target.fill(0),
            }
            done += n;
        }
        total
    }

    pub(super) fn write(&mut self, bytes: &[u8], position: u64) {
        let mut done = 0;
        while done < bytes.len() {
            let (page, within) = split(position + done as u64);
            let n = (bytes.len() - done).min(PAGE as usize - within);
            let page = self
                .pages
                .entry(page)
                .or_insert_with(|| Arc::new([0; PAGE as usize]));
            Arc::make_mut(page)[within..within + n].copy_from_slice(&bytes[done..done + n]);
            done += n;
        }
        if !bytes.is_empty() {
            self.len = self.len.max(position + bytes.len() as u64);
        }
    }

    pub(super) fn set_len(&mut self, len: u64) {
        if len < self.len {
            let (page, within) = split(len);
            self.pages.split_off(&(page + u64::from(within > 0)));
            if let Some(last) = self.pages.get_mut(&page) {
                Arc::make_mut(last)[within..].fill(0);
            }
        }
        self.len = len;
    }

    fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Write { position, bytes } => self.write(bytes, *position),
            Edit::SetLen(len) => self.set_len(*len),
        }
    }
}

/// A write in pieces that do not cross the borders of a unit.
fn pieces(position: u64, bytes: &Bytes, unit: u64) -> impl Iterator<Item = (u64, Bytes)> + '_ {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = position + done as u64;
        let border = usize::try_from(unit - at % unit).unwrap_or(usize::MAX);
        let n = border.min(bytes.len() - done);
        let piece = (n > 0).then(|| (at, bytes.slice(done..done + n)));
        done += n;
        piece
    })
}

impl File {
    pub(super) fn edit(&mut self, seq: u64, now_ms: i64, edit: Edit) {
        self.modified_ms = now_ms;
        self.live.apply(&edit);
        self.pending.push((seq, edit));
    }

    pub(super) fn sync(&mut self) {
        for (_, edit) in self.pending.drain(..) {
            self.durable.apply(&edit);
        }
    }

    /// A sync of what lies before a position: writes behind it, and cuts that came after one of those, are left.
    pub(super) fn sync_before(&mut self, end: u64) {
        let mut left = Vec::new();
        for (seq, edit) in self.pending.drain(..) {
            let waits = match &edit {
                Edit::Write { position, .. } => *position >= end,
                Edit::SetLen(_) => !left.is_empty(),
            };
            if waits {
                left.push((seq, edit));
            } else {
                self.durable.apply(&edit);
            }
        }
        self.pending = left;
    }

    /// A sync that failed: the kernel marks the pages clean, so no later sync writes them.
    pub(super) fn forget_pending(&mut self) {
        self.pending.clear();
    }

    /// The power goes.
    pub(super) fn power_cut(&mut self, survival: Survival<'_>) {
        let pending = std::mem::take(&mut self.pending);
        let live_len = self.live.len();
        match survival {
            Survival::Before { limit, tear } => self.keep_before(pending, limit, tear),
            Survival::FilePrefix(rng) => {
                let keep = rng.index(pending.len() + 1);
                for (_, edit) in &pending[..keep] {
                    self.durable.apply(edit);
                }
            }
            Survival::Units { unit, rng } => self.keep_units(&pending, unit, live_len, rng),
        }
        self.live = self.durable.clone();
        self.reserved = 0;
        self.cold = true;
    }

    fn keep_before(
        &mut self,
        pending: Vec<(u64, Edit)>,
        limit: u64,
        mut tear: Option<(u64, &mut SimRng)>,
    ) {
        for (seq, edit) in pending {
            if seq < limit {
                self.durable.apply(&edit);
            } else if let (true, Edit::Write { position, bytes }, Some((unit, rng))) =
                (seq == limit, &edit, &mut tear)
            {
                let all: Vec<_> = pieces(*position, bytes, *unit).collect();
                let keep = rng.index(all.len());
                for (at, piece) in &all[..keep] {
                    self.durable.write(piece, *at);
                }
            }
        }
    }

    fn keep_units(&mut self, pending: &[(u64, Edit)], unit: u64, live_len: u64, rng: &mut SimRng) {
        let mut versions: BTreeMap<u64, u64> = BTreeMap::new();
        let mut cuts = 0;
        for (_, edit) in pending {
            match edit {
                Edit::Write { position, bytes } => {
                    for (at, _) in pieces(*position, bytes, unit) {
                        *versions.entry(at / unit).or_default() += 1;
                    }
                }
                Edit::SetLen(_) => cuts += 1,
            }
        }
        // Changes of the length go through the file system's journal: in order among themselves.
        let mut cuts_left = survivors(cuts, rng);
        for count in versions.values_mut() {
            *count = survivors(*count, rng);
        }
        for (_, edit) in pending {
            match edit {
                Edit::Write { position, bytes } => {
                    for (at, piece) in pieces(*position, bytes, unit) {
                        let left = versions.entry(at / unit).or_default();
                        if *left > 0 {
                            *left -= 1;
                            self.durable.write(&piece, at);
                        }
                    }
                }
                Edit::SetLen(len) if cuts_left > 0 => {
                    cuts_left -= 1;
                    self.durable.set_len(*len);
                }
                Edit::SetLen(_) => {}
            }
        }
        // The length may be written before the data that fills it: zeros at the end.
        if live_len > self.durable.len() && rng.percent(25) {
            self.durable.set_len(live_len);
        }
    }
}

/// How many of `count` versions in a row got through: often all or none, sometimes one in between.
fn survivors(count: u64, rng: &mut SimRng) -> u64 {
    match rng.below(4) {
        0 => 0,
        1 | 2 => count,
        _ => rng.between(0, count),
    }
}

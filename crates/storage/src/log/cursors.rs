//! Batch boundaries that were found lately: a reader that follows the log finds its next place without the disk.

/// A few places of a log.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    /// `None` as long as nobody read: most of many partitions are idle.
    places: Option<Box<[Place; PLACES]>>,
    next: usize,
}

/// The batch that holds `offset` begins at a position of a segment; if it is not written yet, it will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: i64,
    /// The segment's.
    pub(super) base: i64,
    pub(super) position: u64,
}

/// Readers that follow a log at the same time and still find their place.
const PLACES: usize = 4;

impl Default for Place {
    fn default() -> Self {
        Self { offset: -1, base: -1, position: 0 }
    }
}

impl Cursors {
    pub(super) fn find(&self, offset: i64) -> Option<Place> {
        let mut places = self.places.iter().flat_map(|places| places.iter());
        places.find(|p| p.offset == offset).copied()
    }

    pub(super) fn remember(&mut self, place: Place) {
        if self.find(place.offset).is_none() {
            let places = self.places.get_or_insert_default();
            if let Some(slot) = places.get_mut(self.next % PLACES) {
                *slot = place;
            }
            self.next = self.next.wrapping_add(1);
        }
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

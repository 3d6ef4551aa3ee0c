//! The segments of one log, oldest first.
//!
//! Closed segments are shared and never change, so that a copy of the list for a reader costs one reference count and
//! the small state of the active segment. A change while such a copy is out makes a new list; the copy stays as it was.

use crate::segment::Segment;
use std::iter::{Chain, Once, once};
use std::ops::Index;
use std::sync::{Arc, OnceLock};

type Closed = Arc<Vec<Arc<Segment>>>;

/// Segments by base offset. *Invariant:* never empty; the last one is active.
#[derive(Debug, Clone)]
pub(crate) struct Segments {
    closed: Closed,
    active: Segment,
}

type Iter<'a> = Chain<
    std::iter::Map<std::slice::Iter<'a, Arc<Segment>>, fn(&Arc<Segment>) -> &Segment>,
    Once<&'a Segment>,
>;

impl Segments {
    /// A list of one.
    pub(crate) fn of(active: Segment) -> Self {
        // Most of many logs have one segment: they share the empty list.
        static NONE: OnceLock<Closed> = OnceLock::new();
        let closed = Arc::clone(NONE.get_or_init(Arc::default));
        Self { closed, active }
    }

    /// A list of segments that rise; `None` without any.
    pub(crate) fn of_rising(mut segments: Vec<Segment>) -> Option<Self> {
        let active = segments.pop()?;
        if segments.is_empty() {
            return Some(Self::of(active));
        }
        let closed = segments.into_iter().map(Arc::new).collect();
        Some(Self { closed: Arc::new(closed), active })
    }

    pub(crate) fn len(&self) -> usize {
        self.closed.len() + 1
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Segment> {
        match self.closed.get(index) {
            Some(segment) => Some(segment),
            None => (index == self.closed.len()).then_some(&self.active),
        }
    }

    pub(crate) fn first(&self) -> &Segment {
        self.closed.first().map_or(&self.active, |first| first)
    }

    /// The segment that grows.
    pub(crate) const fn active(&self) -> &Segment {
        &self.active
    }

    pub(crate) const fn active_mut(&mut self) -> &mut Segment {
        &mut self.active
    }

    pub(crate) fn iter(&self) -> Iter<'_> {
        let closed: std::iter::Map<_, fn(&Arc<Segment>) -> &Segment> =
            self.closed.iter().map(|segment| &**segment);
        closed.chain(once(&self.active))
    }

    /// From one segment on.
    pub(crate) fn from(&self, index: usize) -> impl Iterator<Item = &Segment> {
        self.iter().skip(index)
    }

    /// The segment that holds an offset, if any: the last with a base that is not above it.
    pub(crate) fn index_of(&self, offset: i64) -> usize {
        if self.active.base <= offset {
            return self.closed.len();
        }
        self.closed
            .partition_point(|segment| segment.base <= offset)
            .saturating_sub(1)
    }

    /// Where a segment ends: the next one's base, `log_end` for the active one.
    pub(crate) fn end_of(&self, index: usize, log_end: i64) -> i64 {
        self.get(index + 1).map_or(log_end, |next| next.base)
    }

    /// A segment to change. While a reader has the list, a copy is changed.
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut Segment> {
        if index == self.closed.len() {
            return Some(&mut self.active);
        }
        Arc::make_mut(&mut self.closed)
            .get_mut(index)
            .map(Arc::make_mut)
    }

    /// Adds a segment, which is active from now on.
    pub(crate) fn push(&mut self, segment: Segment) {
        let closed = std::mem::replace(&mut self.active, segment);
        Arc::make_mut(&mut self.closed).push(Arc::new(closed));
    }

    /// Takes the active segment off; the one before becomes active. `None` if it is the only one.
    pub(crate) fn pop(&mut self) -> Option<Segment> {
        if self.closed.is_empty() {
            return None;
        }
        let before = Arc::make_mut(&mut self.closed).pop()?;
        Some(std::mem::replace(
            &mut self.active,
            Arc::unwrap_or_clone(before),
        ))
    }

    /// Takes the oldest off; the active one stays.
    pub(crate) fn drain_oldest(&mut self, count: usize) -> Vec<Arc<Segment>> {
        let closed = Arc::make_mut(&mut self.closed);
        closed.drain(..count.min(closed.len())).collect()
    }

    /// Puts one segment in the place of several closed ones, which it gives back.
    pub(crate) fn replace(
        &mut self,
        range: std::ops::Range<usize>,
        by: Segment,
    ) -> Vec<Arc<Segment>> {
        let closed = Arc::make_mut(&mut self.closed);
        let end = range.end.min(closed.len());
        closed
            .splice(range.start.min(end)..end, [Arc::new(by)])
            .collect()
    }

    /// Takes all behind one off, oldest first; that one is active from now on.
    pub(crate) fn split_behind(&mut self, index: usize) -> Vec<Segment> {
        let mut behind = Vec::new();
        while self.closed.len() > index {
            behind.extend(self.pop());
        }
        behind.reverse();
        behind
    }
}

impl Index<usize> for Segments {
    type Output = Segment;

    fn index(&self, index: usize) -> &Segment {
        self.get(index).expect("the index is of this list")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(bases: &[i64]) -> Segments {
        Segments::of_rising(bases.iter().map(|base| Segment::empty(*base)).collect()).unwrap()
    }

    fn bases(list: &Segments) -> Vec<i64> {
        list.iter().map(|segment| segment.base).collect()
    }

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut list = list(&[0, 10, 20]);
        let copy = list.clone();
        list.push(Segment::empty(30));
        list.active_mut().size = 7;
        list.get_mut(1).unwrap().size = 9;
        assert_eq!(list.drain_oldest(1).len(), 1);
        assert_eq!(bases(&list), [10, 20, 30]);
        assert_eq!(bases(&copy), [0, 10, 20]);
        assert_eq!((copy[1].size, list[0].size, list[2].size), (0, 9, 7));
    }

    #[test]
    fn one_takes_the_place_of_several() {
        let mut list = list(&[0, 10, 20, 30]);
        let copy = list.clone();
        let gone = list.replace(1..3, Segment::empty(10));
        assert_eq!(gone.iter().map(|s| s.base).collect::<Vec<_>>(), [10, 20]);
        assert_eq!((bases(&list), list.active().base), (vec![0, 10, 30], 30));
        assert_eq!(bases(&copy), [0, 10, 20, 30]);
    }

    #[test]
    fn the_segment_of_an_offset_and_its_end() {
        let list = list(&[5, 10, 20]);
        let found: Vec<_> = [0, 5, 9, 10, 19, 20, 99].map(|o| list.index_of(o)).into();
        assert_eq!(found, [0, 0, 0, 1, 1, 2, 2]);
        assert_eq!((list.end_of(0, 33), list.end_of(2, 33)), (10, 33));
        assert!(list.get(3).is_none() && list.len() == 3 && list.first().base == 5);
    }

    #[test]
    fn what_lies_behind_is_taken_off_and_put_back() {
        let mut list = list(&[0, 10, 20, 30]);
        let behind = list.split_behind(1);
        assert_eq!((bases(&list), list.active().base), (vec![0, 10], 10));
        for segment in behind {
            list.push(segment);
        }
        assert_eq!(bases(&list), [0, 10, 20, 30]);
        for base in [30, 20, 10] {
            assert_eq!(list.pop().map(|segment| segment.base), Some(base));
        }
        assert!(list.pop().is_none() && list.active().base == 0);
    }
}

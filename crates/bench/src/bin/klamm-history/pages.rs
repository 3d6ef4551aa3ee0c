//! Something small for each offset of a partition: offsets lie close together, so that it is kept by the page.

use std::collections::BTreeMap;

const PAGE: i64 = 256;

/// A number for each offset.
#[derive(Debug, Default)]
pub(crate) struct Numbers(BTreeMap<i64, Box<[u32]>>);

/// What [`Numbers`] holds where nothing was put.
const EMPTY: u32 = u32::MAX;

impl Numbers {
    /// The number at an offset; if there is none yet, it is this one from now on.
    pub(crate) fn get_or_put(&mut self, offset: i64, number: u32) -> u32 {
        let page = self.0.entry(offset.div_euclid(PAGE));
        let page = page.or_insert_with(|| vec![EMPTY; PAGE as usize].into());
        match page.get_mut(offset.rem_euclid(PAGE) as usize) {
            Some(slot) => {
                if *slot == EMPTY {
                    *slot = number;
                }
                *slot
            }
            None => number,
        }
    }

    pub(crate) fn get(&self, offset: i64) -> Option<u32> {
        let page = self.0.get(&offset.div_euclid(PAGE))?;
        let number = page.get(offset.rem_euclid(PAGE) as usize)?;
        Some(*number).filter(|number| *number != EMPTY)
    }
}

/// A set of offsets.
#[derive(Debug, Default)]
pub(crate) struct Offsets(BTreeMap<i64, u64>);

const WORD: i64 = 64;

impl Offsets {
    pub(crate) fn insert(&mut self, offset: i64) {
        *self.0.entry(offset.div_euclid(WORD)).or_default() |= 1 << offset.rem_euclid(WORD);
    }

    /// Those from `first` on, in order.
    pub(crate) fn from(&self, first: i64) -> impl Iterator<Item = i64> {
        let words = self.0.range(first.div_euclid(WORD)..);
        let offsets = words.flat_map(|(word, bits)| {
            let base = word * WORD;
            (0..WORD)
                .filter(move |bit| bits >> bit & 1 == 1)
                .map(move |bit| base + bit)
        });
        offsets.skip_while(move |offset| *offset < first)
    }
}

#[cfg(test)]
mod tests {
    use super::{Numbers, Offsets};

    #[test]
    fn the_first_number_of_an_offset_stays() {
        let mut numbers = Numbers::default();
        for offset in [0, 255, 256, -1, i64::MAX, i64::MIN] {
            assert_eq!(numbers.get(offset), None, "{offset}");
            assert_eq!(numbers.get_or_put(offset, 7), 7);
            assert_eq!(numbers.get_or_put(offset, 8), 7);
            assert_eq!(numbers.get(offset), Some(7));
        }
        assert_eq!(numbers.get(1), None);
    }

    #[test]
    fn offsets_come_in_order_from_where_they_are_wanted() {
        let mut offsets = Offsets::default();
        for offset in [900, 3, 64, 63, 3, 128] {
            offsets.insert(offset);
        }
        let from = |first| offsets.from(first).collect::<Vec<_>>();
        assert_eq!(from(0), [3, 63, 64, 128, 900]);
        assert_eq!(from(64), [64, 128, 900]);
        assert_eq!(from(65), [128, 900]);
        assert_eq!(offsets.from(901).next(), None);
    }
}

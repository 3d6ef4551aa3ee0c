//! Key → offset of its newest record, in bounded memory.
//!
//! The keys themselves are kept, not a digest of them, so two keys are never taken for one: no record is lost to a
//! collision. A key takes 12 bytes, its length rounded up to 4, and 9 to 18 bytes of table.
//!
//! ```text
//! slots   8 bytes each, a power of two: 32 bits of the key's hash, place of its entry
//! arena   entries one after the other:  offset i64 │ key length u32 │ key │ padding to 4
//! ```

use foldhash::quality::FixedState;
use std::hash::BuildHasher;

/// The table of keys. When its memory is used up it takes no further key, but still newer offsets of those it has.
#[derive(Debug)]
pub(crate) struct KeyMap {
    slots: Vec<Slot>,
    keys: usize,
    chunks: Vec<Vec<u8>>,
    arena_bytes: usize,
    bytes_max: usize,
    hasher: FixedState,
}

/// No room for another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

#[derive(Debug, Clone, Copy)]
struct Slot {
    tag: u32,
    at: u32,
}

const FREE: u32 = u32::MAX;
const SLOTS_MIN: usize = 64;
const SLOT_BYTES: usize = size_of::<Slot>();
/// An entry lies in one chunk. One that is larger has a chunk of its own.
const CHUNK_BYTES: usize = 1 << UNIT_BITS << 2;
/// Places count units of 4 bytes in a chunk: 18 bits for the unit, 14 for the chunk.
const UNIT_BITS: u32 = 18;
const CHUNKS_MAX: usize = 1 << (u32::BITS - UNIT_BITS);
const HEAD_BYTES: usize = 12;

impl KeyMap {
    /// An empty table of at most so many bytes. `seed` spreads keys that somebody chose to fall together.
    pub(crate) fn new(bytes_max: usize, seed: u64) -> Self {
        Self {
            slots: Vec::new(),
            keys: 0,
            chunks: Vec::new(),
            arena_bytes: 0,
            bytes_max,
            hasher: FixedState::with_seed(seed),
        }
    }

    /// Keys in it.
    pub(crate) const fn len(&self) -> usize {
        self.keys
    }

    /// Memory of table and keys.
    pub(crate) const fn bytes(&self) -> usize {
        self.slots.len() * SLOT_BYTES + self.arena_bytes
    }

    /// Sets a key's newest offset. The first key always finds room, or nothing would ever be cleaned.
    pub(crate) fn put(&mut self, key: &[u8], offset: i64) -> Result<(), Full> {
        let tag = self.tag(key);
        if let Some(at) = self.find(tag, key) {
            if let Some(place) = self.entry_mut(at).and_then(|e| e.first_chunk_mut()) {
                *place = offset.to_le_bytes();
            }
            return Ok(());
        }
        let entry = (HEAD_BYTES + key.len()).next_multiple_of(4);
        let slots = self.slots_for(self.keys + 1);
        // While the table grows, the old one is there too.
        let table = if slots == self.slots.len() {
            slots
        } else {
            slots + self.slots.len()
        };
        let needed = table * SLOT_BYTES + self.arena_bytes + entry;
        let fits = needed <= self.bytes_max && self.chunks.len() < CHUNKS_MAX;
        if !fits && self.keys > 0 {
            return Err(Full);
        }
        if slots != self.slots.len() {
            self.grow(slots);
        }
        let at = self.write_entry(key, offset, entry);
        self.occupy(Slot { tag, at });
        self.keys += 1;
        Ok(())
    }

    /// A key's newest offset.
    pub(crate) fn get(&self, key: &[u8]) -> Option<i64> {
        let at = self.find(self.tag(key), key)?;
        let offset = self.entry(at)?.first_chunk()?;
        Some(i64::from_le_bytes(*offset))
    }

    fn tag(&self, key: &[u8]) -> u32 {
        (self.hasher.hash_one(key) >> 32) as u32
    }

    /// Slots that so many keys need: at most seven of eight are taken.
    fn slots_for(&self, keys: usize) -> usize {
        if keys <= self.slots.len() / 8 * 7 {
            self.slots.len()
        } else {
            (self.slots.len() * 2).max(SLOTS_MIN)
        }
    }

    fn grow(&mut self, slots: usize) {
        let free = Slot { tag: 0, at: FREE };
        let old = std::mem::replace(&mut self.slots, vec![free; slots]);
        for slot in old.into_iter().filter(|s| s.at != FREE) {
            self.occupy(slot);
        }
    }

    fn occupy(&mut self, slot: Slot) {
        let mut index = self.home(slot.tag);
        while let Some(place) = self.slots.get_mut(index) {
            if place.at == FREE {
                *place = slot;
                return;
            }
            index = self.after(index);
        }
    }

    fn find(&self, tag: u32, key: &[u8]) -> Option<u32> {
        let mut index = self.home(tag);
        loop {
            let slot = self.slots.get(index)?;
            if slot.at == FREE {
                return None;
            }
            if slot.tag == tag && self.key(slot.at) == Some(key) {
                return Some(slot.at);
            }
            index = self.after(index);
        }
    }

    const fn home(&self, tag: u32) -> usize {
        // The length is a power of two, or 0.
        tag as usize & self.slots.len().saturating_sub(1)
    }

    const fn after(&self, index: usize) -> usize {
        (index + 1) & (self.slots.len() - 1)
    }

    fn write_entry(&mut self, key: &[u8], offset: i64, bytes: usize) -> u32 {
        let has_room = |chunk: &Vec<u8>| chunk.capacity() - chunk.len() >= bytes;
        if !self.chunks.last().is_some_and(has_room) {
            let usual = CHUNK_BYTES.min(self.bytes_max);
            self.chunks.push(Vec::with_capacity(usual.max(bytes)));
        }
        let index = self.chunks.len() - 1;
        let Some(chunk) = self.chunks.last_mut() else {
            return FREE;
        };
        let unit = chunk.len() / 4;
        let end = chunk.len() + bytes;
        chunk.extend_from_slice(&offset.to_le_bytes());
        // A key comes out of a batch, whose length is a signed 32-bit number.
        chunk.extend_from_slice(&(key.len() as u32).to_le_bytes());
        chunk.extend_from_slice(key);
        chunk.resize(end, 0);
        self.arena_bytes += bytes;
        (index << UNIT_BITS | unit) as u32
    }

    fn entry(&self, at: u32) -> Option<&[u8]> {
        let (chunk, byte) = place(at);
        self.chunks.get(chunk)?.get(byte..)
    }

    fn entry_mut(&mut self, at: u32) -> Option<&mut [u8]> {
        let (chunk, byte) = place(at);
        self.chunks.get_mut(chunk)?.get_mut(byte..)
    }

    fn key(&self, at: u32) -> Option<&[u8]> {
        let (_, rest) = self.entry(at)?.split_at_checked(8)?;
        let (len, rest) = rest.split_first_chunk()?;
        rest.get(..u32::from_le_bytes(*len) as usize)
    }
}

const fn place(at: u32) -> (usize, usize) {
    let unit = at & ((1 << UNIT_BITS) - 1);
    ((at >> UNIT_BITS) as usize, unit as usize * 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn keys_that_share_a_tag_stay_apart() {
        // Among 200,000 keys several pairs share 32 bits of hash.
        let mut map = KeyMap::new(64 << 20, 7);
        let mut tags = BTreeMap::<u32, u32>::new();
        for n in 0..200_000u32 {
            map.put(&n.to_be_bytes(), i64::from(n)).unwrap();
            *tags.entry(map.tag(&n.to_be_bytes())).or_default() += 1;
        }
        assert!(tags.values().any(|count| *count > 1));
        assert_eq!(map.len(), 200_000);
        for n in 0..200_000u32 {
            assert_eq!(map.get(&n.to_be_bytes()), Some(i64::from(n)));
        }
        assert_eq!(map.get(b"absent"), None);
    }

    #[test]
    fn memory_is_bounded_and_known_keys_still_move() {
        let mut map = KeyMap::new(64 << 10, 1);
        let key = |n: u32| format!("a key of some length {n}");
        let mut taken = 0;
        while map.put(key(taken).as_bytes(), i64::from(taken)).is_ok() {
            taken += 1;
        }
        assert!(map.bytes() <= 64 << 10 && taken > 800, "{taken}");
        map.put(key(0).as_bytes(), 99_999).unwrap();
        assert_eq!(map.get(key(0).as_bytes()), Some(99_999));
        assert_eq!(map.get(key(taken).as_bytes()), None);
    }

    #[test]
    fn one_key_always_fits() {
        let mut map = KeyMap::new(10, 1);
        let large = vec![7; 3 << 20];
        assert_eq!(map.put(&large, 5), Ok(()));
        assert_eq!(map.put(b"a", 6), Err(Full));
        assert_eq!(map.get(&large), Some(5));
    }

    proptest! {
        #[test]
        fn it_answers_like_a_map(puts in prop::collection::vec((prop::collection::vec(0u8..4, 0..6), 0i64..1000), 0..400)) {
            let mut map = KeyMap::new(1 << 20, 3);
            let mut model = BTreeMap::new();
            for (key, offset) in puts {
                map.put(&key, offset).unwrap();
                model.insert(key, offset);
            }
            prop_assert_eq!(map.len(), model.len());
            for (key, offset) in &model {
                prop_assert_eq!(map.get(key), Some(*offset));
            }
        }
    }
}

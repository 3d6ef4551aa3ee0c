//! Names as numbers: each text is kept once, behind the others, and found by its hash.

use std::hash::{DefaultHasher, Hasher};

/// The number of a name; they count from 0.
pub(crate) type Id = u32;

/// No name.
pub(crate) const NONE: Id = Id::MAX;

/// Texts and their numbers. One costs its bytes and some 16 more.
#[derive(Debug, Default)]
pub(crate) struct Names {
    texts: String,
    /// Where each text ends.
    ends: Vec<usize>,
    /// Open addressing: numbers at the places that the hashes of their texts point to, or behind them.
    table: Vec<Id>,
}

impl Names {
    /// The number of a text, a new one if it was not met before.
    pub(crate) fn id(&mut self, text: &str) -> Id {
        if self.ends.len().saturating_mul(2) >= self.table.len() {
            self.grow();
        }
        let place = self.place(text);
        let Some(slot) = self.table.get_mut(place).filter(|slot| **slot == NONE) else {
            return self.table.get(place).copied().unwrap_or(NONE);
        };
        // Numbers are 32 bits wide; a history of four billion values is not for this program.
        let id = Id::try_from(self.ends.len()).unwrap_or(NONE);
        assert!(id != NONE, "too many names");
        *slot = id;
        self.texts.push_str(text);
        self.ends.push(self.texts.len());
        id
    }

    /// The text of a number; empty for [`NONE`].
    pub(crate) fn text(&self, id: Id) -> &str {
        let at = id as usize;
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(at).copied().unwrap_or(0);
        let text = self.texts.get(begin.copied().unwrap_or(0)..end);
        text.unwrap_or_default()
    }

    /// Where the text is in the table, or belongs.
    fn place(&self, text: &str) -> usize {
        let mut hasher = DefaultHasher::new();
        hasher.write(text.as_bytes());
        // The table is a power of two long, and at least half of it is empty.
        let mask = self.table.len() - 1;
        let mut place = hasher.finish() as usize & mask;
        while let Some(id) = self.table.get(place).filter(|id| **id != NONE) {
            if self.text(*id) == text {
                break;
            }
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        let size = self.table.len().saturating_mul(2).max(64);
        self.table = vec![NONE; size];
        for at in 0..self.ends.len() {
            let id = at as Id;
            let place = self.place(self.text(id));
            if let Some(slot) = self.table.get_mut(place) {
                *slot = id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NONE, Names};

    #[test]
    fn a_text_keeps_its_number_while_others_come() {
        let mut names = Names::default();
        assert_eq!(names.text(NONE), "");
        let texts: Vec<String> = (0..5_000).map(|n| format!("p{}-{n}", n % 7)).collect();
        for (n, text) in texts.iter().enumerate() {
            assert_eq!(names.id(text) as usize, n);
        }
        for (n, text) in texts.iter().enumerate() {
            assert_eq!(names.id(text) as usize, n);
            assert_eq!(names.text(n as u32), text);
        }
        assert_eq!((names.id(""), names.id("")), (5_000, 5_000));
    }
}

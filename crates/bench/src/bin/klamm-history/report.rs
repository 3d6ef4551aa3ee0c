//! The kinds of things that a log must never do, and what was found of them.

use std::collections::BTreeMap;
use std::fmt::Write;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// One offset held two values.
    InconsistentOffsets,
    /// An acknowledged record that no reader saw, although later ones were seen.
    LostWrite,
    /// An acknowledged record that no reader saw, and nothing behind it either.
    Unseen,
    /// A record was seen whose send failed, or whose transaction was aborted.
    AbortedRead,
    /// A record was seen before its transaction was asked to commit.
    PrecommittedRead,
    /// One value at two offsets.
    Duplicate,
    /// A reader went back without having been moved.
    NonmonotonicPoll,
    /// A reader was not shown a record that lay between two that it was.
    PollSkip,
    /// A later send of the same process has a lower offset.
    NonmonotonicSend,
    /// Of one transaction some records are visible and others are not.
    TornTransaction,
    /// A record is visible that was sent after its producer had been replaced.
    ZombieVisible,
    /// Transactions that read from each other in a circle.
    ReadCycle,
    /// A group's committed offset went back.
    CommittedBack,
    /// A transaction's offsets count and its records do not, or the other way round.
    SplitCommit,
    /// An input led to two visible records.
    ProcessedTwice,
    /// An input is behind the group's committed offset and led to no visible record.
    NotProcessed,
    /// The end or the beginning of a log went back.
    OffsetsBack,
    /// All transactions are over, and readers of committed records still may not reach the end.
    StuckTransaction,
    /// The last value of a key is gone from a compacted topic.
    CompactedAway,
}

impl Class {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 19] = [
        Self::InconsistentOffsets,
        Self::LostWrite,
        Self::Unseen,
        Self::AbortedRead,
        Self::PrecommittedRead,
        Self::Duplicate,
        Self::NonmonotonicPoll,
        Self::PollSkip,
        Self::NonmonotonicSend,
        Self::TornTransaction,
        Self::ZombieVisible,
        Self::ReadCycle,
        Self::CommittedBack,
        Self::SplitCommit,
        Self::ProcessedTwice,
        Self::NotProcessed,
        Self::OffsetsBack,
        Self::StuckTransaction,
        Self::CompactedAway,
    ];

    /// `LostWrite` → `lost-write`.
    pub(crate) fn name(self) -> String {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    found: BTreeMap<Class, Found>,
}

/// What was found of one kind. A broker that loses everything must not cost the judge its memory.
#[derive(Debug, Default)]
struct Found {
    count: u64,
    first: Vec<String>,
}

/// So many findings of a kind are kept.
const KEPT: usize = 1_000;

impl Report {
    /// Adds a finding.
    pub(crate) fn add(&mut self, class: Class, what: String) {
        let found = self.found.entry(class).or_default();
        found.count += 1;
        if found.first.len() < KEPT {
            found.first.push(what);
        }
    }

    /// Nothing was found.
    pub(crate) fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// The kinds that were found.
    #[cfg(test)]
    pub(crate) fn classes(&self) -> Vec<Class> {
        self.found.keys().copied().collect()
    }

    /// A line per kind with the first findings below it.
    pub(crate) fn text(&self, shown: usize) -> String {
        let mut text = String::new();
        for (class, found) in &self.found {
            // Writing to a string can not fail.
            let _ = writeln!(text, "{}: {}", class.name(), found.count);
            for finding in found.first.iter().take(shown) {
                let _ = writeln!(text, "  {finding}");
            }
        }
        text
    }
}

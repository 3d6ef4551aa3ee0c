//! What coordinators decided, as their logs and the markers show it.
//!
//! *Invariant 19*: an id goes from state to state as the protocol lets it; what was decided stays decided, in the log, in
//! all partitions and over crashes; no epoch falls, neither that of a producer nor that of the coordinator on the markers.

use std::collections::BTreeMap;

/// The state of an id, by Kafka's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Empty,
    Ongoing,
    PrepareCommit,
    PrepareAbort,
    CompleteCommit,
    CompleteAbort,
}

/// What a record of `__transaction_state` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
    pub(crate) state: State,
}

/// The end of a transaction in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
    pub(crate) commit: bool,
    pub(crate) coordinator_epoch: i32,
    /// Its epoch is above that of the records it ends, as a fenced producer's and as that of each transaction of level 2:
    /// no other marker of the producer has it.
    pub(crate) has_own_epoch: bool,
}

/// How transactions ended whose markers have an epoch of their own.
#[derive(Debug, Default)]
pub(crate) struct Decisions(BTreeMap<(i64, i16), bool>);

/// A reading of a partition of `__transaction_state`, from its start.
#[derive(Debug, Default)]
pub(crate) struct StateLog {
    next: i64,
    /// The last record of each id, with its offset.
    ids: BTreeMap<Vec<u8>, (i64, Option<Step>)>,
    /// Where records were missing last: the cleaner was there.
    gap_at: i64,
}

/// A reading of a partition with markers, from its start.
#[derive(Debug, Default)]
pub(crate) struct Markers(BTreeMap<i64, (i16, i32)>);

impl State {
    /// A state by Kafka's number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        let all = [
            Self::Empty,
            Self::Ongoing,
            Self::PrepareCommit,
            Self::PrepareAbort,
            Self::CompleteCommit,
            Self::CompleteAbort,
        ];
        all.get(usize::from(number)).copied()
    }

    /// Whether this state, `None` for an id that is not known, may follow another one.
    fn may_follow(next: Option<Self>, last: Option<Self>) -> bool {
        match last {
            None => next == Some(Self::Empty),
            Some(Self::Empty) => {
                matches!(
                    next,
                    None | Some(Self::Empty | Self::Ongoing | Self::PrepareAbort)
                )
            }
            Some(Self::Ongoing) => {
                matches!(
                    next,
                    Some(Self::Ongoing | Self::PrepareCommit | Self::PrepareAbort)
                )
            }
            Some(Self::PrepareCommit) => next == Some(Self::CompleteCommit),
            Some(Self::PrepareAbort) => next == Some(Self::CompleteAbort),
            Some(Self::CompleteCommit | Self::CompleteAbort) => {
                matches!(
                    next,
                    None | Some(Self::Empty | Self::Ongoing | Self::PrepareAbort)
                )
            }
        }
    }
}

impl Step {
    /// Reads the value of a record, as far as it is looked at.
    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let (_version, rest) = value.split_first_chunk::<2>()?;
        let (producer_id, rest) = rest.split_first_chunk()?;
        let (epoch, rest) = rest.split_first_chunk()?;
        let (_timeout, rest) = rest.split_first_chunk::<4>()?;
        Some(Self {
            producer_id: i64::from_be_bytes(*producer_id),
            epoch: i16::from_be_bytes(*epoch),
            state: State::from_number(*rest.first()?)?,
        })
    }
}

impl StateLog {
    /// The next record, a tombstone without a step. What is wrong with it.
    pub(crate) fn record(&mut self, offset: i64, id: &[u8], step: Option<Step>) -> Option<String> {
        if offset != self.next {
            self.gap_at = offset;
        }
        self.next = offset + 1;
        let before = self.ids.insert(id.to_vec(), (offset, step));
        // Where records are missing, those of this id may be among them.
        let (at, last) = match before {
            Some((at, last)) if at >= self.gap_at => (at, last),
            None if self.gap_at == 0 => (-1, None),
            Some((_, Some(last))) => return falls(last, step).map(|text| named(id, offset, &text)),
            _ => return None,
        };
        let states = [last, step].map(|step| step.map(|step| step.state));
        if !State::may_follow(states[1], states[0]) {
            let text = format!("{last:?} at {at} is followed by {step:?}");
            return Some(named(id, offset, &text));
        }
        last.and_then(|last| falls(last, step))
            .map(|text| named(id, offset, &text))
    }
}

fn named(id: &[u8], offset: i64, text: &str) -> String {
    format!(
        "{} at {offset} of __transaction_state: {text}",
        String::from_utf8_lossy(id)
    )
}

fn falls(last: Step, next: Option<Step>) -> Option<String> {
    let next = next.filter(|next| next.producer_id == last.producer_id)?;
    (next.epoch < last.epoch).then(|| format!("epoch {} after {}", next.epoch, last.epoch))
}

impl Markers {
    /// The next marker; what is wrong with it.
    pub(crate) fn marker(&mut self, marker: Marker, decisions: &mut Decisions) -> Option<String> {
        let now = (marker.epoch, marker.coordinator_epoch);
        if let Some(before) = self.0.insert(marker.producer_id, now)
            && (now.0 < before.0 || now.1 < before.1)
        {
            return Some(format!("{marker:?} after one of the epochs {before:?}"));
        }
        if !marker.has_own_epoch {
            return None;
        }
        let transaction = (marker.producer_id, marker.epoch);
        let decided = *decisions.0.entry(transaction).or_insert(marker.commit);
        (decided != marker.commit).then(|| format!("{marker:?}, and elsewhere the other way"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use State as S;

    fn step(state: State, epoch: i16) -> Option<Step> {
        Some(Step { producer_id: 7, epoch, state })
    }

    /// What is wrong with a log of one id.
    fn broken(steps: &[(i64, Option<Step>)]) -> Vec<String> {
        let mut log = StateLog::default();
        let steps = steps.iter();
        steps
            .filter_map(|(offset, step)| log.record(*offset, b"a", *step))
            .collect()
    }

    fn in_a_row(states: &[(State, i16)]) -> usize {
        let steps = (0..)
            .zip(states)
            .map(|(at, (state, epoch))| (at, step(*state, *epoch)));
        broken(&steps.collect::<Vec<_>>()).len()
    }

    #[test]
    fn an_id_goes_as_the_protocol_lets_it() {
        let whole = [
            (S::Empty, 0),
            (S::Ongoing, 0),
            (S::Ongoing, 0),
            (S::PrepareCommit, 1),
            (S::CompleteCommit, 1),
            (S::Ongoing, 1),
            (S::PrepareAbort, 2),
            (S::CompleteAbort, 2),
            (S::Empty, 3),
        ];
        assert_eq!(in_a_row(&whole), 0);
        assert_eq!(
            in_a_row(&[whole[0], whole[3]]),
            1,
            "no transaction was open"
        );
        assert_eq!(in_a_row(&whole[1..]), 1, "an id begins empty");
        let flipped = [whole[0], whole[1], whole[3], (S::CompleteAbort, 1)];
        assert_eq!(in_a_row(&flipped), 1, "the decision flipped");
        let undone = [whole[0], whole[1], whole[3], (S::Ongoing, 1)];
        assert_eq!(in_a_row(&undone), 1, "the decision was forgotten");
        assert_eq!(
            in_a_row(&[(S::Empty, 3), (S::Empty, 2)]),
            1,
            "the epoch fell"
        );
    }

    #[test]
    fn only_an_id_at_rest_is_forgotten() {
        let open = [(0, step(S::Empty, 0)), (1, step(S::Ongoing, 0)), (2, None)];
        assert_eq!(broken(&open).len(), 1);
        assert_eq!(
            broken(&[open[0], (1, None), (2, step(S::Empty, 0))]).len(),
            0
        );
    }

    #[test]
    fn what_the_cleaner_took_is_not_missed() {
        let cleaned = [
            (3, step(S::PrepareCommit, 1)),
            (9, step(S::PrepareAbort, 4)),
        ];
        assert_eq!(broken(&cleaned).len(), 0);
        let fallen = [cleaned[1], (20, step(S::Ongoing, 3))];
        assert_eq!(
            broken(&fallen).len(),
            1,
            "an epoch does not fall in a gap either"
        );
        let behind = [cleaned[0], cleaned[1], (10, step(S::CompleteCommit, 4))];
        assert_eq!(
            broken(&behind).len(),
            1,
            "behind the gap nothing is missing"
        );
    }

    #[test]
    fn markers_agree_and_their_epochs_rise() {
        let marker = Marker {
            producer_id: 7,
            epoch: 3,
            commit: true,
            coordinator_epoch: 5,
            has_own_epoch: true,
        };
        let mut decisions = Decisions::default();
        let (mut one, mut two) = (Markers::default(), Markers::default());
        assert_eq!(one.marker(marker, &mut decisions), None);
        assert_eq!(two.marker(marker, &mut decisions), None);
        let other = Marker { commit: false, ..marker };
        assert!(two.marker(other, &mut decisions).is_some(), "flipped");
        let old = Marker { has_own_epoch: false, ..other };
        assert_eq!(two.marker(old, &mut decisions), None, "another transaction");
        let fenced = Marker { coordinator_epoch: 4, ..marker };
        assert!(
            one.marker(fenced, &mut decisions).is_some(),
            "an old coordinator"
        );
        let late = Marker { epoch: 2, ..marker };
        assert!(
            one.marker(late, &mut decisions).is_some(),
            "an old producer"
        );
    }

    #[test]
    fn the_value_of_a_record_is_read() {
        let value = [
            0, 1, 0, 0, 0, 0, 0, 0, 3, 0xe9, 0, 2, 0, 0, 0xea, 0x60, 1, 9, 9,
        ];
        let read = Step { producer_id: 1_001, epoch: 2, state: S::Ongoing };
        assert_eq!(Step::read(&value), Some(read));
        assert_eq!(Step::read(&value[..16]), None);
    }
}

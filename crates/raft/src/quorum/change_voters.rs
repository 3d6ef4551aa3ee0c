//! Changing the voters, one at a time (KIP-853).
//!
//! Consecutive sets share a majority, since they differ in one voter, and the next change waits until the last one is
//! committed. A new leader first commits a record of its own epoch, so that no change of a former leader can come back.

use super::{Quorum, Role};
use crate::action::{Action, ChangeRefusal, ControlRecord, VoterChange};
use crate::voters::{Voter, VoterSet};
use klamm_model::Offset;

/// A replica must have held all records within this time to become a voter, in milliseconds: one that lags would stop
/// the high watermark.
const CAUGHT_UP_MS_MAX: i64 = 3_600_000;

/// A change that is appended and not committed.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingChange {
    pub(super) id: u64,
    end: Offset,
}

impl Quorum {
    pub(super) fn on_change_voters(
        &mut self,
        now_ms: i64,
        (id, change): (u64, VoterChange),
        out: &mut Vec<Action>,
    ) {
        let voters = match self.changed_voters(now_ms, change) {
            Ok(voters) => voters,
            Err(reason) => return out.push(Action::RefuseChange { id, reason }),
        };
        self.append_control(vec![ControlRecord::Voters(voters)], out);
        let end = self.log.end;
        if let Role::Leader(leading) = &mut self.role {
            leading.change = Some(PendingChange { id, end });
        }
        // A smaller set may have a majority already.
        self.advance_high_watermark(now_ms, out);
        self.answer_waiting(now_ms, out);
    }

    fn changed_voters(&self, now_ms: i64, change: VoterChange) -> Result<VoterSet, ChangeRefusal> {
        let Role::Leader(leading) = &self.role else {
            return Err(ChangeRefusal::NotLeader);
        };
        if self.stopping {
            return Err(ChangeRefusal::NotLeader);
        }
        if self.history.kraft_version() < 1 {
            return Err(ChangeRefusal::Static);
        }
        // A record of this epoch is committed, so all changes of former leaders are.
        if !leading.ready || leading.change.is_some() {
            return Err(ChangeRefusal::Busy);
        }
        let voters = self.voters();
        match change {
            VoterChange::Add(voter) => {
                if voters.voter(voter.key.id).is_some() {
                    return Err(ChangeRefusal::Duplicate);
                }
                self.check_supports(&voter)?;
                let progress = leading
                    .progress(voter.key)
                    .filter(|progress| progress.caught_up_ms >= 0);
                let since = progress.map(|progress| now_ms.saturating_sub(progress.caught_up_ms));
                if since.is_none_or(|since| since > CAUGHT_UP_MS_MAX) {
                    return Err(ChangeRefusal::Lagging);
                }
                Ok(VoterSet::new(voters.iter().cloned().chain([voter])))
            }
            VoterChange::Remove(key) => {
                if !voters.contains(key) {
                    return Err(ChangeRefusal::NotFound);
                }
                if voters.len() == 1 {
                    return Err(ChangeRefusal::Last);
                }
                Ok(VoterSet::new(
                    voters
                        .iter()
                        .filter(|voter| voter.key.id != key.id)
                        .cloned(),
                ))
            }
            VoterChange::Update(voter) => {
                if !voters.contains(voter.key) {
                    return Err(ChangeRefusal::NotFound);
                }
                self.check_supports(&voter)?;
                Ok(VoterSet::new(voters.iter().cloned().chain([voter])))
            }
        }
    }

    fn check_supports(&self, voter: &Voter) -> Result<(), ChangeRefusal> {
        let supported = voter.kraft_version_min..=voter.kraft_version_max;
        if supported.contains(&self.history.kraft_version()) {
            Ok(())
        } else {
            Err(ChangeRefusal::Unsupported)
        }
    }

    /// Tells of a change that is committed. A leader that is no voter any more steps down then. Returns whether it leads on.
    pub(super) fn finish_change(&mut self, now_ms: i64, out: &mut Vec<Action>) -> bool {
        let committed = self.high_watermark;
        if let Role::Leader(leading) = &mut self.role
            && let Some(done) = leading.change.take_if(|change| change.end <= committed)
        {
            out.push(Action::VotersChanged { id: done.id });
        }
        let settled = self
            .history
            .last_change()
            .is_none_or(|offset| offset < committed);
        let removed = settled && !self.voters().contains(self.local);
        if removed {
            self.resign(now_ms, out);
        }
        !removed
    }
}

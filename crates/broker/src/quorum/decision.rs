//! Decisions of callers, and what they wait for: everybody's answer has its own type, the queue has one.

use super::QuorumError;
use klamm_metadata::MetadataRecord;
use klamm_metadata::decide::{Controller, Decision, Random};
use klamm_model::Offset;
use std::fmt;
use tokio::sync::oneshot;

/// What a decision may look at besides its own request.
pub(crate) struct DecisionContext<'a> {
    /// The state after all records written so far, the settings, this node, the voters.
    pub(crate) controller: Controller<'a>,
    /// The offset that the decision's first record will have: a broker's epoch is the offset of its registration.
    pub(crate) next_offset: Offset,
    /// Random bits, one call a number.
    pub(crate) random: Random<'a>,
}

impl fmt::Debug for DecisionContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecisionContext")
            .field("next_offset", &self.next_offset)
            .finish_non_exhaustive()
    }
}

/// A decision in the queue.
pub(super) trait Proposal: Send {
    /// Decides; called once.
    fn decide(&mut self, context: &mut DecisionContext<'_>) -> Vec<MetadataRecord>;
    /// Answers the caller. Before `decide`, only with an error.
    fn finish(self: Box<Self>, outcome: Result<(), QuorumError>);
}

/// A caller's closure, then its reply, and where the reply goes.
pub(super) struct Asked<R, F> {
    decide: Option<F>,
    reply: Option<R>,
    caller: oneshot::Sender<Result<R, QuorumError>>,
}

impl<R, F> Asked<R, F>
where
    R: Send + 'static,
    F: FnOnce(&mut DecisionContext<'_>) -> Decision<R> + Send + 'static,
{
    pub(super) fn new(decide: F) -> (Box<Self>, oneshot::Receiver<Result<R, QuorumError>>) {
        let (caller, answer) = oneshot::channel();
        (
            Box::new(Self { decide: Some(decide), reply: None, caller }),
            answer,
        )
    }
}

impl<R, F> Proposal for Asked<R, F>
where
    R: Send + 'static,
    F: FnOnce(&mut DecisionContext<'_>) -> Decision<R> + Send + 'static,
{
    fn decide(&mut self, context: &mut DecisionContext<'_>) -> Vec<MetadataRecord> {
        let Some(decide) = self.decide.take() else {
            return Vec::new();
        };
        let decision = decide(context);
        self.reply = Some(decision.reply);
        decision.records
    }

    fn finish(self: Box<Self>, outcome: Result<(), QuorumError>) {
        let answer = match (outcome, self.reply) {
            (Ok(()), Some(reply)) => Ok(reply),
            (Ok(()), None) => Err(QuorumError::Stopped),
            (Err(error), _) => Err(error),
        };
        // A caller that went away does not want to know.
        let _ = self.caller.send(answer);
    }
}

//! How the handlers of administration ask the controller, and what they tell of its refusals.

use crate::quorum::{DecisionContext, QuorumError, QuorumHandle};
use crate::request::error_code;
use klamm_codec::Str;
use klamm_metadata::decide::{Decision, Refusal, RefusalKind};
use klamm_wire::ErrorCode;

/// A code with its explanation, as many responses carry them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: i16,
    pub(crate) message: Option<Str>,
}

impl Told {
    /// All went well: no message.
    pub(crate) const OK: Self = Self { code: 0, message: None };

    /// A code with words of our own.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code: code.code(), message: Some(Str::from(message.into())) }
    }

    /// A code with the words that belong to it.
    pub(crate) fn bare(code: ErrorCode) -> Self {
        Self::new(code, code.meaning())
    }
}

impl From<Refusal> for Told {
    fn from(refusal: Refusal) -> Self {
        let code = error_code::of_refusal(refusal.kind);
        if refusal.kind == RefusalKind::ThrottlingQuotaExceeded {
            // Kafka has no words for it: the time to wait says all.
            Self { code: code.code(), message: None }
        } else if refusal.message.is_empty() {
            Self::bare(code)
        } else {
            Self::new(code, refusal.message)
        }
    }
}

impl From<Result<(), Refusal>> for Told {
    fn from(result: Result<(), Refusal>) -> Self {
        result.map_or_else(Self::from, |()| Self::OK)
    }
}

impl From<QuorumError> for Told {
    fn from(error: QuorumError) -> Self {
        tracing::warn!(%error, "a decision has no answer");
        Self::new(error_code::of_quorum(&error), error.to_string())
    }
}

/// Runs a decision that can be refused as a whole.
///
/// # Errors
/// What to tell the client.
pub(crate) async fn ask<R, F>(quorum: &QuorumHandle, decision: F) -> Result<R, Told>
where
    R: Send + 'static,
    F: FnOnce(&mut DecisionContext<'_>) -> Result<Decision<R>, Refusal> + Send + 'static,
{
    let decided = quorum.decide(move |context| match decision(context) {
        Ok(Decision { records, reply }) => Decision { records, reply: Ok(reply) },
        Err(refusal) => Decision::nothing(Err(refusal)),
    });
    Ok(decided.await??)
}

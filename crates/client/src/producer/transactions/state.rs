//! What a transactional producer is doing, shared by callers and the sender task.

use crate::client::Client;
use crate::config::ProducerConfig;
use crate::coordinator::{Coordinator, CoordinatorKind};
use crate::error::ClientError;
use crate::producer::accumulator::Key;
use crate::producer::sequence::ProducerIdentity;
use klamm_wire::ErrorCode;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::time::Duration;

/// A transactional id and its transaction.
#[derive(Debug)]
pub(in crate::producer) struct Transactions {
    pub(super) coordinator: Coordinator,
    pub(super) client: Client,
    pub(super) transactional_id: String,
    pub(super) transaction_timeout: Duration,
    /// How long a call may take.
    pub(super) block_max: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    identity: Option<ProducerIdentity>,
    /// Whether partitions join by being written to, and each transaction has its epoch.
    is_v2: bool,
    /// Whether the coordinator may know of the transaction.
    is_started: bool,
    /// Partitions that were announced.
    added: BTreeSet<Key>,
}

/// What is going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::producer) enum Phase {
    Uninitialized,
    Ready,
    Open,
    Committing,
    Aborting,
    /// Something failed: only an abort helps.
    MustAbort(ClientError),
    /// Nothing helps.
    Over(ClientError),
}

/// What the sender may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::producer) enum Word {
    /// Send under this identity.
    Send(ProducerIdentity),
    /// Nothing may leave now.
    Wait,
    /// What waits has failed.
    Drop(ClientError),
}

impl Transactions {
    pub(in crate::producer) fn new(client: &Client, config: &ProducerConfig) -> Option<Self> {
        let transactional_id = config.transactional_id.clone()?;
        let client = client.apart();
        let kind = CoordinatorKind::Transaction;
        Some(Self {
            coordinator: Coordinator::new(client.clone(), kind, transactional_id.clone()),
            client,
            transactional_id,
            transaction_timeout: config.transaction_timeout,
            block_max: config.block_max,
            state: Mutex::new(State {
                phase: Phase::Uninitialized,
                identity: None,
                is_v2: false,
                is_started: false,
                added: BTreeSet::new(),
            }),
        })
    }

    pub(in crate::producer) fn id(&self) -> &str {
        &self.transactional_id
    }

    /// Whether partitions join by being written to.
    pub(in crate::producer) fn is_v2(&self) -> bool {
        self.state.lock().is_v2
    }

    pub(super) fn set_v2(&self, is_v2: bool) {
        self.state.lock().is_v2 = is_v2;
    }

    pub(super) fn identity(&self) -> Result<ProducerIdentity, ClientError> {
        let identity = self.state.lock().identity;
        identity.ok_or(ClientError::WrongTime(INIT_FIRST))
    }

    pub(super) fn may_init(&self) -> Result<(), ClientError> {
        match &self.state.lock().phase {
            Phase::Uninitialized => Ok(()),
            Phase::Over(error) => Err(error.clone()),
            _ => Err(ClientError::WrongTime(
                "transactions are initialised already",
            )),
        }
    }

    /// No transaction is open, and the next one goes under this identity.
    pub(super) fn ready(&self, identity: ProducerIdentity) {
        let mut state = self.state.lock();
        state.phase = Phase::Ready;
        state.identity = Some(identity);
        state.is_started = false;
        state.added.clear();
    }

    pub(super) fn begin(&self) -> Result<(), ClientError> {
        let mut state = self.state.lock();
        match &state.phase {
            Phase::Ready => {
                state.phase = Phase::Open;
                Ok(())
            }
            Phase::Uninitialized => Err(ClientError::WrongTime(INIT_FIRST)),
            Phase::Over(error) => Err(error.clone()),
            Phase::MustAbort(error) => Err(must_abort(error)),
            Phase::Open | Phase::Committing | Phase::Aborting => Err(ClientError::WrongTime(
                "a transaction is open: commit or abort it first",
            )),
        }
    }

    /// Whether something may be sent.
    pub(in crate::producer) fn is_open(&self) -> Result<(), ClientError> {
        match &self.state.lock().phase {
            Phase::Open => Ok(()),
            Phase::Uninitialized => Err(ClientError::WrongTime(INIT_FIRST)),
            Phase::Over(error) => Err(error.clone()),
            Phase::MustAbort(error) => Err(must_abort(error)),
            Phase::Ready => Err(ClientError::WrongTime("begin a transaction first")),
            Phase::Committing | Phase::Aborting => {
                Err(ClientError::WrongTime("the transaction is about to end"))
            }
        }
    }

    /// Begins to end the transaction, or goes on with it.
    pub(super) fn end(&self, how: Phase) -> Result<(), ClientError> {
        let mut state = self.state.lock();
        match (&state.phase, &how) {
            (Phase::Over(error), _) => Err(error.clone()),
            (Phase::MustAbort(error), Phase::Committing) => Err(must_abort(error)),
            (Phase::Uninitialized | Phase::Ready, _) => {
                Err(ClientError::WrongTime("begin a transaction first"))
            }
            (Phase::Committing, Phase::Aborting) => Err(ClientError::WrongTime(
                "the transaction may be committed already: repeat the commit",
            )),
            (Phase::Aborting, Phase::Committing) => Err(ClientError::WrongTime(
                "the transaction is being aborted: repeat the abort",
            )),
            (Phase::Open | Phase::MustAbort(_) | Phase::Committing | Phase::Aborting, _) => {
                state.phase = how;
                Ok(())
            }
        }
    }

    /// What the sender may do now.
    pub(in crate::producer) fn word(&self) -> Word {
        let state = self.state.lock();
        match (&state.phase, state.identity) {
            (Phase::Open | Phase::Committing, Some(identity)) => Word::Send(identity),
            (Phase::Aborting, _) => {
                let aborted = ClientError::WrongTime("the transaction was aborted");
                Word::Drop(aborted)
            }
            (Phase::MustAbort(error), _) => Word::Drop(must_abort(error)),
            (Phase::Over(error), _) => Word::Drop(error.clone()),
            _ => Word::Wait,
        }
    }

    /// Whether the coordinator has to hear of the end.
    pub(super) fn is_started(&self) -> bool {
        self.state.lock().is_started
    }

    /// The coordinator may know of the transaction from now on.
    pub(in crate::producer) fn start(&self) {
        self.state.lock().is_started = true;
    }

    /// Those of the partitions that are not announced yet.
    pub(in crate::producer) fn missing(&self, keys: &[Key]) -> BTreeSet<Key> {
        let state = self.state.lock();
        if state.is_v2 {
            return BTreeSet::new();
        }
        keys.iter()
            .filter(|key| !state.added.contains(*key))
            .cloned()
            .collect()
    }

    pub(super) fn add(&self, keys: BTreeSet<Key>) {
        self.state.lock().added.extend(keys);
    }

    /// Takes note of a call that failed. Gives the error as callers shall see it.
    pub(in crate::producer) fn judge(&self, error: ClientError) -> ClientError {
        let mut state = self.state.lock();
        if let Phase::Over(error) = &state.phase {
            return error.clone();
        }
        if is_over(&error) {
            let error = match error.code() {
                Some(ErrorCode::PRODUCER_FENCED | ErrorCode::INVALID_PRODUCER_EPOCH) => {
                    ClientError::Fenced { transactional_id: self.transactional_id.clone() }
                }
                _ => error,
            };
            state.phase = Phase::Over(error.clone());
            return error;
        }
        // Without an answer it is not known whether the commit was heard: it can only be repeated.
        let is_unheard = error.is_retriable() || matches!(error, ClientError::Timeout { .. });
        let is_lost = match state.phase {
            Phase::Open => true,
            Phase::Committing => !is_unheard,
            _ => false,
        };
        if is_lost {
            state.phase = Phase::MustAbort(error.clone());
            return must_abort(&error);
        }
        error
    }

    /// Takes note of a batch that is lost: the transaction is incomplete.
    pub(in crate::producer) fn batch_lost(&self, error: &ClientError) {
        let is_fenced = error.code() == Some(ErrorCode::PRODUCER_FENCED);
        if is_fenced {
            self.judge(error.clone());
            return;
        }
        // An epoch that is too low may be that of a transaction that timed out: the abort tells whether it is more.
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Open | Phase::Committing) {
            state.phase = Phase::MustAbort(error.clone());
        }
    }

    /// Whether a transaction has begun and not ended.
    pub(in crate::producer) fn is_under_way(&self) -> bool {
        let phase = &self.state.lock().phase;
        matches!(phase, Phase::Open | Phase::Aborting | Phase::MustAbort(_))
    }
}

const INIT_FIRST: &str = "initialise transactions first";

fn must_abort(error: &ClientError) -> ClientError {
    match error {
        ClientError::MustAbort { .. } => error.clone(),
        other => ClientError::MustAbort { reason: Box::new(other.clone()) },
    }
}

/// Errors after which the producer can only be closed.
fn is_over(error: &ClientError) -> bool {
    const OVER: [ErrorCode; 5] = [
        ErrorCode::PRODUCER_FENCED,
        ErrorCode::INVALID_PRODUCER_EPOCH,
        ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ErrorCode::INVALID_TXN_STATE,
        ErrorCode::INVALID_TRANSACTION_TIMEOUT,
    ];
    let is_refused = error.code().is_some_and(|code| OVER.contains(&code));
    is_refused
        || matches!(
            error,
            ClientError::Fenced { .. } | ClientError::UnsupportedVersion { .. }
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ClientConfig;

    fn open() -> Transactions {
        let config = ClientConfig::new("127.0.0.1:1").unwrap();
        let client = Client::new(klamm_host::os::host(), config).unwrap();
        let mut config = ProducerConfig::default();
        assert!(Transactions::new(&client, &config).is_none());
        config.set("transactional.id", "id").unwrap();
        let transactions = Transactions::new(&client, &config).unwrap();
        assert_eq!(transactions.word(), Word::Wait);
        transactions.ready(ProducerIdentity { id: 7, epoch: 1 });
        transactions.begin().unwrap();
        transactions
    }

    fn server(code: ErrorCode) -> ClientError {
        ClientError::Server { code, message: None }
    }

    #[test]
    fn an_error_asks_for_an_abort_and_fails_what_waits() {
        let transactions = open();
        let error = transactions.judge(server(ErrorCode::UNKNOWN_MEMBER_ID));
        assert!(matches!(error, ClientError::MustAbort { .. }));
        assert!(matches!(transactions.word(), Word::Drop(_)));
        assert!(transactions.end(Phase::Committing).is_err());
        transactions.end(Phase::Aborting).unwrap();
        transactions.ready(ProducerIdentity { id: 7, epoch: 2 });
        transactions.begin().unwrap();
        assert_eq!(
            transactions.word(),
            Word::Send(ProducerIdentity { id: 7, epoch: 2 })
        );
    }

    #[test]
    fn a_commit_that_was_not_heard_can_only_be_repeated() {
        let transactions = open();
        transactions.end(Phase::Committing).unwrap();
        transactions.judge(ClientError::Timeout { what: "commit transaction", last: None });
        assert!(transactions.end(Phase::Aborting).is_err());
        transactions.end(Phase::Committing).unwrap();
        // One that was refused can not.
        transactions.judge(server(ErrorCode::TRANSACTION_ABORTABLE));
        assert!(transactions.end(Phase::Committing).is_err());
        transactions.end(Phase::Aborting).unwrap();
        assert!(transactions.end(Phase::Committing).is_err());
    }

    #[test]
    fn a_batch_with_an_old_epoch_asks_for_an_abort_and_a_fenced_one_is_the_end() {
        let transactions = open();
        transactions.batch_lost(&server(ErrorCode::INVALID_PRODUCER_EPOCH));
        transactions.end(Phase::Aborting).unwrap();
        let error = transactions.judge(server(ErrorCode::INVALID_PRODUCER_EPOCH));
        assert!(
            matches!(error, ClientError::Fenced { .. }),
            "the coordinator's word counts"
        );
        assert!(matches!(
            transactions.begin(),
            Err(ClientError::Fenced { .. })
        ));
        let transactions = open();
        transactions.batch_lost(&server(ErrorCode::PRODUCER_FENCED));
        assert!(matches!(
            transactions.end(Phase::Aborting),
            Err(ClientError::Fenced { .. })
        ));
    }

    #[test]
    fn partitions_are_announced_unless_they_join_by_themselves() {
        let transactions = open();
        let key: Key = ("t".into(), 0);
        assert_eq!(transactions.missing(std::slice::from_ref(&key)).len(), 1);
        transactions.add(BTreeSet::from([key.clone()]));
        assert!(transactions.missing(std::slice::from_ref(&key)).is_empty());
        transactions.ready(ProducerIdentity { id: 7, epoch: 1 });
        assert_eq!(
            transactions.missing(std::slice::from_ref(&key)).len(),
            1,
            "anew each time"
        );
        transactions.set_v2(true);
        assert!(transactions.missing(&[key]).is_empty());
    }
}

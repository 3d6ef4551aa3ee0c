//! Incremental fetch sessions (KIP-227): the broker remembers what a consumer reads, so that a request names only what
//! changed and a response only what is new.
//!
//! Bounded: at most `slots` sessions; a new one takes the place of one that was idle for two minutes.

use klamm_codec::Str;
use klamm_model::Uuid;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Bound;

/// Names a partition in fetch requests: by topic id from version 13 on, by topic name before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartitionKey {
    pub(crate) topic_id: Uuid,
    pub(crate) topic: Str,
    pub(crate) partition: i32,
}

/// What a consumer wants of one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) fetch_offset: i64,
    pub(crate) bytes_max: i32,
    /// -1 if the client does not know it.
    pub(crate) current_leader_epoch: i32,
    /// -1 if the client does not ask for divergence.
    pub(crate) last_fetched_epoch: i32,
}

/// What the consumer was last told of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) high_watermark: i64,
    pub(crate) log_start_offset: i64,
    /// Partitions that failed are told again.
    pub(crate) failed: bool,
}

impl PartitionKey {
    /// In memory of its own: a session lives on when the frame of its first request should not.
    fn kept(self) -> Self {
        Self { topic: self.topic.detached(), ..self }
    }
}

#[derive(Debug)]
struct Cached {
    want: Want,
    told: Option<Told>,
}

/// Who fetches: what the client calls itself, and its address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Client {
    pub(crate) id: Str,
    pub(crate) address: IpAddr,
}

#[derive(Debug)]
struct Session {
    /// The epoch that the next request must carry.
    next_epoch: i32,
    uses_topic_ids: bool,
    last_used_ms: u64,
    client: Option<Client>,
    partitions: BTreeMap<PartitionKey, Cached>,
    /// Where the next response starts, so that a busy partition does not starve those behind it.
    start_after: Option<PartitionKey>,
}

/// The sessions of a node.
#[derive(Debug)]
pub(crate) struct FetchSessions {
    sessions: BTreeMap<i32, Session>,
    slots: usize,
    /// When clients fetched last that use no session, as librdkafka's.
    without: BTreeMap<Client, u64>,
}

/// Why a session can't go on. The client starts a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionError {
    /// No session has this id: evicted, or never given.
    NotFound,
    /// A request of this session was lost or came twice.
    WrongEpoch,
    /// The session names topics by name and the request by id, or the other way round.
    TopicIdMismatch,
}

/// A request's session part.
#[derive(Debug)]
pub(crate) struct SessionRequest {
    pub(crate) id: i32,
    pub(crate) epoch: i32,
    pub(crate) client: Client,
    pub(crate) uses_topic_ids: bool,
    pub(crate) wants: Vec<(PartitionKey, Want)>,
    pub(crate) forgotten: Vec<PartitionKey>,
}

/// What one request fetches.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The session to name in the response; 0 for none.
    pub(crate) session_id: i32,
    /// Leave out what the consumer knows already.
    pub(crate) incremental: bool,
    pub(crate) wants: Vec<(PartitionKey, Want)>,
}

const NO_SESSION: i32 = 0;
const INITIAL_EPOCH: i32 = 0;
const FINAL_EPOCH: i32 = -1;
const EVICT_AFTER_MS: u64 = 120_000;
/// So many clients without sessions are known.
const WITHOUT_MAX: usize = 1_000;
/// Of clients with longer names it is not known when they fetched.
const CLIENT_ID_BYTES_MAX: usize = 256;

impl Client {
    fn kept(&self) -> Option<Self> {
        let fits = self.id.len() <= CLIENT_ID_BYTES_MAX;
        fits.then(|| Self { id: self.id.detached(), address: self.address })
    }
}

impl FetchSessions {
    /// Room for `slots` sessions (`max.incremental.fetch.session.cache.slots`).
    pub(crate) fn new(slots: usize) -> Self {
        Self { sessions: BTreeMap::new(), slots, without: BTreeMap::new() }
    }

    /// Sessions in use.
    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// When a client fetched last, if it was not too long ago, or of too many.
    pub(crate) fn last_fetch_ms(&self, client: &Client) -> Option<u64> {
        let sessions = self.sessions.values();
        let its = sessions.filter(|session| session.client.as_ref() == Some(client));
        let without = self.without.get(client).copied();
        its.map(|session| session.last_used_ms).chain(without).max()
    }

    fn note(&mut self, client: &Client, now_ms: u64) {
        if let Some(last) = self.without.get_mut(client) {
            *last = now_ms;
            return;
        }
        let Some(client) = client.kept() else { return };
        if self.without.len() >= WITHOUT_MAX {
            let oldest = self.without.iter().min_by_key(|(_, last)| **last);
            if let Some(oldest) = oldest.map(|(client, _)| client.clone()) {
                self.without.remove(&oldest);
            }
        }
        self.without.insert(client, now_ms);
    }

    /// Forgets a session.
    pub(crate) fn end(&mut self, id: i32) {
        self.sessions.remove(&id);
    }

    /// Decides what a request fetches. `random` is taken as the id of a new session.
    ///
    /// # Errors
    /// The request does not continue the session that it names.
    pub(crate) fn begin(
        &mut self,
        request: SessionRequest,
        now_ms: u64,
        mut random: impl FnMut() -> i32,
    ) -> Result<Plan, SessionError> {
        if request.epoch > INITIAL_EPOCH {
            return self.go_on(request, now_ms);
        }
        if request.id != NO_SESSION {
            self.sessions.remove(&request.id);
        }
        let wants = request.wants;
        let full = |session_id, wants| Plan { session_id, incremental: false, wants };
        if request.epoch == FINAL_EPOCH || wants.is_empty() || !self.make_room(now_ms) {
            self.note(&request.client, now_ms);
            return Ok(full(NO_SESSION, wants));
        }
        let id = loop {
            let id = random() & i32::MAX;
            if id != NO_SESSION && !self.sessions.contains_key(&id) {
                break id;
            }
        };
        let cached = |(key, want): &(PartitionKey, Want)| {
            (
                key.clone().kept(),
                Cached { want: want.clone(), told: None },
            )
        };
        let session = Session {
            next_epoch: INITIAL_EPOCH + 1,
            uses_topic_ids: request.uses_topic_ids,
            last_used_ms: now_ms,
            client: request.client.kept(),
            partitions: wants.iter().map(cached).collect(),
            start_after: None,
        };
        self.sessions.insert(id, session);
        Ok(full(id, wants))
    }

    fn go_on(&mut self, request: SessionRequest, now_ms: u64) -> Result<Plan, SessionError> {
        let session = self
            .sessions
            .get_mut(&request.id)
            .ok_or(SessionError::NotFound)?;
        if session.next_epoch != request.epoch {
            return Err(SessionError::WrongEpoch);
        }
        if session.uses_topic_ids != request.uses_topic_ids {
            return Err(SessionError::TopicIdMismatch);
        }
        session.next_epoch = request.epoch.checked_add(1).unwrap_or(INITIAL_EPOCH + 1);
        session.last_used_ms = now_ms;
        for key in &request.forgotten {
            session.partitions.remove(key);
        }
        for (key, want) in request.wants {
            match session.partitions.get_mut(&key) {
                Some(cached) => cached.want = want,
                None => {
                    let cached = Cached { want, told: None };
                    session.partitions.insert(key.kept(), cached);
                }
            }
        }
        Ok(Plan {
            session_id: request.id,
            incremental: true,
            wants: session.in_turn(),
        })
    }

    /// Whether an incremental response must name a partition that has no records for the consumer. Remembers what it
    /// is told. A client may end its session while a fetch of it waits (Java consumers do when they close): that
    /// answer then has no news but failures.
    pub(crate) fn tell(&mut self, session_id: i32, key: &PartitionKey, now: Told) -> bool {
        let cached = self
            .sessions
            .get_mut(&session_id)
            .and_then(|s| s.partitions.get_mut(key));
        let Some(cached) = cached else {
            return now.failed;
        };
        let changed = cached.told != Some(now) || now.failed;
        cached.told = Some(now);
        changed
    }

    /// The next response of a session starts behind `key`, the last partition that had records.
    pub(crate) fn start_after(&mut self, session_id: i32, key: &PartitionKey) {
        if let Some(session) = self.sessions.get_mut(&session_id) {
            session.start_after = Some(key.clone().kept());
        }
    }

    fn make_room(&mut self, now_ms: u64) -> bool {
        if self.sessions.len() < self.slots {
            return true;
        }
        let oldest = self
            .sessions
            .iter()
            .min_by_key(|(_, session)| session.last_used_ms);
        match oldest.map(|(id, session)| (*id, session.last_used_ms)) {
            Some((id, used)) if now_ms.saturating_sub(used) > EVICT_AFTER_MS => {
                self.sessions.remove(&id);
                true
            }
            _ => false,
        }
    }
}

impl Session {
    fn in_turn(&self) -> Vec<(PartitionKey, Want)> {
        let wanted = |(key, cached): (&PartitionKey, &Cached)| (key.clone(), cached.want.clone());
        match &self.start_after {
            None => self.partitions.iter().map(wanted).collect(),
            Some(last) => {
                let behind = self
                    .partitions
                    .range((Bound::Excluded(last), Bound::Unbounded));
                let before = self
                    .partitions
                    .range((Bound::Unbounded, Bound::Included(last)));
                behind.chain(before).map(wanted).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(partition: i32) -> PartitionKey {
        PartitionKey { topic_id: Uuid(7), topic: Str::default(), partition }
    }

    fn client(id: &str) -> Client {
        Client { id: id.into(), address: IpAddr::from([127, 0, 0, 1]) }
    }

    #[test]
    fn the_last_fetch_of_a_client_is_that_of_its_newest_session() {
        let mut sessions = FetchSessions::new(3);
        for (session, id, now_ms) in [(1, "a", 10), (2, "a", 20), (3, "b", 30)] {
            let request = SessionRequest { client: client(id), ..ask(0, 0, &[(0, 0)], &[]) };
            sessions.begin(request, now_ms, || session).unwrap();
        }
        sessions.begin(ask(1, 1, &[], &[]), 40, || 0).unwrap();
        assert_eq!(sessions.last_fetch_ms(&client("a")), Some(40));
        assert_eq!(sessions.last_fetch_ms(&client("b")), Some(30));
        assert_eq!(sessions.last_fetch_ms(&client("c")), None);
        let without =
            |id: &str| SessionRequest { client: client(id), ..ask(0, -1, &[(0, 0)], &[]) };
        sessions.begin(without("c"), 50, || 0).unwrap();
        sessions.begin(without("b"), 60, || 0).unwrap();
        assert_eq!(sessions.last_fetch_ms(&client("c")), Some(50));
        assert_eq!(sessions.last_fetch_ms(&client("b")), Some(60));
        for other in 0..WITHOUT_MAX as u64 {
            sessions
                .begin(without(&other.to_string()), 70 + other, || 0)
                .unwrap();
        }
        assert_eq!(
            sessions.last_fetch_ms(&client("c")),
            None,
            "the oldest is forgotten"
        );
        assert_eq!(sessions.without.len(), WITHOUT_MAX);
        let long = "x".repeat(CLIENT_ID_BYTES_MAX + 1);
        sessions.begin(without(&long), 9_999, || 0).unwrap();
        assert_eq!(sessions.last_fetch_ms(&client(&long)), None);
    }

    fn want(fetch_offset: i64) -> Want {
        Want {
            fetch_offset,
            bytes_max: 1,
            current_leader_epoch: -1,
            last_fetched_epoch: -1,
        }
    }

    fn ask(id: i32, epoch: i32, wants: &[(i32, i64)], forgotten: &[i32]) -> SessionRequest {
        SessionRequest {
            id,
            epoch,
            client: client("a"),
            uses_topic_ids: true,
            wants: wants.iter().map(|(p, o)| (key(*p), want(*o))).collect(),
            forgotten: forgotten.iter().map(|p| key(*p)).collect(),
        }
    }

    #[test]
    fn a_session_remembers_what_is_wanted_and_what_was_told() {
        let mut sessions = FetchSessions::new(2);
        let plan = sessions
            .begin(ask(0, 0, &[(0, 5), (1, 6)], &[]), 0, || 42)
            .unwrap();
        assert_eq!(
            (plan.session_id, plan.incremental, plan.wants.len()),
            (42, false, 2)
        );
        let plan = sessions
            .begin(ask(42, 1, &[(1, 9)], &[0]), 0, || 0)
            .unwrap();
        assert!(plan.incremental);
        assert_eq!(plan.wants, [(key(1), want(9))]);
        let told = Told { high_watermark: 1, log_start_offset: 0, failed: false };
        assert!(sessions.tell(42, &key(1), told));
        assert!(!sessions.tell(42, &key(1), told));
        assert!(sessions.tell(42, &key(1), Told { high_watermark: 2, ..told }));
        let failed = Told { failed: true, ..told };
        assert!(sessions.tell(42, &key(1), failed) && sessions.tell(42, &key(1), failed));
    }

    #[test]
    fn a_fetch_whose_session_ended_while_it_waited_has_no_news_but_failures() {
        let mut sessions = FetchSessions::new(1);
        sessions.begin(ask(0, 0, &[(0, 5)], &[]), 0, || 42).unwrap();
        let told = Told { high_watermark: 5, log_start_offset: 0, failed: false };
        assert!(sessions.tell(42, &key(0), told));
        sessions.begin(ask(42, 1, &[], &[]), 0, || 0).unwrap();
        sessions.begin(ask(42, -1, &[], &[]), 0, || 0).unwrap();
        assert!(!sessions.tell(42, &key(0), told));
        assert!(sessions.tell(42, &key(0), Told { failed: true, ..told }));
    }

    #[test]
    fn a_session_lets_go_of_the_frames_of_its_requests() {
        let mut sessions = FetchSessions::new(1);
        for (id, epoch, name) in [(0, 0, "t"), (9, 1, "u")] {
            let frame = bytes::Bytes::from(format!("{name} and much else"));
            let topic = Str::from_utf8(frame.slice(..1)).unwrap();
            let key = PartitionKey { topic_id: Uuid::ZERO, topic, partition: 0 };
            let request = SessionRequest {
                wants: vec![(key.clone(), want(0))],
                ..ask(id, epoch, &[], &[])
            };
            drop(sessions.begin(request, 0, || 9).unwrap());
            sessions.start_after(9, &key);
            drop(key);
            assert!(frame.is_unique(), "{name}");
        }
    }

    #[test]
    fn a_request_that_does_not_continue_its_session_is_refused() {
        let mut sessions = FetchSessions::new(2);
        sessions.begin(ask(0, 0, &[(0, 5)], &[]), 0, || 42).unwrap();
        let mut refused = |request| sessions.begin(request, 0, || 0).unwrap_err();
        assert_eq!(refused(ask(41, 1, &[], &[])), SessionError::NotFound);
        assert_eq!(refused(ask(42, 2, &[], &[])), SessionError::WrongEpoch);
        let by_name = SessionRequest { uses_topic_ids: false, ..ask(42, 1, &[], &[]) };
        assert_eq!(refused(by_name), SessionError::TopicIdMismatch);
        // A final epoch ends the session.
        let plan = sessions
            .begin(ask(42, -1, &[(0, 5)], &[]), 0, || 0)
            .unwrap();
        assert_eq!((plan.session_id, sessions.len()), (0, 0));
    }

    #[test]
    fn sessions_are_bounded_and_idle_ones_make_room() {
        let mut sessions = FetchSessions::new(1);
        let mut open = |now_ms, random| {
            sessions
                .begin(ask(0, 0, &[(0, 5)], &[]), now_ms, || random)
                .unwrap()
                .session_id
        };
        assert_eq!(open(0, 1), 1);
        assert_eq!(open(EVICT_AFTER_MS, 2), 0);
        assert_eq!(open(EVICT_AFTER_MS + 1, 3), 3);
    }

    #[test]
    fn partitions_take_turns() {
        let mut sessions = FetchSessions::new(1);
        sessions
            .begin(ask(0, 0, &[(0, 0), (1, 0), (2, 0)], &[]), 0, || 9)
            .unwrap();
        sessions.start_after(9, &key(0));
        let plan = sessions.begin(ask(9, 1, &[], &[]), 0, || 0).unwrap();
        let order: Vec<_> = plan.wants.iter().map(|(key, _)| key.partition).collect();
        assert_eq!(order, [1, 2, 0]);
    }
}

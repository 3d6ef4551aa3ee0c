//! Consumers of several partitions in one fetch session (KIP-227): requests name what changed, answers what is new.

use crate::consumer::{EARLIEST, Fetched, LATEST, judge, offset_at};
use crate::oracle::Floor;
use crate::stage::{Client, Target};
use klamm_codec::Str;
use klamm_wire::ErrorCode;
use klamm_wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, ForgottenTopic,
};
use std::collections::BTreeSet;

/// What one session reads, and what the node knows of it.
struct Session {
    version: i16,
    max_bytes: i32,
    committed_only: bool,
    /// 0: none, or the node has no room for one.
    id: i32,
    /// Of the next request; 0 begins a session.
    epoch: i32,
    wanted: Vec<Wanted>,
    /// Partitions that the node is to forget.
    forgotten: Vec<Target>,
}

/// A partition, and how far it was read.
struct Wanted {
    target: Target,
    position: i64,
    /// The node does not know the position yet.
    is_new: bool,
    /// Answers since it last moved.
    quiet: u32,
}

/// Answers after which it does not matter any more whether somebody starves.
const CATCH_UP_MAX: u32 = 300;
/// Fetches before this version know no sessions.
const FIRST_VERSION: i16 = 7;
const FIRST_VERSION_WITH_IDS: i16 = 13;
const FINAL_EPOCH: i32 = -1;

/// Consumes until the run drains.
pub(crate) async fn consume_in_sessions(mut client: Client) {
    while !client.draining() {
        let Some(mut session) = begin(&mut client).await else {
            client.pause(1_000).await;
            continue;
        };
        for _ in 0..client.rng.between(5, 80) {
            if client.draining() || session.wanted.is_empty() {
                break;
            }
            session.step(&mut client).await;
            if client.rng.percent(30) {
                client.pause(400).await;
            }
        }
        session.catch_up(&mut client).await;
        session.end(&mut client).await;
    }
}

/// A few partitions, not two times the same one.
async fn begin(client: &mut Client) -> Option<Session> {
    let lowest = client.lowest_with_ids().max(FIRST_VERSION);
    let mut session = Session {
        version: client.version::<FetchRequest>(lowest),
        max_bytes: [1, 2_000, 1 << 20][client.rng.index(3)],
        committed_only: client.rng.percent(50),
        id: 0,
        epoch: 0,
        wanted: Vec::new(),
        forgotten: Vec::new(),
    };
    for _ in 0..client.rng.between(1, 12) {
        session.add_one(client).await;
    }
    (!session.wanted.is_empty()).then_some(session)
}

impl Session {
    async fn add_one(&mut self, client: &mut Client) {
        let Some(target) = client.target() else {
            return;
        };
        if self.wanted.iter().any(|w| w.target.key == target.key) {
            return;
        }
        let from = [EARLIEST, EARLIEST, LATEST][client.rng.index(3)];
        if let Some(position) = offset_at(client, &target, from).await {
            // Forgotten and wanted by the same request: it is wanted.
            self.forgotten.retain(|f| f.key != target.key);
            self.wanted
                .push(Wanted { target, position, is_new: true, quiet: 0 });
        }
    }

    /// Changes what is read now and then, and fetches.
    async fn step(&mut self, client: &mut Client) {
        if client.rng.percent(10) {
            self.add_one(client).await;
        }
        if self.wanted.len() > 1 && client.rng.percent(8) {
            let gone = self.wanted.swap_remove(client.rng.index(self.wanted.len()));
            self.forgotten.push(gone.target);
        }
        let wait_ms = [0, 100, 1_000][client.rng.index(3)];
        self.fetch(client, wait_ms).await;
    }

    /// One fetch. Whether it was answered.
    async fn fetch(&mut self, client: &mut Client, max_wait_ms: i32) -> bool {
        let oracle_floors: Option<Vec<Floor>> = {
            let oracle = client.stage.oracle();
            let floors = self.wanted.iter().map(|w| oracle.floor(w.target.key));
            floors.collect()
        };
        let Some(floors) = oracle_floors else {
            self.wanted.clear();
            return false;
        };
        let request = self.request(client, max_wait_ms);
        let answer: Option<FetchResponse> = client.attempt(&request, self.version).await;
        let Some(response) = answer else {
            self.lost(client);
            return false;
        };
        match ErrorCode(response.error_code) {
            ErrorCode::NONE => {}
            ErrorCode::FETCH_SESSION_ID_NOT_FOUND | ErrorCode::INVALID_FETCH_SESSION_EPOCH
                if self.epoch > 0 =>
            {
                client.stage.reach("a fetch session that was lost");
                self.begin_anew();
                return false;
            }
            code => {
                let text = format!("Fetch in a session was answered with {code:?}");
                client.stage.violation(text);
                self.begin_anew();
                return false;
            }
        }
        self.take(client, &floors, &response).await;
        true
    }

    fn request(&self, client: &mut Client, max_wait_ms: i32) -> FetchRequest {
        let mut topics: Vec<FetchTopic> = Vec::new();
        for wanted in &self.wanted {
            // What the node knows may be said again.
            if self.epoch > 0 && !wanted.is_new && !client.rng.percent(10) {
                continue;
            }
            let partition = FetchPartition {
                partition: wanted.target.key.partition,
                current_leader_epoch: -1,
                fetch_offset: wanted.position,
                partition_max_bytes: self.max_bytes,
                ..FetchPartition::default()
            };
            let (topic_id, topic) = self.name(&wanted.target);
            topics.push(FetchTopic { topic, topic_id, partitions: vec![partition] });
        }
        let forgotten = self.forgotten.iter().filter(|_| self.epoch > 0);
        let forgotten = forgotten.map(|target| {
            let (topic_id, topic) = self.name(target);
            ForgottenTopic { topic, topic_id, partitions: vec![target.key.partition] }
        });
        FetchRequest {
            replica_id: -1,
            max_wait_ms,
            min_bytes: 1,
            max_bytes: self.max_bytes,
            isolation_level: i8::from(self.committed_only),
            session_id: self.id,
            session_epoch: self.epoch,
            topics,
            forgotten_topics_data: forgotten.collect(),
            ..FetchRequest::default()
        }
    }

    fn name(&self, target: &Target) -> (klamm_model::Uuid, Str) {
        if self.version >= FIRST_VERSION_WITH_IDS {
            (target.key.topic, Str::EMPTY)
        } else {
            (klamm_model::Uuid::ZERO, Str::from(target.name.as_str()))
        }
    }

    /// No answer: the node may have taken the request, or not.
    fn lost(&mut self, client: &mut Client) {
        if self.epoch > 0 && client.rng.percent(30) {
            // The same epoch again: right if the request was lost, refused if its answer was.
            for wanted in &mut self.wanted {
                wanted.is_new = true;
            }
            return;
        }
        self.begin_anew();
    }

    /// The next request names everything. With the id of a session it ends that one.
    fn begin_anew(&mut self) {
        self.epoch = 0;
        self.forgotten.clear();
    }

    async fn take(&mut self, client: &mut Client, floors: &[Floor], response: &FetchResponse) {
        let was_incremental = self.epoch > 0;
        if was_incremental && response.session_id != self.id {
            let text = format!("session {} became {}", self.id, response.session_id);
            client.stage.violation(text);
        }
        self.id = response.session_id;
        self.epoch = if self.id == 0 { 0 } else { self.epoch + 1 };
        self.forgotten.clear();
        for wanted in &mut self.wanted {
            wanted.is_new = false;
            wanted.quiet += 1;
        }
        let mut seen = BTreeSet::new();
        let mut gone = BTreeSet::new();
        for topic in &response.responses {
            for partition in &topic.partitions {
                let by_id = self.version >= FIRST_VERSION_WITH_IDS;
                let is_it = |wanted: &Wanted| {
                    let target = &wanted.target;
                    let same_topic = if by_id {
                        target.key.topic == topic.topic_id
                    } else {
                        *target.name == *topic.topic
                    };
                    same_topic && target.key.partition == partition.partition_index
                };
                let Some(at) = self.wanted.iter().position(is_it) else {
                    let text = format!("a session answers for {topic:?}, which it does not read");
                    client.stage.violation(text);
                    continue;
                };
                if !seen.insert(at) {
                    let text = format!("{:?} twice in an answer", self.wanted[at].target);
                    client.stage.violation(text);
                    continue;
                }
                let wanted = &mut self.wanted[at];
                let place = (floors[at], wanted.position);
                match judge(client, &wanted.target, place, partition).await {
                    Fetched::Upto(next) => {
                        wanted.position = next;
                        wanted.is_new = true;
                        wanted.quiet = 0;
                    }
                    Fetched::Nothing => {}
                    Fetched::Leave => {
                        gone.insert(at);
                    }
                }
            }
        }
        self.note(client, was_incremental, seen.len());
        for at in gone.into_iter().rev() {
            let gone = self.wanted.swap_remove(at);
            self.forgotten.push(gone.target);
        }
        // Without a session it is the client who lets partitions take turns.
        self.wanted.sort_by_key(|wanted| wanted.quiet == 0);
    }

    fn note(&self, client: &Client, was_incremental: bool, answered: usize) {
        if !was_incremental && answered < self.wanted.len() {
            let text = format!(
                "{answered} of {} partitions in a full answer",
                self.wanted.len()
            );
            client.stage.violation(text);
        }
        client.stage.reach(match (was_incremental, answered) {
            (false, _) if self.id == 0 => "a full fetch without room for a session",
            (false, _) => "a fetch session that begins",
            (true, 0) => "an incremental fetch without news",
            (true, _) if answered < self.wanted.len() => "an incremental fetch with news of some",
            (true, _) => "an incremental fetch with news of all",
        });
    }

    /// What was there by now must come within a few answers, whatever the others have: nobody starves in a session. In a
    /// compacted log there may be nothing up to its end, where a failed disk took the end of the last closed segment.
    async fn catch_up(&mut self, client: &mut Client) {
        if self.committed_only || client.rng.percent(50) {
            return;
        }
        let mut ends = Vec::new();
        for wanted in &self.wanted {
            let Some(end) = offset_at(client, &wanted.target, LATEST).await else {
                return;
            };
            if !client.stage.oracle().is_compacted(wanted.target.key) {
                ends.push((wanted.target.key, end));
            }
        }
        let is_late = client.draining();
        if is_late {
            self.max_bytes = 1 << 20;
        }
        for wanted in &mut self.wanted {
            wanted.quiet = 0;
            wanted.is_new |= is_late;
        }
        for _ in 0..CATCH_UP_MAX {
            let behind = |wanted: &Wanted| {
                let is_it =
                    |(key, end): &(_, i64)| *key == wanted.target.key && wanted.position < *end;
                ends.iter().any(is_it)
            };
            let late = self.wanted.iter().filter(|wanted| behind(wanted));
            let Some(late) = late.max_by_key(|wanted| wanted.quiet) else {
                return;
            };
            if late.quiet as usize > 3 * self.wanted.len() + 10
                && !client.is_deleting(late.target.key.topic)
            {
                let text = format!(
                    "{:?} starves in a session at {}",
                    late.target, late.position
                );
                client.stage.violation(text);
                return;
            }
            if !self.fetch(client, 100).await {
                // Faults come in between: no promise.
                return;
            }
        }
    }

    /// Tells the node that the session is over.
    async fn end(mut self, client: &mut Client) {
        if self.id == 0 || client.rng.percent(30) {
            return;
        }
        self.wanted.clear();
        self.epoch = FINAL_EPOCH;
        let request = self.request(client, 0);
        let answer: Option<FetchResponse> = client.attempt(&request, self.version).await;
        let Some(answer) = answer else { return };
        if answer.error_code != 0 || answer.session_id != 0 || !answer.responses.is_empty() {
            let text = format!("the end of a session was answered with {answer:?}");
            client.stage.violation(text);
        }
    }
}

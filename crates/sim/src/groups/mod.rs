//! Members of groups: they join, read what they are given, commit, and misbehave as clients do.
//!
//! ```text
//! member    one member's life: join, report, work, crash, sleep too long, leave
//! classic   the classic protocol, eager or cooperative; the leader assigns      consumer  the consumer protocol
//! read      records and committed offsets                                     commit    offsets, plainly
//! pipeline  records read, written and committed in one transaction              feeder    writes what they read
//! keeper    looks at groups, deletes groups and offsets                         audit     what must be there at the end
//! ```
//! Each group has a topic of its own, `input-N`; that of a pipeline writes to `output-N`.

mod audit;
mod classic;
mod commit;
mod consumer;
mod feeder;
mod keeper;
mod member;
mod pipeline;
mod read;

pub(crate) use audit::audit;
pub(crate) use feeder::feed;
pub(crate) use keeper::keep;
pub(crate) use member::take_part;

use crate::oracle::MemberKey;
use crate::stage::Client;
use crate::transactor::{
    TRANSACTIONS, compact_soon, configure, create_topic, find_coordinator, prepare_state,
};
use crate::{Options, Planted};
use klamm_codec::Str;
use klamm_host_sim::SimRng;
use klamm_model::Uuid;
use klamm_wire::ErrorCode;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// A member is thrown out after so long without a sign of life; the node is set up for the same.
pub(crate) const SESSION: Duration = Duration::from_secs(6);
const REBALANCE: Duration = Duration::from_secs(10);
const GROUPS: i8 = 0;
const OFFSETS_TOPIC: &str = "__consumer_offsets";
/// As the node is told.
pub(crate) const OFFSETS_PARTITIONS: i32 = 2;

/// How a member takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// Gives everything back before each round.
    Eager,
    /// Gives back what the round takes from it.
    Cooperative,
    /// KIP-848.
    Consumer,
}

/// A group of the run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) number: usize,
    id: Str,
    topic: Str,
    topic_id: Uuid,
    pub(crate) partitions: i32,
    pub(crate) members: usize,
    /// Drawn from for each membership: groups of several migrate while they live.
    protocols: Vec<Protocol>,
    /// Members write what they read, in transactions.
    pub(crate) is_pipeline: bool,
}

/// What members of the run tell each other about its end.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Groups whose topic gets no more records.
    fed: BTreeSet<usize>,
    /// Partitions that were read and committed up to their end since then.
    done: BTreeSet<(usize, i32)>,
    /// Groups that everybody is to leave.
    resting: BTreeSet<usize>,
    /// Who was a member of each group last: member id, instance id and epoch. For bugs that are planted.
    latest: BTreeMap<usize, (Str, Option<Str>, i32)>,
}

/// A membership.
#[derive(Debug)]
struct Seat {
    key: MemberKey,
    protocol: Protocol,
    member_id: Str,
    instance_id: Option<Str>,
    /// The member epoch, or the generation.
    epoch: i32,
    /// What the member has, and how far it has read; `None` before it knows.
    owned: BTreeMap<i32, Option<Place>>,
    /// When it reports next.
    reports_at: Instant,
    /// Its next report says all.
    says_all: bool,
    /// It has to join the next round.
    rejoins: bool,
}

/// Where a member stands in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    next: i64,
    committed: i64,
}

impl Plan {
    fn is_classic(&self) -> bool {
        !self.protocols.contains(&Protocol::Consumer)
    }

    fn migrates(&self) -> bool {
        self.protocols.len() > 1
    }
}

/// Draws the groups of a run.
pub(crate) fn plans(options: &Options) -> Vec<Plan> {
    let mut rng = SimRng::new(options.seed ^ 0x5eed_0f09_7105_0003);
    let mut one = |number| {
        let classic = [Protocol::Eager, Protocol::Cooperative][rng.index(2)];
        let protocols = match rng.index(4) {
            0 => vec![classic],
            1 => vec![classic, Protocol::Consumer],
            _ => vec![Protocol::Consumer],
        };
        Plan {
            number,
            id: Str::from(format!("group-{number}")),
            topic: Str::from(format!("input-{number}")),
            topic_id: Uuid::ZERO,
            partitions: i32::try_from(rng.between(1, 5)).unwrap_or(1),
            members: 1 + rng.index(3),
            protocols,
            is_pipeline: options.synced_groups && rng.percent(60) && !options.offsets_expire,
        }
    };
    (0..options.groups).map(&mut one).collect()
}

/// The topic that a pipeline writes to.
fn output_of(group: usize) -> Str {
    Str::from(format!("output-{group}"))
}

/// Makes the topics, and the coordinators' logs.
pub(crate) async fn prepare(client: &mut Client, plans: &mut [Plan]) {
    for plan in plans.iter_mut() {
        plan.topic_id = create_topic(client, &plan.topic, plan.partitions).await;
        if plan.is_pipeline {
            create_topic(client, &output_of(plan.number), 1).await;
        }
        find_coordinator(client, &plan.id, GROUPS).await;
    }
    if plans.is_empty() {
        return;
    }
    if plans.iter().any(|plan| plan.is_pipeline) {
        find_coordinator(client, &Str::from("pipeline"), TRANSACTIONS).await;
        prepare_state(client).await;
    }
    compact_soon(client, OFFSETS_TOPIC).await;
    if client.stage.options.synced_groups {
        configure(client, OFFSETS_TOPIC, "flush.messages", "1").await;
    }
}

impl Seat {
    fn new(client: &Client, protocol: Protocol, member_id: Str, instance_id: Option<Str>) -> Self {
        Self {
            key: client.stage.oracle().groups.joining(),
            protocol,
            member_id,
            instance_id,
            epoch: 0,
            owned: BTreeMap::new(),
            reports_at: Instant::now(),
            says_all: true,
            rejoins: true,
        }
    }

    /// The member has exactly these partitions from now on: what an answer to a request of that time gave it. Whether it
    /// lost any.
    fn takes(
        &mut self,
        client: &Client,
        plan: &Plan,
        given: &BTreeSet<i32>,
        asked: Instant,
    ) -> bool {
        let before = self.owned.len();
        let lost: Vec<i32> = self.owned.keys().copied().collect();
        for partition in lost.into_iter().filter(|one| !given.contains(one)) {
            self.give_back(client, plan, partition);
        }
        let loses = self.owned.len() < before;
        for partition in given {
            let mut oracle = client.stage.oracle();
            let until = asked + SESSION;
            let broken = oracle
                .groups
                .given(plan.number, self.key, *partition, until);
            if let Some(text) = broken {
                oracle.violation(text);
            }
            self.owned.entry(*partition).or_insert(None);
        }
        loses
    }

    fn give_back(&mut self, client: &Client, plan: &Plan, partition: i32) {
        self.owned.remove(&partition);
        if client.has(Planted::RevocationsNotAwaited) {
            return;
        }
        let mut oracle = client.stage.oracle();
        oracle
            .groups
            .gave_back(plan.number, self.key, Some(partition));
    }

    /// Whoever sees that it is a member no more has nothing.
    fn lose_all(&mut self, client: &Client, plan: &Plan) {
        self.owned.clear();
        let mut oracle = client.stage.oracle();
        oracle.groups.gave_back(plan.number, self.key, None);
    }

    fn renewed(&self, client: &Client, plan: &Plan, asked: Instant) {
        let latest = (self.member_id.clone(), self.instance_id.clone(), self.epoch);
        let mut progress = client.stage.progress.borrow_mut();
        progress.latest.insert(plan.number, latest);
        drop(progress);
        let mut oracle = client.stage.oracle();
        let owned = self.owned.keys().copied();
        let until = asked + SESSION;
        oracle.groups.renewed(plan.number, self.key, owned, until);
    }
}

/// Codes that tell a member that it is behind, or none.
fn is_behind(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::UNKNOWN_MEMBER_ID
            | ErrorCode::ILLEGAL_GENERATION
            | ErrorCode::STALE_MEMBER_EPOCH
            | ErrorCode::FENCED_MEMBER_EPOCH
            | ErrorCode::FENCED_INSTANCE_ID
            | ErrorCode::GROUP_ID_NOT_FOUND
    )
}

/// Notes a code that no member should be answered with. Codes that pass are fine.
fn expect_passing(client: &Client, plan: &Plan, api: &str, code: ErrorCode) {
    if !code.is_retriable() || code == ErrorCode::CORRUPT_MESSAGE {
        let text = format!("{api} in {} was answered with {code:?}", &*plan.id);
        client.stage.violation(text);
    }
    if code == ErrorCode::COORDINATOR_LOAD_IN_PROGRESS {
        client.stage.reach("a coordinator that still loads");
    }
}

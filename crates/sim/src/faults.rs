//! What goes wrong, and what must hold when the node is back.

use crate::admin::topics_by_name;
use crate::consumer::{EARLIEST, FetchShape, Fetched, LATEST, fetch, list_offset};
use crate::node::{BrokerNode, log_dir};
use crate::oracle::{Ending, PartitionKey};
use crate::stage::{Client, HEALED_WAIT_MAX, Stage, Target};
use crate::{Fault, Planted, RecordId};
use klamm_host::Disk;
use klamm_host_sim::{
    CrashPolicy, DiskFault, DiskOp, Effect, LinkOptions, OpFilter, SimDisk, SimRng,
};
use klamm_wire::messages::describe_log_dirs::DescribeLogDirsRequest;
use klamm_wire::messages::fetch::FetchRequest;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// After so long without a crash all that was acknowledged before is on the disk, whatever the topic asks for:
/// `klamm.flush.dirty.ms`, a round of the flusher that has begun already, and slow syncs.
pub(crate) const UNSYNCED_MAX: Duration = Duration::from_millis(2 * 5_000 + 2_000);

const DISK_BYTES: u64 = 1 << 40;

/// Causes faults and looks after the node.
#[derive(Debug)]
pub(crate) struct Nemesis {
    pub(crate) stage: Rc<Stage>,
    pub(crate) node: BrokerNode,
    pub(crate) inspector: Client,
    pub(crate) rng: SimRng,
    pub(crate) crashes: u64,
    /// The disk failed since the last restart: the background may have had no chance.
    pub(crate) doubtful: bool,
    pub(crate) up_since: Instant,
    /// What was acknowledged before is on the disk: the node was up for long enough afterwards.
    pub(crate) settled_at: Option<Instant>,
}

/// The drawn ways to lose power.
fn power_cut(rng: &mut SimRng) -> CrashPolicy {
    match rng.below(5) {
        0 => CrashPolicy::DropUnsynced,
        1 => CrashPolicy::Random { torn: true, reorder: false },
        2 => CrashPolicy::Random { torn: false, reorder: true },
        _ => CrashPolicy::Random { torn: true, reorder: true },
    }
}

/// One to three calls that fail.
fn disk_error(rng: &mut SimRng) -> DiskFault {
    let ops = [
        OpFilter::Mutating,
        OpFilter::Sync,
        OpFilter::Is(DiskOp::Write),
        OpFilter::Is(DiskOp::Create),
        OpFilter::Is(DiskOp::Rename),
        OpFilter::Is(DiskOp::SyncDir),
        OpFilter::Is(DiskOp::SetLen),
        OpFilter::Is(DiskOp::Read),
    ];
    let effects = [Effect::Eio, Effect::Enospc, Effect::ShortWrite];
    let ops = ops[rng.index(ops.len())];
    let effect = effects[rng.index(effects.len())];
    DiskFault {
        times: rng.between(1, 3),
        ..DiskFault::once(ops, rng.below(30), effect)
    }
}

/// Plants a bug below the broker.
pub(crate) fn plant(disk: &SimDisk, planted: Option<Planted>, rng: &mut SimRng) {
    let fault = match planted {
        None => return,
        Some(Planted::SyncDoesNothing) => DiskFault::always(OpFilter::Sync, Effect::Lie),
        Some(Planted::LogSyncDoesNothing) => {
            DiskFault::always(OpFilter::Sync, Effect::Lie).on("/topic- .log")
        }
        Some(Planted::MetadataSyncDoesNothing) => {
            DiskFault::always(OpFilter::Sync, Effect::Lie).on("__cluster_metadata")
        }
        Some(Planted::FolderSyncDoesNothing) => {
            DiskFault::always(OpFilter::Is(DiskOp::SyncDir), Effect::Lie)
        }
        Some(Planted::LostWrite) => {
            let skip = rng.between(0, 100);
            DiskFault::once(OpFilter::Is(DiskOp::Write), skip, Effect::Lie).on("/topic- .log")
        }
        Some(Planted::LostCut) => {
            DiskFault::always(OpFilter::Is(DiskOp::SetLen), Effect::Lie).on("/topic- .log")
        }
        Some(Planted::GroupSyncDoesNothing) => {
            DiskFault::always(OpFilter::Sync, Effect::Lie).on("/__consumer_offsets- .log")
        }
        Some(Planted::GroupWriteLost) => {
            let skip = rng.between(0, 100);
            DiskFault::once(OpFilter::Is(DiskOp::Write), skip, Effect::Lie)
                .on("/__consumer_offsets- .log")
        }
        // Those are planted on the way to the broker.
        Some(
            Planted::CommitsUnchecked
            | Planted::OffsetsOutsideTransactions
            | Planted::AbortsCommit
            | Planted::RevocationsNotAwaited
            | Planted::DeletionsForgotten,
        ) => return,
    };
    disk.inject(fault);
}

impl Nemesis {
    /// Causes faults for as long as the run lasts.
    pub(crate) async fn rage(&mut self) {
        let start = Instant::now();
        let options = self.stage.options.clone();
        while start.elapsed() < options.duration {
            let gap = self.rng.between(50, options.fault_gap_ms_max);
            sleep(Duration::from_millis(gap)).await;
            if options.faults.is_empty() {
                continue;
            }
            let fault = options.faults[self.rng.index(options.faults.len())];
            self.stage.reach(fault.name());
            self.stage.trace.event("fault", &[fault as u64]);
            self.cause(fault).await;
        }
    }

    async fn cause(&mut self, fault: Fault) {
        match fault {
            Fault::Kill => self.crash_and_restart(CrashPolicy::KeepAll).await,
            Fault::PowerCut => {
                let policy = power_cut(&mut self.rng);
                self.crash_and_restart(policy).await;
            }
            Fault::Stop => {
                if timeout(HEALED_WAIT_MAX, self.node.stop()).await.is_err() {
                    self.stage
                        .violation("the node did not stop in time".to_owned());
                }
                self.crash_and_restart(CrashPolicy::KeepAll).await;
            }
            Fault::Cut => self.stage.net.cut_any(),
            Fault::Stall => {
                let client = self.inspector.any_client_ip();
                self.stage.net.stall(self.node.ip(), client);
                let ms = self.rng.between(10, 8_000);
                sleep(Duration::from_millis(ms)).await;
                self.stage.net.heal(self.node.ip(), client);
            }
            Fault::SyncError => {
                let skip = self.rng.below(6);
                let fault = DiskFault::once(OpFilter::Sync, skip, Effect::Eio);
                self.node.machine.disk.inject(fault);
                let ms = self.rng.between(10, 5_000);
                sleep(Duration::from_millis(ms)).await;
                self.node.machine.disk.clear_faults();
                plant(
                    &self.node.machine.disk,
                    self.stage.options.planted,
                    &mut self.rng,
                );
                let policy = power_cut(&mut self.rng);
                self.crash_and_restart(policy).await;
            }
            Fault::DiskError => {
                let fault = disk_error(&mut self.rng);
                let policy = self.after(&fault);
                self.node.machine.disk.inject(fault);
                let ms = self.rng.between(10, 5_000);
                sleep(Duration::from_millis(ms)).await;
                self.repair();
                self.doubtful = true;
                self.crash_and_restart(policy).await;
            }
            Fault::DiskFull => self.fill_the_disk().await,
            Fault::DirFails => self.lose_a_directory().await,
            Fault::ClockJump => {
                let ms = i64::try_from(self.rng.below(1_200_000)).unwrap_or(0);
                self.node.machine.clock.jump_ms(ms - 600_000);
            }
        }
    }

    /// How the node ends after a fault of its disk. A failed sync is noted on the disk, so that the next start writes
    /// again what the cache may hold alone; where the note fails as well, only the end of the cache ends the doubt.
    fn after(&mut self, fault: &DiskFault) -> CrashPolicy {
        let may_hit_note =
            fault.times > 1 && matches!(fault.ops, OpFilter::Sync | OpFilter::Mutating);
        if !may_hit_note && self.rng.percent(50) {
            CrashPolicy::KeepAll
        } else {
            power_cut(&mut self.rng)
        }
    }

    /// Hardly any room is left for a while. Partitions have to go on by themselves afterwards.
    async fn fill_the_disk(&mut self) {
        let disk = self.node.machine.disk.clone();
        if let Ok(space) = disk.space(Path::new("/")) {
            let left = self.rng.below(40_000);
            disk.set_capacity(space.total - space.usable + left);
        }
        let ms = self.rng.between(100, 8_000);
        sleep(Duration::from_millis(ms)).await;
        disk.set_capacity(DISK_BYTES);
        self.doubtful = true;
        // The metadata log holds room of its own; another fault that waited may have met it.
        if self.node.has_halted().await {
            self.stage
                .reach("a node that gave up and was started again");
            self.crash_and_restart(CrashPolicy::KeepAll).await;
        }
    }

    /// Every call below one log directory fails, for a while and perhaps over a restart; what lies elsewhere is served on.
    async fn lose_a_directory(&mut self) {
        let dirs = u64::try_from(self.stage.options.log_dirs).unwrap_or(1);
        // The first one holds the metadata log, without which the node can't be.
        let lost = usize::try_from(self.rng.between(1, dirs - 1)).unwrap_or(1);
        let lost = log_dir(lost);
        let fault = DiskFault::always(OpFilter::Any, Effect::Eio).on(&lost);
        self.node.machine.disk.inject(fault);
        let ms = self.rng.between(10, 5_000);
        sleep(Duration::from_millis(ms)).await;
        self.expect_the_rest(&lost).await;
        if self.rng.percent(50) {
            self.stage
                .reach("a start without one of the log directories");
            self.crashes += 1;
            self.node.crash(CrashPolicy::KeepAll);
            self.stage.oracle().died();
            self.inspector.rpc = None;
            self.start().await;
            self.expect_the_rest(&lost).await;
            let ms = self.rng.between(10, 5_000);
            sleep(Duration::from_millis(ms)).await;
        }
        self.repair();
        self.doubtful = true;
        // The note of the failure failed as well.
        let policy = power_cut(&mut self.rng);
        self.crash_and_restart(policy).await;
    }

    /// What lies in another directory than the lost one must be served.
    async fn expect_the_rest(&mut self, lost: &str) {
        let Some(Answer::Places(places)) = self.insist(Insist::Places).await else {
            return;
        };
        for target in self.targets() {
            let place = places.get(&(target.name.clone(), target.key.partition));
            if place.is_none_or(|place| place == lost) {
                continue;
            }
            let start = Instant::now();
            // Somebody may delete it meanwhile.
            while !self.inspector.is_deleting(target.key.topic) {
                if list_offset(&mut self.inspector, &target, LATEST)
                    .await
                    .is_some()
                {
                    self.stage
                        .reach("a partition served beside a lost log directory");
                    break;
                }
                if start.elapsed() > HEALED_WAIT_MAX {
                    let text = format!("{target:?} is not served since {lost} failed");
                    self.stage.violation(text);
                    return;
                }
            }
        }
    }

    /// The disk works again; what was planted stays.
    fn repair(&mut self) {
        let disk = &self.node.machine.disk;
        disk.clear_faults();
        plant(disk, self.stage.options.planted, &mut self.rng);
    }

    /// Ends the node now, starts it again after a while, and holds what is there against what was promised.
    pub(crate) async fn crash_and_restart(&mut self, policy: CrashPolicy) {
        let mut ending = Ending::Process;
        let mut policy = policy;
        if !self.doubtful && self.up_since.elapsed() > UNSYNCED_MAX {
            self.settled_at = Instant::now().checked_sub(UNSYNCED_MAX);
        }
        self.doubtful = false;
        self.close(true);
        loop {
            if policy != CrashPolicy::KeepAll {
                ending = Ending::Power;
            }
            self.crashes += 1;
            self.node.crash(policy);
            self.inspector.rpc = None;
            let ms = self.rng.between(0, 2_000);
            sleep(Duration::from_millis(ms)).await;
            if !self.rng.percent(20) {
                break;
            }
            policy = self.start_badly().await;
        }
        self.start().await;
        self.inspect(ending).await;
        self.close(false);
    }

    /// The node dies again while it starts, or its disk fails meanwhile.
    async fn start_badly(&mut self) -> CrashPolicy {
        let fails = self.stage.options.start_faults && self.rng.percent(50);
        let mut policy = [CrashPolicy::KeepAll, power_cut(&mut self.rng)][self.rng.index(2)];
        if fails {
            let mut fault = disk_error(&mut self.rng);
            fault.skip *= 3;
            policy = self.after(&fault);
            self.node.machine.disk.inject(fault);
        }
        let ms = self.rng.between(0, 150);
        let starting = timeout(Duration::from_millis(ms), self.node.start()).await;
        match starting {
            Ok(Err(error)) if !fails => self
                .stage
                .violation(format!("the node did not start: {error}")),
            Ok(Err(_)) => self.stage.reach("a start that a failing disk stopped"),
            Ok(Ok(())) => self.stage.reach("a crash right after the start"),
            Err(_) => self.stage.reach("a crash during the start"),
        }
        self.repair();
        policy
    }

    /// Starts the node; it must come up in time.
    pub(crate) async fn start(&mut self) {
        self.up_since = Instant::now();
        match timeout(HEALED_WAIT_MAX, self.node.start()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self
                .stage
                .violation(format!("the node did not start: {error}")),
            Err(_) => self
                .stage
                .violation("the node did not start in time".to_owned()),
        }
    }

    /// Keeps clients out while the log ends are looked at, or lets them in again.
    fn close(&self, closed: bool) {
        let open = self.stage.options.link;
        let link = if closed {
            LinkOptions { refuse_percent: 100, ..open }
        } else {
            open
        };
        self.stage.net.set_default_link(link);
        let quiet = LinkOptions { refuse_percent: 0, reset_per_10k: 0, ..open };
        self.stage
            .net
            .set_link(self.node.ip(), self.inspector.network.ip(), quiet);
    }

    /// All partitions that nobody asked to delete.
    fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        for (topic, facts) in self.stage.topics() {
            for partition in 0..facts.partitions {
                let key = PartitionKey { topic, partition };
                targets.push(Target { key, name: facts.name.clone() });
            }
        }
        targets
    }

    /// Where logs begin and end now is held against what was promised.
    pub(crate) async fn inspect(&mut self, ending: Ending) {
        let Some(listed) = self.insist(Insist::Topics).await else {
            return;
        };
        let Answer::Topics(listed) = listed else {
            return;
        };
        let synced = self.stage.options.synced_groups;
        {
            let mut oracle = self.stage.oracle();
            oracle.topics_listed(&listed);
            let settled_at = self.settled_at;
            oracle.groups.restarted(ending, synced, settled_at);
        }
        for target in self.targets() {
            let start = self.insist(Insist::Offset(&target, EARLIEST)).await;
            let end = self.insist(Insist::Offset(&target, LATEST)).await;
            if let (Some(Answer::Offset(start)), Some(Answer::Offset(end))) = (start, end)
                && !self.inspector.is_deleting(target.key.topic)
            {
                let mut oracle = self.stage.oracle();
                let lost = oracle.restarted(target.key, ending, self.settled_at, (start, end));
                if lost > 0 {
                    self.stage.reach("a tail lost with the power");
                }
            }
        }
    }

    /// Asks until there is an answer; that must not take long.
    async fn insist(&mut self, what: Insist<'_>) -> Option<Answer> {
        let start = Instant::now();
        while start.elapsed() < HEALED_WAIT_MAX {
            let answer = match what {
                Insist::Topics => topics_by_name(&mut self.inspector)
                    .await
                    .map(Answer::Topics),
                Insist::Places => places(&mut self.inspector).await.map(Answer::Places),
                Insist::Offset(target, which) => list_offset(&mut self.inspector, target, which)
                    .await
                    .map(Answer::Offset),
            };
            if answer.is_some() {
                return answer;
            }
        }
        self.stage
            .violation(format!("the node is up and does not answer {what:?}"));
        None
    }

    /// Everything heals; then every partition is read from its start to its end.
    pub(crate) async fn drain(&mut self) {
        for target in self.targets() {
            let start = self.insist(Insist::Offset(&target, EARLIEST)).await;
            let end = self.insist(Insist::Offset(&target, LATEST)).await;
            let (Some(Answer::Offset(start)), Some(Answer::Offset(end))) = (start, end) else {
                continue;
            };
            let shape = FetchShape {
                version: FetchRequest::MAX_VERSION,
                max_wait_ms: 100,
                min_bytes: 1,
                max_bytes: 1 << 20,
                committed_only: false,
            };
            self.stage.oracle().draining(target.key);
            let (mut position, mut tries) = (start, 0);
            while position < end && tries < 20 {
                match fetch(&mut self.inspector, &target, position, shape).await {
                    Fetched::Upto(next) => position = next,
                    Fetched::Nothing | Fetched::Leave => tries += 1,
                }
            }
            self.stage.oracle().drained(target.key, start, end);
            if position < end {
                self.stage
                    .violation(format!("{target:?} can't be read from {position} to {end}"));
            } else if !self.stage.oracle().is_compacted(target.key) {
                // In a compacted log the record that was read may be gone by now.
                self.look_up_times(&target, start, end).await;
            }
        }
    }
}

impl Nemesis {
    /// Looks a few times up: the answer is the first record that is not older. A request that was under way when its client
    /// stopped may come after the last read: of what it appends, behind `end`, nobody knows yet.
    async fn look_up_times(&mut self, target: &Target, start: i64, end: i64) {
        for _ in 0..3 {
            let made = self.stage.oracle().made();
            let ms = RecordId(self.rng.between(0, made)).timestamp_ms();
            let found = self.insist(Insist::Offset(target, ms)).await;
            let Some(Answer::Offset(found)) = found else {
                return;
            };
            let expected = self
                .stage
                .oracle()
                .first_at(target.key, start, ms)
                .unwrap_or(-1);
            let is_late = expected == -1 && found >= end;
            if found != expected && !is_late {
                let text = format!("{target:?}: time {ms} is at {expected}, found was {found}");
                self.stage.violation(text);
            }
        }
    }
}

/// The log directories of partitions.
async fn places(client: &mut Client) -> Option<BTreeMap<(String, i32), String>> {
    let request = DescribeLogDirsRequest { topics: None };
    let version = client.version::<DescribeLogDirsRequest>(1);
    let answer = client.attempt(&request, version).await?;
    let mut places = BTreeMap::new();
    for dir in &answer.results {
        for topic in &dir.topics {
            // Served is the place that a log moves away from.
            for partition in topic.partitions.iter().filter(|p| !p.is_future_key) {
                let key = (topic.name.to_string(), partition.partition_index);
                places.insert(key, dir.log_dir.to_string());
            }
        }
    }
    Some(places)
}

/// A question that the inspector repeats.
#[derive(Debug, Clone, Copy)]
enum Insist<'a> {
    Topics,
    Places,
    Offset(&'a Target, i64),
}

enum Answer {
    Places(BTreeMap<(String, i32), String>),
    Topics(BTreeMap<String, klamm_model::Uuid>),
    Offset(i64),
}

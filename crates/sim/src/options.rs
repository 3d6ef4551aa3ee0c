//! What a seed draws: which features and faults are on, and how dense.

use klamm_host_sim::{LinkOptions, SimRng};
use std::time::Duration;

/// The options of one run. All follow from the seed; a run prints them when it fails.
#[derive(Debug, Clone)]
pub struct Options {
    /// The seed.
    pub seed: u64,
    /// How long clients and faults go on, in simulated time.
    pub duration: Duration,
    /// Topics at the start.
    pub topics: usize,
    /// Partitions of a topic, at most.
    pub partitions_max: u64,
    /// Topics with `flush.messages=1`, in a hundred.
    pub synced_percent: u64,
    /// `segment.ms` of topics: how often segments roll.
    pub segment_ms: u64,
    /// Topics with `cleanup.policy=compact`, in a hundred.
    pub compacted_percent: u64,
    /// Log directories of the node.
    pub log_dirs: usize,
    /// Producers at work at the same time.
    pub producers: usize,
    /// Producer sessions that are idempotent, in a hundred.
    pub idempotent_percent: u64,
    /// Consumers at work at the same time.
    pub consumers: usize,
    /// Producers that write to many partitions with one request.
    pub spreaders: usize,
    /// Consumers of several partitions in one fetch session.
    pub session_consumers: usize,
    /// Fetch sessions that the node has room for.
    pub fetch_sessions_max: usize,
    /// `group.coordinator.append.linger.ms`.
    pub group_linger_ms: i32,
    /// Transactional producers at work at the same time.
    pub transactors: usize,
    /// Groups at work at the same time.
    pub groups: usize,
    /// `__consumer_offsets` has `flush.messages=1`; otherwise a power cut may take commits.
    pub synced_groups: bool,
    /// Committed offsets of groups without members expire after a minute of the wall clock, which jumps. No pipelines then:
    /// they would begin anew.
    pub offsets_expire: bool,
    /// Somebody creates, deletes and changes topics.
    pub admin: bool,
    /// Names of deleted topics are used again. Clients then name topics by id where they can.
    pub reuse_names: bool,
    /// Somebody moves logs between directories.
    pub moves: bool,
    /// Somebody deletes records.
    pub delete_records: bool,
    /// The network.
    pub link: LinkOptions,
    /// Blocking work begins up to so late.
    pub blocking_delay_ms_max: u64,
    /// A sync takes so long.
    pub sync_ms: u64,
    /// The faults that may happen, drawn from at each fault.
    pub faults: Vec<Fault>,
    /// The disk may fail while the node starts.
    pub start_faults: bool,
    /// The longest time between two faults, in milliseconds.
    pub fault_gap_ms_max: u64,
    /// A planted bug that the run is to find.
    pub planted: Option<Planted>,
}

/// A fault that the scenario causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process is killed; the page cache stays.
    Kill,
    /// The machine loses power; unsynced data is lost or torn.
    PowerCut,
    /// The node is stopped in an orderly way.
    Stop,
    /// A connection breaks.
    Cut,
    /// The network holds everything back for a while.
    Stall,
    /// A sync fails, then the node is powered off.
    SyncError,
    /// Calls to the disk fail, then the node ends.
    DiskError,
    /// The disk is full for a while.
    DiskFull,
    /// A log directory fails for good, and the node is started again while it still fails.
    DirFails,
    /// The wall clock jumps.
    ClockJump,
}

impl Fault {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Kill => "fault: kill",
            Self::PowerCut => "fault: power cut",
            Self::Stop => "fault: orderly stop",
            Self::Cut => "fault: cut connection",
            Self::Stall => "fault: stalled network",
            Self::SyncError => "fault: failed sync",
            Self::DiskError => "fault: failed disk calls",
            Self::DiskFull => "fault: full disk",
            Self::DirFails => "fault: failed log directory",
            Self::ClockJump => "fault: clock jump",
        }
    }
}

/// A bug below the broker, or between it and its clients, to prove that the simulator finds what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// Syncs of files do nothing.
    SyncDoesNothing,
    /// Syncs of log segments of topics do nothing.
    LogSyncDoesNothing,
    /// Syncs of the metadata log do nothing.
    MetadataSyncDoesNothing,
    /// Syncs of folders do nothing: names are lost.
    FolderSyncDoesNothing,
    /// One write to a segment claims success and is not carried out.
    LostWrite,
    /// Cutting a file claims success and is not carried out.
    LostCut,
    /// Syncs of the log of groups do nothing.
    GroupSyncDoesNothing,
    /// One write to the log of groups claims success and is not carried out.
    GroupWriteLost,
    /// A commit is taken from whoever names the group: as if no generation were checked.
    CommitsUnchecked,
    /// Offsets of a transaction count at once.
    OffsetsOutsideTransactions,
    /// A transaction that is aborted counts.
    AbortsCommit,
    /// A partition is given away before its owner has given it back.
    RevocationsNotAwaited,
    /// What was deleted is there again.
    DeletionsForgotten,
}

impl Planted {
    /// Every planted bug.
    pub const ALL: [Self; 13] = [
        Self::SyncDoesNothing,
        Self::LogSyncDoesNothing,
        Self::MetadataSyncDoesNothing,
        Self::FolderSyncDoesNothing,
        Self::LostWrite,
        Self::LostCut,
        Self::GroupSyncDoesNothing,
        Self::GroupWriteLost,
        Self::CommitsUnchecked,
        Self::OffsetsOutsideTransactions,
        Self::AbortsCommit,
        Self::RevocationsNotAwaited,
        Self::DeletionsForgotten,
    ];
}

impl Options {
    /// What a seed draws.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        // Not the run's own stream: an option more must not change what runs do.
        let mut rng = SimRng::new(seed ^ 0x5eed_0f09_7105_0001);
        let all = [
            (Fault::Kill, 70),
            (Fault::PowerCut, 70),
            (Fault::Stop, 40),
            (Fault::Cut, 50),
            (Fault::Stall, 30),
            (Fault::SyncError, 25),
            (Fault::DiskError, 40),
            (Fault::ClockJump, 20),
            (Fault::DiskFull, 30),
        ];
        let mut faults: Vec<_> = all
            .into_iter()
            .filter(|(_, percent)| rng.percent(*percent))
            .map(|(fault, _)| fault)
            .collect();
        let reuse_names = rng.percent(40);
        let mut own = SimRng::new(seed ^ 0x5eed_0f09_7105_0002);
        let log_dirs = [1, 1, 2, 3][own.index(4)];
        if log_dirs > 1 && own.percent(60) {
            faults.push(Fault::DirFails);
        }
        let mut options = Self {
            seed,
            duration: Duration::from_secs(rng.between(20, 60)),
            topics: 1 + rng.index(4),
            partitions_max: rng.between(1, 4),
            synced_percent: [0, 50, 100][rng.index(3)],
            segment_ms: [1_000, 5_000, 600_000][rng.index(3)],
            log_dirs,
            producers: 1 + rng.index(5),
            idempotent_percent: [0, 50, 100][rng.index(3)],
            consumers: rng.index(4),
            spreaders: 0,
            session_consumers: 0,
            fetch_sessions_max: 1_000,
            group_linger_ms: -1,
            transactors: 0,
            groups: 0,
            moves: false,
            synced_groups: false,
            offsets_expire: false,
            admin: rng.percent(60),
            reuse_names,
            // DeleteRecords knows names only.
            delete_records: rng.percent(40) && !reuse_names,
            link: LinkOptions {
                delay_ms_min: rng.below(2),
                delay_ms_max: [1, 5, 80][rng.index(3)],
                buffer: [8 * 1024, 64 * 1024][rng.index(2)],
                piece_max: [usize::MAX, 700][rng.index(2)],
                refuse_percent: [0, 0, 10][rng.index(3)],
                reset_per_10k: [0, 0, 50][rng.index(3)],
            },
            blocking_delay_ms_max: [0, 2, 30][rng.index(3)],
            sync_ms: [0, 2, 40][rng.index(3)],
            faults,
            start_faults: rng.percent(50),
            fault_gap_ms_max: [2_000, 6_000, 15_000][rng.index(3)],
            planted: None,
            // Drawn last: what the seeds of before drew stays.
            compacted_percent: [0, 30, 100][rng.index(3)],
        };
        options.draw_the_rest(&mut rng);
        options
    }

    /// In the order in which they came: what the seeds of before drew stays.
    fn draw_the_rest(&mut self, rng: &mut SimRng) {
        self.transactors = rng.index(3);
        self.groups = [0, 1, 2][rng.index(3)];
        self.synced_groups = rng.percent(70);
        self.moves = self.log_dirs > 1 && rng.percent(70);
        self.offsets_expire = self.groups > 0 && rng.percent(25);
        if self.offsets_expire && !self.faults.contains(&Fault::ClockJump) {
            self.faults.push(Fault::ClockJump);
        }
        self.group_linger_ms = [-1, 0, 5][rng.index(3)];
        self.session_consumers = [0, 1, 2][rng.index(3)];
        self.fetch_sessions_max = [1, 1_000, 1_000][rng.index(3)];
        self.spreaders = [0, 1, 2][rng.index(3)];
        if rng.percent(15) {
            self.partitions_max = 12;
        }
    }
}

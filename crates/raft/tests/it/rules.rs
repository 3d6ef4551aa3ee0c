//! Rules that a random walk seldom needs, one script each.

use bytes::Bytes;
use klamm_model::{LeaderEpoch, NodeId, Offset, Uuid};
use klamm_raft::{
    Action, Batch, BeginQuorumEpoch, ChangeRefusal, Config, ControlRecord, ElectionState,
    EpochStart, Fetch, FetchOutcome, FetchReply, HaltReason, Input, LogState, Quorum, Refusal,
    ReplicaKey, Reply, ReplyBody, Request, SnapshotId, Start, StateName, Vote, Voter, VoterChange,
    VoterHistory, VoterSet,
};

const E1: LeaderEpoch = LeaderEpoch(1);

fn key(id: i32) -> ReplicaKey {
    ReplicaKey {
        id: NodeId(id),
        directory: Uuid(100 + u128::from(id.unsigned_abs())),
    }
}

fn voters(ids: &[i32]) -> VoterSet {
    VoterSet::new(ids.iter().map(|id| Voter {
        key: key(*id),
        endpoints: Vec::new(),
        kraft_version_min: 0,
        kraft_version_max: 1,
    }))
}

/// Replica 0 of voters 0, 1, 2 with a log of one epoch.
struct Script {
    quorum: Quorum,
    now: i64,
    out: Vec<Action>,
}

impl Script {
    fn new(election: ElectionState, epoch: LeaderEpoch, end: i64) -> Self {
        let mut log = LogState::empty();
        log.end = Offset(end);
        log.flushed = log.end;
        log.epochs = vec![EpochStart { epoch, start_offset: Offset(0) }];
        let quorum = Quorum::new(
            Start {
                local: key(0),
                config: Config::default(),
                election,
                log,
                history: VoterHistory::new(voters(&[0, 1, 2]), 1),
                entropy: 5,
            },
            0,
        );
        Self { quorum, now: 0, out: Vec::new() }
    }

    fn step(&mut self, input: Input) -> &[Action] {
        self.out.clear();
        self.quorum.step(self.now, input, &mut self.out);
        &self.out
    }

    fn ask(&mut self, request: Request) -> Reply {
        let out = self.step(Input::Request { id: 9, request });
        let reply = out.iter().find_map(|action| match action {
            Action::Reply { id: 9, reply } | Action::ReplyWithRecords { id: 9, reply, .. } => {
                Some(reply.clone())
            }
            _ => None,
        });
        reply.expect("answered at once")
    }

    /// The request under way to a peer.
    fn sent(&self, to: i32) -> Option<(u64, Request)> {
        self.out.iter().find_map(|action| match action {
            Action::Send { to: id, correlation, request } if id.0 == to => {
                Some((*correlation, request.clone()))
            }
            _ => None,
        })
    }

    fn reply(&mut self, from: i32, correlation: u64, body: ReplyBody) {
        let leader = self.quorum.leader();
        let reply = Reply { leader, epoch: self.quorum.epoch(), body: Ok(body) };
        self.step(Input::Reply { from: NodeId(from), correlation, reply });
    }

    fn follow(epoch: LeaderEpoch, log_epoch: LeaderEpoch, end: i64) -> (Self, u64) {
        let mut script = Self::new(ElectionState::INITIAL, log_epoch, end);
        let begin = BeginQuorumEpoch { leader: NodeId(1), epoch, voter: Some(key(0)) };
        script.ask(Request::BeginQuorumEpoch(begin));
        let (correlation, _) = script.sent(1).expect("a follower fetches");
        (script, correlation)
    }

    fn lead(end: i64) -> Self {
        let mut script = Self::new(ElectionState::INITIAL, E1, end);
        script.now = 5000;
        script.step(Input::Tick);
        for _ in ["pre-vote", "vote"] {
            let (correlation, request) = script.sent(1).expect("it asks for a vote");
            assert!(matches!(request, Request::Vote(_)));
            script.reply(1, correlation, ReplyBody::Vote { granted: true });
        }
        assert_eq!(script.quorum.state(), StateName::Leader);
        script
    }

    fn fetch(&mut self, from: i32, offset: i64, last_epoch: LeaderEpoch) -> Vec<Action> {
        let request = Request::Fetch(fetch(from, self.quorum.epoch(), offset, last_epoch));
        self.step(Input::Request { id: 9, request }).to_vec()
    }
}

fn vote(candidate: i32, epoch: LeaderEpoch, pre_vote: bool) -> Vote {
    Vote {
        epoch,
        candidate: key(candidate),
        voter: Some(key(0)),
        last_epoch: LeaderEpoch(9),
        end_offset: Offset(99),
        pre_vote,
    }
}

fn fetch(from: i32, epoch: LeaderEpoch, offset: i64, last_epoch: LeaderEpoch) -> Fetch {
    Fetch {
        replica: key(from),
        epoch,
        offset: Offset(offset),
        last_epoch,
        high_watermark: None,
        max_wait_ms: 500,
        max_bytes: 100,
    }
}

fn records(high_watermark: i64, batches: Vec<Batch>) -> ReplyBody {
    ReplyBody::Fetch(FetchReply {
        high_watermark: Some(Offset(high_watermark)),
        log_start: Offset(0),
        outcome: FetchOutcome::Records(batches),
    })
}

fn outcome(outcome: FetchOutcome) -> ReplyBody {
    ReplyBody::Fetch(FetchReply { high_watermark: None, log_start: Offset(0), outcome })
}

fn batch(base: i64, end: i64, epoch: i32) -> Batch {
    Batch {
        base_offset: Offset(base),
        end_offset: Offset(end),
        epoch: LeaderEpoch(epoch),
        control: Vec::new(),
        bytes: Bytes::new(),
    }
}

fn commits(out: &[Action]) -> Vec<i64> {
    let commit = |action: &Action| match action {
        Action::Commit { high_watermark } => Some(high_watermark.0),
        _ => None,
    };
    out.iter().filter_map(commit).collect()
}

#[test]
fn records_of_earlier_epochs_are_committed_only_with_one_of_the_leaders_own() {
    let mut leader = Script::lead(5);
    leader.step(Input::Flushed);
    assert_eq!(
        commits(&leader.fetch(1, 5, E1)),
        [0i64; 0],
        "a majority holds 0..5, yet nothing is committed"
    );
    let epoch = leader.quorum.epoch();
    let out = leader.fetch(1, 6, epoch);
    assert_eq!(commits(&out), [6]);
    assert!(out.contains(&Action::BecameLeader { epoch }));
}

#[test]
fn a_leader_answers_only_fetches_of_its_epoch() {
    let mut leader = Script::lead(5);
    let epoch = leader.quorum.epoch();
    let old = leader.ask(Request::Fetch(fetch(1, E1, 5, E1)));
    assert_eq!(old.body, Err(Refusal::FencedLeaderEpoch));
    let new = leader.ask(Request::Fetch(fetch(1, LeaderEpoch(epoch.0 + 1), 5, E1)));
    assert_eq!(new.body, Err(Refusal::UnknownLeaderEpoch));
    let own = leader.ask(Request::Fetch(fetch(0, epoch, 5, E1)));
    assert_eq!(own.body, Err(Refusal::InvalidRequest));
    assert_eq!(old.leader, Some(NodeId(0)));
}

#[test]
fn a_voter_with_a_new_disk_does_not_count() {
    let mut leader = Script::lead(5);
    leader.step(Input::Flushed);
    let epoch = leader.quorum.epoch();
    let mut other = fetch(1, epoch, 6, epoch);
    other.replica.directory = Uuid(999);
    let out = leader.step(Input::Request { id: 9, request: Request::Fetch(other) });
    assert_eq!(commits(out), [0i64; 0]);
    let info = leader.quorum.describe(leader.now).expect("it leads");
    assert_eq!(info.observers.len(), 1);
    assert_eq!(
        info.voters
            .iter()
            .filter(|voter| voter.end_offset.0 >= 0)
            .count(),
        1
    );
}

#[test]
fn lag_is_told_by_when_a_replica_last_held_what_there_was() {
    let mut leader = Script::lead(5);
    leader.step(Input::Flushed);
    let epoch = leader.quorum.epoch();
    let caught_up = |leader: &Script| {
        let info = leader.quorum.describe(leader.now).expect("it leads");
        info.voters
            .iter()
            .find(|voter| voter.key == key(1))
            .map(|voter| voter.caught_up_ms)
    };
    leader.fetch(2, 6, epoch);
    leader.now = 6000;
    leader.fetch(1, 5, E1);
    assert_eq!(caught_up(&leader), Some(-1));
    leader.step(Input::Propose { id: 1, records: 2 });
    leader.now = 6100;
    leader.fetch(1, 6, epoch);
    assert_eq!(
        caught_up(&leader),
        Some(6000),
        "it holds what there was when it asked before"
    );
    leader.now = 6200;
    leader.fetch(1, 6, epoch);
    assert_eq!(caught_up(&leader), Some(6000));
    leader.now = 6300;
    leader.fetch(1, 8, epoch);
    assert_eq!(caught_up(&leader), Some(6300));
}

#[test]
fn nobody_votes_in_an_epoch_that_has_a_leader() {
    let (mut script, _) = Script::follow(LeaderEpoch(3), E1, 5);
    script.now = 2500;
    script.step(Input::Tick);
    assert_eq!(
        script.quorum.state(),
        StateName::Prospective,
        "the leader was not heard"
    );
    let reply = script.ask(Request::Vote(vote(2, LeaderEpoch(3), false)));
    assert_eq!(reply.body, Ok(ReplyBody::Vote { granted: false }));
    let reply = script.ask(Request::Vote(vote(2, LeaderEpoch(4), false)));
    assert_eq!(reply.body, Ok(ReplyBody::Vote { granted: true }));
}

#[test]
fn a_vote_meant_for_another_directory_is_refused() {
    let mut script = Script::new(ElectionState::INITIAL, E1, 5);
    let mut other = vote(2, LeaderEpoch(4), false);
    other.voter = Some(ReplicaKey { id: NodeId(0), directory: Uuid(999) });
    assert_eq!(
        script.ask(Request::Vote(other)).body,
        Err(Refusal::InvalidVoterKey)
    );
    assert_eq!(
        script
            .ask(Request::Vote(vote(2, LeaderEpoch(0), false)))
            .body,
        Err(Refusal::FencedLeaderEpoch)
    );
}

#[test]
fn a_flush_does_not_count_for_records_that_took_the_place_of_others() {
    let (mut script, correlation) = Script::follow(LeaderEpoch(3), E1, 5);
    script.reply(1, correlation, records(0, vec![batch(5, 8, 2)]));
    assert!(script.out.contains(&Action::Flush { to: Offset(8) }));
    assert_eq!(
        script.sent(1),
        None,
        "a voter makes durable before it asks for more"
    );
    // A new leader, whose log parts from ours at 5, answers before the flush is done.
    let begin = BeginQuorumEpoch { leader: NodeId(2), epoch: LeaderEpoch(4), voter: None };
    script.ask(Request::BeginQuorumEpoch(begin));
    script.step(Input::Flushed);
    let (correlation, _) = script.sent(2).expect("durable, so it fetches");
    let parts = FetchOutcome::Diverging { epoch: E1, end_offset: Offset(5) };
    script.reply(2, correlation, outcome(parts));
    assert!(script.out.contains(&Action::Truncate { to: Offset(5) }));
    let (correlation, _) = script.sent(2).expect("it fetches again");
    script.reply(2, correlation, records(0, vec![batch(5, 8, 4)]));
    assert!(script.out.contains(&Action::Flush { to: Offset(8) }));
    assert_eq!(script.quorum.log().flushed, Offset(5));
}

#[test]
fn what_is_committed_is_never_truncated() {
    let (mut script, correlation) = Script::follow(LeaderEpoch(3), E1, 5);
    script.reply(1, correlation, records(4, Vec::new()));
    assert_eq!(commits(&script.out), [4]);
    let (correlation, _) = script.sent(1).expect("it fetches again");
    let parts = FetchOutcome::Diverging { epoch: E1, end_offset: Offset(3) };
    script.reply(1, correlation, outcome(parts));
    let reason = HaltReason::TruncateCommitted { to: Offset(3), high_watermark: Offset(4) };
    assert_eq!(script.out, [Action::Halt(reason)]);
    assert_eq!(script.step(Input::Tick), []);
}

#[test]
fn a_snapshot_below_the_high_watermark_is_not_loaded() {
    let (mut script, correlation) = Script::follow(LeaderEpoch(3), E1, 5);
    script.reply(1, correlation, records(4, Vec::new()));
    let (correlation, _) = script.sent(1).expect("it fetches again");
    let old = SnapshotId { end_offset: Offset(3), epoch: E1 };
    script.reply(1, correlation, outcome(FetchOutcome::Snapshot(old)));
    script.now += 100;
    script.step(Input::Tick);
    assert!(matches!(script.sent(1), Some((_, Request::Fetch(_)))));
}

#[test]
fn batches_that_do_not_continue_the_log_are_refused() {
    let broken = [
        vec![batch(6, 8, 2)],
        vec![batch(4, 8, 2)],
        vec![batch(5, 5, 2)],
        vec![batch(5, 8, 0)],
        vec![batch(5, 8, 4)],
        vec![batch(5, 8, 3), batch(8, 9, 2)],
        vec![batch(5, 8, 2), batch(9, 10, 2)],
    ];
    for batches in broken {
        let (mut script, correlation) = Script::follow(LeaderEpoch(3), E1, 5);
        script.reply(1, correlation, records(99, batches.clone()));
        assert_eq!(script.out, [], "{batches:?}");
        assert_eq!(script.quorum.log().end, Offset(5));
    }
}

#[test]
fn voters_count_when_appended_and_are_taken_back_when_truncated() {
    let (mut script, correlation) = Script::follow(LeaderEpoch(3), E1, 5);
    let mut change = batch(5, 6, 2);
    change.control = vec![(Offset(5), ControlRecord::Voters(voters(&[0, 1])))];
    script.reply(1, correlation, records(0, vec![change]));
    assert_eq!(script.quorum.voters(), &voters(&[0, 1]));
    script.step(Input::Flushed);
    let (correlation, _) = script.sent(1).expect("it fetches again");
    let parts = FetchOutcome::Diverging { epoch: E1, end_offset: Offset(5) };
    script.reply(1, correlation, outcome(parts));
    assert_eq!(script.quorum.voters(), &voters(&[0, 1, 2]));
}

#[test]
fn an_answer_is_taken_once_and_only_from_whom_it_was_asked() {
    let (mut script, correlation) = Script::follow(LeaderEpoch(3), E1, 5);
    script.reply(2, correlation, records(0, vec![batch(5, 8, 2)]));
    assert_eq!(script.quorum.log().end, Offset(5));
    script.reply(1, correlation + 7, records(0, vec![batch(5, 8, 2)]));
    assert_eq!(script.quorum.log().end, Offset(5));
    script.reply(1, correlation, records(0, vec![batch(5, 8, 2)]));
    assert_eq!(script.quorum.log().end, Offset(8));
}

fn voter(id: i32) -> Voter {
    Voter {
        key: key(id),
        endpoints: Vec::new(),
        kraft_version_min: 0,
        kraft_version_max: 1,
    }
}

impl Script {
    /// A leader of epoch 2 with voters 0, 1, 2, whose first record is committed.
    fn settled() -> Self {
        let mut leader = Self::lead(5);
        leader.step(Input::Flushed);
        let epoch = leader.quorum.epoch();
        leader.fetch(1, 6, epoch);
        leader
    }

    fn change(&mut self, change: VoterChange) -> Option<ChangeRefusal> {
        self.step(Input::ChangeVoters { id: 4, change })
            .iter()
            .find_map(|action| match action {
                Action::RefuseChange { id: 4, reason } => Some(*reason),
                _ => None,
            })
    }
}

#[test]
fn a_voter_is_added_once_it_has_caught_up_and_told_once_committed() {
    let mut leader = Script::settled();
    let epoch = leader.quorum.epoch();
    assert_eq!(
        leader.change(VoterChange::Add(voter(3))),
        Some(ChangeRefusal::Lagging)
    );
    leader.fetch(3, 5, E1);
    assert_eq!(
        leader.change(VoterChange::Add(voter(3))),
        Some(ChangeRefusal::Lagging)
    );
    leader.fetch(3, 6, epoch);
    assert_eq!(leader.change(VoterChange::Add(voter(3))), None);
    assert_eq!(
        leader.quorum.voters(),
        &voters(&[0, 1, 2, 3]),
        "it counts from the moment of the append"
    );
    assert_eq!(
        leader.change(VoterChange::Remove(key(2))),
        Some(ChangeRefusal::Busy),
        "one at a time"
    );
    leader.step(Input::Flushed);
    assert_eq!(
        commits(&leader.fetch(1, 7, epoch)),
        [0i64; 0],
        "two of four are no majority"
    );
    let out = leader.fetch(3, 7, epoch);
    assert_eq!(commits(&out), [7]);
    assert!(out.contains(&Action::VotersChanged { id: 4 }));
    assert_eq!(leader.change(VoterChange::Remove(key(2))), None);
}

#[test]
fn changes_that_make_no_sense_are_refused() {
    let mut leader = Script::lead(5);
    assert_eq!(
        leader.change(VoterChange::Remove(key(2))),
        Some(ChangeRefusal::Busy),
        "a new leader first commits a record of its epoch"
    );
    let mut leader = Script::settled();
    leader.fetch(1, 6, LeaderEpoch(2));
    assert_eq!(
        leader.change(VoterChange::Add(voter(1))),
        Some(ChangeRefusal::Duplicate)
    );
    assert_eq!(
        leader.change(VoterChange::Remove(key(7))),
        Some(ChangeRefusal::NotFound)
    );
    let other_disk = ReplicaKey { id: NodeId(1), directory: Uuid(999) };
    assert_eq!(
        leader.change(VoterChange::Remove(other_disk)),
        Some(ChangeRefusal::NotFound)
    );
    let old = Voter { kraft_version_max: 0, ..voter(1) };
    assert_eq!(
        leader.change(VoterChange::Update(old)),
        Some(ChangeRefusal::Unsupported)
    );
    assert_eq!(leader.change(VoterChange::Update(voter(1))), None);
    let (mut follower, _) = Script::follow(LeaderEpoch(3), E1, 5);
    assert_eq!(
        follower.change(VoterChange::Remove(key(2))),
        Some(ChangeRefusal::NotLeader)
    );
}

#[test]
fn a_leader_that_removes_itself_leads_until_that_is_committed() {
    let mut leader = Script::settled();
    let epoch = leader.quorum.epoch();
    assert_eq!(leader.change(VoterChange::Remove(key(0))), None);
    leader.step(Input::Flushed);
    assert_eq!(
        commits(&leader.fetch(1, 7, epoch)),
        [0i64; 0],
        "its own log counts no more"
    );
    assert_eq!(leader.quorum.state(), StateName::Leader);
    let out = leader.fetch(2, 7, epoch);
    assert_eq!(commits(&out), [7]);
    assert!(out.contains(&Action::VotersChanged { id: 4 }));
    assert_eq!(leader.quorum.state(), StateName::Resigned);
}

#[test]
fn a_change_is_answered_when_its_leader_is_deposed() {
    let mut leader = Script::settled();
    assert_eq!(leader.change(VoterChange::Remove(key(2))), None);
    leader.ask(Request::Vote(vote(1, LeaderEpoch(9), false)));
    let refused = Action::RefuseChange { id: 4, reason: ChangeRefusal::NotLeader };
    assert!(leader.out.contains(&refused));
}

#[test]
fn a_commit_below_a_change_does_not_settle_it() {
    let mut leader = Script::settled();
    let epoch = leader.quorum.epoch();
    leader.step(Input::Propose { id: 1, records: 1 });
    assert_eq!(leader.change(VoterChange::Remove(key(0))), None);
    leader.fetch(1, 7, epoch);
    let out = leader.fetch(2, 7, epoch);
    assert_eq!(commits(&out), [7]);
    assert!(!out.contains(&Action::VotersChanged { id: 4 }));
    assert_eq!(leader.quorum.state(), StateName::Leader);
    leader.fetch(1, 8, epoch);
    leader.fetch(2, 8, epoch);
    assert_eq!(leader.quorum.state(), StateName::Resigned);
}

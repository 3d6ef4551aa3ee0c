//! A quorum of one: the whole path from start to commit, action by action.

use klamm_model::{LeaderEpoch, NodeId, Offset, Uuid};
use klamm_raft::{
    Action, Config, ControlRecord, ElectionState, EpochStart, Input, LogState, Quorum, ReplicaKey,
    Start, StateName, Voter, VoterHistory, VoterSet,
};

const LOCAL: ReplicaKey = ReplicaKey { id: NodeId(0), directory: Uuid(77) };

fn voters() -> VoterSet {
    VoterSet::new([Voter {
        key: LOCAL,
        endpoints: Vec::new(),
        kraft_version_min: 0,
        kraft_version_max: 1,
    }])
}

fn start(election: ElectionState, log: LogState, history: VoterHistory) -> Quorum {
    let config = Config::default();
    Quorum::new(
        Start { local: LOCAL, config, election, log, history, entropy: 1 },
        0,
    )
}

fn step(quorum: &mut Quorum, input: Input) -> Vec<Action> {
    let mut out = Vec::new();
    quorum.step(0, input, &mut out);
    out
}

#[test]
fn a_new_node_elects_itself_at_once_and_commits_by_its_own_disk() {
    let mut quorum = start(
        ElectionState::INITIAL,
        LogState::empty(),
        VoterHistory::from_bootstrap(voters(), 1),
    );
    let epoch = LeaderEpoch(1);
    let candidate = ElectionState { epoch, leader: None, voted: Some(LOCAL) };
    let leader = ElectionState { epoch, leader: Some(NodeId(0)), voted: None };
    let change = ControlRecord::LeaderChange {
        leader: NodeId(0),
        voters: vec![NodeId(0)],
        granting: vec![NodeId(0)],
    };
    let records = vec![
        change,
        ControlRecord::KRaftVersion(1),
        ControlRecord::Voters(voters()),
    ];
    assert_eq!(
        step(&mut quorum, Input::Tick),
        [
            Action::Persist(candidate),
            Action::Persist(leader),
            Action::AppendControl { base_offset: Offset(0), epoch, records },
            Action::Flush { to: Offset(3) },
            Action::LeaderChanged { leader: Some(NodeId(0)), epoch },
        ]
    );
    // Not before its first record is committed.
    assert_eq!(
        step(&mut quorum, Input::Propose { id: 1, records: 1 }),
        [Action::RefuseProposal { id: 1, leader: Some(NodeId(0)) }]
    );
    assert_eq!(
        step(&mut quorum, Input::Flushed),
        [
            Action::Commit { high_watermark: Offset(3) },
            Action::BecameLeader { epoch }
        ]
    );
    assert_eq!(quorum.next_deadline(), None, "an idle node sets no timer");
}

#[test]
fn proposals_that_arrive_during_a_flush_share_the_next_one() {
    let mut quorum = start(
        ElectionState::INITIAL,
        LogState::empty(),
        VoterHistory::new(voters(), 1),
    );
    step(&mut quorum, Input::Tick);
    step(&mut quorum, Input::Flushed);
    let epoch = LeaderEpoch(1);
    let append = |id, base| Action::AppendProposal { id, base_offset: Offset(base), epoch };
    let mut propose = |id, records| step(&mut quorum, Input::Propose { id, records });
    assert_eq!(
        propose(1, 2),
        [append(1, 1), Action::Flush { to: Offset(3) }]
    );
    assert_eq!(propose(2, 3), [append(2, 3)]);
    assert_eq!(propose(3, 1), [append(3, 6)]);
    assert_eq!(
        step(&mut quorum, Input::Flushed),
        [
            Action::Commit { high_watermark: Offset(3) },
            Action::Flush { to: Offset(7) }
        ]
    );
    assert_eq!(
        step(&mut quorum, Input::Flushed),
        [Action::Commit { high_watermark: Offset(7) }]
    );
}

#[test]
fn a_restarted_leader_takes_a_new_epoch() {
    let election = ElectionState { epoch: LeaderEpoch(4), leader: Some(NodeId(0)), voted: None };
    let mut log = LogState::empty();
    log.end = Offset(9);
    log.flushed = Offset(9);
    log.epochs = vec![EpochStart { epoch: LeaderEpoch(4), start_offset: Offset(0) }];
    let mut quorum = start(election, log, VoterHistory::new(voters(), 1));
    assert_eq!(quorum.state(), StateName::Resigned);
    let out = step(&mut quorum, Input::Tick);
    assert_eq!(quorum.state(), StateName::Leader);
    assert_eq!(quorum.epoch(), LeaderEpoch(5));
    assert!(out.contains(&Action::Flush { to: Offset(10) }));
    let committed = step(&mut quorum, Input::Flushed);
    assert_eq!(committed[0], Action::Commit { high_watermark: Offset(10) });
}

#[test]
fn the_log_knows_a_later_epoch_than_the_file() {
    let mut log = LogState::empty();
    log.end = Offset(9);
    log.flushed = Offset(9);
    log.epochs = vec![EpochStart { epoch: LeaderEpoch(6), start_offset: Offset(0) }];
    let mut quorum = start(ElectionState::INITIAL, log, VoterHistory::new(voters(), 1));
    step(&mut quorum, Input::Tick);
    assert_eq!(quorum.epoch(), LeaderEpoch(7));
}

#[test]
fn a_node_that_stops_does_not_stand_again() {
    let mut quorum = start(
        ElectionState::INITIAL,
        LogState::empty(),
        VoterHistory::new(voters(), 1),
    );
    step(&mut quorum, Input::Tick);
    step(&mut quorum, Input::Flushed);
    let out = step(&mut quorum, Input::Resign);
    assert!(out.contains(&Action::LostLeadership { epoch: LeaderEpoch(1) }));
    assert_eq!(
        (quorum.state(), quorum.next_deadline()),
        (StateName::Resigned, None)
    );
}

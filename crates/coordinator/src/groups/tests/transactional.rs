//! Commits in transactions.

use super::*;

const PRODUCER: i64 = 7;
const OTHER: i64 = 8;

fn open(producer_id: i64) -> OpenTransaction {
    OpenTransaction { producer_id, producer_epoch: 3 }
}

fn commit_open(
    world: &mut World,
    producer: i64,
    commit: CommitOffsets,
) -> Vec<Result<(), GroupError>> {
    world.each(Command::CommitOpen { commit: Box::new(commit), producer: open(producer) })
}

fn offset(world: &World) -> Option<i64> {
    world
        .shard
        .offset("g", "t", 0)
        .map(|committed| committed.offset)
}

#[test]
fn offsets_of_a_transaction_count_once_it_commits() {
    for commits in [true, false] {
        let mut world = World::new(config());
        world.each(Command::CommitOffsets(Box::new(commit("", -1, 5))));
        assert_eq!(
            commit_open(&mut world, PRODUCER, commit("", -1, 9)),
            [Ok(())]
        );
        assert_eq!(offset(&world), Some(5));
        assert!(world.shard.is_pending("g", "t", 0));
        assert!(!world.shard.is_pending("g", "t", 1) && !world.shard.is_pending("g", "u", 0));
        world.end(OTHER, true);
        assert!(
            world.shard.is_pending("g", "t", 0),
            "another producer's end"
        );
        world.end(PRODUCER, commits);
        assert!(!world.shard.is_pending("g", "t", 0));
        assert_eq!(offset(&world), Some(if commits { 9 } else { 5 }));
        assert_eq!(world.replayed().snapshot(), world.shard.snapshot());
    }
}

#[test]
fn a_later_commit_is_not_undone_by_the_end_of_an_earlier_transaction() {
    let mut world = World::new(config());
    commit_open(&mut world, PRODUCER, commit("", -1, 1));
    world.each(Command::CommitOffsets(Box::new(commit("", -1, 2))));
    assert!(world.shard.is_pending("g", "t", 0));
    world.end(PRODUCER, true);
    assert_eq!(offset(&world), Some(2));

    commit_open(&mut world, PRODUCER, commit("", -1, 3));
    commit_open(&mut world, OTHER, commit("", -1, 4));
    world.end(OTHER, true);
    assert_eq!(offset(&world), Some(4));
    world.end(PRODUCER, true);
    assert_eq!(offset(&world), Some(4), "it is the older one");
    assert_eq!(world.replayed().snapshot(), world.shard.snapshot());

    commit_open(&mut world, PRODUCER, commit("", -1, 5));
    commit_open(&mut world, OTHER, commit("", -1, 6));
    world.end(PRODUCER, true);
    world.end(OTHER, true);
    assert_eq!(offset(&world), Some(6));
}

#[test]
fn a_member_that_names_itself_is_checked() {
    let mut world = World::new(config());
    let member = world.alone();
    let mut try_open = |member: &str, generation| {
        let commit = commit(member, generation, 1);
        world.try_each(Command::CommitOpen { commit: Box::new(commit), producer: open(PRODUCER) })
    };
    assert_eq!(try_open(&member, 1), Ok(vec![Ok(())]));
    assert_eq!(try_open(&member, 2), Err(GroupError::IllegalGeneration));
    assert_eq!(try_open(&member, -1), Err(GroupError::IllegalGeneration));
    assert_eq!(try_open("nobody", 1), Err(GroupError::UnknownMemberId));
    assert_eq!(
        try_open("", -1),
        Ok(vec![Ok(())]),
        "an old client names nobody"
    );
    // A new round stops an ordinary commit until it is over, this one not.
    let (_, _) = world.join("b");
    let joined = world.send(Command::Join(Box::new(join("a", &member))));
    world.pass(300);
    let generation = world.joined(joined).generation;
    let ordinary = Command::CommitOffsets(Box::new(commit(&member, generation, 1)));
    assert_eq!(
        world.try_each(ordinary),
        Err(GroupError::RebalanceInProgress)
    );
    assert_eq!(
        commit_open(&mut world, PRODUCER, commit(&member, generation, 1)),
        [Ok(())]
    );
}

#[test]
fn an_unknown_group_is_made_for_who_has_no_generation() {
    let mut world = World::new(config());
    let with_generation = Command::CommitOpen {
        commit: Box::new(commit("m", 1, 1)),
        producer: open(PRODUCER),
    };
    assert_eq!(
        world.try_each(with_generation),
        Err(GroupError::IllegalGeneration)
    );
    let mut nameless = commit("", -1, 1);
    nameless.group = Str::EMPTY;
    let nameless = Command::CommitOpen { commit: Box::new(nameless), producer: open(PRODUCER) };
    assert_eq!(world.try_each(nameless), Err(GroupError::InvalidGroupId));
    assert_eq!(world.state(), GroupState::Dead);
    commit_open(&mut world, PRODUCER, commit("", -1, 1));
    assert_eq!(world.state(), GroupState::Empty);
    world.end(PRODUCER, false);
    assert_eq!(world.state(), GroupState::Dead, "nothing is left of it");
}

#[test]
fn a_note_that_is_too_long_is_refused_alone() {
    let mut world = World::new(config());
    let mut request = commit("", -1, 1);
    let mut long = request.offsets[0].clone();
    long.metadata = "x".repeat(5_000).into();
    long.partition = 1;
    request.offsets.push(long);
    let results = commit_open(&mut world, PRODUCER, request);
    assert_eq!(results, [Ok(()), Err(GroupError::OffsetMetadataTooLarge)]);
    assert!(world.shard.is_pending("g", "t", 0) && !world.shard.is_pending("g", "t", 1));
}

#[test]
fn what_is_deleted_does_not_come_back_with_the_marker() {
    let mut world = World::new(config());
    commit_open(&mut world, PRODUCER, commit("", -1, 1));
    let one = vec![("t".into(), 0)];
    world.each(Command::DeleteOffsets { group: "g".into(), partitions: one });
    world.end(PRODUCER, true);
    assert_eq!(offset(&world), None);
    commit_open(&mut world, PRODUCER, commit("", -1, 1));
    let deleted = world.ask(Command::DeleteGroup { group: "g".into() });
    assert_eq!(deleted, Reply::Done(Ok(())));
    world.end(PRODUCER, true);
    assert_eq!(offset(&world), None);
    let replayed = world.replayed();
    assert_eq!(replayed.snapshot(), world.shard.snapshot());
    assert!(replayed.snapshot().groups.is_empty());
}

#[test]
fn an_offset_with_a_pending_one_does_not_expire() {
    let mut world = World::new(config());
    world.each(Command::CommitOffsets(Box::new(commit("", -1, 1))));
    commit_open(&mut world, PRODUCER, commit("", -1, 2));
    world.pass(200_000);
    assert_eq!(offset(&world), Some(1));
    world.end(PRODUCER, false);
    world.pass(200_000);
    assert_eq!(offset(&world), None);
}

#[test]
fn a_transaction_outlives_a_restart() {
    let mut world = World::new(config());
    commit_open(&mut world, PRODUCER, commit("", -1, 4));
    world.shard = world.replayed();
    assert!(world.shard.is_pending("g", "t", 0));
    world.end(PRODUCER, true);
    assert_eq!(offset(&world), Some(4));
}

//! Committed offsets: who may commit, how long they stay, and their deletion.

use super::*;

#[test]
fn commits_are_taken_from_the_current_generation_only() {
    let mut world = World::new(config());
    let early = world.try_each(Command::CommitOffsets(Box::new(commit("x", 1, 5))));
    assert_eq!(early, Err(GroupError::GroupIdNotFound), "no such group");
    let older = CommitOffsets { knows_member_epochs: false, ..commit("x", 1, 5) };
    let early = world.try_each(Command::CommitOffsets(Box::new(older)));
    assert_eq!(early, Err(GroupError::IllegalGeneration));
    let a = world.alone();
    let mut refused = |member: &str, generation| {
        world
            .try_each(Command::CommitOffsets(Box::new(commit(
                member, generation, 5,
            ))))
            .unwrap_err()
    };
    assert_eq!(refused(&a, 0), GroupError::IllegalGeneration);
    assert_eq!(refused(&a, 2), GroupError::IllegalGeneration);
    assert_eq!(refused("x", 1), GroupError::UnknownMemberId);
    assert_eq!(
        refused("", -1),
        GroupError::UnknownMemberId,
        "the group has members"
    );
    assert_eq!(world.shard.offset("g", "t", 0), None);
    assert_eq!(
        world.each(Command::CommitOffsets(Box::new(commit(&a, 1, 5)))),
        [Ok(())]
    );
    let mut long = commit(&a, 1, 6);
    long.offsets[0].metadata = "x".repeat(4_097).into();
    assert_eq!(
        world.each(Command::CommitOffsets(Box::new(long))),
        [Err(GroupError::OffsetMetadataTooLarge)]
    );
    let kept = world.shard.offset("g", "t", 0).unwrap();
    assert_eq!(
        (kept.offset, kept.leader_epoch, &*kept.metadata),
        (5, 3, "note")
    );
    let (_, _) = world.join("b");
    assert_eq!(
        world.each(Command::CommitOffsets(Box::new(commit(&a, 1, 7)))),
        [Ok(())],
        "before it joins again"
    );
    let _ = world.send(Command::Join(Box::new(join("a", &a))));
    let during = world.try_each(Command::CommitOffsets(Box::new(commit(&a, 2, 8))));
    assert_eq!(during, Err(GroupError::RebalanceInProgress));
}

#[test]
fn a_commit_keeps_a_member_alive() {
    let mut world = World::new(config());
    let a = world.alone();
    for n in 0..5 {
        world.pass(i64::from(SESSION) - 1);
        assert_eq!(
            world.each(Command::CommitOffsets(Box::new(commit(&a, 1, n)))),
            [Ok(())]
        );
    }
}

#[test]
fn offsets_expire_only_when_the_group_is_empty() {
    let mut world = World::new(config());
    let a = world.alone();
    let _ = world.each(Command::CommitOffsets(Box::new(commit(&a, 1, 5))));
    for _ in 0..40 {
        world.pass(5_000);
        assert_eq!(world.beat(&a, 1), Ok(()));
    }
    assert!(
        world.shard.offset("g", "t", 0).is_some(),
        "members are there"
    );
    let _ = world.each(leave(&a, None));
    world.pass(99_000);
    assert!(
        world.shard.offset("g", "t", 0).is_some(),
        "the clock starts when the group is empty"
    );
    world.pass(12_000);
    assert_eq!(world.state(), GroupState::Dead);
    assert_eq!(world.shard.snapshot(), world.replayed().snapshot());
}

#[test]
fn a_commit_may_bring_its_own_end() {
    let mut world = World::new(config());
    let brief = CommitOffsets { retention_ms: 5_000, ..commit("", -1, 5) };
    let _ = world.each(Command::CommitOffsets(Box::new(brief)));
    assert_eq!(world.shard.snapshot(), world.replayed().snapshot());
    world.pass(10_000);
    assert_eq!(world.state(), GroupState::Dead);
}

#[test]
fn groups_and_offsets_are_deleted_when_nobody_reads() {
    let mut world = World::new(config());
    let group = Str::from("g");
    let delete = || Command::DeleteGroup { group: group.clone() };
    let forget = |topic: &str| Command::DeleteOffsets {
        group: group.clone(),
        partitions: vec![(topic.into(), 0)],
    };
    assert_eq!(
        world.ask(delete()),
        Reply::Done(Err(GroupError::GroupIdNotFound))
    );
    assert_eq!(
        world.try_each(forget("t")),
        Err(GroupError::GroupIdNotFound)
    );
    let a = world.alone();
    let _ = world.each(Command::CommitOffsets(Box::new(commit(&a, 1, 5))));
    assert_eq!(
        world.ask(delete()),
        Reply::Done(Err(GroupError::NonEmptyGroup))
    );
    assert_eq!(
        world.each(forget("t")),
        [Err(GroupError::GroupSubscribedToTopic)]
    );
    assert_eq!(world.each(forget("other")), [Ok(())]);
    let _ = world.each(leave(&a, None));
    assert_eq!(world.each(forget("t")), [Ok(())]);
    assert_eq!(world.shard.offset("g", "t", 0), None);
    assert_eq!(world.ask(delete()), Reply::Done(Ok(())));
    assert_eq!(world.shard.list().count(), 0);
    assert_eq!(world.shard.snapshot(), world.replayed().snapshot());
}

#[test]
fn a_topic_that_is_gone_takes_its_offsets_along_whatever_the_group() {
    let mut world = World::new(config());
    let forget = |topics: &[&str]| Command::ForgetTopics {
        topics: topics.iter().copied().map(Str::from).collect(),
    };
    // A member that reads, a group that never had any, and one with offsets elsewhere.
    let a = world.alone();
    let _ = world.each(Command::CommitOffsets(Box::new(commit(&a, 1, 5))));
    let of = |group: &str, topic: &str| {
        let mut simple = CommitOffsets { group: group.into(), ..commit("", -1, 7) };
        simple.offsets[0].topic = topic.into();
        Command::CommitOffsets(Box::new(simple))
    };
    let _ = world.each(of("simple", "t"));
    let _ = world.each(of("both", "t"));
    let _ = world.each(of("both", "other"));
    assert_eq!(world.ask(forget(&["nobody's"])), Reply::Done(Ok(())));
    assert!(world.shard.offset("g", "t", 0).is_some());
    assert_eq!(world.ask(forget(&["nobody's", "t"])), Reply::Done(Ok(())));
    for group in ["g", "simple", "both"] {
        assert_eq!(world.shard.offset(group, "t", 0), None, "{group}");
    }
    assert!(world.shard.offset("both", "other", 0).is_some());
    // The member stays; a group that was nothing but offsets is gone.
    let left: Vec<_> = world.shard.list().map(|listed| listed.group).collect();
    assert_eq!(left, ["both".into(), Str::from("g")]);
    assert_eq!(world.shard.snapshot(), world.replayed().snapshot());
}

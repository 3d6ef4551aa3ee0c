//! Commits, fetches, and offsets that end.

use super::*;

fn delete(partitions: &[(&str, i32)]) -> Command {
    let partitions = partitions
        .iter()
        .map(|(t, p)| (Str::from(*t), *p))
        .collect();
    Command::DeleteOffsets { group: "g".into(), partitions }
}

#[test]
fn only_members_commit_and_only_in_their_epoch() {
    let mut world = World::new();
    let a = Client::join("a", &mut world);
    assert_eq!(world.commit("a", a.epoch, 0), Ok(()));
    assert_eq!(
        world.commit("a", a.epoch + 1, 0),
        Err(GroupError::StaleMemberEpoch)
    );
    assert_eq!(
        world.commit("x", a.epoch, 0),
        Err(GroupError::UnknownMemberId)
    );
    assert_eq!(world.commit("", -1, 0), Err(GroupError::UnknownMemberId));
    let old = CommitOffsets { knows_member_epochs: false, ..commit("a", a.epoch, 0) };
    let refused = world.ask(Command::CommitOffsets(Box::new(old)));
    assert_eq!(refused, Reply::Each(Err(GroupError::UnsupportedVersion)));
    world.beat(leave("a", -1)).unwrap();
    assert_eq!(
        world.commit("", -1, 0),
        Ok(()),
        "an administrator, while nobody is there"
    );
}

#[test]
fn a_commit_from_the_epoch_before_counts_for_what_the_member_still_has() {
    let mut world = World::new();
    let a = Client::join("a", &mut world);
    let mut b = Client::join("b", &mut world);
    world.pass(100);
    let told = world.beat(a.heartbeat()).unwrap().assignment.unwrap();
    let stays = told[0].1[0];
    let goes = (0..6).find(|one| !told[0].1.contains(one)).unwrap();
    // Not given back yet: it may still say how far it came.
    assert_eq!(world.commit("a", a.epoch, goes), Ok(()));
    world
        .beat(ConsumerHeartbeat { owned: Some(told), ..a.heartbeat() })
        .unwrap();
    assert!(world.member("a").epoch > a.epoch);
    assert_eq!(world.commit("a", a.epoch, stays), Ok(()));
    assert_eq!(
        world.commit("a", a.epoch, goes),
        Err(GroupError::StaleMemberEpoch)
    );
    b.report(&mut world).unwrap();
    assert!(b.owned[&topic(1)].contains(&goes));
    assert_eq!(
        world.commit("b", b.epoch - 1, goes),
        Err(GroupError::StaleMemberEpoch)
    );
    assert_eq!(world.commit("b", b.epoch, goes), Ok(()));
}

#[test]
fn members_fetch_in_their_epoch_and_others_claim_nothing() {
    let mut world = World::new();
    let fetch = |world: &World, id: Option<&str>, epoch| {
        world
            .shard
            .check_fetch("g", id.map(Str::from).as_ref(), epoch)
    };
    assert_eq!(fetch(&world, Some("a"), 3), Ok(()), "no group, no offsets");
    Client::join("a", &mut world);
    assert_eq!(fetch(&world, None, -1), Ok(()));
    assert_eq!(fetch(&world, Some("a"), 1), Ok(()));
    assert_eq!(
        fetch(&world, Some("a"), 2),
        Err(GroupError::StaleMemberEpoch)
    );
    assert_eq!(
        fetch(&world, Some("b"), 1),
        Err(GroupError::UnknownMemberId)
    );
}

#[test]
fn offsets_of_a_topic_that_is_read_never_expire() {
    let mut world = World::new();
    world.create("u", 2, 1);
    let both = Some(vec!["t".into(), "u".into()]);
    let mut a = Client::join_with(ConsumerHeartbeat { topics: both, ..join("a") }, &mut world);
    world.commit("a", 1, 0).unwrap();
    for _ in 0..40 {
        world.pass(10_000);
        a.report(&mut world).unwrap();
    }
    assert!(world.shard.offset("g", "t", 0).is_some());
    // Nobody reads it any more: its age counts from the commit.
    let fewer = ConsumerHeartbeat { topics: Some(vec!["u".into()]), ..a.heartbeat() };
    a.hear(world.beat(fewer).unwrap());
    for _ in 0..2 {
        world.pass(10_000);
        a.report(&mut world).unwrap();
    }
    assert!(world.shard.offset("g", "t", 0).is_none());
    assert_eq!(world.describe().members.len(), 1);
    world.check_replay();
}

#[test]
fn an_empty_group_keeps_its_offsets_for_the_whole_retention_and_then_ends() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    world.commit("a", 1, 0).unwrap();
    for _ in 0..30 {
        world.pass(10_000);
        a.report(&mut world).unwrap();
    }
    world.beat(leave("a", -1)).unwrap();
    world.pass(95_000);
    assert!(
        world.shard.offset("g", "t", 0).is_some(),
        "counted from when it became empty"
    );
    world.pass(15_000);
    assert_eq!(world.shard.list().next(), None);
    world.check_replay();
}

#[test]
fn offsets_are_deleted_topic_by_topic_while_members_are_there() {
    let mut world = World::new();
    let a = Client::join("a", &mut world);
    world.create("u", 2, 1);
    world.commit("a", a.epoch, 0).unwrap();
    let answer = world.ask(delete(&[("t", 0), ("u", 0)]));
    let subscribed = Err(GroupError::GroupSubscribedToTopic);
    assert_eq!(answer, Reply::Each(Ok(vec![subscribed, Ok(())])));
    world.beat(leave("a", -1)).unwrap();
    assert_eq!(
        world.ask(delete(&[("t", 0)])),
        Reply::Each(Ok(vec![Ok(())]))
    );
    assert!(world.shard.offset("g", "t", 0).is_none());
}

#[test]
fn only_an_empty_group_is_deleted_and_nothing_of_it_is_left() {
    let mut world = World::new();
    Client::join("a", &mut world);
    world.commit("a", 1, 0).unwrap();
    let delete = || Command::DeleteGroup { group: "g".into() };
    assert_eq!(
        world.ask(delete()),
        Reply::Done(Err(GroupError::NonEmptyGroup))
    );
    world.beat(leave("a", -1)).unwrap();
    assert_eq!(world.ask(delete()), Reply::Done(Ok(())));
    assert_eq!(
        world.ask(delete()),
        Reply::Done(Err(GroupError::GroupIdNotFound))
    );
    assert!(world.replayed().snapshot().groups.is_empty());
}

#[test]
fn a_consumer_group_is_listed_as_one_and_is_no_classic_group() {
    let mut world = World::new();
    Client::join("a", &mut world);
    let listed: Vec<ListedGroup> = world.shard.list().collect();
    let [group] = &listed[..] else {
        panic!("{listed:?}")
    };
    assert_eq!((group.kind, &*group.state), (GroupKind::Consumer, "Stable"));
    assert_eq!(group.protocol_type, "consumer");
    assert_eq!(world.shard.describe("g", world.moment()), None);
    assert!(world.shard.knows("g"));
}

#[test]
fn a_transaction_commits_for_a_member_or_for_nobody() {
    let mut world = World::new();
    let a = Client::join("a", &mut world);
    let mut open = |commit: CommitOffsets| {
        let producer = crate::shard::OpenTransaction { producer_id: 5, producer_epoch: 0 };
        world.ask(Command::CommitOpen { commit: Box::new(commit), producer })
    };
    let refused = |error| Reply::Each(Err(error));
    assert_eq!(open(commit("a", a.epoch, 0)), Reply::Each(Ok(vec![Ok(())])));
    assert_eq!(open(commit("", -1, 0)), Reply::Each(Ok(vec![Ok(())])));
    assert_eq!(
        open(commit("a", a.epoch + 1, 0)),
        refused(GroupError::StaleMemberEpoch)
    );
    assert_eq!(
        open(commit("b", a.epoch, 0)),
        refused(GroupError::UnknownMemberId)
    );
}

//! Who reads what, and who is a member.

use super::offsets::Heard;
use super::*;

#[test]
fn a_group_goes_on_where_it_stopped() {
    run(async {
        for way in WAYS {
            let (node, client) = node_with_topic(4).await;
            write(&client, 0..100).await;
            let mut one = member(&client, way, &[]);
            let seen = poll_until(&mut [&mut one], |_, seen| seen.len() >= 100).await;
            assert_eq!(sorted(seen), (0..100).collect::<Vec<_>>());
            one.close().await.unwrap();
            write(&client, 100..150).await;
            let node = node.restart().await;
            let client = self::client(&node, &[]);
            let mut two = member(&client, way, &[]);
            let seen = poll_until(&mut [&mut two], |_, seen| seen.len() >= 50).await;
            assert_eq!(sorted(seen), (100..150).collect::<Vec<_>>(), "{way:?}");
            two.close().await.unwrap();
            node.stop().await;
        }
    });
}

#[test]
fn members_share_partitions_and_nothing_is_read_twice_or_lost() {
    run(async {
        for way in WAYS {
            let (node, client) = node_with_topic(6).await;
            write(&client, 0..300).await;
            let (mut one, mut two, mut three) = (
                member(&client, way, &[]),
                member(&client, way, &[]),
                member(&client, way, &[]),
            );
            let mut seen = poll_until(&mut [&mut one], |all, _| shares(all) == [6]).await;
            seen.extend(
                poll_until(&mut [&mut one, &mut two], |all, _| shares(all) == [3, 3]).await,
            );
            let mut all = [&mut one, &mut two, &mut three];
            seen.extend(poll_until(&mut all, |all, _| shares(all) == [2, 2, 2]).await);
            let owned: BTreeSet<&PartitionKey> = [&one, &two, &three]
                .into_iter()
                .flat_map(GroupConsumer::assignment)
                .collect();
            assert_eq!(owned.len(), 6, "no partition has two readers");
            two.close().await.unwrap();
            seen.extend(
                poll_until(&mut [&mut one, &mut three], |all, _| shares(all) == [3, 3]).await,
            );
            write(&client, 300..400).await;
            let count = seen.len();
            let mut all = [&mut one, &mut three];
            seen.extend(poll_until(&mut all, |_, more| more.len() + count >= 400).await);
            assert_eq!(sorted(seen), (0..400).collect::<Vec<_>>(), "{way:?}");
            one.close().await.unwrap();
            three.close().await.unwrap();
            node.stop().await;
        }
    });
}

#[test]
fn a_static_member_comes_back_to_its_part_without_a_round() {
    run(async {
        let (node, client) = node_with_topic(4).await;
        for way in [WAYS[0], WAYS[3]] {
            let named = |name| {
                member(
                    &client,
                    way,
                    &[("group.instance.id", name), ("group.id", way[0].1)],
                )
            };
            let (mut one, mut two) = (named("a"), named("b"));
            poll_until(&mut [&mut one, &mut two], |all, _| shares(all) == [2, 2]).await;
            let before: Vec<PartitionKey> = two.assignment().cloned().collect();
            let generation = one.group_metadata().generation;
            two.close().await.unwrap();
            let mut two = named("b");
            poll_until(&mut [&mut one, &mut two], |all, _| shares(all) == [2, 2]).await;
            assert_eq!(two.assignment().cloned().collect::<Vec<_>>(), before);
            assert_eq!(one.group_metadata().generation, generation);

            // Two of one name: in a classic group the second takes over, otherwise the first stays.
            let mut other = named("b");
            let (loser, code) = match way == WAYS[0] {
                true => {
                    poll_until(&mut [&mut one, &mut other], |all, _| shares(all) == [2, 2]).await;
                    (&mut two, ErrorCode::FENCED_INSTANCE_ID)
                }
                false => (&mut other, ErrorCode::UNRELEASED_INSTANCE_ID),
            };
            let start = Instant::now();
            let error = loop {
                assert!(start.elapsed() < PATIENCE);
                if let Err(error) = loser.poll(Duration::from_millis(20)).await {
                    break error;
                }
            };
            assert_eq!(error.code(), Some(code));
        }
        node.stop().await;
    });
}

#[test]
fn a_member_that_does_not_poll_leaves_until_it_does() {
    run(async {
        let (node, client) = node_with_topic(4).await;
        for way in WAYS {
            let group = [("group.id", way[0].1)];
            let mut slow = member(&client, way, &[("max.poll.interval.ms", "1000"), group[0]]);
            let mut other = member(&client, way, &group);
            let heard = Heard::default();
            slow.set_listener(heard.clone());
            poll_until(&mut [&mut slow, &mut other], |all, _| shares(all) == [2, 2]).await;
            poll_until(&mut [&mut other], |all, _| shares(all) == [4]).await;
            heard.take();
            let error = slow.commit_offsets(&offsets(&slow)).await.unwrap_err();
            assert_eq!(error.code(), Some(ErrorCode::UNKNOWN_MEMBER_ID), "{error}");
            poll_until(&mut [&mut slow, &mut other], |all, _| shares(all) == [2, 2]).await;
            assert_eq!(heard.take()[0], ("lost", 2));
            slow.close().await.unwrap();
            other.close().await.unwrap();
        }
        node.stop().await;
    });
}

fn offsets(consumer: &GroupConsumer) -> BTreeMap<PartitionKey, GroupOffset> {
    consumer
        .assignment()
        .map(|key| (key.clone(), GroupOffset::at(1)))
        .collect()
}

#[test]
fn partitions_come_and_go_although_polls_wait_for_nothing() {
    run(async {
        let (node, client) = node_with_topic(4).await;
        for way in WAYS {
            let group = [("group.id", way[0].1)];
            let (mut one, mut two) = (member(&client, way, &group), member(&client, way, &group));
            let start = Instant::now();
            for expected in [[4, 0], [2, 2]] {
                while [&one, &two].map(|c| c.assignment().count()) != expected {
                    assert!(start.elapsed() < PATIENCE, "{way:?}");
                    one.poll(Duration::ZERO).await.unwrap();
                    if expected == [2, 2] {
                        two.poll(Duration::ZERO).await.unwrap();
                    }
                    tokio::task::yield_now().await;
                }
            }
            // A last round may be under way, and its generation be newer than theirs: then nothing is committed.
            let _ = (one.close().await, two.close().await);
        }
        node.stop().await;
    });
}

#[test]
fn settings_that_cannot_be_are_refused() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[]);
        let no_group =
            GroupConsumer::new(&client, ConsumerConfig::default(), GroupConfig::default());
        assert!(no_group.unwrap_err().to_string().contains("group.id"));
        let mut bad = member(&client, WAYS[0], &[("session.timeout.ms", "1000")]);
        let error = bad.poll(PATIENCE).await.unwrap_err();
        assert_eq!(
            error.code(),
            Some(ErrorCode::INVALID_SESSION_TIMEOUT),
            "{error}"
        );
        bad.close().await.unwrap();
        node.stop().await;
    });
}

//! What is committed when partitions move, by whom, and how it is changed from outside.

use super::*;

#[derive(Debug, Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<(&'static str, usize)>>>);

impl Heard {
    pub(super) fn take(&self) -> Vec<(&'static str, usize)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn add(&self, what: &'static str, partitions: &[PartitionKey]) {
        self.0.lock().unwrap().push((what, partitions.len()));
    }
}

impl RebalanceListener for Heard {
    fn assigned(&mut self, partitions: &[PartitionKey]) {
        self.add("assigned", partitions);
    }

    fn revoked(&mut self, partitions: &[PartitionKey]) -> BTreeMap<PartitionKey, GroupOffset> {
        self.add("revoked", partitions);
        partitions
            .iter()
            .map(|key| (key.clone(), GroupOffset::at(7)))
            .collect()
    }

    fn lost(&mut self, partitions: &[PartitionKey]) {
        self.add("lost", partitions);
    }
}

#[test]
fn a_listener_hears_what_moves_and_its_offsets_are_committed() {
    run(async {
        let (node, client) = node_with_topic(4).await;
        for (way, gone) in [(WAYS[0], 4), (WAYS[2], 2), (WAYS[3], 2)] {
            let by_hand = [("enable.auto.commit", "false"), ("group.id", way[0].1)];
            let mut one = member(&client, way, &by_hand);
            let heard = Heard::default();
            one.set_listener(heard.clone());
            poll_until(&mut [&mut one], |all, _| shares(all) == [4]).await;
            assert_eq!(heard.take(), [("assigned", 4)]);
            let mut two = member(&client, way, &by_hand);
            poll_until(&mut [&mut one, &mut two], |all, _| shares(all) == [2, 2]).await;
            let first = heard.take();
            assert_eq!(first[0], ("revoked", gone), "{first:?}");
            let moved: Vec<PartitionKey> = two.assignment().cloned().collect();
            let committed = two.committed(&moved).await.unwrap();
            assert_eq!(committed.len(), 2);
            assert!(committed.values().all(|offset| offset.offset == 7));
            one.close().await.unwrap();
            two.close().await.unwrap();
            assert!(heard.take().iter().any(|(what, _)| *what == "revoked"));
        }
        node.stop().await;
    });
}

#[test]
fn commits_say_who_wrote_the_record_before() {
    run(async {
        let (node, client) = node_with_topic(1).await;
        write(&client, 0..10).await;
        let by_hand = [("enable.auto.commit", "false")];
        let key: PartitionKey = ("t".into(), 0);
        for way in [WAYS[0], WAYS[3]] {
            let group = [by_hand[0], ("group.id", way[0].1)];
            let mut one = member(&client, way, &group);
            let seen = poll_until(&mut [&mut one], |_, seen| seen.len() >= 10).await;
            assert_eq!(seen.len(), 10);
            one.commit().await.unwrap();
            let committed = one.committed(std::slice::from_ref(&key)).await.unwrap();
            let epoch = committed[&key].leader_epoch;
            assert_eq!((committed[&key].offset, epoch), (10, Some(0)));
            one.close().await.unwrap();
            // Who takes over knows it without having read anything.
            let mut two = member(&client, way, &group);
            poll_until(&mut [&mut two], |all, _| shares(all) == [1]).await;
            assert_eq!(two.positions()[&key], GroupOffset::behind(10, Some(0)));
            two.close().await.unwrap();
        }
        node.stop().await;
    });
}

#[test]
fn a_live_group_of_the_consumer_protocol_is_sent_elsewhere() {
    run(async {
        let (node, client) = node_with_topic(2).await;
        write(&client, 0..100).await;
        let (mut one, mut two) = (member(&client, WAYS[3], &[]), member(&client, WAYS[3], &[]));
        let both =
            |all: &[&mut GroupConsumer], seen: &[usize]| seen.len() >= 100 && shares(all) == [1, 1];
        let seen = poll_until(&mut [&mut one, &mut two], both).await;
        assert_eq!(sorted(seen), (0..100).collect::<Vec<_>>());
        let admin = Admin::new(&client);
        let start: BTreeMap<PartitionKey, GroupOffset> = [0, 1]
            .map(|partition| (("t".into(), partition), GroupOffset::at(0)))
            .into();
        for (key, set) in admin.alter_live_group_offsets("g", &start).await.unwrap() {
            set.unwrap_or_else(|error| panic!("{key:?}: {error}"));
        }
        // Commits of the old membership are refused, and all is read again.
        let seen = poll_until(&mut [&mut one, &mut two], both).await;
        assert_eq!(sorted(seen), (0..100).collect::<Vec<_>>());
        for (_, set) in admin.alter_group_offsets("g", &start).await.unwrap() {
            assert_eq!(set.unwrap_err().code(), Some(ErrorCode::UNKNOWN_MEMBER_ID));
        }
        one.close().await.unwrap();
        two.close().await.unwrap();
        node.stop().await;
    });
}

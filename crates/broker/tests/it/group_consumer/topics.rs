//! Topics that come, go and grow, by name and by pattern.

use super::*;

#[test]
fn the_broker_finds_the_topics_of_a_pattern() {
    run(async {
        let (node, client) = node_with_topic(2).await;
        let mut one = member(&client, WAYS[3], &[]);
        one.subscribe(Subscription::Pattern("[st]".to_owned()))
            .unwrap();
        poll_until(&mut [&mut one], |all, _| shares(all) == [2]).await;
        one.subscribe(Subscription::Pattern("x".to_owned()))
            .unwrap();
        poll_until(&mut [&mut one], |all, _| shares(all) == [0]).await;
        one.subscribe(Subscription::Topics(BTreeSet::from(["t".to_owned()])))
            .unwrap();
        poll_until(&mut [&mut one], |all, _| shares(all) == [2]).await;
        one.subscribe(Subscription::Pattern("[".to_owned()))
            .unwrap();
        let error = loop {
            if let Err(error) = one.poll(Duration::from_millis(20)).await {
                break error;
            }
        };
        assert_eq!(
            error.code(),
            Some(ErrorCode::INVALID_REGULAR_EXPRESSION),
            "{error}"
        );
        one.close().await.unwrap();
        node.stop().await;
    });
}

#[test]
fn a_classic_member_finds_the_topics_of_a_pattern() {
    run(async {
        let node = Node::start(&[QUICK, &["auto.create.topics.enable=false"]].concat()).await;
        let client = client(&node, &[("metadata.max.age.ms", "200")]);
        topic(&client, 2).await;
        let make = async |name: &str, partitions: i32| {
            let admin = Admin::new(&client);
            let topic = NewTopic { partitions: Some(partitions), ..NewTopic::new(name) };
            admin.create_topics(&[topic], false).await.unwrap();
        };
        make("other", 1).await;
        for way in [WAYS[0], WAYS[2]] {
            let mut one = member(&client, way, &[("group.id", way[0].1)]);
            let pattern = |text: &str| Subscription::Pattern(text.to_owned());
            one.subscribe(pattern("[st].*|__.*")).unwrap();
            poll_until(&mut [&mut one], |all, _| shares(all) == [2]).await;
            // One that is made later is found as well.
            make(&format!("s-{}", way[0].1), 3).await;
            poll_until(&mut [&mut one], |all, _| shares(all) == [5]).await;
            one.subscribe(pattern("x")).unwrap();
            poll_until(&mut [&mut one], |all, _| shares(all) == [0]).await;
            let refused = one.subscribe(pattern("["));
            assert!(matches!(refused, Err(ClientError::Config(_))));
            one.close().await.unwrap();
            let admin = Admin::new(&client);
            let name = format!("s-{}", way[0].1);
            admin.delete_topics(&[&name]).await.unwrap();
        }
        node.stop().await;
    });
}

#[test]
fn new_partitions_and_new_topics_are_taken_up() {
    run(async {
        let node = Node::start(&[QUICK, &["auto.create.topics.enable=false"]].concat()).await;
        let client = client(&node, &[("metadata.max.age.ms", "100")]);
        for way in WAYS {
            let group = [("group.id", way[0].1)];
            let mut one = member(&client, way, &group);
            poll_until(&mut [&mut one], |all, _| {
                all[0].group_metadata().generation > 0
            })
            .await;
            topic(&client, 2).await;
            poll_until(&mut [&mut one], |all, _| shares(all) == [2]).await;
            let more = MorePartitions { topic: "t".to_owned(), count: 3, assignments: None };
            for (_, done) in Admin::new(&client)
                .create_partitions(&[more], false)
                .await
                .unwrap()
            {
                done.unwrap();
            }
            poll_until(&mut [&mut one], |all, _| shares(all) == [3]).await;
            one.close().await.unwrap();
            Admin::new(&client).delete_topics(&["t"]).await.unwrap();
        }
        node.stop().await;
    });
}

//! A broker's life, and what it does to partitions.

use klamm_model::Uuid;

use super::*;
use crate::image::{Broker, Listener};
use crate::level::{FEATURES, LevelRange};
use crate::testing::{cluster_at, directory};

const NONE: &str = "";

fn registration(id: i32, incarnation: u128) -> Registration {
    let listener = Listener {
        name: "PLAINTEXT".into(),
        host: "h".into(),
        port: 1,
        security_protocol: 0,
    };
    Registration {
        id: NodeId(id),
        incarnation: Uuid(incarnation),
        listeners: vec![listener],
        features: FEATURES
            .iter()
            .map(|f| (f.name.into(), f.supported))
            .collect(),
        rack: None,
        directories: vec![directory(id)],
        previous_epoch: -1,
    }
}

fn found(image: &Image, id: i32) -> &Broker {
    image.cluster().broker(NodeId(id)).unwrap()
}

fn beat(image: &Image, id: i32) -> Heartbeat {
    Heartbeat {
        broker: NodeId(id),
        epoch: found(image, id).epoch,
        caught_up: true,
        want_fence: false,
        want_shut_down: false,
        others_follow: true,
    }
}

/// Sends a heartbeat and applies what comes of it.
fn send(image: &Image, beat: Heartbeat) -> (Image, HeartbeatReply) {
    let layers = layers(NONE);
    let decision = heartbeat(&controller(image, &layers), beat).unwrap();
    (applied(image, &decision), decision.reply)
}

fn partition_of<'a>(image: &'a Image, topic: &str) -> &'a crate::image::Partition {
    image
        .topics()
        .named(topic)
        .unwrap()
        .partitions
        .get(0)
        .unwrap()
}

#[test]
fn a_broker_registers_fenced_and_is_unfenced_once_it_has_caught_up() {
    let image = cluster(&[]);
    let layers = layers(NONE);
    let decision =
        register_broker(&controller(&image, &layers), &registration(1, 5), 42, false).unwrap();
    assert_eq!(decision.reply, 42);
    let image = applied(&image, &decision);
    assert!(found(&image, 1).fenced);
    let late = Heartbeat { caught_up: false, ..beat(&image, 1) };
    let (same, reply) = send(&image, late);
    assert!(reply.is_fenced && !reply.is_caught_up && same == image);
    let (image, reply) = send(&image, beat(&image, 1));
    assert!(!reply.is_fenced && !found(&image, 1).fenced);
    let stale = Heartbeat { epoch: 41, ..beat(&image, 1) };
    let refused = heartbeat(&controller(&image, &layers), stale).unwrap_err();
    assert_eq!(refused.kind, RefusalKind::StaleBrokerEpoch);
}

#[test]
fn the_same_incarnation_keeps_its_epoch_and_another_one_must_wait_for_its_session() {
    let image = cluster(&[(1, None)]);
    let layers = layers(NONE);
    let controller = controller(&image, &layers);
    let incarnation = found(&image, 1).incarnation.0;
    let same = register_broker(&controller, &registration(1, incarnation), 42, true).unwrap();
    assert_eq!(same.reply, found(&image, 1).epoch);
    assert!(!found(&applied(&image, &same), 1).fenced);
    let refused = register_broker(&controller, &registration(1, 6), 42, true).unwrap_err();
    assert_eq!(refused.kind, RefusalKind::DuplicateBrokerRegistration);
    let other = register_broker(&controller, &registration(1, 6), 42, false).unwrap();
    assert_eq!(
        (other.reply, found(&applied(&image, &other), 1).fenced),
        (42, true)
    );
}

#[test]
fn registrations_that_cannot_work_are_refused() {
    use RefusalKind as K;
    let image = cluster(&[(1, None)]);
    let layers = layers(NONE);
    let refuse = |registration: &Registration| {
        register_broker(&controller(&image, &layers), registration, 9, false)
            .unwrap_err()
            .kind
    };
    let plain = registration(2, 5);
    let with =
        |directories: &[Uuid]| Registration { directories: directories.to_vec(), ..plain.clone() };
    assert_eq!(refuse(&with(&[])), K::InvalidRegistration);
    assert_eq!(refuse(&with(&[Uuid(1)])), K::InvalidRegistration);
    assert_eq!(
        refuse(&with(&[Uuid(200), Uuid(200)])),
        K::InvalidRegistration
    );
    assert_eq!(refuse(&with(&[directory(1)])), K::InvalidRegistration);
    let mut old = plain.clone();
    old.features
        .insert("metadata.version".into(), LevelRange { min: 7, max: 29 });
    assert_eq!(refuse(&old), K::UnsupportedVersion);
    old.features.remove("metadata.version");
    assert_eq!(refuse(&old), K::InvalidRegistration);
    let mut old = plain;
    old.features.remove("group.version");
    assert_eq!(refuse(&old), K::UnsupportedVersion);
}

#[test]
fn fencing_moves_the_leader_and_shrinks_the_set() {
    let image = with_topic(&cluster(&[(1, None), (2, None)]), "a", 1, 2);
    let leader = partition_of(&image, "a").leader().unwrap();
    let layers = layers(NONE);
    let decision = fence_broker(&controller(&image, &layers), leader).unwrap();
    assert_eq!(
        kinds(&decision),
        ["PartitionChange", "BrokerRegistrationChange"]
    );
    let image = applied(&image, &decision);
    let partition = partition_of(&image, "a");
    assert_ne!(partition.leader(), Some(leader));
    assert_eq!(partition.isr().len(), 1);
    assert_eq!(partition.leader_epoch().0, 1);
    // The last one: nobody leads until it is back.
    let last = partition.leader().unwrap();
    let decision = fence_broker(&controller(&image, &layers), last).unwrap();
    let image = applied(&image, &decision);
    assert_eq!(partition_of(&image, "a").leader(), None);
    let (image, _) = send(&image, beat(&image, last.0));
    assert_eq!(partition_of(&image, "a").leader(), Some(last));
}

#[test]
fn without_eligible_replicas_the_last_one_stays_in_the_set() {
    let levels = InitialLevels {
        others: vec![("eligible.leader.replicas.version".to_owned(), 0)],
        ..InitialLevels::default()
    };
    let image = with_topic(&cluster_at(&levels, &[(1, None)]), "a", 1, 1);
    let layers = layers(NONE);
    let decision = fence_broker(&controller(&image, &layers), NodeId(1)).unwrap();
    let image = applied(&image, &decision);
    assert_eq!(
        (
            partition_of(&image, "a").leader(),
            partition_of(&image, "a").isr()
        ),
        (None, &[1][..])
    );
}

#[test]
fn with_eligible_replicas_the_last_one_becomes_eligible_and_leads_again() {
    let image = with_topic(&cluster(&[(1, None)]), "a", 1, 1);
    let layers = layers(NONE);
    let decision = fence_broker(&controller(&image, &layers), NodeId(1)).unwrap();
    let image = applied(&image, &decision);
    let partition = partition_of(&image, "a");
    assert_eq!((partition.isr(), partition.elr()), (&[][..], &[1][..]));
    assert_eq!(partition.last_known_elr(), [1]);
    let (image, _) = send(&image, beat(&image, 1));
    let partition = partition_of(&image, "a");
    assert_eq!(
        (partition.isr(), partition.elr(), partition.last_known_elr()),
        (&[1][..], &[][..], &[][..])
    );
    assert_eq!(partition.leader(), Some(NodeId(1)));
}

#[test]
fn replicas_that_leave_below_the_minimum_stay_eligible_and_lead_without_loss() {
    let image = with_topic(&cluster(&[(1, None), (2, None)]), "a", 1, 2);
    let layers = layers("min.insync.replicas=2");
    let minimum = crate::generated::ConfigRecord {
        resource_type: 4,
        resource_name: "".into(),
        name: "min.insync.replicas".into(),
        value: Some("2".into()),
    };
    let image = image.replay(&[minimum.into()]).unwrap().0;
    let first = partition_of(&image, "a").leader().unwrap();
    let second = NodeId(3 - first.0);
    let state = |image: &Image| {
        let partition = partition_of(image, "a");
        (
            partition.leader(),
            partition.isr().to_vec(),
            partition.elr().to_vec(),
        )
    };
    let fence = |image: &Image, id| {
        applied(
            image,
            &fence_broker(&controller(image, &layers), id).unwrap(),
        )
    };
    let image = fence(&image, second);
    assert_eq!(state(&image), (Some(first), vec![first.0], vec![second.0]));
    let image = fence(&image, first);
    assert_eq!(state(&image), (None, vec![], vec![1, 2]));
    let decision = heartbeat(&controller(&image, &layers), beat(&image, second.0)).unwrap();
    let image = applied(&image, &decision);
    assert_eq!(state(&image), (Some(second), vec![second.0], vec![first.0]));
    assert_eq!(
        partition_of(&image, "a").recovery(),
        crate::image::RecoveryState::Recovered
    );
}

#[test]
fn an_unclean_restart_takes_eligibility_and_the_last_leader_recovers() {
    let image = with_topic(&cluster(&[(1, None)]), "a", 1, 1);
    let layers = layers(NONE);
    let unclean = registration(1, 77);
    let decision = register_broker(&controller(&image, &layers), &unclean, 500, false).unwrap();
    let after = applied(&image, &decision);
    let partition = partition_of(&after, "a");
    assert_eq!(
        (partition.isr(), partition.elr(), partition.leader()),
        (&[][..], &[][..], None)
    );
    assert_eq!(partition.last_known_elr(), [1]);
    let (after, _) = send(&after, beat(&after, 1));
    let partition = partition_of(&after, "a");
    assert_eq!(
        (partition.leader(), partition.isr()),
        (Some(NodeId(1)), &[1][..])
    );
    assert_eq!(
        partition.recovery(),
        crate::image::RecoveryState::Recovering
    );
    // A clean one only leaves the set.
    let previous_epoch = found(&image, 1).epoch;
    let clean = Registration { previous_epoch, ..unclean };
    let decision = register_broker(&controller(&image, &layers), &clean, 500, false).unwrap();
    assert_eq!(partition_of(&applied(&image, &decision), "a").elr(), [1]);
}

#[test]
fn controlled_shutdown_gives_leaderships_away_before_the_stop() {
    let mut image = cluster(&[(1, None), (2, None)]);
    image = with_topic(&image, "a", 1, 2);
    let leader = partition_of(&image, "a").leader().unwrap().0;
    let stop = |image: &Image| Heartbeat { want_shut_down: true, ..beat(image, leader) };
    let (image, reply) = send(&image, stop(&image));
    assert!(reply.in_controlled_shutdown && !reply.should_shut_down);
    assert_ne!(partition_of(&image, "a").leader(), Some(NodeId(leader)));
    let waits = Heartbeat { others_follow: false, ..stop(&image) };
    assert!(!send(&image, waits).1.should_shut_down);
    let (image, reply) = send(&image, stop(&image));
    assert!(reply.should_shut_down && reply.is_fenced && found(&image, leader).fenced);
}

#[test]
fn a_broker_that_stopped_in_order_serves_again_as_the_same_incarnation() {
    let image = with_topic(&cluster(&[(1, None), (2, None)]), "a", 1, 2);
    let leader = partition_of(&image, "a").leader().unwrap().0;
    let stop = |image: &Image| Heartbeat { want_shut_down: true, ..beat(image, leader) };
    let (image, _) = send(&image, stop(&image));
    let (image, _) = send(&image, stop(&image));
    let stopped = found(&image, leader);
    assert!(stopped.fenced && stopped.in_controlled_shutdown);
    let again = registration(leader, stopped.incarnation.0);
    let layers = layers(NONE);
    let decision = register_broker(&controller(&image, &layers), &again, 900, false).unwrap();
    let image = applied(&image, &decision);
    let (image, reply) = send(&image, beat(&image, leader));
    assert!(!reply.is_fenced && found(&image, leader).is_active());
}

#[test]
fn a_broker_that_leads_nothing_stops_at_once() {
    let image = cluster(&[(1, None)]);
    let (image, reply) = send(
        &image,
        Heartbeat { want_shut_down: true, ..beat(&image, 1) },
    );
    assert!(reply.should_shut_down && found(&image, 1).fenced);
}

#[test]
fn a_broker_alone_rests_without_moving_anything_and_goes_on_as_it_was() {
    let image = with_topic(&cluster(&[(1, None)]), "a", 1, 1);
    let layers = layers(NONE);
    let epoch = found(&image, 1).epoch;
    let refused = rest_broker(&controller(&image, &layers), NodeId(1), epoch + 1).unwrap_err();
    assert_eq!(refused.kind, RefusalKind::StaleBrokerEpoch);
    let decision = rest_broker(&controller(&image, &layers), NodeId(1), epoch).unwrap();
    assert_eq!(decision.records.len(), 1);
    let before = partition_of(&image, "a").clone();
    let image = applied(&image, &decision);
    assert!(found(&image, 1).fenced);
    let twice = rest_broker(&controller(&image, &layers), NodeId(1), epoch).unwrap();
    assert_eq!(twice.records, []);
    // The same incarnation keeps its epoch and finds its partitions as it left them.
    let again = registration(1, found(&image, 1).incarnation.0);
    let decision = register_broker(&controller(&image, &layers), &again, 900, false).unwrap();
    assert_eq!((decision.records.len(), decision.reply), (1, epoch));
    let (image, reply) = send(&applied(&image, &decision), beat(&image, 1));
    assert!(!reply.is_fenced && *partition_of(&image, "a") == before);
    // Beside others a stop gives leaderships away.
    let image = with_topic(&cluster(&[(1, None), (2, None)]), "a", 1, 2);
    let leader = partition_of(&image, "a").leader().unwrap();
    let epoch = found(&image, leader.0).epoch;
    let decision = rest_broker(&controller(&image, &layers), leader, epoch).unwrap();
    let image = applied(&image, &decision);
    assert_ne!(partition_of(&image, "a").leader(), Some(leader));
}

#[test]
fn a_broker_is_forgotten_on_request() {
    let image = with_topic(&cluster(&[(1, None), (2, None)]), "a", 1, 2);
    let layers = layers(NONE);
    let decision = unregister_broker(&controller(&image, &layers), NodeId(2)).unwrap();
    let image = applied(&image, &decision);
    assert!(image.cluster().broker(NodeId(2)).is_none());
    assert_eq!(partition_of(&image, "a").isr(), [1]);
    let refused = unregister_broker(&controller(&image, &layers), NodeId(2)).unwrap_err();
    assert_eq!(refused.kind, RefusalKind::BrokerIdNotRegistered);
}

#[test]
fn producer_ids_are_handed_out_once() {
    let image = cluster(&[(1, None)]);
    let layers = layers(NONE);
    let epoch = found(&image, 1).epoch;
    let first = allocate_producer_ids(&controller(&image, &layers), 1, epoch).unwrap();
    assert_eq!(first.reply, 0..1000);
    let image = applied(&image, &first);
    let second = allocate_producer_ids(&controller(&image, &layers), 1, epoch).unwrap();
    assert_eq!(second.reply, 1000..2000);
    let stale = allocate_producer_ids(&controller(&image, &layers), 1, epoch - 1).unwrap_err();
    assert_eq!(stale.kind, RefusalKind::StaleBrokerEpoch);
}

#[test]
fn a_leader_changes_its_set_within_its_epochs() {
    use RefusalKind as K;
    let image = with_topic(&cluster(&[(1, None), (2, None)]), "a", 1, 2);
    let layers = layers(NONE);
    let controller = controller(&image, &layers);
    let topic = image.topics().named("a").unwrap();
    let leader = partition_of(&image, "a").leader().unwrap();
    let proposal = |isr: &[i32]| AlterIsr {
        topic: topic.id,
        partition: 0,
        leader_epoch: 0,
        partition_epoch: 0,
        isr: isr
            .iter()
            .map(|broker| ProposedReplica { broker: *broker, epoch: -1 })
            .collect(),
        recovery: crate::image::RecoveryState::Recovered,
    };
    let ask = |proposal: AlterIsr, id: NodeId| {
        let epoch = found(&image, id.0).epoch;
        let decision = alter_partition(&controller, (id, epoch), &[proposal]).unwrap();
        (decision.records.len(), decision.reply[0].clone())
    };
    let (records, altered) = ask(proposal(&[leader.0]), leader);
    let altered = altered.unwrap();
    assert_eq!(
        (records, altered.isr, altered.partition_epoch),
        (1, vec![leader.0], 1)
    );
    let other = NodeId(3 - leader.0);
    let kind = |proposal, id| ask(proposal, id).1.unwrap_err().kind;
    let both = || proposal(&[1, 2]);
    assert_eq!(kind(both(), other), K::InvalidRequest);
    assert_eq!(
        kind(AlterIsr { leader_epoch: 1, ..both() }, leader),
        K::NotController
    );
    assert_eq!(
        kind(AlterIsr { leader_epoch: -1, ..both() }, leader),
        K::FencedLeaderEpoch
    );
    assert_eq!(
        kind(AlterIsr { partition_epoch: -1, ..both() }, leader),
        K::InvalidUpdateVersion
    );
    assert_eq!(
        kind(AlterIsr { topic: Uuid(1), ..both() }, leader),
        K::UnknownTopicId
    );
    assert_eq!(
        kind(AlterIsr { partition: 1, ..both() }, leader),
        K::UnknownTopicOrPartition
    );
    assert_eq!(kind(proposal(&[other.0]), leader), K::InvalidRequest);
    assert_eq!(kind(proposal(&[leader.0, 9]), leader), K::InvalidRequest);
    assert_eq!(
        kind(proposal(&[leader.0, leader.0]), leader),
        K::InvalidRequest
    );
    let recovery = crate::image::RecoveryState::Recovering;
    let alone = proposal(&[leader.0]);
    assert_eq!(
        kind(AlterIsr { recovery, ..alone }, leader),
        K::InvalidRequest
    );
    let mut stale = both();
    stale.isr[0].epoch = 3;
    assert_eq!(kind(stale, leader), K::IneligibleReplica);
}

#[test]
fn old_levels_write_what_old_nodes_read() {
    let levels = InitialLevels {
        metadata_version: crate::MetadataVersion::from_level(7).unwrap(),
        others: Vec::new(),
    };
    let image = cluster_at(&levels, &[]);
    assert_eq!(image.features().count(), 1);
    let layers = layers(NONE);
    let mut old = registration(1, 5);
    old.directories.clear();
    let decision = register_broker(&controller(&image, &layers), &old, 42, false).unwrap();
    let image = applied(&image, &decision);
    let (image, _) = send(&image, beat(&image, 1));
    let image = with_topic(&image, "a", 1, 1);
    for record in image.to_records() {
        record.to_value(image.writing_version()).unwrap();
    }
}

#[test]
fn before_3_6_a_smaller_set_comes_with_a_new_leader_epoch() {
    for (level, expected) in [(11, 1), (12, 0)] {
        let levels = InitialLevels {
            metadata_version: crate::MetadataVersion::from_level(level).unwrap(),
            others: Vec::new(),
        };
        let image = with_topic(&cluster_at(&levels, &[(1, None), (2, None)]), "a", 1, 2);
        let follower = NodeId(3 - partition_of(&image, "a").leader().unwrap().0);
        let layers = layers(NONE);
        let decision = fence_broker(&controller(&image, &layers), follower).unwrap();
        let image = applied(&image, &decision);
        assert_eq!(partition_of(&image, "a").isr().len(), 1);
        assert_eq!(
            partition_of(&image, "a").leader_epoch().0,
            expected,
            "level {level}"
        );
    }
}

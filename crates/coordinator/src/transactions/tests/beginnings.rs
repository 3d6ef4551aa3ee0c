//! InitProducerId and AddPartitionsToTxn.

use super::*;
use TransactionError as E;
use TransactionState as S;

#[test]
fn a_new_id_asks_for_a_producer_id_and_begins_with_epoch_0() {
    let mut world = World::new();
    let command = Command::InitProducerId(world.init_command("a", None));
    assert_eq!(world.ask(command), Reply::NeedsProducerId);
    assert!(world.log.is_empty() && world.shard.is_empty());
    let producer = world.init("a").unwrap();
    assert_eq!(producer, Producer { id: 1_001, epoch: 0 });
    let value = world.value("a");
    assert_eq!(
        (value.producer_id, value.previous_producer_id),
        (1_001, 1_001)
    );
    assert_eq!(value.transaction_timeout_ms, TIMEOUT);
    assert_eq!(
        (world.state("a"), value.transaction_partitions),
        (S::Empty, None)
    );
}

#[test]
fn another_instance_fences_the_one_before() {
    let mut world = World::new();
    let old = world.init("a").unwrap();
    let new = world.init("a").unwrap();
    assert_eq!(new, epoch(old, 1));
    assert_eq!(world.add("a", old, &[0]), Err(E::ProducerFenced));
    assert_eq!(world.end("a", old, true), Err(E::ProducerFenced));
    assert_eq!(world.resume("a", Some(old)), Err(E::ProducerFenced));
    assert_eq!(world.add("a", new, &[0]), Ok(()));
}

#[test]
fn bad_requests_are_told_apart() {
    let mut world = World::new();
    assert_eq!(world.init(""), Err(E::InvalidRequest));
    assert_eq!(world.init(&"x".repeat(40_000)), Err(E::InvalidRequest));
    for timeout_ms in [0, -1, 900_001] {
        let init = InitProducerId { timeout_ms, ..world.init_command("a", None) };
        let reply = world.ask(Command::InitProducerId(init));
        assert_eq!(reply, Reply::Producer(Err(E::InvalidTransactionTimeout)));
    }
    let nobody = Producer { id: 5, epoch: 0 };
    assert_eq!(world.add("", nobody, &[0]), Err(E::InvalidRequest));
    assert_eq!(world.end("", nobody, true), Err(E::InvalidRequest));
    assert_eq!(
        world.add("a", nobody, &[0]),
        Err(E::InvalidProducerIdMapping)
    );
    assert_eq!(
        world.end("a", nobody, true),
        Err(E::InvalidProducerIdMapping)
    );
    let producer = world.init("a").unwrap();
    assert_eq!(
        world.add("a", nobody, &[0]),
        Err(E::InvalidProducerIdMapping)
    );
    assert_eq!(
        world.end("a", nobody, true),
        Err(E::InvalidProducerIdMapping)
    );
    assert_eq!(
        world.add("a", epoch(producer, 1), &[0]),
        Err(E::ProducerFenced)
    );
    assert_eq!(world.log.len(), 1);
}

#[test]
fn two_phases_are_refused_unless_enabled_and_never_kept() {
    let mut world = World::new();
    let asks = |two_phase_commit, keep_prepared, world: &World| InitProducerId {
        two_phase_commit,
        keep_prepared,
        timeout_ms: -1,
        ..world.init_command("a", None)
    };
    let command = Command::InitProducerId(asks(true, false, &world));
    let refused = Reply::Producer(Err(E::TransactionalIdAuthorizationFailed));
    assert_eq!(world.ask(command), refused);
    let command = Command::InitProducerId(asks(false, true, &world));
    let refused = Reply::Producer(Err(E::UnsupportedVersion));
    assert_eq!(world.ask(command), refused);
    let enabled = TransactionConfig { two_phase_commit: true, ..config(TransactionVersion::V2) };
    let mut world = World::with(enabled);
    let producer = world.producer(Command::InitProducerId(asks(true, false, &world)));
    let producer = producer.unwrap();
    world.add("a", producer, &[0]).unwrap();
    // Longer than the number that says "no timeout" would be.
    world.pass(2_200_000_000);
    assert_eq!(
        world.state("a"),
        S::Ongoing,
        "prepared ones wait for their client"
    );
}

#[test]
fn a_client_resumes_with_its_epoch_and_a_retry_does_not_bump_again() {
    let mut world = World::new();
    let first = world.init("a").unwrap();
    let second = world.resume("a", Some(first)).unwrap();
    assert_eq!(second, epoch(first, 1));
    assert_eq!(world.resume("a", Some(first)), Ok(second), "a retry");
    assert_eq!(world.resume("a", Some(second)), Ok(epoch(first, 2)));
    assert_eq!(world.resume("a", Some(first)), Err(E::ProducerFenced));
    let other = Producer { id: 77, epoch: 2 };
    assert_eq!(world.resume("a", Some(other)), Err(E::ProducerFenced));
}

#[test]
fn a_retry_is_fenced_once_another_instance_came() {
    let mut world = World::new();
    let first = world.init("a").unwrap();
    let second = world.resume("a", Some(first)).unwrap();
    let third = world.init("a").unwrap();
    assert_eq!(third, epoch(first, 2));
    assert_eq!(world.resume("a", Some(first)), Err(E::ProducerFenced));
    assert_eq!(world.resume("a", Some(second)), Err(E::ProducerFenced));
}

#[test]
fn an_id_that_expired_welcomes_a_client_that_says_who_it_was() {
    let mut world = World::new();
    let was = Producer { id: 5, epoch: 9 };
    assert_eq!(
        world.resume("a", Some(was)),
        Ok(Producer { id: 1_001, epoch: 0 })
    );
}

#[test]
fn an_open_transaction_is_aborted_first() {
    let mut world = World::new();
    let old = world.init("a").unwrap();
    world.add("a", old, &[0, 1]).unwrap();
    assert_eq!(world.init("a"), Err(E::ConcurrentTransactions));
    assert_eq!(world.state("a"), S::PrepareAbort);
    assert_eq!(
        world.end("a", old, true),
        Err(E::InvalidTxnState),
        "the zombie's commit"
    );
    assert_eq!(
        world.init("a"),
        Err(E::ConcurrentTransactions),
        "markers are not written"
    );
    let markers = world.write_markers();
    assert_eq!(markers.len(), 1);
    assert!(!markers[0].commit);
    assert_eq!(
        (markers[0].producer_id, markers[0].producer_epoch),
        (old.id, 1)
    );
    assert_eq!(markers[0].partitions, [("t".into(), vec![0, 1])]);
    assert_eq!(world.init("a"), Ok(epoch(old, 2)));
    assert_eq!(world.add("a", old, &[0]), Err(E::ProducerFenced));
    assert_eq!(world.end("a", old, true), Err(E::ProducerFenced));
    assert_eq!(world.end("a", old, false), Err(E::ProducerFenced));
}

#[test]
fn before_level_2_an_open_transaction_is_fenced_by_one_epoch() {
    let mut world = World::at(TransactionVersion::V1);
    let old = world.init("a").unwrap();
    world.add("a", old, &[0]).unwrap();
    assert_eq!(world.init("a"), Err(E::ConcurrentTransactions));
    let markers = world.write_markers();
    assert_eq!(markers[0].producer_epoch, 1);
    assert_eq!(markers[0].transaction_version, TransactionVersion::V0);
    assert_eq!(world.end("a", old, false), Err(E::ProducerFenced));
    assert_eq!(world.init("a"), Ok(epoch(old, 2)));
}

#[test]
fn an_exhausted_epoch_gives_way_to_another_producer_id() {
    let mut world = World::new();
    let last = world.aged("a", i16::MAX - 2);
    let old = world.init("a").unwrap();
    assert_eq!(old, epoch(last, i16::MAX - 1), "the last epoch of a client");
    let new = world.init("a").unwrap();
    assert_eq!(new, Producer { id: 1_002, epoch: 0 });
    assert_eq!(world.value("a").previous_producer_id, old.id);
    assert_eq!(
        world.resume("a", Some(old)),
        Err(E::ProducerFenced),
        "it did not resume"
    );
}

#[test]
fn a_resumed_rotation_can_be_retried() {
    let mut world = World::new();
    let old = world.aged("a", i16::MAX - 1);
    let new = world.resume("a", Some(old)).unwrap();
    assert_eq!(new, Producer { id: 1_002, epoch: 0 });
    assert_eq!(world.resume("a", Some(old)), Ok(new));
    for forged in [0, 5, i16::MAX - 2] {
        let forged = world.resume("a", Some(epoch(old, forged)));
        assert_eq!(forged, Err(E::ProducerFenced));
    }
}

#[test]
fn a_stale_epoch_of_an_exhausted_id_is_fenced_without_a_new_id() {
    let mut world = World::new();
    let last = world.aged("a", i16::MAX - 1);
    assert_eq!(
        world.resume("a", Some(epoch(last, 7))),
        Err(E::ProducerFenced)
    );
    assert_eq!(world.ids, 1_001);
}

#[test]
fn fencing_the_last_epoch_of_an_id_prepares_the_next_id() {
    let mut world = World::new();
    let old = world.aged("a", i16::MAX - 1);
    world.add("a", old, &[0]).unwrap();
    assert_eq!(world.init("a"), Err(E::ConcurrentTransactions));
    assert_eq!(world.value("a").next_producer_id, 1_002);
    let markers = world.write_markers();
    assert_eq!(
        (markers[0].producer_id, markers[0].producer_epoch),
        (old.id, i16::MAX)
    );
    assert_eq!(world.value("a").producer_id, 1_002);
    assert_eq!(world.init("a"), Ok(Producer { id: 1_002, epoch: 1 }));
}

#[test]
fn partitions_add_up_and_are_written_once() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    world.add("a", producer, &[2, 0]).unwrap();
    let began = world.value("a").transaction_start_timestamp_ms;
    assert_eq!(began, world.moment().wall);
    world.pass(50);
    world.add("a", producer, &[1]).unwrap();
    let records = world.log.len();
    world.add("a", producer, &[0, 1, 2]).unwrap();
    assert_eq!(world.log.len(), records, "known partitions cost no record");
    let value = world.value("a");
    assert_eq!(value.transaction_start_timestamp_ms, began);
    assert_eq!(value.transaction_last_update_timestamp_ms, began + 50);
    assert_eq!(
        value.transaction_partitions.unwrap()[0].partition_ids,
        [0, 1, 2]
    );
    assert_eq!(value.client_transaction_version, 2);
}

#[test]
fn no_partitions_begin_no_transaction() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    assert_eq!(world.add("a", producer, &[]), Ok(()));
    assert_eq!(world.state("a"), S::Empty);
}

#[test]
fn a_transaction_has_no_more_partitions_than_its_record_holds() {
    let small = TransactionConfig { record_bytes_max: 1_000, ..config(TransactionVersion::V2) };
    let mut world = World::with(small);
    let producer = world.init("a").unwrap();
    world.add("a", producer, &[0]).unwrap();
    let many: Vec<i32> = (0..200).collect();
    assert_eq!(world.add("a", producer, &many), Err(E::UnknownServerError));
    let value = world.value("a");
    assert_eq!(
        value.transaction_partitions.unwrap()[0].partition_ids,
        [0],
        "nothing was done"
    );
    assert!(
        world
            .log
            .iter()
            .all(|record| record.value.as_ref().unwrap().len() < 1_000)
    );
}

#[test]
fn new_partitions_wait_for_the_markers_of_the_transaction_before() {
    let mut world = World::new();
    let first = world.init("a").unwrap();
    world.add("a", first, &[0]).unwrap();
    let next = world.end("a", first, true).unwrap();
    let waits = world.send(world.add_command("a", next, &[1]));
    assert!(!world.answers.contains_key(&waits));
    world.write_markers();
    assert_eq!(world.answers[&waits], Reply::Done(Ok(())));
    assert_eq!(world.state("a"), S::Ongoing);
    assert_eq!(
        world.shard.timers.len(),
        2,
        "the timeout and the search for expired ids"
    );
    world.reload();
}

#[test]
fn new_partitions_do_not_wait_forever() {
    let mut world = World::new();
    let first = world.init("a").unwrap();
    world.add("a", first, &[0]).unwrap();
    let next = world.end("a", first, true).unwrap();
    let waits = world.send(world.add_command("a", next, &[1]));
    world.pass(99);
    assert!(!world.answers.contains_key(&waits));
    world.pass(1);
    let refused = Reply::Done(Err(E::ConcurrentTransactions));
    assert_eq!(world.answers[&waits], refused);
    world.write_markers();
    assert_eq!(
        world.state("a"),
        S::CompleteCommit,
        "who was refused is forgotten"
    );
}

#[test]
fn few_requests_wait_for_one_id() {
    let mut world = World::new();
    let first = world.init("a").unwrap();
    world.add("a", first, &[0]).unwrap();
    let next = world.end("a", first, true).unwrap();
    let all: Vec<Ticket> = (0..5)
        .map(|_| world.send(world.add_command("a", next, &[1])))
        .collect();
    let refused = Reply::Done(Err(E::ConcurrentTransactions));
    assert_eq!(world.answers.get(&all[4]), Some(&refused));
    world.write_markers();
    assert_eq!(world.answers[&all[0]], Reply::Done(Ok(())));
    assert_eq!(world.answers[&all[3]], Reply::Done(Ok(())));
}

#[test]
fn without_a_wait_the_client_comes_again() {
    let hasty = TransactionConfig { wait_ms_max: 0, ..config(TransactionVersion::V2) };
    let mut world = World::with(hasty);
    let first = world.init("a").unwrap();
    world.add("a", first, &[0]).unwrap();
    let next = world.end("a", first, true).unwrap();
    assert_eq!(world.add("a", next, &[1]), Err(E::ConcurrentTransactions));
}

#[test]
fn a_partition_is_verified_against_the_transaction() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    let asked = [(Str::from("t"), vec![0, 1])];
    let shard = &world.shard;
    assert_eq!(shard.verify("", producer, &asked), Err(E::InvalidRequest));
    assert_eq!(
        shard.verify("b", producer, &asked),
        Err(E::InvalidProducerIdMapping)
    );
    let nobody = Producer { id: 1, epoch: 0 };
    assert_eq!(
        shard.verify("a", nobody, &asked),
        Err(E::InvalidProducerIdMapping)
    );
    assert_eq!(
        shard.verify("a", epoch(producer, 1), &asked),
        Err(E::ProducerFenced)
    );
    let none = vec![vec![
        Err(E::TransactionAbortable),
        Err(E::TransactionAbortable),
    ]];
    assert_eq!(shard.verify("a", producer, &asked), Ok(none));
    world.add("a", producer, &[1]).unwrap();
    let one = vec![vec![Err(E::TransactionAbortable), Ok(())]];
    assert_eq!(world.shard.verify("a", producer, &asked), Ok(one));
    let next = world.end("a", producer, true).unwrap();
    let refused = world.shard.verify("a", next, &asked);
    assert_eq!(refused, Err(E::ConcurrentTransactions));
    assert_eq!(
        world.shard.verify("a", producer, &asked),
        Err(E::ProducerFenced)
    );
}

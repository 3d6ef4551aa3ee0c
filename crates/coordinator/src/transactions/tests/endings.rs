//! EndTxn at each level, its retries, and what follows from a decision.

use super::*;
use TransactionError as E;
use TransactionState as S;

/// An id in a state, with the producer that it has there and the one that it had before the last end.
fn placed(world: &mut World, state: TransactionState) -> (Producer, Producer) {
    let before = world.init("a").unwrap();
    if state == S::Empty {
        return (before, before);
    }
    world.add("a", before, &[0]).unwrap();
    if state == S::Ongoing {
        return (before, before);
    }
    let commit = matches!(state, S::PrepareCommit | S::CompleteCommit);
    let after = world.end("a", before, commit).unwrap();
    if state.is_at_rest() {
        world.write_markers();
    }
    assert_eq!(world.state("a"), state);
    (
        before,
        if after == Producer::NONE {
            before
        } else {
            after
        },
    )
}

#[test]
fn at_level_2_each_end_bumps_the_epoch() {
    let mut world = World::new();
    let mut producer = world.init("a").unwrap();
    for round in 0..4_i16 {
        world.add("a", producer, &[0]).unwrap();
        let commit = round % 2 == 0;
        let next = world.end("a", producer, commit).unwrap();
        assert_eq!(next, epoch(producer, round + 1));
        let markers = world.write_markers();
        assert_eq!(markers[0].producer_epoch, round + 1);
        assert_eq!(markers[0].commit, commit);
        assert_eq!(markers[0].transaction_version, TransactionVersion::V2);
        assert_eq!(
            world.add("a", producer, &[0]),
            Err(E::ProducerFenced),
            "a late request"
        );
        producer = next;
    }
}

#[test]
fn below_level_2_the_epoch_stays() {
    let mut world = World::at(TransactionVersion::V0);
    let producer = world.init("a").unwrap();
    for _ in 0..2 {
        world.add("a", producer, &[0]).unwrap();
        assert_eq!(world.end("a", producer, true), Ok(Producer::NONE));
        let markers = world.write_markers();
        assert_eq!(markers[0].producer_epoch, producer.epoch);
        assert_eq!(markers[0].transaction_version, TransactionVersion::V0);
    }
}

#[test]
fn what_an_end_meets_below_level_2() {
    let none = Ok(Producer::NONE);
    let table = [
        (S::Empty, Err(E::InvalidTxnState), Err(E::InvalidTxnState)),
        (S::Ongoing, none, none),
        (
            S::PrepareCommit,
            Err(E::ConcurrentTransactions),
            Err(E::InvalidTxnState),
        ),
        (
            S::PrepareAbort,
            Err(E::InvalidTxnState),
            Err(E::ConcurrentTransactions),
        ),
        (S::CompleteCommit, none, Err(E::InvalidTxnState)),
        (S::CompleteAbort, Err(E::InvalidTxnState), none),
    ];
    for (state, commit, abort) in table {
        for (is_commit, expected) in [(true, commit), (false, abort)] {
            let mut world = World::at(TransactionVersion::V1);
            let (_, producer) = placed(&mut world, state);
            let fenced = world.end("a", epoch(producer, 9), is_commit);
            assert_eq!(fenced, Err(E::ProducerFenced), "{state}");
            let records = world.log.len();
            assert_eq!(
                world.end("a", producer, is_commit),
                expected,
                "{state} {is_commit}"
            );
            let is_new = state == S::Ongoing;
            assert_eq!(world.log.len() - records, usize::from(is_new), "{state}");
        }
    }
}

/// The table of KIP-890: of each state, commit and abort with the epoch before and with the current one.
#[test]
fn what_an_end_meets_at_level_2() {
    /// Answered with the current producer, and with a bumped one.
    const SAME: Result<i16, E> = Ok(0);
    const BUMP: Result<i16, E> = Ok(1);
    const FENCED: Result<i16, E> = Err(E::ProducerFenced);
    const STATE: Result<i16, E> = Err(E::InvalidTxnState);
    const AGAIN: Result<i16, E> = Err(E::ConcurrentTransactions);
    let table = [
        // commit: retry, current; abort: retry, current
        (S::Empty, [FENCED, STATE, FENCED, BUMP]),
        (S::Ongoing, [FENCED, BUMP, FENCED, BUMP]),
        (S::PrepareCommit, [AGAIN, FENCED, STATE, FENCED]),
        (S::PrepareAbort, [STATE, FENCED, AGAIN, FENCED]),
        (S::CompleteCommit, [SAME, STATE, STATE, BUMP]),
        (S::CompleteAbort, [STATE, STATE, SAME, BUMP]),
    ];
    for (state, row) in table {
        for (index, expected) in row.into_iter().enumerate() {
            let mut world = World::new();
            let (_, current) = placed(&mut world, state);
            let (commit, is_retry) = (index < 2, index % 2 == 0);
            let said = epoch(current, current.epoch - i16::from(is_retry));
            let records = world.log.len();
            let expected = expected.map(|bump| epoch(current, current.epoch + bump));
            let met = world.end("a", said, commit);
            assert_eq!(met, expected, "{state} commit {commit} retry {is_retry}");
            if index < 4 && met != Ok(epoch(current, current.epoch + 1)) {
                assert_eq!(
                    world.log.len(),
                    records,
                    "{state} {index}: nothing was done"
                );
            }
        }
    }
}

#[test]
fn a_client_of_level_2_may_abort_nothing() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    let next = world.end("a", producer, false).unwrap();
    assert_eq!(next, epoch(producer, 1));
    assert_eq!(world.state("a"), S::CompleteAbort, "no markers, no wait");
    assert!(world.markers.is_empty());
    assert_ne!(world.value("a").transaction_start_timestamp_ms, -1);
    world.add("a", next, &[0]).unwrap();
}

#[test]
fn a_late_end_cannot_end_the_transaction_after() {
    let mut world = World::new();
    let first = world.init("a").unwrap();
    world.add("a", first, &[0]).unwrap();
    let second = world.end("a", first, true).unwrap();
    world.write_markers();
    world.add("a", second, &[0]).unwrap();
    assert_eq!(world.end("a", first, false), Err(E::ProducerFenced));
    assert_eq!(world.end("a", first, true), Err(E::ProducerFenced));
    assert_eq!(world.state("a"), S::Ongoing);
}

#[test]
fn a_late_add_cannot_join_the_transaction_after() {
    let mut world = World::new();
    let first = world.init("a").unwrap();
    world.add("a", first, &[0]).unwrap();
    world.end("a", first, true).unwrap();
    world.write_markers();
    assert_eq!(world.add("a", first, &[1]), Err(E::ProducerFenced));
    assert_eq!(world.state("a"), S::CompleteCommit);
}

#[test]
fn a_decision_never_flips() {
    for commit in [true, false] {
        for version in [TransactionVersion::V1, TransactionVersion::V2] {
            let mut world = World::at(version);
            let producer = world.init("a").unwrap();
            world.add("a", producer, &[0]).unwrap();
            world.end("a", producer, commit).unwrap();
            assert_eq!(world.end("a", producer, !commit), Err(E::InvalidTxnState));
            let again = world.end("a", producer, commit);
            assert_eq!(again, Err(E::ConcurrentTransactions));
            world.reload();
            assert_eq!(world.end("a", producer, !commit), Err(E::InvalidTxnState));
            assert_eq!(world.write_markers()[0].commit, commit);
            assert_eq!(world.end("a", producer, !commit), Err(E::InvalidTxnState));
        }
    }
}

#[test]
fn markers_come_again_after_each_load_until_they_are_written() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    world.add("a", producer, &[0, 3]).unwrap();
    world.end("a", producer, true).unwrap();
    let wanted = world.markers.clone();
    assert_eq!(wanted.len(), 1);
    for _ in 0..3 {
        world.reload();
        assert_eq!(world.markers, wanted);
    }
    world.write_markers();
    world.reload();
    assert!(world.markers.is_empty());
    assert_eq!(world.state("a"), S::CompleteCommit);
}

#[test]
fn the_word_of_old_markers_completes_nothing_else() {
    let mut world = World::new();
    let first = world.init("a").unwrap();
    world.add("a", first, &[0]).unwrap();
    let second = world.end("a", first, true).unwrap();
    let written = world.write_markers().remove(0);
    world.add("a", second, &[0]).unwrap();
    world.end("a", second, false).unwrap();
    let old = Command::MarkersWritten {
        transactional_id: "a".into(),
        producer_id: written.producer_id,
        producer_epoch: written.producer_epoch,
    };
    assert_eq!(world.ask(old.clone()), Reply::Done(Ok(())));
    assert_eq!(world.state("a"), S::PrepareAbort);
    world.write_markers();
    let records = world.log.len();
    world.ask(old);
    assert_eq!(world.log.len(), records);
    assert_eq!(world.state("a"), S::CompleteAbort);
}

#[test]
fn the_word_of_markers_is_for_one_producer_in_one_state() {
    let mut world = World::at(TransactionVersion::V1);
    let producer = world.init("a").unwrap();
    let written = |producer_id| Command::MarkersWritten {
        transactional_id: "a".into(),
        producer_id,
        producer_epoch: 0,
    };
    world.add("a", producer, &[0]).unwrap();
    world.ask(written(producer.id));
    assert_eq!(world.state("a"), S::Ongoing, "nothing is decided");
    world.end("a", producer, true).unwrap();
    world.ask(written(producer.id + 1));
    assert_eq!(world.state("a"), S::PrepareCommit, "another producer's");
    world.ask(written(producer.id));
    assert_eq!(world.state("a"), S::CompleteCommit);
}

#[test]
fn the_last_epoch_ends_with_another_producer_id() {
    for commit in [true, false] {
        let mut world = World::new();
        let old = world.aged("a", i16::MAX - 1);
        world.add("a", old, &[0]).unwrap();
        let new = world.end("a", old, commit).unwrap();
        assert_eq!(new, Producer { id: 1_002, epoch: 0 });
        let value = world.value("a");
        assert_eq!(
            (value.producer_id, value.producer_epoch),
            (old.id, i16::MAX)
        );
        assert_eq!(value.next_producer_id, new.id);
        assert_eq!(world.end("a", old, commit), Err(E::ConcurrentTransactions));
        let waits = world.send(world.add_command("a", new, &[0]));
        world.reload();
        let waits_too = world.send(world.add_command("a", new, &[0]));
        let markers = world.write_markers();
        assert_eq!(
            (markers[0].producer_id, markers[0].producer_epoch),
            (old.id, i16::MAX)
        );
        assert!(
            !world.answers.contains_key(&waits),
            "forgotten with the shard"
        );
        assert_eq!(
            world.answers[&waits_too],
            Reply::Done(Ok(())),
            "it knew its next id"
        );
        assert_eq!(
            world.end("a", old, commit),
            Err(E::InvalidProducerIdMapping)
        );
    }
}

#[test]
fn a_retry_over_the_change_of_the_producer_id_is_answered() {
    for commit in [true, false] {
        let mut world = World::new();
        let old = world.aged("a", i16::MAX - 1);
        world.add("a", old, &[0]).unwrap();
        let new = world.end("a", old, commit).unwrap();
        world.write_markers();
        world.reload();
        assert_eq!(world.end("a", old, commit), Ok(new));
        assert_eq!(world.end("a", old, !commit), Err(E::InvalidTxnState));
        for forged in [0, 5, i16::MAX - 2, i16::MAX] {
            let forged = world.end("a", epoch(old, forged), commit);
            assert_eq!(forged, Err(E::InvalidProducerIdMapping));
        }
        assert_eq!(world.ids, 1_002, "retries use no id up");
    }
}

#[test]
fn the_epoch_beyond_all_clients_is_given_to_nobody() {
    let mut world = World::new();
    let old = world.aged("a", i16::MAX - 1);
    world.add("a", old, &[0]).unwrap();
    world.pass(80_000);
    world.write_markers();
    assert_eq!(world.value("a").producer_epoch, i16::MAX, "timed out");
    assert_eq!(world.end("a", old, false), Err(E::ProducerFenced));
    assert_eq!(
        world.add("a", epoch(old, i16::MAX), &[0]),
        Err(E::ProducerFenced)
    );
    let new = world.resume("a", Some(old)).unwrap();
    assert_eq!(new, Producer { id: 1_002, epoch: 0 });
    assert_eq!(
        world.resume("a", Some(old)),
        Err(E::ProducerFenced),
        "not its epoch"
    );
    world.add("a", new, &[0]).unwrap();
}

#[test]
fn a_client_without_bumps_ends_under_a_cluster_of_level_2() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    world.add("a", producer, &[0]).unwrap();
    let end = EndTransaction {
        transactional_id: "a".into(),
        producer,
        commit: true,
        client: TransactionVersion::V0,
        fresh_id: None,
        finalized: TransactionVersion::V2,
    };
    let reply = world.ask(Command::EndTransaction(end));
    assert_eq!(reply, Reply::Producer(Ok(Producer::NONE)));
    let markers = world.write_markers();
    assert_eq!(markers[0].producer_epoch, producer.epoch);
    assert_eq!(markers[0].transaction_version, TransactionVersion::V0);
    assert_eq!(world.value("a").client_transaction_version, 0);
}

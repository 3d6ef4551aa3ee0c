//! Sequences, epochs, duplicates, transactions, and the snapshot file.

use super::snapshot::{format, is_empty_len, parse};
use super::*;
use klamm_model::{LeaderEpoch, Offset, ProducerId};
use klamm_records::{Attributes, EndTransaction};
use proptest::prelude::*;

fn header(producer: i64, epoch: i16, sequence: i32, count: i32) -> BatchHeader {
    BatchHeader {
        base_offset: Offset(0),
        length: 100,
        leader_epoch: LeaderEpoch(0),
        crc: 0,
        attributes: Attributes::default(),
        last_offset_delta: count - 1,
        base_timestamp_ms: 5,
        max_timestamp_ms: 1000,
        producer_id: ProducerId(producer),
        producer_epoch: epoch,
        base_sequence: sequence,
        record_count: count,
    }
}

fn txn(mut header: BatchHeader) -> BatchHeader {
    header.attributes = header.attributes.with_transactional(true);
    header
}

fn append(state: &mut ProducerState, header: &BatchHeader, base: i64) -> Result<(), ProducerError> {
    let mut staged = Staged::default();
    state.stage(&mut staged, header, base, Checks::Full)?;
    state.apply(staged);
    Ok(())
}

fn end(
    state: &mut ProducerState,
    end: EndTransaction,
    (producer, epoch): (i64, i16),
    base: i64,
    (coordinator_epoch, strict): (i32, bool),
) -> Result<Vec<AbortedTxn>, ProducerError> {
    let marker = EndTransactionMarker { end, coordinator_epoch };
    let header = txn(header(producer, epoch, -1, 1));
    let mut staged = Staged::default();
    state.stage_marker(
        &mut staged,
        (marker, &header),
        base,
        (Checks::EpochOnly, strict),
    )?;
    let aborted = state.aborted_by(&staged);
    state.apply(staged);
    Ok(aborted)
}

#[test]
fn sequences_follow_each_other_and_wrap() {
    let mut state = ProducerState::default();
    append(&mut state, &header(1, 0, i32::MAX - 1, 2), 0).unwrap();
    append(&mut state, &header(1, 0, 0, 3), 2).unwrap();
    let gap = append(&mut state, &header(1, 0, 4, 1), 5);
    let expected = ProducerError::OutOfOrderSequence { producer_id: 1, sequence: 4, last: 2 };
    assert_eq!(gap, Err(expected));
    append(&mut state, &header(1, 0, 3, 1), 5).unwrap();
}

#[test]
fn a_batch_may_wrap_inside() {
    let mut state = ProducerState::default();
    let wrapping = header(1, 0, i32::MAX - 1, 5);
    append(&mut state, &wrapping, 10).unwrap();
    assert_eq!(state.entry(1).unwrap().last_sequence(), 2);
    let found = state.entry(1).unwrap().duplicate_of(&wrapping).unwrap();
    assert_eq!((found.first_offset(), found.last_offset), (10, 14));
    append(&mut state, &header(1, 0, 3, 1), 15).unwrap();
}

#[test]
fn an_unknown_producer_begins_anywhere_and_a_new_epoch_at_zero() {
    let mut state = ProducerState::default();
    append(&mut state, &header(1, 3, 77, 1), 0).unwrap();
    let late = append(&mut state, &header(1, 4, 78, 1), 1);
    assert!(matches!(
        late,
        Err(ProducerError::OutOfOrderSequence { .. })
    ));
    append(&mut state, &header(1, 4, 0, 1), 1).unwrap();
    let old = append(&mut state, &header(1, 3, 78, 1), 2);
    let expected = ProducerError::InvalidProducerEpoch { producer_id: 1, epoch: 3, current: 4 };
    assert_eq!(old, Err(expected));
}

#[test]
fn five_batches_are_remembered_and_the_sixth_is_forgotten() {
    let mut state = ProducerState::default();
    for i in 0..6 {
        append(&mut state, &header(1, 0, i * 10, 10), i64::from(i) * 10).unwrap();
    }
    let entry = state.entry(1).unwrap();
    assert_eq!(entry.duplicate_of(&header(1, 0, 0, 10)), None);
    for i in 1..6 {
        let found = entry.duplicate_of(&header(1, 0, i * 10, 10)).unwrap();
        assert_eq!(found.first_offset(), i64::from(i) * 10);
    }
    assert_eq!(entry.duplicate_of(&header(1, 0, 10, 9)), None);
    assert_eq!(entry.duplicate_of(&header(1, 1, 10, 10)), None);
}

#[test]
fn a_refused_batch_leaves_no_trace() {
    let mut state = ProducerState::default();
    append(&mut state, &header(1, 0, 0, 1), 0).unwrap();
    let before = *state.entry(1).unwrap();
    append(&mut state, &header(1, 1, 9, 1), 1).unwrap_err();
    let mut staged = Staged::default();
    state
        .stage(&mut staged, &header(1, 0, 1, 1), 1, Checks::Full)
        .unwrap();
    drop(staged);
    assert_eq!(*state.entry(1).unwrap(), before);
}

#[test]
fn batches_of_one_append_build_on_each_other() {
    let mut state = ProducerState::default();
    let mut staged = Staged::default();
    state
        .stage(&mut staged, &header(1, 0, 0, 2), 0, Checks::Full)
        .unwrap();
    state
        .stage(&mut staged, &header(1, 0, 2, 2), 2, Checks::Full)
        .unwrap();
    state
        .stage(&mut staged, &header(1, 0, 9, 2), 4, Checks::Full)
        .unwrap_err();
    state.apply(staged);
    assert_eq!(state.entry(1).unwrap().batches().len(), 2);
}

#[test]
fn the_first_unstable_offset_waits_for_marker_and_high_watermark() {
    let mut state = ProducerState::default();
    append(&mut state, &txn(header(1, 0, 0, 5)), 10).unwrap();
    append(&mut state, &txn(header(2, 0, 0, 5)), 15).unwrap();
    assert_eq!(state.first_unstable(), Some(10));
    let aborted = end(&mut state, EndTransaction::Abort, (1, 0), 20, (3, false)).unwrap();
    let expected = AbortedTxn {
        producer_id: 1,
        first_offset: 10,
        last_offset: 20,
        last_stable_offset: 15,
    };
    assert_eq!(aborted, [expected]);
    assert_eq!(state.first_unstable(), Some(10));
    state.high_watermark_is(20);
    assert_eq!(state.first_unstable(), Some(10));
    state.high_watermark_is(21);
    assert_eq!(state.first_unstable(), Some(15));
    assert!(
        end(&mut state, EndTransaction::Commit, (2, 0), 21, (3, false))
            .unwrap()
            .is_empty()
    );
    state.high_watermark_is(22);
    assert_eq!(state.first_unstable(), None);
}

#[test]
fn markers_are_fenced_by_epoch_and_coordinator() {
    let mut state = ProducerState::default();
    append(&mut state, &txn(header(1, 5, 0, 1)), 0).unwrap();
    let commit = EndTransaction::Commit;
    let old = end(&mut state, commit, (1, 4), 1, (9, false));
    assert!(matches!(
        old,
        Err(ProducerError::InvalidProducerEpoch { .. })
    ));
    let same_epoch = end(&mut state, commit, (1, 5), 1, (9, true));
    assert!(matches!(
        same_epoch,
        Err(ProducerError::InvalidProducerEpoch { .. })
    ));
    end(&mut state, commit, (1, 6), 1, (9, true)).unwrap();
    // A retry of the marker.
    end(&mut state, commit, (1, 6), 2, (9, true)).unwrap();
    let fenced = end(&mut state, commit, (1, 6), 3, (8, false));
    assert!(matches!(
        fenced,
        Err(ProducerError::CoordinatorFenced { .. })
    ));
}

#[test]
fn the_last_epoch_ends_a_transaction_that_was_written_under_it() {
    let mut state = ProducerState::default();
    let last = i16::MAX;
    append(&mut state, &txn(header(1, last, 0, 1)), 0).unwrap();
    end(&mut state, EndTransaction::Abort, (1, last), 1, (9, true)).unwrap();
    state.high_watermark_is(2);
    assert_eq!(state.first_unstable(), None);
}

#[test]
fn a_batch_outside_of_the_open_transaction_is_refused() {
    let mut state = ProducerState::default();
    append(&mut state, &txn(header(1, 0, 0, 1)), 0).unwrap();
    let outside = append(&mut state, &header(1, 0, 1, 1), 1);
    assert_eq!(
        outside,
        Err(ProducerError::InvalidTxnState { producer_id: 1 })
    );
}

#[test]
fn silent_producers_expire_unless_a_transaction_is_open() {
    let mut state = ProducerState::default();
    append(&mut state, &header(1, 0, 0, 1), 0).unwrap();
    append(&mut state, &txn(header(2, 0, 0, 1)), 1).unwrap();
    state.expire(1999, 1000);
    assert_eq!(state.entries().len(), 2);
    state.expire(2000, 1000);
    assert_eq!(
        state.entries().map(|e| e.producer_id).collect::<Vec<_>>(),
        [2]
    );
}

fn sample() -> ProducerState {
    let mut state = ProducerState::default();
    for i in 0..7 {
        append(&mut state, &header(1, 2, i * 3, 3), i64::from(i) * 3).unwrap();
    }
    append(&mut state, &txn(header(9, 0, 5, 1)), 40).unwrap();
    end(&mut state, EndTransaction::Commit, (3, 1), 41, (7, false)).unwrap();
    state
}

#[test]
fn a_snapshot_keeps_all_five_batches() {
    let state = sample();
    let bytes = format(state.entries());
    let again = ProducerState::from_entries(parse(&bytes).unwrap());
    assert!(again.entries().eq(state.entries()));
    assert_eq!(again.first_unstable(), Some(40));
    assert_eq!(again.entry(1).unwrap().batches().len(), 5);
}

#[test]
fn kafkas_snapshot_has_the_newest_batch_only() {
    let state = sample();
    let bytes = format(state.entries());
    let end = 10 + 3 * 46;
    let mut kafka = bytes[..end].to_vec();
    let crc = klamm_records::crc32c(&kafka[6..]);
    kafka[2..6].copy_from_slice(&crc.to_be_bytes());
    let again = ProducerState::from_entries(parse(&kafka).unwrap());
    assert_eq!(again.entry(1).unwrap().batches().len(), 1);
    assert_eq!(again.entry(1).unwrap().last_sequence(), 20);
}

#[test]
fn an_empty_snapshot_is_known_by_its_length() {
    let bytes = format(ProducerState::default().entries());
    assert!(is_empty_len(bytes.len() as u64) && is_empty_len(10));
    assert_eq!(parse(&bytes), Ok(Vec::new()));
}

#[test]
fn every_flipped_bit_of_a_snapshot_is_seen() {
    let bytes = format(sample().entries());
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(parse(&bad), Err(DamagedSnapshot), "bit {bit}");
    }
    for len in 0..bytes.len() {
        assert_eq!(parse(&bytes[..len]), Err(DamagedSnapshot), "length {len}");
    }
}

proptest! {
    #[test]
    fn any_bytes_with_a_right_crc_are_read_without_panic(mut body: Vec<u8>, count in 0i32..4) {
        let mut bytes = vec![0, 1, 0, 0, 0, 0];
        bytes.extend_from_slice(&count.to_be_bytes());
        bytes.append(&mut body);
        let crc = klamm_records::crc32c(&bytes[6..]);
        bytes[2..6].copy_from_slice(&crc.to_be_bytes());
        let _ = parse(&bytes);
    }
}

fn first(producer_id: i64, epoch: i16, sequence: i32) -> FirstBatch {
    FirstBatch { producer_id, epoch, sequence, bumps_epoch: true }
}

fn admit(
    state: &ProducerState,
    header: &BatchHeader,
    guard: Option<VerificationGuard>,
) -> Result<(), ProducerError> {
    state.check_admission(&Staged::default(), header, Admission::Guarded(guard))
}

#[test]
fn a_transaction_begins_only_under_the_guard_of_its_verification() {
    let mut state = ProducerState::default();
    let batch = txn(header(1, 0, 0, 1));
    let unverified = Err(ProducerError::Unverified { producer_id: 1 });
    assert_eq!(admit(&state, &batch, None), unverified);
    let guard = state.begin_verification(first(1, 0, 0), 0);
    assert_eq!(
        state.begin_verification(first(1, 0, 0), 0),
        guard,
        "one at a time"
    );
    let other = state.begin_verification(first(2, 0, 0), 0);
    assert_ne!(guard, other);
    assert_eq!(admit(&state, &batch, None), unverified);
    assert_eq!(admit(&state, &batch, other), unverified);
    assert_eq!(admit(&state, &batch, guard), Ok(()));
    append(&mut state, &batch, 0).unwrap();
    // From now on the open transaction speaks for its batches, of its epoch.
    assert_eq!(admit(&state, &txn(header(1, 0, 1, 1)), None), Ok(()));
    assert_eq!(admit(&state, &txn(header(1, 1, 0, 1)), None), unverified);
    assert_eq!(state.begin_verification(first(1, 0, 1), 0), None);
}

#[test]
fn a_marker_between_the_verification_and_the_append_makes_the_guard_worthless() {
    let mut state = ProducerState::default();
    let batch = txn(header(1, 0, 0, 1));
    let stale = state.begin_verification(first(1, 0, 0), 0);
    end(&mut state, EndTransaction::Abort, (1, 0), 0, (0, false)).unwrap();
    let unverified = Err(ProducerError::Unverified { producer_id: 1 });
    assert_eq!(admit(&state, &batch, stale), unverified);
    // The next transaction, which the late answer must not be taken for.
    let fresh = state.begin_verification(first(1, 0, 0), 0);
    assert_eq!(admit(&state, &batch, stale), unverified);
    assert_eq!(admit(&state, &batch, fresh), Ok(()));
}

#[test]
fn no_batch_overtakes_a_lower_one_under_verification() {
    let mut state = ProducerState::default();
    state.begin_verification(first(1, 0, 3), 0);
    let out_of_order =
        |sequence, last| ProducerError::OutOfOrderSequence { producer_id: 1, sequence, last };
    let refused = append(&mut state, &txn(header(1, 0, 3, 1)), 0);
    assert_eq!(refused, Err(out_of_order(3, -1)), "its epoch begins at 0");
    state.begin_verification(first(1, 0, 0), 0);
    append(&mut state, &txn(header(1, 0, 0, 1)), 0).unwrap();
    append(&mut state, &txn(header(1, 0, 1, 1)), 1).unwrap();
    end(&mut state, EndTransaction::Commit, (1, 0), 2, (0, false)).unwrap();
    state.begin_verification(first(1, 0, 2), 0);
    let refused = append(&mut state, &txn(header(1, 0, 3, 1)), 3);
    assert_eq!(
        refused,
        Err(out_of_order(3, 2)),
        "2 waits for the coordinator"
    );
    // A new epoch counts anew.
    state.begin_verification(first(1, 1, 0), 0);
    append(&mut state, &txn(header(1, 1, 0, 1)), 3).unwrap();
}

#[test]
fn verifications_that_nobody_finishes_are_forgotten() {
    let mut state = ProducerState::default();
    let old = state.begin_verification(first(1, 0, 0), 0);
    state.expire(100, 100);
    assert_ne!(state.begin_verification(first(1, 0, 0), 100), old);
}

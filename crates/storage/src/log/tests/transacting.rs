//! Transactions: the last stable offset and the list of aborted ones.

use super::*;
use crate::producer_state::ProducerError;
use klamm_records::{ControlRecord, EndTransaction, EndTransactionMarker, control_batch};

fn txn(id: i64, sequence: i32, count: usize) -> Bytes {
    let fields = BatchFields {
        producer_id: ProducerId(id),
        producer_epoch: 0,
        base_sequence: sequence,
        transactional: true,
        ..BatchFields::default()
    };
    batch(&fields, count, 1000)
}

fn end(bench: &mut Bench, id: i64, how: EndTransaction) -> Result<Appended, AppendError> {
    let appended = end_unreplicated(bench, id, how)?;
    let log_end = bench.log().log_end_offset();
    bench.log().set_high_watermark(log_end);
    Ok(appended)
}

fn end_unreplicated(
    bench: &mut Bench,
    id: i64,
    end: EndTransaction,
) -> Result<Appended, AppendError> {
    let marker = EndTransactionMarker { end, coordinator_epoch: 5 };
    let fields = BatchFields {
        producer_id: ProducerId(id),
        producer_epoch: 0,
        transactional: true,
        ..BatchFields::default()
    };
    let record = ControlRecord { control_type: marker.control_type(), value: &marker.value() };
    let bytes = control_batch(&fields, 1000, &[record]).unwrap();
    let context = AppendContext { origin: Origin::Coordinator, ..context(bench.now_ms) };
    bench.log().append_as_leader(&bytes, context)
}

fn aborted(bench: &Bench, offset: i64, max_bytes: usize) -> (i64, Vec<(i64, i64)>) {
    let log = bench.log.as_ref().unwrap();
    let slice = log
        .read(offset, max_bytes, true, UpperBound::LastStable)
        .unwrap();
    let list = slice
        .aborted
        .iter()
        .map(|t| (t.producer_id, t.first_offset));
    (slice.next_offset, list.collect())
}

#[test]
fn readers_of_committed_records_wait_for_the_marker() {
    let mut bench = Bench::new(LogConfig::default());
    bench.append(&plain(2, 5));
    bench.append(&txn(1, 0, 3));
    bench.append(&plain(2, 5));
    for round in 0..3 {
        assert_eq!(bench.log().last_stable_offset(), 2, "round {round}");
        assert_eq!(bench.read_to(0, 9999, UpperBound::LastStable).0, [(0, 1)]);
        assert!(bench.log().has_open_transaction(1));
        match round {
            0 => bench.restart(),
            _ => drop(bench.crash()),
        }
    }
    end(&mut bench, 1, EndTransaction::Commit).unwrap();
    assert_eq!(bench.log().last_stable_offset(), 8);
    assert_eq!(aborted(&bench, 0, 9999), (8, vec![]));
}

#[test]
fn a_marker_counts_once_the_high_watermark_is_past_it() {
    let mut bench = Bench::new(LogConfig::default());
    bench.append(&txn(1, 0, 3));
    end_unreplicated(&mut bench, 1, EndTransaction::Commit).unwrap();
    assert!(!bench.log().has_open_transaction(1));
    // The marker may still be lost: the transaction is not decided for readers.
    assert_eq!(
        (
            bench.log().high_watermark(),
            bench.log().last_stable_offset()
        ),
        (3, 0)
    );
    bench.log().set_high_watermark(4);
    assert_eq!(bench.log().last_stable_offset(), 4);
}

#[test]
fn aborted_transactions_are_listed_for_the_range_that_is_read() {
    let mut bench = Bench::small();
    let mut sequence = 0;
    let mut expected = Vec::new();
    for i in 0..12 {
        let first = bench.append(&txn(1, sequence, 4)).base_offset;
        bench.append(&plain(2, 5));
        bench.append(&txn(1, sequence + 4, 4));
        sequence += 8;
        let abort = i % 3 == 0;
        let how = if abort {
            EndTransaction::Abort
        } else {
            EndTransaction::Commit
        };
        let last = end(&mut bench, 1, how).unwrap().base_offset;
        if abort {
            expected.push((first, last));
        }
    }
    assert!(bench.log().segments().len() > 3);
    for round in 0..3 {
        let log_end = bench.log().log_end_offset();
        for offset in 0..log_end {
            let (next, found) = aborted(&bench, offset, 400);
            let overlapping = expected.iter().filter(|(f, l)| *l >= offset && *f < next);
            assert_eq!(
                found,
                overlapping.map(|(f, _)| (1, *f)).collect::<Vec<_>>(),
                "at {offset}, round {round}"
            );
        }
        match round {
            0 => bench.restart(),
            _ => drop(bench.crash()),
        }
    }
    // Truncation takes the entries above the cut along.
    let (first, last) = expected[2];
    bench.log().truncate_to(last, 0).unwrap();
    let log_end = bench.log().log_end_offset();
    bench.log().set_high_watermark(log_end);
    assert_eq!(bench.log().last_stable_offset(), first);
}

#[test]
fn a_second_transaction_keeps_the_offset_down() {
    let mut bench = Bench::new(LogConfig::default());
    bench.append(&txn(1, 0, 2));
    bench.append(&txn(2, 0, 2));
    end(&mut bench, 1, EndTransaction::Abort).unwrap();
    assert_eq!(bench.log().last_stable_offset(), 2);
    end(&mut bench, 2, EndTransaction::Abort).unwrap();
    assert_eq!(bench.log().last_stable_offset(), 6);
    assert_eq!(aborted(&bench, 0, 9999), (6, vec![(1, 0), (2, 2)]));
}

#[test]
fn old_coordinators_and_epochs_are_fenced() {
    let mut bench = Bench::new(LogConfig::default());
    bench.append(&txn(1, 0, 2));
    end(&mut bench, 1, EndTransaction::Commit).unwrap();
    let marker = EndTransactionMarker { end: EndTransaction::Abort, coordinator_epoch: 4 };
    let fields = BatchFields {
        producer_id: ProducerId(1),
        producer_epoch: 0,
        transactional: true,
        ..BatchFields::default()
    };
    let record = ControlRecord { control_type: marker.control_type(), value: &marker.value() };
    let bytes = control_batch(&fields, 0, &[record]).unwrap();
    let context = AppendContext { origin: Origin::Coordinator, ..context(0) };
    let refused = bench.log().append_as_leader(&bytes, context);
    let fenced = ProducerError::CoordinatorFenced { producer_id: 1, epoch: 4, current: 5 };
    assert!(matches!(refused, Err(AppendError::Producer(e)) if e == fenced));
}

#[test]
fn a_long_list_of_aborted_transactions_is_searched() {
    let mut bench = Bench::new(LogConfig::default());
    for i in 0..200 {
        bench.append(&txn(1, i, 1));
        end(&mut bench, 1, EndTransaction::Abort).unwrap();
    }
    for offset in 0..400 {
        let (next, found) = aborted(&bench, offset, 400);
        let first = offset / 2 * 2;
        let expected: Vec<_> = (first..next).step_by(2).map(|first| (1, first)).collect();
        assert_eq!(found, expected, "at {offset}");
    }
    assert_eq!(aborted(&bench, 0, 1 << 20).1.len(), 200);
}

#[test]
fn committed_readers_at_the_end_need_no_list_of_what_was_aborted_before() {
    use crate::log::read::{ReadAsk, Reading};
    let mut bench = Bench::new(LogConfig::default());
    bench.append(&txn(1, 0, 2));
    end(&mut bench, 1, EndTransaction::Abort).unwrap();
    let (at, bytes) = (bench.log().log_end_offset(), bench.log().size_bytes());
    bench.append(&txn(1, 2, 2));
    end(&mut bench, 1, EndTransaction::Commit).unwrap();
    let begin = |bench: &mut Bench, offset| {
        let upper = UpperBound::LastStable;
        let ask = ReadAsk { offset, bytes_max: 9999, min_one_batch: true, upper };
        bench.log().begin_read(ask).unwrap()
    };
    assert_eq!(aborted(&bench, 0, bytes as usize), (at, vec![(1, 0)]));
    assert!(matches!(begin(&mut bench, at), Reading::Done(slice) if !slice.is_empty()));
    let Reading::LookUp(first) = begin(&mut bench, 0) else {
        panic!("one of them was aborted")
    };
    let slice = bench.log().end_read(first.run()).unwrap().unwrap();
    assert_eq!(slice.aborted.len(), 1);
    // After a restart it is not known how old the last one is.
    bench.restart();
    bench.read(at, 9999);
    assert!(matches!(begin(&mut bench, at), Reading::LookUp(_)));
}

//! Offsets, compaction, aborted transactions, damage.

use super::*;
use klamm_model::{Offset, ProducerId};
use klamm_records::{
    BatchBuilder, BatchFields, ControlRecord, Deflater, EndTransaction, EndTransactionMarker,
    NewRecord, control_batch,
};

/// A transactional batch of producer `id` at an offset; 0 is no producer.
fn batch(id: i64, base: i64, values: &[&str], compression: Compression) -> Bytes {
    let mut builder = BatchBuilder::new();
    for value in values {
        let value = Some(value.as_bytes());
        builder
            .append(&NewRecord { timestamp_ms: 7, key: None, value, headers: &[] })
            .unwrap();
    }
    builder
        .build(&fields(id, base), compression.into(), &mut Deflater::new())
        .unwrap()
}

fn fields(id: i64, base: i64) -> BatchFields {
    let base_offset = Offset(base);
    match id {
        0 => BatchFields { base_offset, ..BatchFields::default() },
        id => BatchFields {
            base_offset,
            producer_id: ProducerId(id),
            producer_epoch: 0,
            base_sequence: 0,
            transactional: true,
            ..BatchFields::default()
        },
    }
}

fn marker(id: i64, base: i64, end: EndTransaction) -> Bytes {
    let marker = EndTransactionMarker { end, coordinator_epoch: 0 };
    let record = ControlRecord { control_type: marker.control_type(), value: &marker.value() };
    control_batch(&fields(id, base), 7, &[record]).unwrap()
}

fn fetched(
    batches: &[Bytes],
    from: i64,
    aborted: &[(i64, i64)],
    isolation: IsolationLevel,
) -> Fetched {
    let aborted = aborted
        .iter()
        .map(|(producer_id, first_offset)| AbortedTransaction {
            producer_id: *producer_id,
            first_offset: *first_offset,
        });
    let key = (Arc::from("t"), 3);
    Fetched::new(
        key,
        batches.concat().into(),
        (from, None),
        aborted.collect(),
        (isolation, true),
    )
}

/// `offset value` of all records, and where it goes on.
fn read(mut fetched: Fetched) -> Result<(Vec<String>, i64), Damage> {
    let mut inflater = Inflater::new();
    let mut all = Vec::new();
    while let Some(record) = fetched.next(&mut inflater)? {
        let value = String::from_utf8(record.value.unwrap().to_vec()).unwrap();
        all.push(format!("{} {value}", record.offset));
    }
    Ok((all, fetched.next_offset()))
}

use IsolationLevel::{ReadCommitted, ReadUncommitted};

#[test]
fn records_before_the_position_are_passed_over() {
    for compression in Compression::ALL {
        let batches = [
            batch(0, 10, &["a", "b", "c"], compression),
            batch(0, 13, &["d"], compression),
        ];
        let (all, next) = read(fetched(&batches, 12, &[], ReadUncommitted)).unwrap();
        assert_eq!(
            (all, next),
            (vec!["12 c".to_owned(), "13 d".to_owned()], 14)
        );
    }
}

#[test]
fn the_position_is_that_of_the_next_record() {
    let mut one = fetched(
        &[batch(0, 10, &["a", "b"], Compression::None)],
        10,
        &[],
        ReadUncommitted,
    );
    assert_eq!(one.next_offset(), 10);
    one.next(&mut Inflater::new()).unwrap().unwrap();
    assert_eq!(one.next_offset(), 11);
}

#[test]
fn the_epoch_is_that_of_who_wrote_the_record_before() {
    let none = Compression::None;
    let of_epoch = |batch: Bytes, epoch: i32| {
        let mut bytes = batch.to_vec();
        bytes[12..16].copy_from_slice(&epoch.to_be_bytes());
        Bytes::from(bytes)
    };
    let batches = [
        of_epoch(batch(0, 0, &["a", "b"], none), 3),
        of_epoch(batch(0, 2, &["c"], none), 5),
        of_epoch(marker(1, 3, EndTransaction::Commit), 6),
    ];
    let mut one = fetched(&batches, 1, &[], ReadCommitted);
    let mut seen = vec![one.epoch()];
    let mut inflater = Inflater::new();
    while one.next(&mut inflater).unwrap().is_some() {
        seen.push(one.epoch());
    }
    seen.push(one.epoch());
    assert_eq!(seen, [None, Some(3), Some(5), Some(6)]);
}

#[test]
fn a_batch_that_lost_its_last_records_moves_the_position_behind_them() {
    let mut builder = BatchBuilder::new();
    let record = NewRecord { timestamp_ms: 7, key: None, value: Some(b"a"), headers: &[] };
    builder.append_at(1, &record).unwrap();
    let fields = BatchFields { last_offset_delta: Some(9), ..fields(0, 100) };
    let batch = builder
        .build(&fields, Compression::None.into(), &mut Deflater::new())
        .unwrap();
    let (all, next) = read(fetched(&[batch], 100, &[], ReadUncommitted)).unwrap();
    assert_eq!((all, next), (vec!["101 a".to_owned()], 110));
}

#[test]
fn aborted_transactions_are_passed_over_only_by_who_reads_committed() {
    let none = Compression::None;
    let batches = [
        batch(1, 0, &["lost"], none),
        batch(2, 1, &["kept"], none),
        batch(0, 2, &["plain"], none),
        marker(1, 3, EndTransaction::Abort),
        batch(1, 4, &["next"], none),
        marker(2, 5, EndTransaction::Commit),
        marker(1, 6, EndTransaction::Commit),
    ];
    let (all, next) = read(fetched(&batches, 0, &[(1, 0)], ReadCommitted)).unwrap();
    assert_eq!(
        (all.join(", "), next),
        ("1 kept, 2 plain, 4 next".to_owned(), 7)
    );
    let (all, _) = read(fetched(&batches, 0, &[(1, 0)], ReadUncommitted)).unwrap();
    assert_eq!(all.join(", "), "0 lost, 1 kept, 2 plain, 4 next");
}

#[test]
fn a_cut_batch_at_the_end_is_normal_and_damage_is_not() {
    let whole = batch(0, 0, &["a"], Compression::None);
    let cut = whole.slice(..whole.len() - 1);
    let (all, next) = read(fetched(&[whole.clone(), cut], 0, &[], ReadUncommitted)).unwrap();
    assert_eq!((all.len(), next), (1, 1));
    let mut damaged = whole.to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(read(fetched(&[damaged.into()], 0, &[], ReadUncommitted)).is_err());
}

//! Round trips through every codec, and what a builder refuses.

use super::*;
use crate::header::{Compression, Stamp, StampTime};
use crate::inflate::{InflateLimit, Inflater};
use crate::record::{RecordView, Records};
use crate::view::{BatchError, BatchView, batches};
use crate::{RecordRules, Target, convert, validate_records};
use proptest::prelude::*;

type OwnedHeader = (Vec<u8>, Option<Vec<u8>>);

#[derive(Debug, Clone, PartialEq)]
struct Owned {
    timestamp_ms: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<OwnedHeader>,
}

fn any_record() -> impl Strategy<Value = Owned> {
    let header = (any::<Vec<u8>>(), any::<Option<Vec<u8>>>());
    let parts = (
        any::<i64>(),
        any::<Option<Vec<u8>>>(),
        any::<Option<Vec<u8>>>(),
        prop::collection::vec(header, 0..3),
    );
    parts.prop_map(|(timestamp_ms, key, value, headers)| Owned {
        timestamp_ms,
        key,
        value,
        headers,
    })
}

fn append(builder: &mut BatchBuilder, record: &Owned) {
    let headers: Vec<_> = record
        .headers
        .iter()
        .map(|(key, value)| HeaderView { key, value: value.as_deref() })
        .collect();
    let record = NewRecord {
        timestamp_ms: record.timestamp_ms,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: &headers,
    };
    let bound = builder.bytes_with(&record);
    builder.append(&record).unwrap();
    assert!(builder.bytes() <= bound);
}

fn owned(record: &RecordView<'_>) -> Owned {
    Owned {
        timestamp_ms: record.timestamp_ms,
        key: record.key.map(<[u8]>::to_vec),
        value: record.value.map(<[u8]>::to_vec),
        headers: (record.headers)
            .map(|h| (h.key.to_vec(), h.value.map(<[u8]>::to_vec)))
            .collect(),
    }
}

fn read(batch: &[u8]) -> Vec<Owned> {
    let view = BatchView::parse(batch).unwrap();
    assert_eq!(view.bytes().len(), batch.len());
    view.verify_crc().unwrap();
    let body = view
        .inflate(&mut Inflater::new(), InflateLimit::usual(batch.len()))
        .unwrap();
    let records: Vec<_> = Records::new(view.header(), &body)
        .collect::<Result<_, _>>()
        .unwrap();
    for (i, record) in records.iter().enumerate() {
        assert_eq!(record.offset, view.header().base_offset.plus(i as i64));
    }
    records.iter().map(owned).collect()
}

fn build(records: &[Owned], codec: Codec) -> Bytes {
    let mut builder = BatchBuilder::new();
    for record in records {
        append(&mut builder, record);
    }
    let fields = BatchFields { base_offset: Offset(1000), ..BatchFields::default() };
    builder.build(&fields, codec, &mut Deflater::new()).unwrap()
}

proptest! {
    #[test]
    fn every_codec_gives_back_what_was_put_in(
        records in prop::collection::vec(any_record(), 1..20),
        codec in 0u8..5,
        other in 0u8..5,
    ) {
        let codec = Codec::from(Compression::from_id(codec).unwrap());
        let batch = build(&records, codec);
        prop_assert_eq!(read(&batch), records.clone());
        let view = BatchView::parse(&batch).unwrap();
        let (inflater, deflater) = (&mut Inflater::new(), &mut Deflater::new());
        let summary = validate_records(&view, &RecordRules::default(), inflater).unwrap();
        let highest = records.iter().map(|r| r.timestamp_ms).max().unwrap();
        prop_assert_eq!(summary.max_timestamp_ms, highest.max(-1));
        let target = Target {
            codec: Compression::from_id(other).unwrap().into(),
            stamp: Stamp {
                base_offset: Offset(7),
                leader_epoch: LeaderEpoch(3),
                time: StampTime::Keep,
            },
            inflate_limit: None,
        };
        let converted = convert(&view, &target, inflater, deflater).unwrap();
        prop_assert_eq!(read(&converted), records);
        prop_assert_eq!(BatchView::parse(&converted).unwrap().header().leader_epoch.0, 3);
    }

    #[test]
    fn changed_bytes_never_panic(
        records in prop::collection::vec(any_record(), 1..5),
        codec in 0u8..5,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let batch = build(&records, Compression::from_id(codec).unwrap().into());
        let mut bytes = batch.to_vec();
        for (at, value) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        let inflater = &mut Inflater::new();
        for batch in batches(&bytes).flatten() {
            let _ = batch.validate_envelope();
            let _ = validate_records(&batch, &RecordRules::default(), inflater);
            if let Ok(body) = batch.inflate(inflater, InflateLimit::bytes(1 << 20)) {
                for record in Records::new(batch.header(), &body).flatten() {
                    let _ = owned(&record);
                }
            }
        }
    }
}

#[test]
fn a_builder_is_reused_without_a_trace() {
    let record = |value| NewRecord { timestamp_ms: 5, key: None, value, headers: &[] };
    let mut builder = BatchBuilder::new();
    let deflater = &mut Deflater::new();
    let codec = Codec::default();
    builder.append(&record(Some(b"one"))).unwrap();
    builder.append(&record(None)).unwrap();
    let first = builder
        .build(&BatchFields::default(), codec, deflater)
        .unwrap();
    assert!(builder.is_empty());
    builder.append(&record(Some(b"one"))).unwrap();
    builder.append(&record(None)).unwrap();
    assert_eq!(
        builder
            .build(&BatchFields::default(), codec, deflater)
            .unwrap(),
        first
    );
}

#[test]
fn a_cleaner_keeps_offsets_and_horizon() {
    let record = NewRecord { timestamp_ms: 90, key: Some(b"k"), value: None, headers: &[] };
    let mut builder = BatchBuilder::new();
    builder.set_delete_horizon(100);
    builder.append_at(2, &record).unwrap();
    assert_eq!(builder.append_at(2, &record), Err(AppendError::OffsetOrder));
    builder.append_at(5, &record).unwrap();
    let fields = BatchFields {
        base_offset: Offset(40),
        last_offset_delta: Some(9),
        ..BatchFields::default()
    };
    let batch = builder
        .build(&fields, Codec::default(), &mut Deflater::new())
        .unwrap();
    let view = BatchView::parse(&batch).unwrap();
    view.validate_stored().unwrap();
    assert!(view.validate_envelope().is_err());
    assert_eq!(view.header().last_offset(), Offset(49));
    assert_eq!(view.header().delete_horizon_ms(), Some(100));
    let records: Vec<_> = view.records().unwrap().map(Result::unwrap).collect();
    assert_eq!(records[0].offset, Offset(42));
    assert_eq!(records[1].offset, Offset(45));
    assert_eq!(records[1].timestamp_ms, 90);
}

#[test]
fn a_stamp_leaves_the_checksum_right() {
    let batch = build(
        &[Owned {
            timestamp_ms: 7,
            key: None,
            value: Some(vec![1]),
            headers: vec![],
        }],
        Compression::Lz4.into(),
    );
    let view = BatchView::parse(&batch).unwrap();
    for time in [
        StampTime::Keep,
        StampTime::CreateTime { max_timestamp_ms: 99 },
        StampTime::LogAppendTime { now_ms: 1234 },
    ] {
        let stamp = Stamp { base_offset: Offset(55), leader_epoch: LeaderEpoch(8), time };
        let mut stamped = batch.to_vec();
        stamped[..HEADER_BYTES].copy_from_slice(&view.stamped(stamp));
        let stamped = BatchView::parse(&stamped).unwrap();
        stamped.validate_stored().unwrap();
        assert_eq!(stamped.header().base_offset, Offset(55));
        let is_log_time = matches!(time, StampTime::LogAppendTime { .. });
        let log_time = stamped.header().timestamp_type() == TimestampType::LogAppendTime;
        assert_eq!(log_time, is_log_time);
        assert_eq!(
            stamped.header().max_timestamp_ms == 7,
            time == StampTime::Keep
        );
    }
}

#[test]
fn sequences_wrap_to_zero() {
    let batch = build(
        &[Owned { timestamp_ms: 7, key: None, value: None, headers: vec![] }],
        Codec::default(),
    );
    let mut header = *BatchView::parse(&batch).unwrap().header();
    header.last_offset_delta = 2;
    header.base_sequence = i32::MAX - 1;
    assert_eq!(header.last_sequence(), 0);
    header.base_sequence = -1;
    assert_eq!(header.last_sequence(), -1);
}

#[test]
fn iteration_tells_a_torn_tail_from_damage() {
    let one = build(
        &[Owned {
            timestamp_ms: 7,
            key: None,
            value: Some(vec![9; 40]),
            headers: vec![],
        }],
        Codec::default(),
    );
    let mut two = [&one[..], &one[..]].concat();
    for cut in one.len() + 1..two.len() {
        let mut walk = batches(&two[..cut]);
        assert!(walk.next().unwrap().is_ok());
        let error = walk.next().unwrap().unwrap_err();
        assert!(
            matches!(error, BatchError::Incomplete { .. }),
            "{cut}: {error}"
        );
        assert_eq!(walk.position(), one.len());
        assert!(walk.next().is_none());
    }
    assert_eq!(batches(&two).filter(Result::is_ok).count(), 2);
    two[one.len() + 16] = 1;
    let errors: Vec<_> = batches(&two).filter_map(Result::err).collect();
    assert_eq!(errors, [BatchError::OldMagic { magic: 1 }]);
    two[one.len() + 16] = 3;
    let errors: Vec<_> = batches(&two).filter_map(Result::err).collect();
    assert_eq!(errors, [BatchError::UnknownMagic { magic: 3 }]);
    two[one.len() + 16] = 2;
    two[one.len() + 8..one.len() + 12].copy_from_slice(&(-1i32).to_be_bytes());
    let errors: Vec<_> = batches(&two).filter_map(Result::err).collect();
    assert_eq!(errors, [BatchError::BadLength { length: -1 }]);
    let last = two.len() - 1;
    two[last] ^= 1;
    let mut damaged = one.to_vec();
    damaged[70] ^= 1;
    let view = BatchView::parse(&damaged).unwrap();
    assert!(matches!(view.verify_crc(), Err(BatchError::Crc { .. })));
}

//! One wrong thing at a time, and the error that names it.

use super::*;
use crate::build::{BatchBuilder, BatchFields, NewRecord};
use crate::control::{ControlRecord, ControlType, control_batch};
use crate::deflate::Deflater;
use crate::header::{Attributes, HEADER_BYTES};
use klamm_model::ProducerId;

fn batch(records: &[(i64, Option<&[u8]>)], compression: Compression) -> Vec<u8> {
    let mut builder = BatchBuilder::new();
    for (timestamp_ms, key) in records {
        let record = NewRecord {
            timestamp_ms: *timestamp_ms,
            key: *key,
            value: Some(b"v"),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    let fields = BatchFields::default();
    builder
        .build(&fields, compression.into(), &mut Deflater::new())
        .unwrap()
        .to_vec()
}

/// Changes the header and makes the checksum right again.
fn with(mut bytes: Vec<u8>, change: impl FnOnce(&mut BatchHeader)) -> Vec<u8> {
    let mut header = *BatchView::parse(&bytes).unwrap().header();
    change(&mut header);
    header.crc = header.compute_crc(&bytes[HEADER_BYTES..]);
    bytes[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
    bytes
}

/// Changes the body and makes the checksum right again.
fn with_body(bytes: Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = bytes;
    change(&mut bytes);
    with_length(bytes)
}

fn with_length(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = i32::try_from(bytes.len() - 12).unwrap();
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    with(bytes, |_| {})
}

fn envelope(bytes: &[u8]) -> Result<(), EnvelopeError> {
    BatchView::parse(bytes).unwrap().validate_envelope()
}

fn records(bytes: &[u8], rules: &RecordRules) -> Result<RecordsSummary, RecordsError> {
    validate_records(
        &BatchView::parse(bytes).unwrap(),
        rules,
        &mut Inflater::new(),
    )
}

#[test]
fn a_clean_batch_passes() {
    for compression in Compression::ALL {
        let bytes = batch(&[(5, Some(b"a")), (9, None), (9, Some(b""))], compression);
        assert_eq!(envelope(&bytes), Ok(()), "{compression}");
        let summary = records(&bytes, &RecordRules::default()).unwrap();
        assert_eq!(
            (summary.max_timestamp_ms, summary.max_timestamp_offset),
            (9, Offset(1))
        );
    }
}

#[test]
fn the_envelope_rules() {
    type Change = fn(&mut BatchHeader);
    let invalid: &[(&str, Change)] = &[
        ("no record", |h| {
            h.record_count = 0;
        }),
        ("fewer records than offsets", |h| h.last_offset_delta = 2),
        ("control", |h| {
            h.attributes = h.attributes.with_control(true)
        }),
        ("delete horizon", |h| {
            h.attributes = h.attributes.with_delete_horizon(true)
        }),
        ("producer below -1", |h| h.producer_id = ProducerId(-2)),
        ("producer without epoch", |h| {
            h.producer_id = ProducerId(4);
            h.base_sequence = 0;
        }),
        ("producer without sequence", |h| {
            h.producer_id = ProducerId(4);
            h.producer_epoch = 0;
        }),
        ("transaction without producer", |h| {
            h.attributes = h.attributes.with_transactional(true)
        }),
    ];
    let good = batch(&[(5, None), (6, None)], Compression::None);
    for (name, change) in invalid {
        let error = envelope(&with(good.clone(), change));
        assert!(
            matches!(error, Err(EnvelopeError::Invalid(_))),
            "{name}: {error:?}"
        );
    }
    let corrupt: &[(&str, Change)] = &[
        ("more records than offsets", |h| h.record_count = 3),
        ("huge count", |h| h.record_count = i32::MAX),
        ("negative count", |h| h.record_count = -1),
        ("negative last offset", |h| h.last_offset_delta = -1),
        ("codec 5", |h| h.attributes = Attributes(5)),
        ("codec 7", |h| h.attributes = Attributes(7)),
    ];
    for (name, change) in corrupt {
        let error = envelope(&with(good.clone(), change));
        assert!(
            matches!(error, Err(EnvelopeError::Corrupt(_))),
            "{name}: {error:?}"
        );
    }
    let stamped = with(good.clone(), |h| {
        h.attributes = h
            .attributes
            .with_timestamp_type(TimestampType::LogAppendTime);
    });
    assert!(matches!(
        envelope(&stamped),
        Err(EnvelopeError::Timestamp(_))
    ));
    let mut damaged = good.clone();
    damaged[HEADER_BYTES] ^= 1;
    let error = envelope(&damaged);
    assert!(
        matches!(error, Err(EnvelopeError::Corrupt(BatchError::Crc { .. }))),
        "{error:?}"
    );
    // kafkajs and sarama send these without being idempotent.
    let lax = with(good, |h| {
        h.producer_epoch = 0;
        h.base_sequence = 0;
    });
    assert_eq!(envelope(&lax), Ok(()));
}

#[test]
fn a_body_that_is_not_its_codecs_is_refused_without_inflating() {
    for compression in [Compression::Gzip, Compression::Lz4, Compression::Zstd] {
        let plain = batch(&[(5, None)], Compression::None);
        let lying = with(plain, |h| {
            h.attributes = h.attributes.with_compression(compression)
        });
        let error = envelope(&lying);
        assert!(
            matches!(error, Err(EnvelopeError::Codec(_))),
            "{compression}: {error:?}"
        );
    }
    let linked = with_body(batch(&[(5, None)], Compression::Lz4), |bytes| {
        bytes[HEADER_BYTES + 4] = 0x40;
        bytes[HEADER_BYTES + 6] = (crate::inflate::xxh32(&[0x40, 0x40]) >> 8) as u8;
    });
    let error = envelope(&linked);
    let unsupported = EnvelopeError::Codec(InflateError::Unsupported {
        what: "an lz4 frame with dependent blocks",
    });
    assert_eq!(error, Err(unsupported));
    // A window of 2 GiB in a zstd frame header that is otherwise right.
    let wide = with_body(batch(&[(5, None)], Compression::Zstd), |bytes| {
        bytes[HEADER_BYTES + 4] = 0;
        bytes[HEADER_BYTES + 5] = 21 << 3;
    });
    assert!(matches!(
        envelope(&wide),
        Err(EnvelopeError::Codec(InflateError::Unsupported { .. }))
    ));
}

#[test]
fn faults_name_every_record() {
    for compression in Compression::ALL {
        let bytes = batch(
            &[(5, Some(b"k")), (6, None), (70, Some(b"k")), (-1, None)],
            compression,
        );
        let rules = RecordRules {
            key_required: true,
            timestamps: Some(TimestampRange { min_ms: 5, max_ms: 69 }),
            inflate_limit: None,
        };
        let expected = vec![
            (1, RecordFault::KeyMissing),
            (2, RecordFault::Timestamp { timestamp_ms: 70 }),
            (3, RecordFault::KeyMissing),
        ];
        assert_eq!(records(&bytes, &rules), Err(RecordsError::Faults(expected)));
    }
}

#[test]
fn malformed_records_are_named() {
    let good = batch(&[(5, Some(b"k"))], Compression::None);
    let body = HEADER_BYTES;
    // length 8 │ attributes │ time │ offset │ key 1 'k' │ value 1 'v' │ headers 0
    assert_eq!(&good[body..], &[16, 0, 0, 0, 2, b'k', 2, b'v', 0]);
    let cases: &[(&str, usize, u8, RecordProblem)] = &[
        ("length over the end", body, 18, RecordProblem::Length),
        ("length far over the end", body, 80, RecordProblem::Length),
        ("length -1", body, 1, RecordProblem::Length),
        ("length too short", body, 14, RecordProblem::Length),
        ("offset delta 1", body + 3, 2, RecordProblem::OffsetOrder),
        ("key over the record", body + 4, 40, RecordProblem::Length),
        ("key length -2", body + 4, 3, RecordProblem::Length),
        ("header count -1", body + 8, 1, RecordProblem::Length),
        ("header count 1", body + 8, 2, RecordProblem::Length),
    ];
    for (name, at, value, problem) in cases {
        let bytes = with_body(good.clone(), |bytes| bytes[*at] = *value);
        let result = records(&bytes, &RecordRules::default());
        assert_eq!(
            result,
            Err(RecordsError::Malformed { index: 0, problem: *problem }),
            "{name}"
        );
    }
    let long = with_body(good.clone(), |bytes| {
        bytes.splice(body..=body, [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    });
    let result = records(&long, &RecordRules::default());
    let problem = RecordProblem::Varint;
    assert_eq!(result, Err(RecordsError::Malformed { index: 0, problem }));
    let trailing = with_body(good, |bytes| bytes.push(0));
    let result = records(&trailing, &RecordRules::default());
    let problem = RecordProblem::Trailing;
    assert_eq!(result, Err(RecordsError::Malformed { index: 1, problem }));
}

#[test]
fn the_real_count_must_be_the_announced_one() {
    for compression in Compression::ALL {
        let good = batch(&[(5, None), (6, None)], compression);
        for (count, problem) in [(3, RecordProblem::Truncated), (1, RecordProblem::Trailing)] {
            let lying = with(good.clone(), |h| {
                h.record_count = count;
                h.last_offset_delta = count - 1;
            });
            assert_eq!(envelope(&lying), Ok(()));
            let result = records(&lying, &RecordRules::default());
            let index = count.min(2);
            let expected = Err(RecordsError::Malformed { index, problem });
            assert_eq!(result, expected, "{compression}");
        }
    }
}

#[test]
fn control_batches_are_read_but_not_taken_from_clients() {
    let fields = BatchFields {
        producer_id: ProducerId(9),
        producer_epoch: 1,
        transactional: true,
        ..BatchFields::default()
    };
    let marker =
        crate::EndTransactionMarker { end: crate::EndTransaction::Commit, coordinator_epoch: 17 };
    let record = ControlRecord { control_type: marker.control_type(), value: &marker.value() };
    let bytes = control_batch(&fields, 5, &[record]).unwrap();
    let view = BatchView::parse(&bytes).unwrap();
    view.validate_stored().unwrap();
    assert!(matches!(
        view.validate_envelope(),
        Err(EnvelopeError::Invalid(_))
    ));
    assert!(view.header().is_control() && view.header().is_transactional());
    let record = view.records().unwrap().next().unwrap().unwrap();
    let (key, value) = (record.key.unwrap(), record.value.unwrap());
    assert_eq!(crate::EndTransactionMarker::parse(key, value), Some(marker));
    assert_eq!(
        ControlType::from_key(&[0, 0, 0, 99]),
        Some(ControlType::Unknown(99))
    );
    assert_eq!(ControlType::from_key(&[0, 0, 0]), None);
}

#[test]
fn a_bomb_is_refused_while_it_streams() {
    let zeros = vec![0; 32 << 20];
    for compression in Compression::ALL.into_iter().skip(1) {
        let mut builder = BatchBuilder::new();
        let record = NewRecord {
            timestamp_ms: 5,
            key: None,
            value: Some(&zeros),
            headers: &[],
        };
        builder.append(&record).unwrap();
        let built = builder.build(
            &BatchFields::default(),
            compression.into(),
            &mut Deflater::new(),
        );
        let bytes = built.unwrap();
        assert_eq!(
            envelope(&bytes),
            Ok(()),
            "{compression}: the envelope is right"
        );
        let result = records(&bytes, &RecordRules::default());
        if bytes.len() * 64 < zeros.len() {
            let limit = (bytes.len() * 64).max(16 << 20);
            let too_large = Err(RecordsError::Inflate(InflateError::TooLarge { limit }));
            assert_eq!(result, too_large, "{compression}");
        } else {
            assert!(result.is_ok(), "{compression}: {}", bytes.len());
        }
        let limit = InflateLimit::usual(bytes.len()).at_most(1 << 20);
        let rules = RecordRules { inflate_limit: Some(limit), ..RecordRules::default() };
        let too_large = Err(RecordsError::Inflate(InflateError::TooLarge {
            limit: 1 << 20,
        }));
        assert_eq!(records(&bytes, &rules), too_large, "{compression}");
    }
}

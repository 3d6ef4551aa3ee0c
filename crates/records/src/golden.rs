//! Bytes that other people's clients wrote.
//!
//! The fixtures hold `name hex` a line: `kafka-clients-4.3.1.hex` from the Java client (magic 2, 1 and 0, each codec),
//! `kafka-python-3.0.12.hex` from kafka-python with its usual codec libraries.

use crate::build::{BatchBuilder, BatchFields, NewRecord};
use crate::legacy::legacy_entries;
use crate::{
    BatchView, Compression, Deflater, EndTransaction, EndTransactionMarker, HeaderView,
    InflateLimit, Inflater, RecordRules, Records, batches, validate_records,
};
use klamm_model::{LeaderEpoch, Offset, ProducerId};

const JAVA: &str = include_str!("../fixtures/kafka-clients-4.3.1.hex");
const PYTHON: &str = include_str!("../fixtures/kafka-python-3.0.12.hex");

fn fixture(name: &str) -> Vec<u8> {
    let mut lines = JAVA
        .lines()
        .chain(PYTHON.lines())
        .filter_map(|l| l.split_once(' '));
    let hex = lines
        .find(|(n, _)| *n == name)
        .expect("the fixture has a line")
        .1;
    let digit = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

type Row = (i64, i64, Option<Vec<u8>>, Option<Vec<u8>>, usize);

fn rows(bytes: &[u8]) -> Vec<Row> {
    let batch = batches(bytes).next().unwrap().unwrap();
    assert_eq!(batch.bytes().len(), bytes.len());
    batch.validate_stored().unwrap();
    let inflater = &mut Inflater::new();
    let body = batch
        .inflate(inflater, InflateLimit::usual(bytes.len()))
        .unwrap();
    Records::new(batch.header(), &body)
        .map(Result::unwrap)
        .map(|r| {
            let owned = |part: Option<&[u8]>| part.map(<[u8]>::to_vec);
            (
                r.offset.0,
                r.timestamp_ms,
                owned(r.key),
                owned(r.value),
                r.headers.len(),
            )
        })
        .collect()
}

fn some(text: &str) -> Option<Vec<u8>> {
    Some(text.as_bytes().to_vec())
}

#[test]
fn batches_of_the_java_client() {
    for compression in Compression::ALL {
        let bytes = fixture(&format!("v2-{compression}"));
        let repeats = match compression {
            Compression::None => 10,
            Compression::Snappy => 6000,
            _ => 12_000,
        };
        let expected = [
            (42, 1000, some("key"), some("value"), 2),
            (43, 990, None, some("no key"), 0),
            (44, 1_700_000_000_000, some("tombstone"), None, 0),
            (45, 1001, some(""), some(""), 0),
            (46, 1002, some("long"), some(&"klamm ".repeat(repeats)), 0),
        ];
        assert_eq!(rows(&bytes), expected, "{compression}");
        let view = BatchView::parse(&bytes).unwrap();
        view.validate_envelope().unwrap();
        let header = view.header();
        assert_eq!(header.compression(), Some(compression));
        let producer = (
            header.producer_id,
            header.producer_epoch,
            header.base_sequence,
        );
        assert_eq!(producer, (ProducerId(7777), 3, 11));
        assert_eq!(
            (header.leader_epoch, header.last_sequence()),
            (LeaderEpoch(5), 15)
        );
        let summary =
            validate_records(&view, &RecordRules::default(), &mut Inflater::new()).unwrap();
        assert_eq!(summary.max_timestamp_ms, header.max_timestamp_ms);
        assert_eq!(summary.max_timestamp_offset, Offset(44));
    }
}

#[test]
fn our_batch_equals_the_java_clients_byte_for_byte() {
    let long = "klamm ".repeat(10);
    let headers = [
        HeaderView { key: b"h1", value: Some(b"one") },
        HeaderView { key: b"h2", value: None },
    ];
    let record = |timestamp_ms, key, value| NewRecord { timestamp_ms, key, value, headers: &[] };
    let records = [
        NewRecord {
            headers: &headers,
            ..record(1000, Some(&b"key"[..]), Some(&b"value"[..]))
        },
        record(990, None, Some(b"no key")),
        record(1_700_000_000_000, Some(b"tombstone"), None),
        record(1001, Some(b""), Some(b"")),
        record(1002, Some(b"long"), Some(long.as_bytes())),
    ];
    let mut builder = BatchBuilder::new();
    for record in &records {
        builder.append(record).unwrap();
    }
    let fields = BatchFields {
        base_offset: Offset(42),
        leader_epoch: LeaderEpoch(5),
        producer_id: ProducerId(7777),
        producer_epoch: 3,
        base_sequence: 11,
        ..BatchFields::default()
    };
    let ours = builder
        .build(&fields, Compression::None.into(), &mut Deflater::new())
        .unwrap();
    assert_eq!(ours, fixture("v2-none"));
}

#[test]
fn batches_of_kafka_python() {
    for compression in ["gzip", "snappy", "lz4", "zstd"] {
        let bytes = fixture(&format!("python-{compression}"));
        let expected = [
            (0, 1000, some("key"), some("value"), 1),
            (1, 990, None, some("no key"), 0),
            (2, 1002, some("long"), some(&"klamm ".repeat(6000)), 0),
        ];
        assert_eq!(rows(&bytes), expected, "{compression}");
        BatchView::parse(&bytes)
            .unwrap()
            .validate_envelope()
            .unwrap();
    }
}

#[test]
fn a_transaction_marker_of_kafka() {
    let bytes = fixture("end-transaction");
    let view = BatchView::parse(&bytes).unwrap();
    view.validate_stored().unwrap();
    assert!(view.header().is_control() && view.header().is_transactional());
    let record = view.records().unwrap().next().unwrap().unwrap();
    let marker = EndTransactionMarker::parse(record.key.unwrap(), record.value.unwrap()).unwrap();
    let expected = EndTransactionMarker { end: EndTransaction::Commit, coordinator_epoch: 17 };
    assert_eq!(marker, expected);
    let header = *view.header();
    let fields = BatchFields {
        base_offset: header.base_offset,
        leader_epoch: header.leader_epoch,
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        transactional: true,
        ..BatchFields::default()
    };
    let value = marker.value();
    let record = crate::ControlRecord { control_type: marker.control_type(), value: &value };
    assert_eq!(
        crate::control_batch(&fields, 1000, &[record]).unwrap(),
        bytes
    );
}

#[test]
fn message_sets_of_old_formats() {
    for magic in [0, 1] {
        for compression in ["none", "gzip", "snappy", "lz4"] {
            let bytes = fixture(&format!("v{magic}-{compression}"));
            let old = crate::BatchError::OldMagic { magic };
            assert_eq!(batches(&bytes).next().unwrap().unwrap_err(), old);
            let mut messages = Vec::new();
            for entry in legacy_entries(&bytes) {
                let entry = entry.unwrap();
                entry.verify_crc().unwrap();
                let limit = InflateLimit::usual(bytes.len());
                messages.extend(entry.messages(&mut Inflater::new(), limit).unwrap());
            }
            let time = |ms| if magic == 0 { -1 } else { ms };
            let mut expected = vec![
                (42, time(1000), some("key"), some("value")),
                (43, time(990), None, some("no key")),
                (44, time(1001), some("tombstone"), None),
            ];
            if compression != "none" {
                expected.push((45, time(1002), some("long"), some(&"klamm ".repeat(6000))));
            }
            let got: Vec<_> = messages
                .into_iter()
                .map(|m| (m.offset.0, m.timestamp_ms, m.key, m.value))
                .collect();
            assert_eq!(got, expected, "magic {magic} {compression}");
            // Cut anywhere, changed anywhere: an error, never a panic.
            for at in 0..bytes.len().min(200) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 0x81;
                for entry in legacy_entries(&damaged[..bytes.len() - at % 7]).flatten() {
                    let _ = entry.messages(&mut Inflater::new(), InflateLimit::bytes(1 << 20));
                }
            }
        }
    }
}

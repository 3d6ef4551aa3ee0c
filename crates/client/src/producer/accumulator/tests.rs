//! When batches leave, and in which order they come back.

use super::*;

const NOW: Urgency = Urgency { now: true };
const CALM: Urgency = Urgency { now: false };

fn accumulator(batch_size: usize) -> Accumulator {
    let linger = Duration::from_millis(5);
    Accumulator::new(&ProducerConfig { batch_size, linger, ..ProducerConfig::default() })
}

fn key(partition: i32) -> Key {
    ("t".into(), partition)
}

fn append(all: &mut Accumulator, partition: i32, value: &str, now: Instant) -> Appended {
    let value = Some(value.as_bytes());
    let record = NewRecord { timestamp_ms: 0, key: None, value, headers: &[] };
    all.append(&key(partition), &record, 100, now).unwrap().1
}

const PRODUCER: ProducerIdentity = ProducerIdentity { id: 9, epoch: 0 };

/// The next batch of a partition, and its sequence on the wire.
fn drain(all: &mut Accumulator, partition: i32, identity: ProducerIdentity) -> (Batch, i32) {
    let drained = all.drain(
        &key(partition),
        Some(identity),
        usize::MAX,
        &mut Deflater::new(),
    );
    let (batch, bytes) = drained.unwrap().unwrap();
    let view = BatchView::parse(&bytes).unwrap();
    view.validate_envelope().unwrap();
    assert_eq!(view.header().producer_epoch, identity.epoch);
    (batch, view.header().base_sequence)
}

#[tokio::test(start_paused = true)]
async fn a_batch_leaves_when_it_is_old_full_or_urgent() {
    let mut all = accumulator(200);
    let start = Instant::now();
    let first = append(&mut all, 0, "a", start);
    assert!(first.wake && first.is_open);
    assert!(!append(&mut all, 0, "b", start).wake);
    assert!(all.ready(CALM, start).is_empty());
    assert_eq!(all.ready(NOW, start), [key(0)]);
    let linger = start + Duration::from_millis(5);
    assert_eq!(
        all.next_event(CALM, Duration::from_secs(9), start),
        Some(linger)
    );
    assert_eq!(all.ready(CALM, linger), [key(0)]);
    append(&mut all, 0, &"c".repeat(180), start);
    assert_eq!(
        all.waiting(&key(0)),
        2,
        "the third record needs a batch of its own"
    );
    assert_eq!(all.ready(CALM, start), [key(0)], "so the first one is full");
}

#[tokio::test(start_paused = true)]
async fn batches_that_come_back_keep_their_order_and_sequences() {
    let mut all = accumulator(1);
    let now = Instant::now();
    for value in ["first", "a", "b", "c", "d"] {
        append(&mut all, 0, value, now);
    }
    let (first, sequence) = drain(&mut all, 0, PRODUCER);
    assert_eq!(sequence, 0);
    assert!(all.ready(NOW, now).is_empty(), "the first batch goes alone");
    all.answered(&key(0), &first);
    assert_eq!(all.ready(NOW, now), [key(0)]);
    let (a, sequence) = drain(&mut all, 0, PRODUCER);
    assert_eq!(sequence, 1);
    let (b, sequence) = drain(&mut all, 0, PRODUCER);
    assert_eq!(sequence, 2);
    assert!(all.has_older(&key(0), &b));
    // Answers: b out of order, then a lost.
    all.answered(&key(0), &b);
    all.put_back(&key(0), b, now);
    assert!(all.ready(NOW, now).is_empty(), "held until a is answered");
    all.answered(&key(0), &a);
    assert!(!all.has_older(&key(0), &a));
    let later = now + Duration::from_millis(100);
    all.put_back(&key(0), a, later);
    assert!(all.ready(NOW, now).is_empty(), "the pause");
    assert_eq!(all.ready(NOW, later), [key(0)]);
    for expected in [1, 2] {
        let (batch, sequence) = drain(&mut all, 0, PRODUCER);
        assert_eq!(sequence, expected);
        assert!(
            all.ready(NOW, later).is_empty(),
            "what is sent again goes alone"
        );
        all.answered(&key(0), &batch);
    }
    let sequences: Vec<_> = (0..2).map(|_| drain(&mut all, 0, PRODUCER).1).collect();
    assert_eq!(sequences, [3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_broken_partition_begins_at_zero_and_rewrites_what_waits() {
    let mut all = accumulator(1);
    let now = Instant::now();
    for value in ["a", "b", "c"] {
        append(&mut all, 0, value, now);
    }
    let (a, _) = drain(&mut all, 0, PRODUCER);
    let (b, _) = drain(&mut all, 0, PRODUCER);
    all.answered(&key(0), &a);
    assert!(
        !all.take_back_sequence(&key(0), &a),
        "b has the next number already"
    );
    assert!(all.break_sequences(&key(0), PRODUCER));
    a.finish(Err(ClientError::Closed));
    assert!(all.ready(NOW, now).is_empty(), "b is not answered");
    all.answered(&key(0), &b);
    all.put_back(&key(0), b, now);
    let next = ProducerIdentity { epoch: 1, ..PRODUCER };
    let (b, sequence) = drain(&mut all, 0, next);
    assert_eq!(sequence, 0);
    assert!(
        !all.break_sequences(&key(0), PRODUCER),
        "the new epoch is there already"
    );
    all.answered(&key(0), &b);
    assert!(all.take_back_sequence(&key(0), &b), "nothing came after it");
    b.finish(Err(ClientError::Closed));
    assert_eq!(drain(&mut all, 0, next).1, 0, "so c takes its number");
}

#[tokio::test(start_paused = true)]
async fn another_partition_keeps_its_epoch_until_it_is_settled() {
    let mut all = accumulator(1);
    let now = Instant::now();
    for value in ["a", "b", "c"] {
        append(&mut all, 1, value, now);
    }
    let (a, _) = drain(&mut all, 1, PRODUCER);
    all.answered(&key(1), &a);
    all.put_back(&key(1), a, now);
    let next = ProducerIdentity { epoch: 1, ..PRODUCER };
    let drained = all.drain(&key(1), Some(next), usize::MAX, &mut Deflater::new());
    let (a, _) = drained.unwrap().unwrap();
    assert_eq!(
        a.stamp,
        Some((PRODUCER, 0)),
        "it may be in the log under the old epoch"
    );
    all.answered(&key(1), &a);
    let (b, sequence) = drain(&mut all, 1, next);
    assert_eq!((b.stamp, sequence), (Some((next, 0)), 0));
}

#[tokio::test(start_paused = true)]
async fn old_batches_are_taken_out() {
    let mut all = accumulator(1);
    let start = Instant::now();
    append(&mut all, 0, "a", start);
    append(&mut all, 1, "b", start + Duration::from_secs(5));
    let timeout = Duration::from_secs(9);
    assert!(
        all.expire(timeout, start + Duration::from_secs(8))
            .is_empty()
    );
    let expired = all.expire(timeout, start + timeout);
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].0, key(0));
    assert_eq!(all.unfinished(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_lost_batch_is_woken() {
    let mut all = accumulator(1);
    let record = NewRecord { timestamp_ms: 0, key: None, value: None, headers: &[] };
    let (tracker, _) = all.append(&key(0), &record, 1, Instant::now()).unwrap();
    drop(all);
    tracker.wait().await;
}

#[test]
fn sequences_wrap() {
    assert_eq!(add_to_sequence(i32::MAX, 1), 0);
    assert_eq!(add_to_sequence(i32::MAX - 1, 3), 1);
}

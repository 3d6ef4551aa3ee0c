//! Bad input, one table against a live node: each case has its documented outcome, the node keeps serving others, and
//! memory is flat afterwards. Numbers are those of the list of bad inputs that the project keeps to.

mod admin;
mod asks;
mod batches;
mod frames;
mod groups;
mod sequences;

use crate::node::{Node, Peer, batch, run};
use bytes::Bytes;
use klamm_records::Compression;
use klamm_wire::ErrorCode;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

/// One bad input.
struct Case {
    number: u8,
    name: &'static str,
    input: Input,
}

/// What is sent, and what must come of it.
enum Input {
    /// Bytes on a connection of their own.
    Bytes(Vec<u8>, Outcome),
    /// A batch produced to the topic, and the partition's code.
    Batch(&'static str, Bytes, ErrorCode),
    /// A longer exchange, which checks for itself.
    Talk(fn(&Node) -> Talk<'_>),
}

type Talk<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What the node does with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Closes the connection without an answer.
    Closes,
    /// Waits for the rest.
    Waits,
    /// Answers so often, then goes on with the connection.
    Answers(usize),
}

/// An ordinary topic, in which bad batches must leave no trace.
const PLAIN: &str = "plain";
/// A topic whose records are looked at one by one.
const DEEP: &str = "deep";
/// A compacted topic.
const COMPACTED: &str = "compacted";
/// Where others go on producing.
const GOOD: &str = "good";

/// Numbers of the list that have no case here, and why.
const ELSEWHERE: &[(u8, &str)] = &[
    (13, "there is no TLS listener"),
    (23, "there is no SASL listener"),
    (70, "transactional_ids.rs"),
    (71, "transactional_ids.rs"),
    (72, "WriteTxnMarkers is the transaction coordinator's"),
    (73, "there are no access rules"),
];

const SETTINGS: &[&str] = &[
    "message.max.bytes=2000000",
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.num.partitions=3",
];

const ROUNDS_MAX: usize = 5;
/// One of the later rounds of the table may not take more: allocators keep some.
const GROWTH_BYTES_MAX: usize = 128 << 20;

fn case(number: u8, name: &'static str, input: Input) -> Case {
    Case { number, name, input }
}

fn talk(number: u8, name: &'static str, input: fn(&Node) -> Talk<'_>) -> Case {
    case(number, name, Input::Talk(input))
}

fn table() -> Vec<Case> {
    let mut table = frames::cases();
    table.extend(batches::cases());
    table.extend(sequences::cases());
    table.extend(asks::cases());
    table.extend(groups::cases());
    table.extend(admin::cases());
    table
}

async fn check(case: &Case, node: &Node) {
    match &case.input {
        Input::Bytes(bytes, outcome) => {
            let mut peer = node.connect().await;
            peer.send_raw(bytes).await;
            let answers = match outcome {
                Outcome::Answers(count) => *count,
                Outcome::Closes | Outcome::Waits => 0,
            };
            for answer in 0..answers {
                assert!(peer.receive_frame().await.is_some(), "answer {answer}");
            }
            if *outcome == Outcome::Closes {
                assert_eq!(peer.receive_frame().await, None);
            } else {
                let wait = Duration::from_millis(20);
                let early = tokio::time::timeout(wait, peer.receive_frame()).await;
                assert!(early.is_err(), "more than that came");
            }
        }
        Input::Batch(topic, batch, code) => {
            let mut peer = node.connect().await;
            let answer = peer.produce(topic, batch.clone(), -1).await;
            let got = ErrorCode(answer.error_code);
            assert_eq!(got, *code, "{:?}", answer.error_message);
            assert_eq!(answer.base_offset >= 0, !code.is_error());
        }
        Input::Talk(talk) => talk(node).await,
    }
}

/// Whether a case holds; its assertion is printed if not.
async fn holds(case: &Case, node: &Node) -> bool {
    let mut checked = pin!(async {
        check(case, node).await;
        is_serving(node).await;
    });
    std::future::poll_fn(|context| {
        let step = AssertUnwindSafe(|| checked.as_mut().poll(context));
        match catch_unwind(step) {
            Ok(step) => step.map(|()| true),
            Err(_) => Poll::Ready(false),
        }
    })
    .await
}

async fn is_serving(node: &Node) {
    let mut peer = node.connect().await;
    let batch = batch(&[b"x"], Compression::None);
    let answer = peer.produce(GOOD, batch, -1).await;
    assert_eq!(answer.error_code, 0, "{answer:?}");
}

/// A node with the topics that the cases use.
async fn prepared() -> Node {
    let node = Node::start(SETTINGS).await;
    let mut peer = node.connect().await;
    for (name, configs) in [
        (PLAIN, &[][..]),
        (GOOD, &[]),
        // A limit on the age of timestamps asks for a look at each record.
        (
            DEEP,
            &[("message.timestamp.before.max.ms", "3600000000000")],
        ),
        (COMPACTED, &[("cleanup.policy", "compact")]),
    ] {
        let created = peer.ask(&crate::node::create(name, configs), 7).await;
        assert_eq!(created.topics[0].error_code, 0, "{created:?}");
    }
    let first = batch(&[b"the only one"], Compression::None);
    assert_eq!(peer.produce(PLAIN, first, -1).await.error_code, 0);
    node
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn code_of(fields: i16, expected: ErrorCode, what: impl std::fmt::Debug) {
    assert_eq!(ErrorCode(fields), expected, "{what:?}");
}

/// The topic that bad batches were sent to holds its first record and those that were let in.
async fn end_of(peer: &mut Peer, topic: &str) -> i64 {
    let answer = peer.ask(&crate::node::fetch(topic, 0, 0), 12).await;
    answer.responses[0].partitions[0].high_watermark
}

#[test]
fn every_bad_input_has_its_outcome_and_harms_nobody() {
    run(async {
        let table = table();
        let node = prepared().await;
        let (mut before, mut grown) = (0, usize::MAX);
        for round in 0..ROUNDS_MAX {
            let mut broken = Vec::new();
            for case in &table {
                if !holds(case, &node).await {
                    broken.push((case.number, case.name));
                }
            }
            assert_eq!(broken, []);
            let now = resident();
            // The first warms up.
            if round > 0 {
                grown = now.saturating_sub(before);
            }
            // Tests beside this one share the memory: only what grows round after round is a leak.
            if grown < GROWTH_BYTES_MAX {
                break;
            }
            before = now;
        }
        assert!(
            grown < GROWTH_BYTES_MAX,
            "even the last round took {grown} bytes"
        );
        node.stop().await;
    });
}

#[test]
fn every_number_of_the_list_is_in_the_table() {
    let table = table();
    let here = table.iter().map(|case| case.number);
    let covered: BTreeSet<u8> = here
        .chain(ELSEWHERE.iter().map(|(number, _)| *number))
        .collect();
    let listed = (1..=73).chain(82..=85);
    let missing: Vec<_> = listed.filter(|number| !covered.contains(number)).collect();
    assert_eq!(missing, [0; 0]);
    for (number, why) in ELSEWHERE {
        assert!(
            table.iter().all(|case| case.number != *number),
            "{number}: {why}"
        );
    }
}

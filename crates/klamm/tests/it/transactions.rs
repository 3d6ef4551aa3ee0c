//! Transactions through the program: all or nothing, and a look at what is open.

use crate::node::Node;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};

fn committed(node: &Node) -> String {
    node.run(&[
        "consume",
        "t",
        "--committed",
        "--from",
        "beginning",
        "--idle",
        "300ms",
    ])
}

#[test]
fn lines_are_written_all_or_none_and_what_is_open_is_shown_and_aborted() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    node.run(&["topic", "create", "t", "--partitions", "1"]);
    let produce = ["produce", "t", "--transactional-id", "id"];
    node.run_with_input(&produce, b"a\nb\n");
    let bad = node.try_run(
        &[&produce[..], &["--input", "json"]].concat(),
        b"{\"value\":\"c\"}\nnonsense\n",
    );
    assert_eq!(bad.code, 1);
    assert!(
        bad.err.contains("line 2") && bad.err.contains("aborted"),
        "{}",
        bad.err
    );
    assert_eq!(committed(&node), "a\nb\n");
    let listed = node.json(&[
        "txn",
        "list",
        "--pattern",
        "i.",
        "--state",
        "Empty,CompleteAbort",
    ]);
    assert_eq!(listed[0]["transactions"][0]["transactional_id"], "id");
    assert_eq!(
        node.json(&["txn", "list", "--pattern", "j.*"])[0]["transactions"]
            .as_array()
            .unwrap()
            .len(),
        0
    );

    // One that stays open: its producer waits for more lines.
    let mut producing = node.producing("t", &["--transactional-id", "open"]);
    let mut stdin = producing.stdin.take().unwrap();
    stdin.write_all(b"c\n").unwrap();
    let mut first = String::new();
    let mut out = BufReader::new(producing.stdout.take().unwrap());
    BufRead::read_line(&mut out, &mut first).unwrap();
    assert!(first.starts_with("t-0@"), "{first}");
    let described = node.json(&["txn", "describe", "open"]);
    let open = &described[0]["transactions"][0];
    assert_eq!(
        (&open["state"], &open["partitions"][0]["topic"]),
        (&"Ongoing".into(), &"t".into())
    );
    assert!(node.run(&["txn", "describe", "open"]).contains("in t-0"));
    let hanging = ["txn", "find-hanging", "--open-for", "0s"];
    assert_eq!(
        node.run(&hanging),
        "no transaction hangs\n",
        "its coordinator knows it"
    );
    let gone = node.try_run(
        &["txn", "abort", "--partition", "t:0", "--start-offset", "0"],
        b"",
    );
    assert_eq!(gone.code, 1);
    assert!(node.run(&["txn", "abort", "open"]).contains("open"));
    drop(stdin);
    assert_eq!(producing.wait().unwrap().code(), Some(1), "it is fenced");
    assert_eq!(committed(&node), "a\nb\n");
    let missing = node.try_run(&["txn", "abort", "nobody"], b"");
    assert_eq!(missing.code, 1);
    assert!(
        missing.err.contains("TRANSACTIONAL_ID_NOT_FOUND"),
        "{}",
        missing.err
    );
}

#[test]
fn a_transaction_survives_kill_9_whole_or_not_at_all() {
    const LINES: usize = 120;
    const ENDED: usize = 3;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut node = Node::start(&data);
    node.run(&["topic", "create", "t", "--partitions", "3"]);
    let mut must_be_there = Vec::new();
    // The last rounds die while the end is decided and its markers are on their way.
    for (round, kill_after) in [1, 40, LINES - 1, LINES, LINES, LINES]
        .into_iter()
        .enumerate()
    {
        let mut producing = node.producing("t", &["--transactional-id", "id"]);
        let mut stdin = producing.stdin.take().unwrap();
        for line in 0..LINES {
            writeln!(stdin, "{round} {line}").unwrap();
        }
        // The early rounds are never told that there is no more.
        let _open = (round < ENDED).then_some(stdin);
        let lines = BufReader::new(producing.stdout.take().unwrap()).lines();
        let acknowledged = lines.take(kill_after).filter(Result::is_ok).count();
        assert_eq!(acknowledged, kill_after);
        node.kill();
        // Its node does not come back: in this round, who is not told of the end never will be.
        let is_told = producing
            .try_wait()
            .unwrap()
            .is_some_and(|status| status.success());
        producing.kill().unwrap();
        let is_told = is_told || producing.wait().unwrap().success();
        must_be_there.extend(is_told.then_some(round));
        node = Node::start(&data);
    }
    node.run_with_input(&["produce", "t", "--transactional-id", "id"], b"6 0\n");
    let text = committed(&node);
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let (round, _) = line.split_once(' ').unwrap();
        *counts.entry(round.parse::<usize>().unwrap()).or_insert(0) += 1;
    }
    assert_eq!(
        counts.remove(&6),
        Some(1),
        "readers get past all that was before"
    );
    for (round, count) in &counts {
        assert_eq!(*count, LINES, "round {round} is torn");
    }
    for round in must_be_there {
        assert!(counts.contains_key(&round), "round {round} is lost");
    }
    for round in 0..ENDED {
        assert!(!counts.contains_key(&round), "round {round} was not over");
    }
}

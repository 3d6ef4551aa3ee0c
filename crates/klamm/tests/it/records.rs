//! Producing and consuming through the program.

use crate::node::Node;

#[test]
fn lines_go_in_and_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    node.run(&["topic", "create", "t"]);
    node.run_with_input(&["produce", "t", "--key-separator", "="], b"a=1\nb=2\n");
    assert_eq!(
        node.run(&[
            "consume",
            "t",
            "--from",
            "beginning",
            "--until",
            "end",
            "--format",
            "%p@%o %k=%v\\n"
        ]),
        "0@0 a=1\n0@1 b=2\n"
    );
    assert_eq!(
        node.run(&["consume", "t", "--from", "-1", "--until", "end"]),
        "2\n"
    );
    assert_eq!(
        node.run(&["consume", "t", "--from", "beginning", "--count", "1"]),
        "1\n"
    );
    let lines = node.json(&["consume", "t", "--from", "1", "--until", "end"]);
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["key"], &lines[0]["value"]),
        (&"b".into(), &"2".into())
    );
    let offsets = node.json(&["offsets", "t"]);
    assert_eq!(offsets[0]["partitions"][0]["end"], 2);
}

#[test]
fn every_codec_and_acks_mode_round_trips() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    let line = "x".repeat(10_000);
    let input = format!("{line}\n").repeat(20);
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        for acks in ["1", "all"] {
            let topic = format!("{codec}-{acks}");
            node.run_with_input(
                &["produce", &topic, "--codec", codec, "--acks", acks],
                input.as_bytes(),
            );
            let out = node.run(&["consume", &topic, "--from", "beginning", "--until", "end"]);
            assert_eq!(out, input, "{topic}");
        }
    }
}

#[test]
fn headers_null_values_files_and_json_survive() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    node.run(&["topic", "create", "t"]);
    node.run_with_input(
        &[
            "produce",
            "t",
            "--key-separator",
            ":",
            "--null",
            "-",
            "--header",
            "h=1",
        ],
        b"k:-\n:v\n",
    );
    let file = folder.path().join("blob");
    std::fs::write(&file, [0xff, 0x00, b'\n']).unwrap();
    node.run(&["produce", "t", "--file", file.to_str().unwrap()]);
    let first = node.run(&[
        "consume",
        "t",
        "--from",
        "beginning",
        "--until",
        "end",
        "--json",
    ]);
    let lines: Vec<serde_json::Value> = first
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines[0]["value"], serde_json::Value::Null);
    assert_eq!(lines[0]["headers"][0]["name"], "h");
    assert_eq!(lines[1]["key"], "");
    assert_eq!(lines[2]["value"]["hex"], "ff000a");
    // What consume prints as JSON, produce takes.
    node.run(&["topic", "create", "copy"]);
    node.run_with_input(&["produce", "copy", "--input", "json"], first.as_bytes());
    let copy = node.run(&[
        "consume",
        "copy",
        "--from",
        "beginning",
        "--until",
        "end",
        "--json",
    ]);
    assert_eq!(copy.replace("\"copy\"", "\"t\""), first);
}

#[test]
fn records_can_be_found_by_time_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    // The records are of 1970, and should stay.
    node.run(&["topic", "create", "t", "--config", "retention.ms=-1"]);
    let input = br#"{"value":"a","timestamp":1000}
{"value":"b","timestamp":2000}
{"value":"c","timestamp":3000}
"#;
    node.run_with_input(&["produce", "t", "--input", "json"], input);
    assert_eq!(
        node.run(&["consume", "t", "--from", "@2000", "--until", "end"]),
        "b\nc\n"
    );
    assert_eq!(
        node.run(&[
            "consume",
            "t",
            "--from",
            "beginning",
            "--until",
            "1970-01-01T00:00:03Z"
        ]),
        "a\nb\n"
    );
    let at = node.json(&["offsets", "t", "--at", "@1500"]);
    assert_eq!(at[0]["partitions"][0]["offset"], 1);
    node.run(&["topic", "delete-records", "t", "--before", "0:2"]);
    assert_eq!(
        node.run(&["consume", "t", "--from", "beginning", "--until", "end"]),
        "c\n"
    );
}

#[test]
fn a_short_benchmark_prints_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    let produced = node.json(&[
        "bench",
        "produce",
        "--topic",
        "b",
        "--records",
        "1000",
        "--size",
        "100",
    ]);
    assert_eq!(produced[0]["records"], 1000);
    let consumed = node.json(&["bench", "consume", "--topic", "b", "--records", "1000"]);
    assert_eq!(consumed[0]["records"], 1000);
    let latency = node.json(&[
        "bench",
        "latency",
        "--topic",
        "l",
        "--rate",
        "200",
        "--duration",
        "500ms",
    ]);
    assert!(
        latency[0]["latency_us"]["p99"].as_u64().unwrap() > 0,
        "{latency:?}"
    );
}

#[test]
fn a_reader_that_goes_early_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    node.run_with_input(&["produce", "t"], "line\n".repeat(200_000).as_bytes());
    // A pipe holds 64 KiB, so the command still writes when its reader has gone.
    let (first, status) =
        node.first_line(&["consume", "t", "--from", "beginning", "--until", "end"]);
    assert_eq!(first, "line\n");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn failures_are_json_for_machines() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    let printed = node.try_run(&["topic", "describe", "missing", "--json"], b"");
    let error: serde_json::Value = serde_json::from_str(&printed.err).unwrap();
    assert!(
        error["error"]
            .as_str()
            .unwrap()
            .contains("UNKNOWN_TOPIC_OR_PARTITION")
    );
    assert!(error["next"].as_str().unwrap().contains("topic list"));
}

//! Ends of a node: in order, and not.

use crate::node::{Node, run};
use std::io::{BufRead, BufReader, Write};

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start(&data);
    node.run(&["topic", "create", "t"]);
    node.run_with_input(&["produce", "t"], b"one\ntwo\n");
    node.kill();
    let node = Node::start(&data);
    assert_eq!(node.run(&["topic", "list"]), "t\n");
    assert_eq!(
        node.run(&["consume", "t", "--from", "beginning", "--until", "end"]),
        "one\ntwo\n"
    );
    node.run_with_input(&["produce", "t"], b"three\n");
    node.kill();
    let node = Node::start(&data);
    assert_eq!(
        node.run(&["consume", "t", "--from", "beginning", "--until", "end"]),
        "one\ntwo\nthree\n"
    );
}

#[test]
fn sigterm_is_a_clean_stop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start(&data);
    node.run_with_input(&["produce", "t"], b"one\n");
    let (status, rest) = node.stop();
    assert_eq!(status.code(), Some(0));
    assert_eq!(rest, "", "exactly one line on standard output");
    assert!(data.join(".kafka_cleanshutdown").exists());
    let node = Node::start(&data);
    assert_eq!(
        node.run(&["consume", "t", "--from", "beginning", "--until", "end"]),
        "one\n"
    );
}

#[test]
fn a_folder_belongs_to_one_node_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start(&data);
    let log_dirs = format!("log.dirs={}", data.display());
    let second = [
        "server",
        "--set",
        &log_dirs,
        "--set",
        "listeners=PLAINTEXT://127.0.0.1:0",
    ];
    let printed = run(&second, b"");
    assert_eq!(printed.code, 1, "{}", printed.err);
    assert!(printed.err.contains("in use"), "{}", printed.err);
    drop(node);
    let mut other = second.to_vec();
    other.extend(["--set", "node.id=5"]);
    let printed = run(&other, b"");
    assert_eq!(printed.code, 1, "{}", printed.err);
    assert!(printed.err.contains("node 0"), "{}", printed.err);
}

#[test]
fn formatting_is_optional_and_can_be_demanded() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log_dirs = format!("log.dirs={}", data.display());
    let demand = [
        "server",
        "--set",
        &log_dirs,
        "--set",
        "klamm.format.auto=false",
    ];
    let printed = run(&demand, b"");
    assert_eq!(printed.code, 1);
    assert!(printed.err.contains("klamm format"), "{}", printed.err);
    let id = "zDXu96PzQtOdnNypKlfzLQ";
    let format = ["format", "--set", &log_dirs, "--cluster-id", id];
    assert_eq!(run(&format, b"").code, 0);
    let again = run(&format, b"");
    assert_eq!(again.code, 1, "{}", again.out);
    let node = Node::start_with(&data, &["klamm.format.auto=false"]);
    assert_eq!(node.json(&["cluster", "describe"])[0]["cluster_id"], id);
}

#[test]
fn what_was_acknowledged_under_load_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start(&data);
    node.run(&["topic", "create", "t"]);
    let mut producer = node.producing("t", &[]);
    let mut stdin = producer.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        // Until the producer is gone.
        (0..).try_for_each(|number| writeln!(stdin, "{number}"))
    });
    let mut acknowledged = 0;
    let lines = BufReader::new(producer.stdout.take().unwrap()).lines();
    let mut node = Some(node);
    for line in lines {
        assert_eq!(line.unwrap(), format!("t-0@{acknowledged}"));
        acknowledged += 1;
        if acknowledged == 2000 {
            node.take().unwrap().kill();
            producer.kill().unwrap();
        }
    }
    producer.wait().unwrap();
    assert!(feeder.join().unwrap().is_err());
    assert!(acknowledged >= 2000);

    let node = Node::start(&data);
    let out = node.run(&["consume", "t", "--from", "beginning", "--until", "end"]);
    let there: Vec<&str> = out.lines().collect();
    assert!(
        there.len() >= acknowledged,
        "{} of {acknowledged}",
        there.len()
    );
    for (number, line) in there.iter().enumerate() {
        assert_eq!(*line, number.to_string());
    }
}

#[test]
fn settings_that_are_mistyped_are_pointed_out() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start_with(&data, &["log.segment.byte=5", "num.io.threads=9"]);
    let log = node.log();
    assert!(log.contains("did you mean log.segment.bytes?"), "{log}");
    assert!(log.contains("num.io.threads: has no effect"), "{log}");
    assert!(log.contains("bootstrap.servers="), "{log}");
    node.stop();
    let again = Node::start(&data);
    assert!(
        !again.log().contains("bootstrap.servers="),
        "only the first start explains itself"
    );
}

#[test]
fn a_taken_address_is_named_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let log_dirs = format!("log.dirs={}", folder.path().join("data").display());
    let listeners = format!("listeners=PLAINTEXT://{address}");
    let printed = run(&["server", "--set", &log_dirs, "--set", &listeners], b"");
    assert_eq!((printed.code, printed.out.as_str()), (1, ""));
    assert!(
        printed.err.contains(&address.to_string()),
        "{}",
        printed.err
    );
    assert!(
        printed.err.contains("PLAINTEXT://127.0.0.1:0"),
        "{}",
        printed.err
    );
}

//! Ends of a node: in order, and not.

use crate::node::{Node, run};

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

//! `klamm log dump` on what a node wrote.

use crate::node::{Node, run};

#[test]
fn a_data_folder_is_readable_and_damage_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start(&data);
    node.run(&["topic", "create", "t"]);
    node.run_with_input(
        &["produce", "t", "--key-separator", "=", "--codec", "zstd"],
        b"k=v1\nk=v2\n",
    );
    node.stop();
    let partition = data.join("t-0");
    let partition = partition.to_str().unwrap();
    let printed = run(&["log", "dump", "--records", partition], b"");
    assert_eq!(printed.code, 0, "{}", printed.err);
    assert!(
        printed.out.contains("batch 0..1 records 2"),
        "{}",
        printed.out
    );
    assert!(printed.out.contains("key k value v2"), "{}", printed.out);
    assert!(printed.out.contains("topic_id: "), "{}", printed.out);

    let metadata = data.join("__cluster_metadata-0");
    let printed = run(
        &["log", "dump", "--records", metadata.to_str().unwrap()],
        b"",
    );
    assert!(printed.out.contains(" Topic "), "{}", printed.out);
    let printed = run(
        &[
            "log",
            "dump",
            "--records",
            "--json",
            metadata.to_str().unwrap(),
        ],
        b"",
    );
    for line in printed.out.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }

    let segment = data.join("t-0/00000000000000000000.log");
    let mut bytes = std::fs::read(&segment).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    let printed = run(&["log", "dump", segment.to_str().unwrap()], b"");
    assert_eq!(printed.code, 1);
    assert!(printed.out.contains("DAMAGED at byte 0"), "{}", printed.out);
}

//! `klamm log dump` on what a node wrote.

use crate::node::{Node, run};
use std::path::Path;

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

#[test]
fn what_kafka_wrote_is_readable() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../broker/fixtures/kafka-4.3.1-metadata");
    let printed = run(&["log", "dump", "--records", folder.to_str().unwrap()], b"");
    assert_eq!(printed.code, 0, "{}", printed.err);
    for kind in [
        " snapshot header ",
        " leader change ",
        " FeatureLevel ",
        " RegisterBroker ",
    ] {
        assert!(printed.out.contains(kind), "{kind}: {}", printed.out);
    }
    assert!(!printed.out.contains("unreadable"), "{}", printed.out);
    let partition = folder.join("../../../storage/fixtures/kafka-4.3.1-killed/txn-0");
    let printed = run(
        &["log", "dump", "--records", partition.to_str().unwrap()],
        b"",
    );
    assert_eq!(printed.code, 0, "{}{}", printed.out, printed.err);
    for part in [
        " transactional control",
        " aborted 10..19 ",
        " last sequence ",
    ] {
        assert!(printed.out.contains(part), "{part}: {}", printed.out);
    }
}

#[test]
fn damaged_files_are_reported_and_never_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start(&data);
    node.run_with_input(
        &["produce", "t", "--codec", "gzip"],
        "some line\n".repeat(50).as_bytes(),
    );
    node.run_with_input(
        &["produce", "t", "--codec", "lz4"],
        "another line\n".repeat(50).as_bytes(),
    );
    node.stop();
    let damaged = folder.path().join("damaged");
    std::fs::create_dir(&damaged).unwrap();
    let mut number = 0;
    for source in ["t-0", "__cluster_metadata-0"] {
        for entry in std::fs::read_dir(data.join(source)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            // A cut and a flipped byte at places all over the file.
            for step in 0..40 {
                let at = bytes.len() * step / 40;
                let mut flipped = bytes.clone();
                if let Some(byte) = flipped.get_mut(at) {
                    *byte ^= 0xff;
                }
                for content in [&bytes[..at], &flipped[..]] {
                    number += 1;
                    std::fs::write(damaged.join(format!("{number}-{name}")), content).unwrap();
                }
            }
        }
    }
    for json in [None, Some("--json")] {
        let mut arguments = vec!["log", "dump", "--records", damaged.to_str().unwrap()];
        arguments.extend(json);
        let printed = run(&arguments, b"");
        assert_eq!(printed.code, 1, "{}", printed.err);
        assert!(printed.err.contains("damaged places"), "{}", printed.err);
    }
}

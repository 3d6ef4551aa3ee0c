//! Several log directories: what lies where, and what is served when one of them can't be used.

use crate::node::{Node, Peer, batch, create, fetch, run};
use klamm_records::Compression;
use klamm_wire::ErrorCode;
use klamm_wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use klamm_wire::messages::delete_topics::DeleteTopicsRequest;
use klamm_wire::messages::describe_log_dirs::{DescribeLogDirsRequest, DescribeLogDirsResult};
use std::collections::BTreeMap;
use std::path::Path;

const DIRS: &[&str] = &["log.dirs={folder}/a,{folder}/b"];

fn names() -> Vec<String> {
    (0..6).map(|i| format!("t{i}")).collect()
}

async fn append(peer: &mut Peer, topic: &str) -> ErrorCode {
    let batch = batch(&[topic.as_bytes()], Compression::None);
    ErrorCode(peer.produce(topic, batch, -1).await.error_code)
}

/// High watermark, or the error.
async fn end_of(peer: &mut Peer, topic: &str) -> Result<i64, ErrorCode> {
    let answer = peer.ask(&fetch(topic, 0, 0), 12).await;
    let partition = &answer.responses[0].partitions[0];
    match ErrorCode(partition.error_code) {
        ErrorCode::NONE => Ok(partition.high_watermark),
        error => Err(error),
    }
}

/// Topics by the last part of their directory's name, and the codes of the directories.
async fn described(peer: &mut Peer) -> (BTreeMap<String, String>, BTreeMap<String, ErrorCode>) {
    let request = DescribeLogDirsRequest { topics: None };
    let answer = peer.ask(&request, 4).await;
    let dir_of = |result: &DescribeLogDirsResult| {
        let (_, last) = result.log_dir.rsplit_once('/').unwrap();
        last.to_owned()
    };
    let codes = answer.results.iter();
    let codes = codes.map(|result| (dir_of(result), ErrorCode(result.error_code)));
    let places = answer.results.iter().flat_map(|result| {
        let topics = result.topics.iter();
        topics.map(|topic| (topic.name.to_string(), dir_of(result)))
    });
    (places.collect(), codes.collect())
}

async fn filled(node: &Node) -> BTreeMap<String, String> {
    let mut peer = node.connect().await;
    for name in names() {
        let created = peer.ask(&create(&name, &[]), 7).await;
        assert_eq!(created.topics[0].error_code, 0, "{created:?}");
        assert_eq!(append(&mut peer, &name).await, ErrorCode::NONE);
    }
    let (places, codes) = described(&mut peer).await;
    assert!(codes.values().all(|code| *code == ErrorCode::NONE));
    for dir in ["a", "b"] {
        let here = places.values().filter(|place| *place == dir).count();
        assert_eq!(here, 3, "{places:?}");
    }
    places
}

/// A file where the directory was: the disk refuses every call below it.
pub(crate) fn lose(folder: &Path) {
    std::fs::rename(folder.join("b"), folder.join("away")).unwrap();
    std::fs::write(folder.join("b"), b"").unwrap();
}

pub(crate) fn find(folder: &Path) {
    std::fs::remove_file(folder.join("b")).unwrap();
    std::fs::rename(folder.join("away"), folder.join("b")).unwrap();
}

#[test]
fn a_log_that_was_made_anew_elsewhere_wins_over_the_one_that_comes_back() {
    run(async {
        let node = Node::start(DIRS).await;
        let places = filled(&node).await;
        let (topic, _) = places.iter().find(|(_, place)| *place == "b").unwrap();
        let mut peer = node.connect().await;
        for _ in 0..5 {
            assert_eq!(append(&mut peer, topic).await, ErrorCode::NONE);
        }
        let node = node.restart_after(lose).await;
        let mut peer = node.connect().await;
        let delete = DeleteTopicsRequest {
            topic_names: vec![topic.as_str().into()],
            timeout_ms: 10_000,
            ..DeleteTopicsRequest::default()
        };
        assert_eq!(peer.ask(&delete, 5).await.responses[0].error_code, 0);
        peer.ask(&create(topic, &[]), 7).await;
        for _ in 0..3 {
            assert_eq!(append(&mut peer, topic).await, ErrorCode::NONE);
        }
        let node = node.restart_after(find).await;
        let mut peer = node.connect().await;
        assert_eq!(end_of(&mut peer, topic).await, Ok(3));
        assert_eq!(described(&mut peer).await.0[topic], "a");
        node.stop().await;
    });
}

#[test]
fn a_directory_that_is_lost_at_the_start_takes_its_logs_offline_and_no_others() {
    run(async {
        let node = Node::start(DIRS).await;
        let places = filled(&node).await;
        let node = node.restart_after(lose).await;
        let mut peer = node.connect().await;
        for (topic, place) in &places {
            let offline = place == "b";
            let expected = if offline {
                ErrorCode::KAFKA_STORAGE_ERROR
            } else {
                ErrorCode::NONE
            };
            assert_eq!(append(&mut peer, topic).await, expected, "{topic}");
            let end = end_of(&mut peer, topic).await;
            assert_eq!(end, if offline { Err(expected) } else { Ok(2) }, "{topic}");
        }
        let (now, codes) = described(&mut peer).await;
        assert_eq!(codes["b"], ErrorCode::KAFKA_STORAGE_ERROR);
        assert!(
            now.values().all(|place| place == "a") && now.len() == 3,
            "{now:?}"
        );
        // A new topic finds its place, and keeps it.
        peer.ask(&create("new", &[]), 7).await;
        assert_eq!(append(&mut peer, "new").await, ErrorCode::NONE);
        let node = node.restart_after(find).await;
        let mut peer = node.connect().await;
        for (topic, place) in &places {
            let expected = if place == "b" { 1 } else { 2 };
            assert_eq!(end_of(&mut peer, topic).await, Ok(expected), "{topic}");
            assert_eq!(append(&mut peer, topic).await, ErrorCode::NONE);
        }
        assert_eq!(end_of(&mut peer, "new").await, Ok(1));
        let (again, codes) = described(&mut peer).await;
        assert!(codes.values().all(|code| *code == ErrorCode::NONE));
        assert!(places.iter().all(|(topic, place)| again[topic] == *place));
        node.stop().await;
    });
}

#[test]
fn a_log_that_can_not_be_opened_is_not_made_anew_when_its_topic_changes() {
    run(async {
        let node = Node::start(DIRS).await;
        let places = filled(&node).await;
        let (topic, _) = places.iter().find(|(_, place)| *place == "b").unwrap();
        let identity = format!("b/{topic}-0/partition.metadata");
        let aside = |folder: &Path| {
            std::fs::rename(folder.join(&identity), folder.join("aside")).unwrap();
            std::fs::create_dir(folder.join(&identity)).unwrap();
        };
        let back = |folder: &Path| {
            std::fs::remove_dir(folder.join(&identity)).unwrap();
            std::fs::rename(folder.join("aside"), folder.join(&identity)).unwrap();
        };
        let node = node.restart_after(aside).await;
        let mut peer = node.connect().await;
        let offline = ErrorCode::KAFKA_STORAGE_ERROR;
        assert_eq!(append(&mut peer, topic).await, offline);
        let grow = CreatePartitionsRequest {
            topics: vec![CreatePartitionsTopic {
                name: topic.as_str().into(),
                count: 2,
                assignments: None,
            }],
            timeout_ms: 10_000,
            validate_only: false,
        };
        assert_eq!(peer.ask(&grow, 3).await.results[0].error_code, 0);
        assert_eq!(append(&mut peer, topic).await, offline);
        let node = node.restart_after(back).await;
        let mut peer = node.connect().await;
        assert_eq!(end_of(&mut peer, topic).await, Ok(1));
        node.stop().await;
    });
}

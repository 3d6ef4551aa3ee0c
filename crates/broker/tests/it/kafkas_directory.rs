//! A data directory that Kafka 4.3.1 left after an orderly stop, here as Klamm's own.

use crate::node::{self, Node};
use klamm_wire::messages::metadata::MetadataRequest;
use std::path::Path;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/kafka-4.3.1-metadata");

const META: &str = "#\n#Tue Nov 24 22:41:27 UTC 2026\nnode.id=0\n\
                    directory.id=ZiuIdX7hSxGU_KPcpI4Fhw\nversion=1\ncluster.id=OPjMUCe-S--oPnowA9vaYA\n";

fn lay_out() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = data.join("__cluster_metadata-0");
    std::fs::create_dir_all(&log).unwrap();
    let copy = |name: &str, to: &Path| {
        let bytes = std::fs::read(Path::new(FIXTURES).join(name)).unwrap();
        std::fs::write(to.join(name), bytes).unwrap();
    };
    copy("bootstrap.checkpoint", &data);
    for name in [
        "00000000000000000000-0000000000.checkpoint",
        "00000000000000000000.log",
        "quorum-state",
    ] {
        copy(name, &log);
    }
    std::fs::write(data.join("meta.properties"), META).unwrap();
    let clean = r#"{"version":0,"brokerEpoch":13}"#;
    std::fs::write(data.join(".kafka_cleanshutdown"), clean).unwrap();
    folder
}

#[test]
fn kafkas_broker_is_unfenced_again() {
    node::run(async {
        let node = Node::start_on(lay_out()).await;
        let mut peer = node.connect().await;
        let answer = peer.ask(&MetadataRequest::default(), 12).await;
        assert_eq!(answer.cluster_id.as_deref(), Some("OPjMUCe-S--oPnowA9vaYA"));
        let ports: Vec<_> = answer.brokers.iter().map(|broker| broker.port).collect();
        assert_eq!(ports, [i32::from(node.address().port())]);
        drop(peer);
        node.restart().await.stop().await;
    });
}

//! What is left of deleted topics. In simulated time.

use crate::simulated::{ask, make_topic, start};
use klamm_host::Disk;
use klamm_host_sim::{CrashPolicy, SimDisk, World};
use klamm_wire::messages::delete_topics::DeleteTopicsRequest;
use std::path::Path;
use std::time::Duration;

fn folders(disk: &SimDisk) -> Vec<String> {
    let names = disk.list(Path::new("/data")).unwrap();
    let names = names.into_iter().map(|entry| entry.name);
    names.filter(|name| name.starts_with("t-")).collect()
}

/// The folder waits for its removal when the node stops: the next start has to see to it.
#[test]
fn a_folder_whose_removal_a_stop_cut_short_is_removed_after_the_next_start() {
    for in_order in [true, false] {
        let run = World::run(1, move |mut world| async move {
            let mut machine = world.node();
            let (broker, host, address) = start(&mut machine, &[]).await;
            let mut connection = host.net.connect(address).await.unwrap();
            make_topic(&mut *connection).await;
            let delete = DeleteTopicsRequest {
                topic_names: vec!["t".into()],
                timeout_ms: 10_000,
                ..DeleteTopicsRequest::default()
            };
            ask(&mut *connection, &delete, 5).await;
            if in_order {
                broker.shutdown().await;
            } else {
                drop(broker);
            }
            machine.crash(CrashPolicy::KeepAll);
            let left = folders(&machine.disk);
            assert!(
                matches!(&*left, [name] if name.ends_with("-delete")),
                "{left:?}"
            );
            let (broker, ..) = start(&mut machine, &[]).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(folders(&machine.disk).is_empty());
            broker.shutdown().await;
        });
        assert!(run.panics.is_empty(), "{:?}", run.panics);
    }
}

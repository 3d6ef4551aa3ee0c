//! Compaction of `__transaction_state`: what was forgotten goes, what is open or known stays, over a restart as well.

use super::*;
use crate::admin::alter_topic;
use crate::metrics::{scrape, until, value};
use klamm_wire::messages::describe_transactions::TransactionState;
use klamm_wire::messages::list_transactions::ListTransactionsRequest;
use std::time::Duration;

const CLEANED: &[&str] = &[
    "log.cleaner.backoff.ms=20",
    "klamm.metrics.listener=127.0.0.1:0",
    // A pass ends where the log is on the disk.
    "klamm.flush.dirty.ms=20",
    "transaction.state.log.num.partitions=1",
    "offsets.topic.num.partitions=1",
];

/// A node whose `__transaction_state` is cut into small segments, and cleaned at once.
async fn cleaned(overrides: &[&str]) -> (Node, Peer) {
    let (node, mut peer) = started(&[CLEANED, overrides].concat()).await;
    // Creates the topic.
    Txn::new(&node, "first").await;
    for (name, value) in [
        ("internal.segment.bytes", "4000"),
        ("min.cleanable.dirty.ratio", "0"),
        ("file.delete.delay.ms", "0"),
        ("delete.retention.ms", "0"),
    ] {
        alter_topic(&mut peer, "__transaction_state", name, value).await;
    }
    (node, peer)
}

async fn passes(node: &Node) -> f64 {
    let passes = value(&scrape(node).await, "klamm_cleaner_passes_total");
    passes.unwrap_or_default()
}

/// All that administrators can see of the ids that there are.
async fn known(peer: &mut Peer) -> Vec<TransactionState> {
    let all = ListTransactionsRequest { duration_filter: -1, ..ListTransactionsRequest::default() };
    let listed = loop {
        let answer = peer.ask(&all, 1).await;
        // After a start the shard is being loaded.
        if answer.error_code == OK {
            break answer.transaction_states;
        }
    };
    let mut ids: Vec<_> = listed.into_iter().map(|one| one.transactional_id).collect();
    ids.sort_unstable();
    let request = DescribeTransactionsRequest { transactional_ids: ids };
    peer.ask(&request, 0).await.transaction_states
}

fn named<'a>(states: &'a [TransactionState], id: &str) -> &'a TransactionState {
    let found = states.iter().find(|state| &*state.transactional_id == id);
    found.unwrap_or_else(|| panic!("no {id} in {states:?}"))
}

/// How often a text stands in the segments of `__transaction_state`.
fn written(node: &Node, text: &str) -> usize {
    let folder = node.folder().join("data/__transaction_state-0");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let logs = files.filter(|path| path.extension().is_some_and(|ending| ending == "log"));
    // A segment may be replaced while it is looked at.
    let texts = logs.filter_map(|log| std::fs::read(log).ok());
    let count = |bytes: Vec<u8>| {
        bytes
            .windows(text.len())
            .filter(|part| *part == text.as_bytes())
            .count()
    };
    texts.map(count).sum()
}

#[test]
fn ids_in_use_survive_the_cleaner_open_or_at_rest() {
    run(async {
        let (node, mut peer) = cleaned(&[]).await;
        let mut open = Txn::new(&node, "open").await;
        open.send(0, &["o1"]).await;
        let mut aborted = Txn::new(&node, "aborted").await;
        aborted.send(1, &["a1"]).await;
        aborted.end(false).await;
        let mut busy = Txn::new(&node, "busy").await;
        let mut rounds = 0;
        while passes(&node).await < 3.0 {
            for _ in 0..20 {
                rounds += 1;
                busy.send(2, &["b"]).await;
                busy.end(rounds % 3 != 0).await;
            }
        }
        until(&node, "klamm_cleaner_dirty_ppm_max", |ppm| ppm == 0.0).await;
        // Three records a transaction; in all but the last segments one is left. The gauge may be from before the last ones.
        let cleaned = async {
            while written(&node, "busy") >= rounds {
                scrape(&node).await;
            }
        };
        let cleaned = tokio::time::timeout(Duration::from_secs(30), cleaned).await;
        assert!(cleaned.is_ok(), "{rounds} rounds");
        let before = known(&mut peer).await;
        let ids: Vec<_> = before.iter().map(|one| &*one.transactional_id).collect();
        assert_eq!(ids, ["aborted", "busy", "first", "open"]);
        let state = |id| &*named(&before, id).transaction_state;
        assert_eq!(
            [state("aborted"), state("open")],
            ["CompleteAbort", "Ongoing"]
        );
        let node = node.restart().await;
        let mut peer = node.connect().await;
        assert_eq!(known(&mut peer).await, before);
        // The open one goes on where it was, and ends.
        open.peer = node.connect().await;
        open.send(0, &["o2"]).await;
        open.end(true).await;
        assert_eq!(read(&mut peer, 0).await.committed, ["o1", "o2"]);
        assert_eq!(read(&mut peer, 1).await.committed, [""; 0]);
        node.stop().await;
    });
}

#[test]
fn forgotten_ids_leave_the_log_and_do_not_come_back() {
    run(async {
        let (node, mut peer) = cleaned(&[
            "transactional.id.expiration.ms=1",
            "transaction.remove.expired.transaction.cleanup.interval.ms=5",
        ])
        .await;
        let mut open = Txn::new(&node, "open").await;
        // An id without a transaction may be forgotten before the first batch.
        while open.try_send(0, &["o1"], IMPLICIT).await != OK {
            open.init().await;
        }
        let before = open.producer;
        let mut gone = Txn::new(&node, "gone").await;
        let producer = gone.producer;
        while known(&mut peer).await.len() > 1 {}
        // Ids that come and go write the segments that push the others out of the active one.
        while written(&node, "gone") > 0 || passes(&node).await < 3.0 {
            for id in ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9"] {
                Txn::new(&node, id).await;
            }
        }
        while known(&mut peer).await.len() > 1 {}
        let node = node.restart().await;
        let mut peer = node.connect().await;
        let known = known(&mut peer).await;
        let state = named(&known, "open");
        assert_eq!((known.len(), &*state.transaction_state), (1, "Ongoing"));
        assert_eq!((state.producer_id, state.producer_epoch), before);
        // The id begins anew, as another producer.
        gone.peer = node.connect().await;
        gone.init().await;
        assert_ne!(gone.producer.0, producer.0);
        open.peer = node.connect().await;
        assert_eq!(open.try_end(true, 5).await, OK);
        while read(&mut peer, 0).await.committed != ["o1"] {}
        node.stop().await;
    });
}

//! Versions, timeouts, and brokers that are not there.

use crate::broker_on_paper::{Fault, Paper};
use crate::network::host;
use klamm_client::{Client, ClientConfig, ClientError, Target};
use klamm_wire::ApiKey;
use klamm_wire::messages::metadata::MetadataRequest;
use std::time::Duration;
use tokio::time::Instant;

fn client(paper: &Paper, bootstrap: &str) -> Client {
    Client::new(host(paper, 9), ClientConfig::new(bootstrap).unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_older_than_our_first_question_is_asked_again() {
    let paper = Paper::new(1, 1);
    paper.set_ceiling(ApiKey::ApiVersions, 1);
    let client = client(&paper, "127.0.0.1:9000");
    assert!(client.versions(Target::Any).await.unwrap().len() > 50);
    let asked: Vec<_> = paper
        .seen()
        .iter()
        .map(|(_, _, version)| *version)
        .collect();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1], 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_ends_the_connection_and_not_the_call() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, "127.0.0.1:9000");
    let mut silent = 2;
    paper.set_faults(move |_, key, _| {
        if key == ApiKey::Metadata && silent > 0 {
            silent -= 1;
            return Fault::Silence;
        }
        Fault::None
    });
    let start = Instant::now();
    let once = client
        .request(Target::Any, &MetadataRequest::default(), None)
        .await;
    assert!(
        matches!(once, Err(ClientError::Disconnected { .. })),
        "{once:?}"
    );
    assert_eq!(start.elapsed().as_secs(), 30);
    client.cluster().await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(62));
}

#[tokio::test(start_paused = true)]
async fn other_bootstrap_servers_are_tried() {
    let paper = Paper::new(3, 1);
    paper.set_down(0, true);
    paper.set_down(1, true);
    let client = client(&paper, "127.0.0.1:9000,127.0.0.1:9001,127.0.0.1:9002");
    assert_eq!(client.cluster().await.unwrap().brokers.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_down_is_not_dialled_in_a_tight_loop() {
    let paper = Paper::new(1, 1);
    paper.set_down(0, true);
    let client = client(&paper, "127.0.0.1:9000");
    let start = Instant::now();
    let error = client.cluster().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Timeout { last: Some(_), .. }),
        "{error}"
    );
    assert!(start.elapsed() <= Duration::from_secs(60));
    paper.set_down(0, false);
    client.cluster().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn requests_of_one_connection_are_pipelined() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, "127.0.0.1:9000");
    client.cluster().await.unwrap();
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let request = MetadataRequest::default();
                client.request(Target::Node(0), &request, Some(9)).await
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().brokers.len(), 1);
    }
    let dialled = paper
        .seen()
        .iter()
        .filter(|(_, key, _)| *key == ApiKey::ApiVersions)
        .count();
    assert_eq!(dialled, 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_and_made_again() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, "127.0.0.1:9000");
    client.cluster().await.unwrap();
    tokio::time::sleep(Duration::from_secs(541)).await;
    client.cluster().await.unwrap();
    let dialled = paper
        .seen()
        .iter()
        .filter(|(_, key, _)| *key == ApiKey::ApiVersions)
        .count();
    assert_eq!(dialled, 2);
}

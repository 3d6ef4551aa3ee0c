//! A broker on paper, for tests of the simulator alone: small enough to be right, with bugs to switch on.
//!
//! It keeps one file for each partition and one for its topics, serves one request at a time, and knows just the calls
//! that simulated clients make. Each bug is one that a real broker could have; the oracle must see all of them.

mod log;
mod serve;
mod tests;

use crate::rpc::encode_answer;
use bytes::Bytes;
use klamm_host::{Connection, Host};
use klamm_model::Uuid;
use log::Log;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What the broker does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    Nothing,
    /// Answers before the disk has the records of a synced topic.
    AckBeforeSync,
    /// Appends what was appended already.
    NoDeduplication,
    /// Believes in all bytes it finds after a crash.
    NoChecksums,
    /// Drops the last batch at each start.
    DropsLastBatch,
    /// Answers with an offset that is one too high.
    WrongOffset,
    /// Keeps new topics in memory only.
    ForgetsTopics,
    /// Serves a byte of the value changed, now and then.
    ChangesBytes,
    /// Hands out the same producer ids after a restart.
    ReusesProducerIds,
    /// Leaves out a batch when it reads.
    SkipsBatches,
    /// Never answers some requests.
    Hangs,
}

#[derive(Debug)]
struct Topic {
    id: Uuid,
    synced: bool,
    retention_ms: i64,
    logs: Vec<Log>,
}

#[derive(Debug)]
struct State {
    host: Host,
    bug: Bug,
    topics: BTreeMap<String, Topic>,
    next_producer: i64,
    requests: u64,
}

const TOPICS: &str = "/paper/topics";

/// Starts the broker; it serves until its tasks are ended.
pub(crate) async fn start(host: Host, port: u16, bug: Bug) -> Result<(), String> {
    let state = State::load(host.clone(), bug).map_err(|error| error.to_string())?;
    let state = Arc::new(Mutex::new(state));
    let address = std::net::SocketAddr::from(([0, 0, 0, 0], port));
    let mut listener = host
        .net
        .listen(address)
        .await
        .map_err(|error| error.to_string())?;
    let tasks = Arc::clone(&host.tasks);
    host.tasks.spawn(Box::pin(async move {
        loop {
            let accepted = std::future::poll_fn(|cx| listener.poll_accept(cx)).await;
            let Ok((connection, _)) = accepted else {
                return;
            };
            tasks.spawn(Box::pin(talk(connection, Arc::clone(&state))));
        }
    }));
    Ok(())
}

async fn talk(mut connection: Box<dyn Connection>, state: Arc<Mutex<State>>) {
    while let Ok(len) = connection.read_u32().await {
        let mut frame = vec![0; len as usize];
        if connection.read_exact(&mut frame).await.is_err() {
            return;
        }
        let answer = state.lock().answer(Bytes::from(frame));
        match answer {
            serve::Reply::Answer(bytes) => {
                if connection.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            serve::Reply::Silence => {}
            serve::Reply::Close => return,
        }
    }
}

impl State {
    fn load(host: Host, bug: Bug) -> std::io::Result<Self> {
        host.disk.create_dir_all(Path::new("/paper"))?;
        host.disk.sync_dir(Path::new("/"))?;
        let mut topics = BTreeMap::new();
        let mut next_producer = 1;
        let text = if host.disk.exists(Path::new(TOPICS))? {
            host.disk.read(Path::new(TOPICS))?
        } else {
            Vec::new()
        };
        for line in String::from_utf8_lossy(&text).lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |i: usize| words[i].parse::<i64>().unwrap_or(0);
            if words[0] == "next" {
                if bug != Bug::ReusesProducerIds {
                    next_producer = number(1);
                }
                continue;
            }
            let mut logs = Vec::new();
            for start in &words[4..] {
                let name = format!("/paper/{}-{}", words[1], logs.len());
                let start = start.parse().unwrap_or(0);
                logs.push(Log::open(&*host.disk, Path::new(&name), start, bug)?);
            }
            let topic = Topic {
                id: words[1].parse().unwrap_or(Uuid::ZERO),
                synced: words[2] == "true",
                retention_ms: number(3),
                logs,
            };
            topics.insert(words[0].to_owned(), topic);
        }
        Ok(Self { host, bug, topics, next_producer, requests: 0 })
    }

    fn save(&self) -> std::io::Result<()> {
        let mut text = format!("next {}\n", self.next_producer);
        for (name, topic) in &self.topics {
            text += &format!(
                "{name} {} {} {}",
                topic.id, topic.synced, topic.retention_ms
            );
            for log in &topic.logs {
                text += &format!(" {}", log.start);
            }
            text += "\n";
        }
        self.host.disk.replace(Path::new(TOPICS), text.as_bytes())
    }
}

/// Frames an answer.
fn framed<R: klamm_wire::Request>(correlation: i32, version: i16, answer: &R::Response) -> Bytes {
    encode_answer::<R>(correlation, version, answer).expect("answers of tests can be encoded")
}

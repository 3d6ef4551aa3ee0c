//! The hot paths, to be counted in instructions: `budget CASE` starts a broker in this process and sends it requests.
//! `cargo xtask budget` runs it under callgrind, which counts what happens inside of [`counted`].
//!
//! Nothing here is left to chance: one thread, paused time, connections in memory, a clock that moves when it is read.
//! The client is in the count too; it is the same few hundred instructions for every case.

mod members;
mod pipe;
mod requests;
mod world;

use klamm_broker::Broker;
use klamm_records::BatchFields;
use klamm_settings::Settings;
use klamm_wire::messages::add_partitions_to_txn::AddPartitionsToTxnRequest;
use klamm_wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use klamm_wire::messages::end_txn::EndTxnRequest;
use klamm_wire::messages::fetch::FetchRequest;
use klamm_wire::messages::heartbeat::HeartbeatRequest;
use klamm_wire::messages::offset_commit::OffsetCommitRequest;
use klamm_wire::messages::produce::ProduceRequest;
use pipe::{Pipe, PipeNetwork};
use requests::{Fallible, Frame, ask};
use std::io::Write;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Runtime;

type Frames<'a> = Pin<Box<dyn Future<Output = Fallible<Vec<Frame>>> + 'a>>;

/// Fails if an answer tells of an error.
type Verify = fn(Vec<u8>) -> Fallible<()>;

/// What is counted.
struct Case {
    name: &'static str,
    settings: &'static [(&'static str, &'static str)],
    /// Requests sent before the answer to the first is waited for.
    depth: usize,
    /// Fails if an answer tells of an error: one for each kind of request, which follow each other in this order.
    verify: &'static [Verify],
    /// The broker has something to do after its answer, which is waited for.
    rests: bool,
    /// What the case needs, and its n requests.
    prepare: for<'a> fn(&'a Pipe, usize) -> Frames<'a>,
}

/// Requests that are counted. As many again go before them.
const REQUESTS: usize = 1000;

const CASES: [Case; 12] = [
    Case {
        name: "produce-16k",
        settings: &[],
        depth: 1,
        verify: &[requests::verify::<ProduceRequest, 11>],
        rests: false,
        prepare: |_, n| Box::pin(async move { produced(n, 16, 1000) }),
    },
    Case {
        name: "produce-small",
        settings: &[],
        depth: 1,
        verify: &[requests::verify::<ProduceRequest, 11>],
        rests: false,
        prepare: |_, n| Box::pin(async move { produced(n, 1, 100) }),
    },
    Case {
        name: "produce-small-5-at-once",
        settings: &[],
        depth: 5,
        verify: &[requests::verify::<ProduceRequest, 11>],
        rests: false,
        prepare: |_, n| Box::pin(async move { produced(n, 1, 100) }),
    },
    Case {
        name: "produce-16k-idempotent",
        settings: &[],
        depth: 1,
        verify: &[requests::verify::<ProduceRequest, 11>],
        rests: false,
        prepare: |pipe, n| Box::pin(numbered(pipe, n)),
    },
    Case {
        name: "produce-16k-records-checked",
        settings: &[("klamm.validate", "deep")],
        depth: 1,
        verify: &[requests::verify::<ProduceRequest, 11>],
        rests: false,
        prepare: |_, n| Box::pin(async move { produced(n, 160, 80) }),
    },
    Case {
        name: "fetch-1m",
        settings: &[],
        depth: 1,
        verify: &[requests::verify::<FetchRequest, 12>],
        rests: false,
        prepare: |pipe, n| Box::pin(fetched(pipe, n, 254, 1 << 20)),
    },
    Case {
        name: "fetch-16k",
        settings: &[],
        depth: 1,
        verify: &[requests::verify::<FetchRequest, 12>],
        rests: false,
        prepare: |pipe, n| Box::pin(fetched(pipe, n, 16, 16_100)),
    },
    Case {
        name: "offset-commit",
        settings: &[],
        depth: 1,
        verify: &[requests::verify::<OffsetCommitRequest, 8>],
        rests: false,
        prepare: |pipe, n| Box::pin(committed(pipe, n)),
    },
    Case {
        name: "fetch-tail",
        settings: &[],
        // A fetch that waits at the end of the log, and the record that it waits for.
        depth: 2,
        verify: &[
            requests::verify::<FetchRequest, 12>,
            requests::verify::<ProduceRequest, 11>,
        ],
        rests: false,
        prepare: |_, n| Box::pin(async move { followed(n) }),
    },
    Case {
        name: "transaction",
        settings: &[],
        depth: 1,
        verify: &[
            requests::verify::<AddPartitionsToTxnRequest, 3>,
            requests::verify::<EndTxnRequest, 4>,
        ],
        rests: true,
        prepare: |pipe, n| Box::pin(members::transactional(pipe, n)),
    },
    Case {
        name: "heartbeat-classic",
        settings: &[("group.initial.rebalance.delay.ms", "0")],
        depth: 1,
        verify: &[requests::verify::<HeartbeatRequest, 4>],
        rests: false,
        prepare: |pipe, n| Box::pin(members::beating_classic(pipe, n)),
    },
    Case {
        name: "heartbeat-consumer",
        settings: &[],
        depth: 1,
        verify: &[requests::verify::<ConsumerGroupHeartbeatRequest, 1>],
        rests: false,
        prepare: |pipe, n| Box::pin(members::beating_consumer(pipe, n)),
    },
];

/// Fetches of what is not there yet, each with the request that brings it.
fn followed(n: usize) -> Fallible<Vec<Frame>> {
    let produce = requests::produce(requests::batch(1, 100, &BatchFields::default())?)?;
    let mut frames = Vec::new();
    for offset in 0..i64::try_from(n / 2)? {
        frames.push(requests::fetch_at(offset, 1 << 20, 30_000)?);
        frames.push(produce.clone());
    }
    Ok(frames)
}

fn produced(n: usize, records: usize, record_bytes: usize) -> Fallible<Vec<Frame>> {
    let batch = requests::batch(records, record_bytes, &BatchFields::default())?;
    Ok(vec![requests::produce(batch)?; n])
}

async fn numbered(pipe: &Pipe, n: usize) -> Fallible<Vec<Frame>> {
    let answer = ask(pipe, &requests::producer_id_request(), 4).await?;
    let id = answer.producer_id;
    (0..n)
        .map(|n| requests::produce(requests::numbered(id, 16, n)?))
        .collect()
}

async fn fetched(pipe: &Pipe, n: usize, records: usize, bytes_max: i32) -> Fallible<Vec<Frame>> {
    let batch = requests::batch(records, 1000, &BatchFields::default())?;
    for _ in 0..4 {
        ask(pipe, &requests::produce_request(batch.clone()), 11).await?;
    }
    Ok(vec![requests::fetch(bytes_max)?; n])
}

async fn committed(pipe: &Pipe, n: usize) -> Fallible<Vec<Frame>> {
    members::find_coordinator(pipe, 0, "group").await?;
    let request = requests::commit_request();
    until_accepted(async || {
        let answer = ask(pipe, &request, 8).await?;
        let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
        Ok(partitions.all(|partition| partition.error_code == 0))
    })
    .await?;
    Ok(vec![requests::frame(&request, 8)?; n])
}

/// Asks again until the answer is good.
pub(crate) async fn until_accepted(mut ask: impl AsyncFnMut() -> Fallible<bool>) -> Fallible<()> {
    for _ in 0..10_000 {
        if ask().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Err("the broker refuses for good".into())
}

fn main() -> Fallible<()> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let Some(case) = CASES.iter().find(|case| case.name == wanted) else {
        let mut out = std::io::stdout().lock();
        for case in &CASES {
            writeln!(out, "{}", case.name)?;
        }
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    let (broker, pipe, mut frames) = runtime.block_on(begin(case, folder.path()))?;
    let measured = frames.split_off(REQUESTS);
    let answer_bytes = runtime.block_on(warm_up(&pipe, case, &frames))?;
    counted(
        &runtime,
        Box::pin(drive(&pipe, case, &measured, &answer_bytes)),
    );
    let last = measured.last().ok_or("no requests")?;
    let answers = runtime.block_on(pipe.ask_each(std::slice::from_ref(last)));
    let verify = case.verify.last().ok_or("nothing verifies")?;
    answers.into_iter().try_for_each(verify)?;
    runtime.block_on(broker.shutdown());
    writeln!(std::io::stdout().lock(), "{REQUESTS}")?;
    Ok(())
}

async fn begin(case: &Case, folder: &Path) -> Fallible<(Broker, Pipe, Vec<Frame>)> {
    let data = folder.join("data").display().to_string();
    let mut overrides = vec![
        (
            "listeners".to_owned(),
            "PLAINTEXT://127.0.0.1:9092".to_owned(),
        ),
        ("log.dirs".to_owned(), data),
    ];
    let own = case.settings.iter();
    overrides.extend(own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let settings = Settings::load("", &overrides).map_err(|error| format!("{error:?}"))?;
    let net = PipeNetwork::default();
    let broker = Broker::start(world::host(&net), settings.settings).await?;
    let pipe = net.open();
    let answer = ask(&pipe, &requests::create_topic(), 5).await?;
    let error = answer.topics.iter().find(|topic| topic.error_code != 0);
    if let Some(error) = error {
        return Err(format!("{error:?}").into());
    }
    let frames = (case.prepare)(&pipe, 2 * REQUESTS).await?;
    Ok((broker, pipe, frames))
}

/// Sends the first requests. Returns the size of the answers to a burst, for each of those that repeat: all others have
/// the same.
async fn warm_up(pipe: &Pipe, case: &Case, frames: &[Frame]) -> Fallible<Vec<usize>> {
    let cycle = case.verify.len().max(case.depth);
    let (first, rest) = frames.split_at_checked(cycle).ok_or("too few requests")?;
    let mut verify = case.verify.iter().cycle();
    let mut sizes = Vec::new();
    for burst in first.chunks(case.depth) {
        let mut bytes = 0;
        for answer in pipe.ask_each(burst).await {
            bytes += 4 + answer.len();
            verify.next().ok_or("nothing verifies")?(answer)?;
        }
        sizes.push(bytes);
        rest_after(case).await;
    }
    drive(pipe, case, rest, &sizes).await;
    Ok(sizes)
}

async fn drive(pipe: &Pipe, case: &Case, frames: &[Frame], answer_bytes: &[usize]) {
    for (burst, bytes) in frames.chunks(case.depth).zip(answer_bytes.iter().cycle()) {
        pipe.exchange(burst, *bytes).await;
        rest_after(case).await;
    }
}

async fn rest_after(case: &Case) {
    if case.rests {
        // Time stands still until nobody has anything to do.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Callgrind counts what happens between the call and the return of this function, which it knows by name.
#[inline(never)]
fn counted(runtime: &Runtime, work: Pin<Box<dyn Future<Output = ()> + '_>>) {
    runtime.block_on(work);
    // The call above must not become a jump: callgrind would not see the return.
    std::hint::black_box(());
}

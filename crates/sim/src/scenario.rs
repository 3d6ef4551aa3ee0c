//! One run: a node, its clients, faults for a while, then peace and a reckoning.

#[cfg(test)]
mod tests;

use crate::Options;
use crate::admin::{administer, prepare, trim};
use crate::audit::audit;
use crate::consumer::consume;
use crate::faults::{Nemesis, plant};
use crate::groups;
use crate::moves::shuffle;
use crate::node::{BrokerNode, Kind, PORT};
use crate::producer::produce;
use crate::session::consume_in_sessions;
use crate::spread::spread;
use crate::stage::{HEALED_WAIT_MAX, Stage};
use crate::transactor::transact;
use klamm_host_sim::{CrashPolicy, DiskOp, LinkOptions, SimRng, World};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, timeout};

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The promises broken, the first one first. Empty is good.
    pub violations: Vec<String>,
    /// The hash of all events.
    pub hash: u64,
    /// How many events there were.
    pub events: u64,
    /// Simulated time.
    pub simulated: Duration,
    /// Records acknowledged.
    pub acknowledged: u64,
    /// Records read.
    pub read: u64,
    /// Times the node ended.
    pub crashes: u64,
    /// What the run got to, and how often: places that no run gets to are not tested.
    pub reached: BTreeMap<&'static str, u64>,
    /// The events as text, if asked for.
    pub text: Vec<String>,
}

/// What the run's own code returns.
struct Told {
    violations: Vec<String>,
    acknowledged: u64,
    read: u64,
    crashes: u64,
    reached: BTreeMap<&'static str, u64>,
}

/// Runs a seed's options on the real broker. With `text` the events are kept as text.
#[must_use]
pub fn run(options: &Options, text: bool) -> Outcome {
    run_on(options, Kind::Real, text)
}

pub(crate) fn run_on(options: &Options, kind: Kind, text: bool) -> Outcome {
    let mut options = options.clone();
    if kind != Kind::Real {
        // Paper knows no transactions and no fetch sessions, and one partition in a request.
        options.transactors = 0;
        options.groups = 0;
        options.moves = false;
        options.session_consumers = 0;
        options.spreaders = 0;
    }
    let run = World::run(options.seed, |world| {
        if text {
            world.trace.keep_text();
        }
        act(world, options, kind)
    });
    let mut violations = run.value.violations;
    violations.extend(run.panics.into_iter().map(|text| format!("panic: {text}")));
    Outcome {
        violations,
        hash: run.hash,
        events: run.events,
        simulated: run.simulated,
        acknowledged: run.value.acknowledged,
        read: run.value.read,
        crashes: run.value.crashes,
        reached: run.value.reached,
        text: run.text,
    }
}

/// The machine, switched off, and those who will look after it; a source of draws for the actors.
fn set_up(world: &mut World, options: Options, kind: Kind) -> (Nemesis, SimRng) {
    let mut machine = world.node();
    machine.blocking_delay_ms_max = options.blocking_delay_ms_max;
    let sync = Duration::from_millis(options.sync_ms);
    machine.disk.set_latency(move |op, _| match op {
        DiskOp::WriteBack
        | DiskOp::SyncData
        | DiskOp::SyncAll
        | DiskOp::SyncDir
        | DiskOp::SyncVolume => sync,
        _ => Duration::ZERO,
    });
    // Otherwise a power cut could leave a log's second segment without its unsynced first one: true to POSIX, and
    // nothing that recovery could tell from retention.
    machine.disk.set_names_in_order(true);
    let mut rng = world.rng.fork();
    plant(&machine.disk, options.planted, &mut rng);
    world.net.set_default_link(options.link);
    let address = SocketAddr::new(machine.ip, PORT);
    let stage = Stage::new(options, address, world.net.clone(), world.trace.clone());
    let stage = Rc::new(stage);
    let inspector = stage.client(rng.fork());
    let node = BrokerNode::new(machine, kind, &stage.options);
    let nemesis = Nemesis {
        stage: Rc::clone(&stage),
        node,
        inspector,
        rng: rng.fork(),
        crashes: 0,
        doubtful: false,
        up_since: Instant::now(),
        settled_at: None,
    };
    (nemesis, rng)
}

async fn act(mut world: World, options: Options, kind: Kind) -> Told {
    let (mut nemesis, mut rng) = set_up(&mut world, options, kind);
    let stage = Rc::clone(&nemesis.stage);
    let local = LocalSet::new();
    local
        .run_until(async {
            nemesis.start().await;
            let mut plans = groups::plans(&stage.options);
            let preparing = async {
                prepare(&mut nemesis.inspector).await;
                groups::prepare(&mut nemesis.inspector, &mut plans).await;
            };
            if timeout(HEALED_WAIT_MAX, preparing).await.is_err() {
                stage.violation("the first topics can't be created".to_owned());
                return;
            }
            let mut actors = JoinSet::new();
            for _ in 0..stage.options.producers {
                actors.spawn_local(produce(stage.client(rng.fork())));
            }
            for _ in 0..stage.options.consumers {
                actors.spawn_local(consume(stage.client(rng.fork())));
            }
            for number in 0..stage.options.transactors {
                actors.spawn_local(transact(stage.client(rng.fork()), number));
            }
            for plan in &plans {
                actors.spawn_local(groups::feed(stage.client(rng.fork()), plan.clone()));
                actors.spawn_local(groups::keep(stage.client(rng.fork()), plan.clone()));
                for number in 0..plan.members {
                    let member = groups::take_part(stage.client(rng.fork()), plan.clone(), number);
                    actors.spawn_local(member);
                }
            }
            if stage.options.admin {
                actors.spawn_local(administer(stage.client(rng.fork())));
            }
            if stage.options.moves {
                actors.spawn_local(shuffle(stage.client(rng.fork())));
            }
            if stage.options.delete_records {
                actors.spawn_local(trim(stage.client(rng.fork())));
            }
            for _ in 0..stage.options.session_consumers {
                actors.spawn_local(consume_in_sessions(stage.client(rng.fork())));
            }
            for _ in 0..stage.options.spreaders {
                actors.spawn_local(spread(stage.client(rng.fork())));
            }
            nemesis.rage().await;
            settle(&mut nemesis, actors, &plans).await;
        })
        .await;
    let (acknowledged, read) = {
        let oracle = stage.oracle();
        (oracle.acknowledged, oracle.read)
    };
    Told {
        violations: stage.violations(),
        acknowledged,
        read,
        crashes: nemesis.crashes,
        reached: stage.reached.take(),
    }
}

/// Faults end: clients must come to their end, and all that was promised must be there, now, after a kill and after a
/// power cut.
async fn settle(nemesis: &mut Nemesis, mut actors: JoinSet<()>, plans: &[groups::Plan]) {
    let stage = Rc::clone(&nemesis.stage);
    stage.trace.event("healed", &[]);
    stage.net.set_default_link(LinkOptions::default());
    stage.draining.set(true);
    let ending = async {
        while let Some(ended) = actors.join_next().await {
            if let Err(error) = ended {
                stage.violation(format!("a client ended badly: {error}"));
            }
        }
    };
    if timeout(HEALED_WAIT_MAX, ending).await.is_err() {
        stage.violation("clients do not come to their end".to_owned());
    }
    drop(actors);
    nemesis.drain().await;
    audit(&mut nemesis.inspector).await;
    groups::audit(&mut nemesis.inspector, plans).await;
    for policy in [CrashPolicy::KeepAll, CrashPolicy::DropUnsynced] {
        nemesis.crash_and_restart(policy).await;
        nemesis.drain().await;
        audit(&mut nemesis.inspector).await;
        groups::audit(&mut nemesis.inspector, plans).await;
    }
}

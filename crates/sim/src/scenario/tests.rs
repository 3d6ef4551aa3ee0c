//! Stories that seeds once told, each with its own name.

use super::*;
use crate::faults::UNSYNCED_MAX;
use crate::oracle::Ending;
use tokio::time::sleep;

/// Runs a story with one producer at work in its first second; returns what was broken.
fn story(tell: impl AsyncFnOnce(&mut Nemesis)) -> Vec<String> {
    let options = Options {
        synced_percent: 0,
        producers: 1,
        sync_ms: 0,
        blocking_delay_ms_max: 0,
        link: LinkOptions::default(),
        ..Options::draw(1)
    };
    let run = World::run(1, async |mut world| {
        let (mut nemesis, mut rng) = set_up(&mut world, options, Kind::Real);
        let stage = Rc::clone(&nemesis.stage);
        let local = LocalSet::new();
        local
            .run_until(async {
                nemesis.start().await;
                prepare(&mut nemesis.inspector).await;
                let producer = tokio::task::spawn_local(produce(stage.client(rng.fork())));
                sleep(Duration::from_secs(1)).await;
                producer.abort();
                assert!(stage.oracle().acknowledged > 0);
                tell(&mut nemesis).await;
            })
            .await;
        stage.violations()
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
    run.value
}

async fn end_and_start(nemesis: &mut Nemesis, policy: CrashPolicy) {
    nemesis.node.crash(policy);
    nemesis.inspector.rpc = None;
    nemesis.start().await;
}

#[test]
fn a_killed_process_loses_nothing_and_a_power_cut_soon_after_may() {
    let broken = story(async |nemesis| {
        end_and_start(nemesis, CrashPolicy::KeepAll).await;
        nemesis.inspect(Ending::Process).await;
        end_and_start(nemesis, CrashPolicy::DropUnsynced).await;
        nemesis.inspect(Ending::Power).await;
    });
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn what_a_killed_process_left_in_the_cache_is_synced_after_the_restart() {
    let broken = story(async |nemesis| {
        end_and_start(nemesis, CrashPolicy::KeepAll).await;
        sleep(UNSYNCED_MAX).await;
        end_and_start(nemesis, CrashPolicy::DropUnsynced).await;
        // Nothing may be lost, as if no power had been cut.
        nemesis.inspect(Ending::Process).await;
    });
    assert!(broken.is_empty(), "{broken:#?}");
}

//! Starts, stops, kills and idling.

use super::case::Bound::AtLeast;
use super::case::{Case, Load, Target, Value};
use super::limits;
use super::stage::{Brand, Stage};
use crate::frames::{self, Asker};
use crate::load;
use crate::node::Node;
use crate::raw;
use anyhow::Result;
use klamm_records::Compression;
use std::time::{Duration, Instant};

/// All cases, with what they are to reach.
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::life("start to the first acknowledged record", 8.0, first_record)
            .reaching(&[Target::most("time", 0.02), Target::most("CPU", 0.02)]),
        Case::life("1,000 partitions", 52.0, thousand_partitions).reaching(&[
            Target::most("create and write", 0.1),
            Target::most("create and write, CPU", 0.1),
            Target::most("idle CPU", 0.05),
            Target::most("idle memory", 0.05),
            Target::most("threads", 0.05),
            Target::most("open files", 0.05),
            Target::most("clean stop", 0.02),
            Target::most("clean restart", 0.02),
        ]),
        Case::life("kill -9, 1 GiB over 100 partitions", 28.0, killed).reaching(&[
            Target::most("restart", 0.1),
            Target::most("restart CPU", 0.1),
            Target::raw("recovered", AtLeast(0.7)),
        ]),
    ]
}

fn first_record(stage: &Stage, brand: Brand, _: &Load) -> Result<Vec<Value>> {
    let folder = stage.scratch()?;
    let home = stage.home(brand, folder.path())?;
    let started = Instant::now();
    let node = home.start()?;
    frames::make(node.address, "first", 1, &[])?;
    let seconds = started.elapsed().as_secs_f64();
    let cpu = node.usage()?.cpu_s();
    node.kill()?;
    Ok(vec![
        Value::new("time", "s", seconds),
        Value::new("CPU", "s", cpu),
    ])
}

/// Ten topics of so many partitions each.
fn topics(load: &Load) -> (Vec<String>, i32) {
    let partitions = i32::try_from(load.of(100)).unwrap_or(1);
    ((0..10).map(|n| format!("t{n}")).collect(), partitions)
}

fn thousand_partitions(stage: &Stage, brand: Brand, load: &Load) -> Result<Vec<Value>> {
    // It stays until the comparison ends: ext4 passes over each inode that was deleted in the last five minutes whenever it
    // makes a file, and what one round deleted would slow down the next tenfold.
    let folder = stage.scratch()?.keep();
    let home = stage.home(brand, &folder)?;
    // A sync of the volume at the stop must not pay for what the other broker left.
    rustix::fs::sync();
    raw::fresh_pages(512 << 20);
    let node = home.start()?;
    frames::make(node.address, "warm", 1, &[])?;
    let (topics, partitions) = topics(load);
    let (before, started) = (node.usage()?.cpu_s(), Instant::now());
    for topic in &topics {
        frames::make(node.address, topic, partitions, &[])?;
    }
    let create_s = started.elapsed().as_secs_f64();
    let create_cpu_s = node.usage()?.cpu_s() - before;
    // What creation left to do is not idling.
    std::thread::sleep(Duration::from_secs(2));
    let (before, pause) = (node.on_core_s()?, Duration::from_secs(5));
    std::thread::sleep(pause);
    let idle_percent = (node.on_core_s()? - before) / pause.as_secs_f64() * 100.0;
    let idle = node.usage()?;
    let stop_s = node.stop()?;
    let started = Instant::now();
    let node = home.start()?;
    all_answer(&node, &topics, partitions)?;
    let restart_s = started.elapsed().as_secs_f64();
    node.kill()?;
    Ok(vec![
        Value::new("create and write", "s", create_s),
        Value::new("create and write, CPU", "s", create_cpu_s),
        Value::new("idle CPU", "%", idle_percent),
        Value::new(
            "idle memory",
            "MiB RSS",
            idle.rss_bytes as f64 / f64::from(1 << 20),
        ),
        Value::new("threads", "", idle.threads as f64),
        Value::new("open files", "", idle.files as f64),
        Value::new("clean stop", "s", stop_s),
        Value::new("clean restart", "s", restart_s),
    ])
}

fn all_answer(node: &Node, topics: &[String], partitions: i32) -> Result<()> {
    for topic in topics {
        frames::retried(
            || match frames::end_offsets(node.address, topic, partitions) {
                Ok(_) => Ok(Some(0)),
                Err(_) => Ok(None),
            },
        )?;
    }
    Ok(())
}

fn killed(stage: &Stage, brand: Brand, load: &Load) -> Result<Vec<Value>> {
    let folder = stage.scratch()?;
    let home = stage.home(brand, folder.path())?;
    let node = home.start()?;
    let topic = "k".to_owned();
    frames::make(node.address, &topic, 100, &[])?;
    let batch = frames::batch(254, 1010, Compression::None)?;
    let frames: Vec<_> = (0..100)
        .map(|partition| frames::produce_to(&topic, partition, batch.clone(), 1))
        .collect::<Result<_>>()?;
    let requests = load.of(1 << 30).div_ceil(batch.len()).max(100);
    let bytes = (requests * batch.len()) as f64;
    raw::fresh_pages(requests * batch.len());
    load::drive(node.address, 4, 5, requests, &frames)?;
    let before = frames::end_offsets(node.address, &topic, 100)?;
    node.kill()?;
    let scan = limits::scan(&folder.path().join("data"))?;
    let started = Instant::now();
    let node = home.start()?;
    let mut asker = Asker::connect(node.address)?;
    frames::retried(|| {
        let ends = frames::ends(&mut asker, &topic, 100);
        Ok(ends.ok().map(|ends| i16::from(ends != before)))
    })?;
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), node.usage()?.cpu_s());
    node.kill()?;
    Ok(vec![
        Value::new("restart", "s", seconds),
        Value::new("restart CPU", "s", cpu),
        Value::new("recovered", "MB/s", bytes / 1e6 / seconds).with_alone(scan),
    ])
}

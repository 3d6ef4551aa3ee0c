//! The bare loops that stand beside the cases, at the same sizes.

use super::case::{Load, Value};
use super::hot::writing::{self, Shape};
use super::hot::{commits, reading};
use super::meter::latencies;
use super::stage::{Brand, Stage};
use crate::frames;
use crate::{pin, raw};
use anyhow::{Context, Result};
use klamm_records::Compression;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Socket → CRC-32C → write to new pages, in writes as large as the case's batches.
pub(super) fn append(stage: &Stage, load: &Load, bytes: usize, shape: Shape) -> Result<Vec<Value>> {
    let folder = stage.scratch()?;
    let batch = shape.batch()?.len();
    let total = load.of(bytes).max(batch);
    raw::fresh_pages(total);
    let cpu = raw::receive_and_append(folder.path(), total, batch)?;
    let a_million = cpu * batch as f64 / shape.records() as f64 / 1e3;
    Ok(vec![
        Value::new("CPU", "s/GB", cpu),
        Value::new("CPU a million records", "s", a_million),
    ])
}

/// Echo of requests as large as a produce request of one record of 100 bytes.
pub(super) fn echo(load: &Load, requests: usize) -> Result<Vec<Value>> {
    let frame = frames::produce(&load.topic, frames::batch(1, 100, Compression::None)?, -1)?;
    let us = raw::echo(50, 1, frame.len(), load.of(requests))?;
    Ok(vec![Value::new("CPU a request", "µs", us)])
}

/// Echo of requests as large as a commit of one offset.
pub(super) fn echo_of_commits(load: &Load, requests: usize, depth: usize) -> Result<Vec<Value>> {
    let bytes = commits::request_bytes(&load.topic)?;
    let us = raw::echo(commits::GROUPS, depth, bytes, load.of(requests))?;
    Ok(vec![Value::new("CPU a request", "µs", us)])
}

/// The produce echo at the rate of the prompt case: what the machine lets a server that does nothing reach.
pub(super) fn echo_at_rate(load: &Load) -> Result<Vec<Value>> {
    let frame = frames::produce(&load.topic, frames::batch(1, 100, Compression::None)?, -1)?;
    let at = (writing::RATE, load.seconds(writing::RATE_S));
    let (us, waited_us) = raw::echo_at_rate(writing::RATE_CONNECTIONS, at, frame.len())?;
    let mut values = vec![Value::new("CPU a request", "µs", us)];
    values.extend(latencies(&waited_us));
    Ok(values)
}

/// Page cache → socket, out of the broker's own file and in the same steps.
pub(super) fn send_file(stage: &Stage, load: &Load) -> Result<Vec<Value>> {
    let folder = stage.partition(Brand::Klamm, reading::ONE, 0);
    let log = folder.join("00000000000000000000.log");
    let step = reading::STEP_BATCHES * reading::batch()?.len();
    let places = (std::fs::metadata(&log)?.len() as usize / step).max(1);
    let total = load.of(reading::FETCHES) * step;
    let cpu = raw::send_file(&log, total, step, places.min(reading::PLACES))?;
    Ok(vec![Value::new("CPU", "s/GB", cpu)])
}

/// Who has written, and what is on disk.
#[derive(Debug, Default)]
struct Synced {
    written: u64,
    synced: u64,
    is_syncing: bool,
}

/// Fifty threads that write 168 bytes each and wait for a sync; one sync serves all that wrote before it.
pub(super) fn group_commit(stage: &Stage, load: &Load, requests: usize) -> Result<Vec<Value>> {
    const THREADS: usize = 50;
    let folder = stage.scratch()?;
    let path = folder.path().join("probe");
    let file = OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(path)?;
    let each = load.of(requests).div_ceil(THREADS);
    let (state, turned) = (Mutex::new(Synced::default()), Condvar::new());
    let started = Instant::now();
    std::thread::scope(|scope| {
        let work = || {
            pin::to(pin::SERVER);
            (0..each).try_for_each(|_| write_and_wait(&file, &state, &turned))
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .map_err(|_| anyhow::anyhow!("a probe panicked"))?
        })
    })?;
    let rate = (each * THREADS) as f64 / started.elapsed().as_secs_f64();
    Ok(vec![Value::new("rate", "requests/s", rate)])
}

fn write_and_wait(mut file: &File, state: &Mutex<Synced>, turned: &Condvar) -> Result<()> {
    const RECORD: [u8; 168] = [7; 168];
    let mut now = state.lock().unwrap_or_else(PoisonError::into_inner);
    file.write_all(&RECORD)?;
    now.written += 1;
    let mine = now.written;
    while now.synced < mine {
        if now.is_syncing {
            now = turned.wait(now).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        now.is_syncing = true;
        drop(now);
        // Those that come while the sync before ends are in this one.
        std::thread::yield_now();
        let written = state.lock().unwrap_or_else(PoisonError::into_inner).written;
        let done = file.sync_data();
        now = state.lock().unwrap_or_else(PoisonError::into_inner);
        now.is_syncing = false;
        now.synced = written;
        turned.notify_all();
        done?;
    }
    Ok(())
}

/// Reads all logs of a folder and hashes them, in steps of 1 MiB: MB a second.
pub(super) fn scan(folder: &Path) -> Result<f64> {
    let (mut bytes, mut sum, started) = (0, 0, Instant::now());
    let mut buffer = vec![0; 1 << 20];
    for partition in std::fs::read_dir(folder)? {
        let partition = partition?.path();
        if !partition.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(partition)? {
            let path = file?.path();
            if path.extension().is_none_or(|extension| extension != "log") {
                continue;
            }
            let mut file = File::open(&path).with_context(|| path.display().to_string())?;
            loop {
                let n = file.read(&mut buffer)?;
                if n == 0 {
                    break;
                }
                bytes += n;
                sum ^= crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, &buffer[..n]);
            }
        }
    }
    std::hint::black_box(sum);
    Ok(bytes as f64 / 1e6 / started.elapsed().as_secs_f64())
}

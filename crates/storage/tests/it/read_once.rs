//! How much of a log a start reads.

use crate::store::{checkpoint, context, numbered, open_dir, open_log, partition, producer};
use crate::story::{DATA, config};
use klamm_host::Disk;
use klamm_host_sim::{CrashPolicy, DiskOp, SimDisk, SimRng};
use klamm_storage::{HandleCache, LogConfig, Origin, PartitionLog};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Batches that are worth skipping, and such that are not, in turns.
const RECORDS: [usize; 2] = [2_000, 10];

fn large_config() -> LogConfig {
    LogConfig {
        segment_bytes: 64 << 20,
        max_message_bytes: 4 << 20,
        index_interval_bytes: 1,
        ..config()
    }
}

/// A log of an idempotent producer, written in `batches` batches; its bytes.
fn written(disk: &SimDisk, batches: usize, records: impl Fn(usize) -> usize, clean: bool) -> u64 {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let config = Arc::new(large_config());
    let cache = HandleCache::new(10);
    let mut log = PartitionLog::create(&dir, &cache, partition("t"), None, config, 0).unwrap();
    let mut sequence = 0;
    for index in 0..batches {
        let count = records(index);
        let batch = numbered(7, count, &producer(1, sequence, false));
        log.append_as_leader(&batch, context(Origin::Client))
            .unwrap();
        sequence += i32::try_from(count).unwrap();
    }
    let bytes = log.size_bytes();
    if clean {
        if let Some(work) = log.prepare_close().unwrap() {
            log.synced(work.run());
        }
        checkpoint(&dir, &log);
        dir.mark_clean_stop(1).unwrap();
    }
    bytes
}

/// The bytes that a start asks for, and in how many reads.
fn start(disk: &SimDisk) -> (u64, u64) {
    let counts = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
    let counted = Arc::clone(&counts);
    disk.set_latency(move |op, bytes| {
        if op == DiskOp::Read {
            counted.0.fetch_add(bytes, Ordering::Relaxed);
            counted.1.fetch_add(1, Ordering::Relaxed);
        }
        Duration::ZERO
    });
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, last) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let opened = open_log(&dir, &last, "t", &large_config()).unwrap();
    assert_eq!(opened.log.producers().len(), 1);
    (
        counts.0.load(Ordering::Relaxed),
        counts.1.load(Ordering::Relaxed),
    )
}

#[test]
fn recovery_reads_a_log_once() {
    let disk = SimDisk::new();
    let bytes = written(&disk, 40, |_| 200, false);
    disk.crash(CrashPolicy::KeepAll, &mut SimRng::new(1));
    let (read, _) = start(&disk);
    assert!(read >= bytes, "{read} of {bytes}");
    assert!(read < bytes + (16 << 10), "{read} of {bytes}");
}

fn without_index(disk: &SimDisk) {
    let path: PathBuf = [DATA, "t-0", "00000000000000000000.index"].iter().collect();
    disk.mount().remove_file(&path).unwrap();
}

#[test]
fn an_index_is_built_without_the_bodies_of_large_batches() {
    let disk = SimDisk::new();
    let bytes = written(&disk, 20, |index| RECORDS[index % 2], true);
    without_index(&disk);
    let (read, _) = start(&disk);
    assert!(read < bytes / 20, "{read} of {bytes}");
}

#[test]
fn an_index_of_small_batches_is_built_with_few_reads() {
    let disk = SimDisk::new();
    let bytes = written(&disk, 1_000, |_| 4, true);
    without_index(&disk);
    let (read, reads) = start(&disk);
    assert!(read < bytes + (300 << 10), "{read} of {bytes}");
    assert!(reads < 60, "{reads} for {bytes} bytes");
}

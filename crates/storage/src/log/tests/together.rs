//! Batches of several requests in one call: the outcome is that of one call each.

use super::*;
use klamm_records::BatchHeader;
use std::fmt::Write as _;

/// Numbers without order, the same in every run.
struct Lot(u64);

impl Lot {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Good batches, duplicates, batches out of order, old epochs, and what is no batch at all.
fn any_batch(lot: &mut Lot, sequences: &mut [i32; 3]) -> Bytes {
    let time = 5_000 + lot.below(3_000) as i64;
    let count = 1 + lot.below(5) as usize;
    let whole = plain(count, time);
    let id = lot.below(3) as usize;
    match lot.below(10) {
        0..4 => whole,
        4 => whole.slice(..whole.len() - 1),
        5 => plain(120, time),
        6 => [whole.clone(), whole].concat().into(),
        7 => from_producer(id as i64, -1, 0, count),
        8 => from_producer(id as i64, 0, (sequences[id] - 4).max(0), 4),
        _ => {
            let next = sequences[id] + 4 * i32::from(lot.below(8) == 0);
            sequences[id] += 4;
            from_producer(id as i64, 0, next, 4)
        }
    }
}

/// What a caller is told, and all that is on disk.
fn story_of(bench: &mut Bench, results: &[Result<Appended, AppendError>]) -> String {
    let mut story = String::new();
    for result in results {
        writeln!(story, "{result:?}").unwrap();
    }
    bench.sync(SyncScope::All);
    for name in bench.files() {
        let bytes = std::fs::read(bench.path(&name)).unwrap();
        writeln!(story, "{name}: {} bytes", bytes.len()).unwrap();
        if name.ends_with(".log") {
            for batch in batches(&bytes) {
                writeln!(story, "{:?}", batch.unwrap().header()).unwrap();
            }
        } else if name.ends_with("index") {
            writeln!(story, "{bytes:?}").unwrap();
        }
    }
    let producers: Vec<_> = bench.log().producers().collect();
    writeln!(story, "{producers:?} {}", bench.log().log_end_offset()).unwrap();
    story
}

/// Gives the batches in one call each, and `together` in a call.
fn both_ways(config: &LogConfig, all: &[Bytes], together: usize) -> (String, String) {
    let mut stories = [1, together].map(|together| {
        let mut bench = Bench::new(config.clone());
        let mut results = Vec::new();
        let now_ms = bench.now_ms;
        for batches in all.chunks(together) {
            let log = bench.log();
            results.extend(log.append_each_as_leader(batches, context(now_ms)));
        }
        story_of(&mut bench, &results)
    });
    let together = std::mem::take(&mut stories[1]);
    (std::mem::take(&mut stories[0]), together)
}

#[test]
fn batches_that_come_together_are_taken_and_refused_as_if_each_came_alone() {
    for seed in 0..60 {
        let (mut lot, mut sequences) = (Lot(seed), [0; 3]);
        let all: Vec<_> = (0..60)
            .map(|_| any_batch(&mut lot, &mut sequences))
            .collect();
        let config = match seed % 4 {
            0 => small_segments(),
            1 => LogConfig { segment_ms: 1000, ..LogConfig::default() },
            2 => LogConfig {
                index_bytes_max: 60,
                index_interval_bytes: 0,
                ..LogConfig::default()
            },
            _ => LogConfig {
                timestamp_source: TimestampSource::LogAppendTime,
                ..small_segments()
            },
        };
        for together in [2, 7, 60] {
            let (alone, with_others) = both_ways(&config, &all, together);
            assert_eq!(alone, with_others, "seed {seed}, {together} together");
        }
    }
}

#[test]
fn a_sync_that_is_due_is_due_for_all_that_were_written() {
    let mut bench = Bench::new(LogConfig { flush_messages: 3, ..LogConfig::default() });
    let all = [plain(1, 0), plain(1, 0), plain(1, 0)];
    let results = bench.log().append_each_as_leader(&all, context(0));
    assert!(results.iter().all(|r| r.as_ref().unwrap().flush_due));
}

#[test]
fn a_new_leader_epoch_begins_with_the_first_batch_that_is_taken() {
    let mut bench = Bench::new(LogConfig::default());
    let all = [from_producer(1, -1, 0, 1), plain(2, 0), plain(1, 0)];
    let results = bench.log().append_each_as_leader(&all, context(0));
    let taken = results.iter().flatten().count();
    assert_eq!(bench.log().epoch_history().entries(), [(EPOCH, 0)]);
    let slice = bench
        .log()
        .read(0, 10_000, true, UpperBound::LogEnd)
        .unwrap();
    let bytes = slice.range.unwrap().read().unwrap();
    let headers: Vec<BatchHeader> = batches(&bytes).map(|b| *b.unwrap().header()).collect();
    assert_eq!(headers.len(), taken);
    assert!(headers.iter().all(|h| h.leader_epoch == LeaderEpoch(EPOCH)));
}

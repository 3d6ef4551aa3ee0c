//! Replays the seeds of the fuzz targets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

#[path = "../../../../fuzz/bodies/batch.rs"]
mod batch;
#[path = "../../../../fuzz/bodies/inflate.rs"]
mod inflate;
#[path = "../../../../fuzz/bodies/legacy.rs"]
mod legacy;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        eprintln!("{}", path.display());
        let seed = std::fs::read(&path).unwrap();
        run(&seed);
        // Small changes of each seed too: a bit of each of the first bytes, and a cut at every length.
        for at in 0..seed.len().min(90) {
            let mut changed = seed.clone();
            changed[at] ^= 1 << (at % 8);
            run(&changed);
            run(&seed[..at]);
        }
        seeds += 1;
    }
    assert!(seeds >= 5, "{seeds}");
}

#[test]
fn batches() {
    replay("batch", batch::run);
}

#[test]
fn bodies() {
    replay("inflate", inflate::run);
}

#[test]
fn message_sets() {
    replay("legacy", legacy::run);
}

//! Replays the seeds of the fuzz target, and mutations of them.

use klamm_host_sim::SimRng;
use std::path::Path;

#[path = "../../../../fuzz/bodies/log_files.rs"]
mod log_files;

fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/log_files");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

#[test]
fn seeds_do_what_they_should() {
    let seeds = seeds();
    assert!(seeds.len() >= 30, "{}", seeds.len());
    for seed in &seeds {
        log_files::run(seed);
        // The same bytes in the place of every other file.
        for selector in (0..15).flat_map(|file| [file, file | 0x80]) {
            let mut moved = seed.clone();
            moved[0] = selector;
            log_files::run(&moved);
        }
    }
}

#[test]
fn mutated_files_never_panic() {
    let seeds = seeds();
    for round in 0..2000 {
        let mut rng = SimRng::new(round);
        let mut data = seeds[rng.index(seeds.len())].clone();
        for _ in 0..rng.between(1, 6) {
            if data.len() < 2 {
                break;
            }
            let at = 1 + rng.index(data.len() - 1);
            match rng.below(6) {
                0 => data.truncate(at),
                1 => data.extend_from_slice(&rng.next_u64().to_be_bytes()),
                2 => data[at] = [0, 1, 0x7f, 0x80, 0xff][rng.index(5)],
                3 => data[at] ^= 1 << rng.below(8),
                4 => drop(data.drain(1..at)),
                _ => {
                    let other = &seeds[rng.index(seeds.len())];
                    data.extend_from_slice(&other[1.min(other.len())..]);
                }
            }
        }
        if let Err(panic) = std::panic::catch_unwind(|| log_files::run(&data)) {
            eprintln!("round {round}: {data:?}");
            std::panic::resume_unwind(panic);
        }
    }
}

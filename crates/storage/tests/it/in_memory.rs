//! Which look-ups may run where nobody may wait for the device.

use crate::store::{context, numbered, read_all};
use crate::story::Story;
use klamm_host::Residency;
use klamm_host_sim::SimDisk;
use klamm_records::BatchFields;
use klamm_storage::{LookUp, Origin, PartitionLog, ReadAsk, Reading, UpperBound};

fn look_up(log: &PartitionLog, offset: i64, bytes_max: usize) -> LookUp {
    let ask = ReadAsk {
        offset,
        bytes_max,
        min_one_batch: true,
        upper: UpperBound::LogEnd,
    };
    match log.begin_read(ask).unwrap() {
        Reading::LookUp(look_up) => *look_up,
        Reading::Done(slice) => panic!("no look-up for {offset}: {slice:?}"),
    }
}

#[test]
fn only_what_is_in_the_page_cache_of_the_newest_segments() {
    let disk = SimDisk::new();
    let mut story = Story::begin(&disk).unwrap();
    let batches: Vec<_> = (0..24)
        .map(|n| numbered(n, 2, &BatchFields::default()))
        .collect();
    let results = story
        .log
        .append_each_as_leader(&batches, context(Origin::Client));
    assert!(results.iter().all(Result::is_ok));
    let log = &story.log;
    let segments = log.segments();
    assert!(segments.len() > 3, "{segments:?}");
    let recent = segments[segments.len() - 2].base_offset + 1;
    // Opens every file.
    read_all(log);
    for residency in [Residency::Resident, Residency::Unknown] {
        disk.set_residency(residency);
        assert!(look_up(log, recent, 100).is_in_memory(), "{residency:?}");
        assert!(
            !look_up(log, 1, 100).is_in_memory(),
            "{residency:?}: an old segment"
        );
    }
    disk.set_residency(Residency::Cold);
    assert!(!look_up(log, recent, 100).is_in_memory());
    // Also where the place is known, and only the cut must be looked up.
    let begin = segments[segments.len() - 2].base_offset;
    assert!(!look_up(log, begin, 100).is_in_memory());
    disk.set_residency(Residency::Resident);
    assert!(look_up(log, begin, 100).is_in_memory());
}

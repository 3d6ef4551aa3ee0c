//! The oracle's own test: one bad history for each promise, each flagged; the good ones are not.

use super::*;

const KEY: PartitionKey = PartitionKey { topic: Uuid(7), partition: 0 };

struct Story {
    oracle: Oracle,
    producer: ProducerKey,
}

impl Story {
    fn new(synced: bool, idempotent: bool) -> Self {
        Self::of(synced, false, idempotent)
    }

    fn of(synced: bool, compacted: bool, idempotent: bool) -> Self {
        let mut oracle = Oracle::new();
        let facts = TopicFacts {
            name: "t".to_owned(),
            partitions: 1,
            synced,
            compacted,
            deleting: false,
            deleted: false,
            retention_ms: Vec::new(),
        };
        oracle.topic_created(KEY.topic, facts);
        let producer = oracle.producer(idempotent);
        Self { oracle, producer }
    }

    fn send(&mut self, count: usize) -> (BatchKey, Vec<RecordId>) {
        self.oracle.sending(KEY, self.producer, count)
    }

    /// Sends a batch that is acknowledged at an offset.
    fn put(&mut self, count: usize, at: i64) -> Vec<RecordId> {
        let (batch, ids) = self.send(count);
        self.oracle.acknowledged(batch, at);
        ids
    }

    fn read(&mut self, from: i64, records: &[(i64, RecordId)]) {
        let records: Vec<_> = records.iter().map(|(o, id)| (*o, Some(*id))).collect();
        self.oracle.read(KEY, from, &records);
    }

    fn restart(&mut self, ending: Ending, start: i64, end: i64) {
        self.oracle.restarted(KEY, ending, None, (start, end));
    }

    fn see(&mut self, high: i64, last_stable: i64, log_start: i64) {
        let floor = self.oracle.floor(KEY).unwrap();
        let marks = Watermarks { high, last_stable, log_start };
        self.oracle.observed(KEY, floor, marks);
    }

    #[track_caller]
    fn fine(&self) {
        let all = self.oracle.violations();
        assert!(all.is_empty(), "{all:?}");
    }

    #[track_caller]
    fn broken(&self, word: &str) {
        let all = self.oracle.violations();
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(all[0].contains(word), "{all:?}");
    }
}

#[test]
fn a_good_history_is_fine() {
    let mut story = Story::new(false, true);
    let a = story.put(2, 0);
    story.see(2, 2, 0);
    story.read(0, &[(0, a[0]), (1, a[1])]);
    story.restart(Ending::Process, 0, 2);
    let (unknown, b) = story.send(1);
    story.oracle.given_up(unknown);
    story.read(1, &[(1, a[1]), (2, b[0])]);
    story.restart(Ending::Power, 0, 1);
    story.see(1, 1, 0);
    let c = story.put(1, 1);
    story.read(1, &[(1, c[0])]);
    story.oracle.deleting_records(KEY, 1);
    story.see(2, 2, 1);
    story.oracle.drained(KEY, 1, 2);
    story.fine();
}

#[test]
fn a_lost_record_is_flagged() {
    for (synced, ending, allowed) in [
        (false, Ending::Process, false),
        (false, Ending::Power, true),
        (true, Ending::Power, false),
    ] {
        let mut story = Story::new(synced, false);
        story.put(3, 0);
        story.restart(ending, 0, 2);
        if allowed {
            story.fine();
        } else {
            story.broken("lost");
        }
    }
}

#[test]
fn a_lost_record_is_flagged_once_the_background_should_have_written_it() {
    for (later, allowed) in [(false, true), (true, false)] {
        let mut story = Story::new(false, false);
        let before = Instant::now();
        story.put(1, 0);
        let limit = if later {
            Instant::now() + std::time::Duration::from_secs(1)
        } else {
            before
        };
        story
            .oracle
            .restarted(KEY, Ending::Power, Some(limit), (0, 0));
        if allowed {
            story.fine();
        } else {
            story.broken("lost");
        }
    }
}

#[test]
fn a_compacted_log_may_lose_in_its_middle_what_the_disk_never_got() {
    for (synced, ending, allowed) in [
        (false, Ending::Power, true),
        (false, Ending::Process, false),
        (true, Ending::Power, false),
    ] {
        let mut story = Story::of(synced, true, false);
        let ids = story.put(9, 0);
        story.restart(ending, 0, 9);
        story.oracle.draining(KEY);
        // Seven keys: the newest of the last one is at 6, the hole.
        let left: Vec<_> = [0, 1, 2, 3, 4, 5, 7, 8]
            .map(|n| (n as i64, ids[n]))
            .to_vec();
        story.read(0, &left);
        story.oracle.drained(KEY, 0, 9);
        if allowed {
            story.fine();
        } else {
            story.broken("newest");
        }
    }
}

#[test]
fn a_hole_and_a_short_end_are_flagged_when_drained() {
    let mut story = Story::new(false, false);
    let a = story.send(3).1;
    story.read(0, &[(0, a[0])]);
    story.read(2, &[(2, a[2])]);
    story.oracle.drained(KEY, 0, 3);
    story.broken("nothing at 1");

    let mut story = Story::new(false, false);
    story.put(2, 0);
    story.oracle.drained(KEY, 0, 1);
    story.broken("the log ends at 1");
}

#[test]
fn a_skip_inside_one_read_is_flagged() {
    let mut story = Story::new(false, false);
    let a = story.put(3, 0);
    story.read(0, &[(0, a[0]), (2, a[2])]);
    story.broken("should follow");
}

#[test]
fn two_records_at_one_offset_are_flagged() {
    let mut story = Story::new(false, false);
    story.put(1, 0);
    let other = story.send(1).1;
    story.read(0, &[(0, other[0])]);
    story.broken("was");
}

#[test]
fn a_duplicate_is_flagged_for_idempotent_producers_only() {
    for idempotent in [false, true] {
        let mut story = Story::new(false, idempotent);
        let a = story.put(1, 0);
        story.read(0, &[(0, a[0]), (1, a[0])]);
        if idempotent {
            story.broken("stands at");
        } else {
            story.fine();
        }
    }
}

#[test]
fn disorder_of_an_idempotent_producer_is_flagged_when_drained() {
    let mut story = Story::new(false, true);
    let (a, b) = (story.send(1).1, story.send(1).1);
    story.read(0, &[(0, b[0]), (1, a[0])]);
    story.oracle.drained(KEY, 0, 2);
    story.broken("stands behind");
}

#[test]
fn a_refused_record_that_is_read_is_flagged() {
    let mut story = Story::new(false, false);
    let (batch, ids) = story.send(1);
    story.oracle.refused(batch);
    story.read(0, &[(0, ids[0])]);
    story.broken("refused");

    let mut story = Story::new(false, false);
    let (batch, ids) = story.send(1);
    story.read(0, &[(0, ids[0])]);
    story.oracle.refused(batch);
    story.broken("refused");
}

#[test]
fn changed_bytes_and_records_of_others_are_flagged() {
    let mut story = Story::new(false, false);
    story.oracle.read(KEY, 0, &[(0, None)]);
    story.broken("never sent");

    let mut story = Story::new(false, false);
    let elsewhere = PartitionKey { partition: 1, ..KEY };
    let (_, ids) = story.oracle.sending(elsewhere, story.producer, 1);
    story.read(0, &[(0, ids[0])]);
    story.broken("elsewhere");
}

#[test]
fn watermarks_that_fall_or_do_not_fit_are_flagged() {
    for (high, last_stable, log_start, word) in [
        (4, 4, 0, "fell"),
        (5, 6, 0, "fit"),
        (5, 5, 6, "fit"),
        (5, 5, 1, "asked for"),
    ] {
        let mut story = Story::new(false, false);
        story.see(5, 5, 0);
        story.fine();
        story.see(high, last_stable, log_start);
        story.broken(word);
    }
    let mut story = Story::new(false, false);
    let early = story.oracle.floor(KEY).unwrap();
    story.see(5, 5, 0);
    let marks = Watermarks { high: 4, last_stable: 4, log_start: 0 };
    story.oracle.observed(KEY, early, marks);
    story.fine();
}

#[test]
fn a_topic_that_vanishes_or_returns_is_flagged() {
    let mut story = Story::new(false, false);
    story
        .oracle
        .topics_listed(&BTreeMap::from([("t".to_owned(), KEY.topic)]));
    story.fine();
    story.oracle.topics_listed(&BTreeMap::new());
    story.broken("gone");

    let mut story = Story::new(false, false);
    let facts = story.oracle.topic_mut(KEY.topic).unwrap();
    (facts.deleting, facts.deleted) = (true, true);
    story.oracle.topics_listed(&BTreeMap::new());
    story.fine();
    story
        .oracle
        .topics_listed(&BTreeMap::from([("t".to_owned(), KEY.topic)]));
    story.broken("is back");
}

#[test]
fn a_producer_id_that_is_handed_out_twice_is_flagged() {
    let mut story = Story::new(false, false);
    story.oracle.producer_id(1_000, 0);
    story.oracle.producer_id(1_000, 1);
    story.fine();
    story.oracle.producer_id(1_000, 1);
    story.broken("twice");
}

#[test]
fn a_compacted_topic_keeps_the_newest_of_each_key_and_may_lose_the_others() {
    for lost in [None, Some(8)] {
        let mut story = Story::new(false, false);
        story.oracle.topic_mut(KEY.topic).unwrap().compacted = true;
        // Nine records of seven keys: the last two replace the first two.
        let ids = story.put(9, 0);
        story.oracle.draining(KEY);
        let left: Vec<_> = (2..9)
            .filter(|at| Some(*at) != lost)
            .map(|at| (at as i64, ids[at]))
            .collect();
        story.read(0, &left);
        story.oracle.drained(KEY, 0, 9);
        match lost {
            None => story.fine(),
            Some(_) => story.broken("newest"),
        }
    }
}

#[test]
fn a_process_that_died_unseen_may_show_an_older_log_start_and_is_not_held_to_late_answers() {
    for died in [true, false] {
        let mut story = Story::new(false, false);
        story.put(5, 0);
        let before = story.oracle.floor(KEY).unwrap();
        story.oracle.deleting_records(KEY, 3);
        story.see(5, 5, 3);
        if died {
            story.oracle.died();
        }
        // The log start is made durable now and then only: the next life begins at an older one.
        story.see(5, 5, 0);
        if !died {
            story.broken("fell");
            continue;
        }
        // An answer of the life before, about a floor that no longer counts.
        let marks = Watermarks { high: 2, last_stable: 2, log_start: 0 };
        story.oracle.observed(KEY, before, marks);
        story.fine();
        // What was acknowledged stays so.
        story.restart(Ending::Process, 0, 4);
        assert!(!story.oracle.violations().is_empty(), "a lost record");
    }
}

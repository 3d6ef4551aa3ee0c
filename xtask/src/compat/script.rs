//! What every client does, and what must come of it.

use super::driver::{Driver, Unable};
use super::records::{
    Read, Record, Source, compare, compare_as_set, read, read_acknowledged, write,
};
use super::report::{Report, Verdict};
use super::server::{PARTITIONS, Server};
use anyhow::{Context, Result, bail, ensure};
use std::path::PathBuf;
use std::time::Duration;

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
const ACKS: [&str; 3] = ["0", "1", "all"];
/// Records per codec and acks mode.
const RECORDS: usize = 60;
const LARGE_BYTES: usize = 900_000;
/// Records of the load that the kill interrupts, per partition, and how many must be acknowledged before it.
const LOAD: usize = 10_000;
const ACKNOWLEDGED_BEFORE_KILL: u64 = 3_000;

/// One client and the broker it talks to.
struct Session<'run> {
    server: &'run mut Server,
    driver: Driver,
    report: &'run mut Report,
    /// What every partition must hold, in the order of writing.
    written: Vec<(String, u32, Vec<Record>)>,
}

/// Runs the whole script.
pub(crate) fn run(server: &mut Server, driver: Driver, report: &mut Report) {
    let mut session = Session { server, driver, report, written: Vec::new() };
    session.case("create", Session::create);
    session.case("create-again", Session::create_again);
    for codec in CODECS {
        session.codec(codec);
    }
    session.case("large-records", |s| s.one_partition("large", large()));
    session.case("empty-values", |s| {
        s.one_partition("empty", with_value(Some("")))
    });
    session.case("null-values", |s| {
        s.one_partition("tombstones", with_value(None))
    });
    session.case("null-keys", |s| s.one_partition("keyless", keyless()));
    session.case("headers", |s| s.one_partition("headers", with_headers()));
    session.case("from-the-middle", Session::middle_onwards);
    session.case("by-time", Session::by_time);
    for protocol in ["classic", "consumer"] {
        session.case(&format!("group-{protocol}"), |s| s.group_goes_on(protocol));
        session.case(&format!("three-members-{protocol}"), |s| {
            s.three_share(protocol)
        });
    }
    session.case("transactions", Session::transactions);
    session.case("kill-under-load", Session::kill_under_load);
    session.case("all-there-after-kill", Session::all_there);
    session.case("write-after-kill", |s| {
        s.one_partition("afterwards", Source::new(5).keyed(0, 50, 80))
    });
}

impl Session<'_> {
    fn case(&mut self, name: &str, body: impl FnOnce(&mut Self) -> Result<()>) {
        let outcome = match body(self) {
            Ok(()) => Ok(Verdict::Pass),
            Err(why) => match why.downcast::<Unable>() {
                Ok(unable) => Ok(Verdict::Skip(unable.to_string())),
                Err(why) => Err(why),
            },
        };
        self.report.case(name, outcome);
    }

    fn create(&mut self) -> Result<()> {
        self.create_topic("created")?;
        for partition in 0..PARTITIONS {
            ensure!(
                self.offsets("created", partition)? == (0, 0),
                "a new topic is not empty"
            );
        }
        Ok(())
    }

    fn create_again(&mut self) -> Result<()> {
        match self.create_topic("created") {
            Ok(()) => bail!("a topic was created twice"),
            Err(why) if why.is::<Unable>() => Err(why),
            Err(why) => {
                let text = why.to_string().to_lowercase();
                ensure!(text.contains("exist"), "not told that it exists: {why}");
                Ok(())
            }
        }
    }

    /// One topic per codec, one partition per acks mode.
    fn codec(&mut self, codec: &str) {
        let topic = format!("codec-{codec}");
        let created = self.create_topic(&topic);
        for (partition, acks) in (0..PARTITIONS).zip(ACKS) {
            let created = created.as_ref().map_err(ToString::to_string);
            self.case(&format!("{codec}-acks-{acks}"), |s| {
                created.map_err(anyhow::Error::msg)?;
                let seed = u64::from(partition) + codec.len() as u64;
                let records = Source::new(seed).keyed(partition, RECORDS, 300);
                s.produce(&topic, codec, acks, "plain", &records)?;
                s.check_partition(&topic, partition, &records)?;
                s.written.push((topic.clone(), partition, records));
                Ok(())
            });
        }
    }

    /// Creates a topic, writes to its first partition with an idempotent producer, and reads it from the start.
    fn one_partition(&mut self, topic: &str, records: Vec<Record>) -> Result<()> {
        self.create_topic(topic)?;
        self.produce(topic, "none", "all", "idempotent", &records)?;
        self.check_partition(topic, 0, &records)?;
        self.written.push((topic.to_owned(), 0, records));
        Ok(())
    }

    fn middle_onwards(&mut self) -> Result<()> {
        let (topic, partition, records) = self.some_partition()?;
        let middle = records.len() / 2;
        let got = self.consume(
            &topic,
            partition,
            &middle.to_string(),
            records.len() - middle,
        )?;
        compare(
            records.get(middle..).unwrap_or_default(),
            &got,
            middle as i64,
        )
    }

    /// Two writings with time in between: the time of a record finds the first record that is not older.
    fn by_time(&mut self) -> Result<()> {
        let mut records = Source::new(7).keyed(0, 20, 50);
        self.create_topic("timed")?;
        self.produce("timed", "none", "all", "plain", &records)?;
        // The second writing must be younger by a millisecond at least.
        std::thread::park_timeout(Duration::from_millis(20));
        let later = Source::new(8).keyed(0, 20, 50);
        self.produce("timed", "gzip", "all", "plain", &later)?;
        records.extend(later);
        let got = self.consume("timed", 0, "beginning", records.len())?;
        compare(&records, &got, 0)?;
        for probe in [0, 10, 20, 30] {
            let time = got.get(probe).context("a record is missing")?.timestamp;
            let first = got
                .iter()
                .find(|read| read.timestamp >= time)
                .map_or(-1, |r| r.offset);
            ensure!(first >= 20 || probe < 20, "both writings have one time");
            let found = self.find("timed", 0, time)?;
            ensure!(found == first, "time {time} is at {found}, not at {first}");
            let rest = records.len() - first as usize;
            let from = self.consume("timed", 0, &found.to_string(), rest)?;
            compare(
                records.get(first as usize..).unwrap_or_default(),
                &from,
                first,
            )?;
        }
        let future = got.last().map_or(0, |read| read.timestamp) + 3_600_000;
        let found = self.find("timed", 0, future)?;
        // Kafka says -1; some clients turn that into the end of the log.
        ensure!(
            found == -1 || found == records.len() as i64,
            "the future is at {found}"
        );
        self.written.push(("timed".to_owned(), 0, records));
        Ok(())
    }

    /// A group reads all partitions and commits; the next member goes on where the first one stopped.
    fn group_goes_on(&mut self, protocol: &str) -> Result<()> {
        let topic = format!("grouped-{protocol}");
        self.create_topic(&topic)?;
        for round in 0..2 {
            let mut records = Vec::new();
            for partition in 0..PARTITIONS {
                let seed = u64::from(partition) + 30 + round * 10;
                records.extend(Source::new(seed).keyed(partition, RECORDS, 80));
            }
            self.produce(&topic, "none", "all", "idempotent", &records)?;
            self.read_in_group(&topic, protocol, &records)?;
        }
        Ok(())
    }

    /// Three members that start together share the partitions. How long it took is shown, and not judged: machines differ.
    fn three_share(&mut self, protocol: &str) -> Result<()> {
        let topic = format!("shared-{protocol}");
        self.create_topic(&topic)?;
        let answer = self.driver.ask(&["share", &topic, &topic, protocol, "3"])?;
        let fields = answer.fields()?;
        let seconds = fields.first().context("the seconds are missing")?;
        crate::shell::say(&format!(
            "three members of the {protocol} protocol had their partitions after {seconds} s"
        ));
        Ok(())
    }

    /// What was aborted is not shown, what was committed is.
    fn transactions(&mut self) -> Result<()> {
        let topic = "transacted";
        self.create_topic(topic)?;
        let mut wanted = Vec::new();
        for (seed, end) in [(50, "commit"), (51, "abort"), (52, "commit")] {
            let records = Source::new(seed).keyed(0, RECORDS, 80);
            let source = self.path("in");
            write(&source, &records)?;
            self.driver
                .ask(&["transact", topic, end, &shown(&source)])?
                .fields()?;
            if end == "commit" {
                wanted.extend(records);
            }
        }
        self.read_in_group(topic, "classic", &wanted)
    }

    /// A member of the topic's own group reads so many records, and they are these, in the order of each partition.
    fn read_in_group(&mut self, topic: &str, protocol: &str, wanted: &[Record]) -> Result<()> {
        let (target, count) = (self.path("out"), wanted.len().to_string());
        let fields = ["group", topic, topic, protocol, &count, &shown(&target)];
        self.driver.ask(&fields)?.fields()?;
        let got = read(&target)?;
        for partition in 0..PARTITIONS {
            let wanted: Vec<&Record> = wanted.iter().filter(|r| r.partition == partition).collect();
            let got: Vec<Read> = got
                .iter()
                .filter(|read| read.record.partition == partition)
                .cloned()
                .collect();
            compare_as_set(&wanted, &got)?;
        }
        ensure!(
            got.len() == wanted.len(),
            "{} of {count} records",
            got.len()
        );
        Ok(())
    }

    /// `kill -9` while an idempotent producer writes: what was acknowledged is there once, in order.
    fn kill_under_load(&mut self) -> Result<()> {
        let topic = "under-load";
        self.create_topic(topic)?;
        let mut records = Vec::new();
        for partition in 0..PARTITIONS {
            records.extend(Source::new(u64::from(partition) + 20).keyed(partition, LOAD, 100));
        }
        let (source, acknowledged) = (self.path("load.in"), self.path("load.acks"));
        write(&source, &records)?;
        let mut server = Some(&mut *self.server);
        let (source, acknowledged) = (shown(&source), shown(&acknowledged));
        let fields = [
            "produce",
            topic,
            "none",
            "all",
            "idempotent",
            &source,
            &acknowledged,
        ];
        let answer = self.driver.ask_with(&fields, |count| {
            match server.take_if(|_| count >= ACKNOWLEDGED_BEFORE_KILL) {
                Some(server) => server.kill_and_restart(),
                None => Ok(()),
            }
        })?;
        let killed = server.is_none();
        answer.fields()?;
        ensure!(killed, "the load was over before the kill");
        let done = read_acknowledged(std::path::Path::new(&acknowledged))?;
        ensure!(
            done.len() == records.len(),
            "{} of {} acknowledged",
            done.len(),
            records.len()
        );
        for partition in 0..PARTITIONS {
            let (first, next) = self.offsets(topic, partition)?;
            let got = self.consume(topic, partition, "beginning", (next - first) as usize)?;
            let wanted: Vec<&Record> = records
                .iter()
                .filter(|record| record.partition == partition)
                .collect();
            compare_as_set(&wanted, &got)?;
        }
        Ok(())
    }

    fn all_there(&mut self) -> Result<()> {
        ensure!(!self.written.is_empty(), "nothing was written before");
        for (topic, partition, records) in std::mem::take(&mut self.written) {
            let place = || format!("{topic}-{partition}");
            self.check_partition(&topic, partition, &records)
                .with_context(place)?;
        }
        Ok(())
    }

    fn some_partition(&self) -> Result<(String, u32, Vec<Record>)> {
        self.written
            .first()
            .cloned()
            .context("nothing was written before")
    }

    /// The partition holds these records and no others.
    fn check_partition(&mut self, topic: &str, partition: u32, wanted: &[Record]) -> Result<()> {
        let got = self.consume(topic, partition, "beginning", wanted.len())?;
        compare(wanted, &got, 0)?;
        let (first, next) = self.offsets(topic, partition)?;
        ensure!(
            (first, next) == (0, wanted.len() as i64),
            "offsets {first} to {next}"
        );
        Ok(())
    }

    /// Creates a topic and waits until its partitions answer.
    fn create_topic(&mut self, topic: &str) -> Result<()> {
        self.driver
            .ask(&["create", topic, &PARTITIONS.to_string()])?
            .fields()?;
        for partition in 0..PARTITIONS {
            let mut left = self.server.broker().tries_after_create();
            while let Err(why) = self.offsets(topic, partition) {
                left -= 1;
                ensure!(left > 0, "a new partition does not answer: {why}");
                std::thread::park_timeout(Duration::from_millis(100));
            }
        }
        Ok(())
    }

    fn produce(
        &mut self,
        topic: &str,
        codec: &str,
        acks: &str,
        mode: &str,
        records: &[Record],
    ) -> Result<()> {
        let (source, acknowledged) = (self.path("in"), self.path("acks"));
        write(&source, records)?;
        let (source, acknowledged) = (shown(&source), shown(&acknowledged));
        let fields = ["produce", topic, codec, acks, mode, &source, &acknowledged];
        let done = self.driver.ask(&fields)?.numbers()?;
        ensure!(
            done == [records.len() as i64],
            "{done:?} of {} acknowledged",
            records.len()
        );
        Ok(())
    }

    fn consume(
        &mut self,
        topic: &str,
        partition: u32,
        offset: &str,
        count: usize,
    ) -> Result<Vec<Read>> {
        let target = self.path("out");
        let (partition, count) = (partition.to_string(), count.to_string());
        let fields = [
            "consume",
            topic,
            &partition,
            offset,
            &count,
            &shown(&target),
        ];
        self.driver.ask(&fields)?.fields()?;
        read(&target)
    }

    fn find(&mut self, topic: &str, partition: u32, time: i64) -> Result<i64> {
        let fields = ["find", topic, &partition.to_string(), &time.to_string()];
        self.driver
            .ask(&fields)?
            .numbers()?
            .first()
            .copied()
            .context("no offset in the answer")
    }

    fn offsets(&mut self, topic: &str, partition: u32) -> Result<(i64, i64)> {
        match self
            .driver
            .ask(&["offsets", topic, &partition.to_string()])?
            .numbers()?
            .as_slice()
        {
            [first, next] => Ok((*first, *next)),
            other => bail!("{} numbers instead of two", other.len()),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.server.folder().join(format!("records.{name}"))
    }
}

fn shown(path: &std::path::Path) -> String {
    path.display().to_string()
}

fn large() -> Vec<Record> {
    let mut source = Source::new(3);
    let large = |number: usize| Record {
        partition: 0,
        key: Some(format!("key{number}")),
        value: Some(source.text(LARGE_BYTES)),
        headers: Vec::new(),
    };
    (0..3).map(large).collect()
}

fn with_value(value: Option<&str>) -> Vec<Record> {
    let record = |number: usize| Record {
        partition: 0,
        key: Some(format!("key{number}")),
        value: value.map(str::to_owned),
        headers: Vec::new(),
    };
    (0..5).map(record).collect()
}

fn keyless() -> Vec<Record> {
    let without = |record: Record| Record { key: None, ..record };
    Source::new(4)
        .keyed(0, 20, 40)
        .into_iter()
        .map(without)
        .collect()
}

fn with_headers() -> Vec<Record> {
    let pairs = [
        ("trace", "abc123"),
        ("empty", ""),
        ("twice", "one"),
        ("twice", "two"),
    ];
    let mut records = Source::new(6).keyed(0, 6, 40);
    for record in records.iter_mut().take(3) {
        record.headers = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
    }
    records
}

//! Who is measured when: rounds of A, B and the raw loop, within the time that there is.

use super::Options;
use super::case::{Case, Load, Value, Work};
use super::result::Compared;
use super::stage::{Brand, Home, Stage};
use super::stolen::{Rests, Stolen};
use crate::frames;
use crate::node::Node;
use anyhow::{Context, Result};
use klamm_wire::messages::metadata::MetadataRequest;
use std::time::{Duration, Instant};

/// Runs the cases one after another and gives each result to `done`. A case that fails ends itself only.
pub(super) fn take(
    options: &Options,
    stage: &Stage,
    cases: &[Case],
    mut done: impl FnMut(Compared) -> Result<()>,
) -> Result<()> {
    let mut time = Time::new(options.minutes, cases);
    let is_hot = |case: &&Case| matches!(case.work, Work::Hot(_));
    let mut at = 0;
    let mut one = |case: &Case, nodes: &mut [Standing]| {
        at += 1;
        say(&format!(
            "{} {at}/{} {}",
            time.shown(),
            cases.len(),
            case.title()
        ));
        let result = rounds(options, case, stage, nodes, &mut time);
        if let Some(why) = &result.failed {
            say(&format!("  failed: {why}"));
        }
        done(result)
    };
    if cases.iter().any(|case| is_hot(&case)) {
        let mut nodes = Vec::new();
        for brand in Brand::BOTH {
            nodes.push(Standing::start(stage, brand)?);
        }
        say("  warming up both");
        for node in &nodes {
            super::hot::warm_up(&node.node, if options.quick { 0.05 } else { 1.0 })?;
        }
        for case in cases.iter().filter(is_hot) {
            one(case, &mut nodes)?;
        }
        for node in nodes {
            node.node.kill()?;
        }
        for brand in Brand::BOTH {
            stage.forget(brand)?;
        }
    }
    for case in cases.iter().filter(|case| !is_hot(case)) {
        one(case, &mut [])?;
    }
    Ok(())
}

/// A broker that stands while others are measured.
#[derive(Debug)]
struct Standing {
    home: Home,
    node: Node,
}

impl Standing {
    fn start(stage: &Stage, brand: Brand) -> Result<Self> {
        let home = stage.standing(brand)?;
        let node = home.start()?;
        Ok(Self { home, node })
    }

    /// Starts it again if it is gone: the next case has done nothing wrong.
    fn revive(&mut self) -> Result<()> {
        if frames::ask(self.node.address, &MetadataRequest::default(), 9).is_err() {
            say("  the broker is gone; it is started again");
            self.node = self.home.start()?;
        }
        Ok(())
    }
}

fn rounds(
    options: &Options,
    case: &Case,
    stage: &Stage,
    nodes: &mut [Standing],
    time: &mut Time,
) -> Compared {
    let (started, stolen) = (Instant::now(), Stolen::begin());
    let share = time.share(case);
    let mut result = Compared::of(case);
    // Code, caches and fresh memory are paid for in a round that does not count; where each round starts processes of
    // its own it would warm nothing.
    let first = usize::from(options.quick || nodes.is_empty());
    for round in first..=options.rounds() {
        let (begun, taken) = (Instant::now(), Stolen::begin());
        match one_round(options, case, stage, nodes, round) {
            Ok(values) => count(&mut result, case, round, values),
            Err(error) => {
                result.failed = Some(format!("round {round}: {error:#}"));
                break;
            }
        }
        let percent = taken.percent();
        if time.rests.after(percent) {
            say(&format!(
                "  the host took {percent:.0} % of the time: a pause"
            ));
        }
        if result.rounds >= time.rounds_min() && started.elapsed() + begun.elapsed() > share {
            break;
        }
    }
    for node in nodes {
        if let Err(error) = node.revive() {
            result.failed.get_or_insert(format!("{error:#}"));
        }
    }
    result.seconds = started.elapsed().as_secs_f64();
    result.stolen_percent = stolen.percent();
    result
}

/// What a round gave: of each brand, or of the raw loop.
type Given = Vec<(Option<Brand>, Vec<Value>)>;

fn one_round(
    options: &Options,
    case: &Case,
    stage: &Stage,
    nodes: &[Standing],
    round: usize,
) -> Result<Given> {
    let load = Load {
        topic: format!(
            "{}-{round}",
            case.title()
                .replace(|c: char| !c.is_ascii_alphanumeric(), "-")
        ),
        scale: if options.quick { 0.05 } else { 1.0 },
    };
    let mut given = Vec::new();
    for (at, brand) in Brand::BOTH.into_iter().enumerate() {
        let values = match case.work {
            Work::Hot(work) => {
                let node = nodes.get(at).context("a node that stands")?;
                work(stage, &node.node, &load)
            }
            Work::Life(work) => work(stage, brand, &load),
        };
        given.push((Some(brand), values.with_context(|| format!("{brand:?}"))?));
    }
    if let Some(raw) = case.raw {
        given.push((None, raw(stage, &load).context("raw loop")?));
    }
    Ok(given)
}

fn count(result: &mut Compared, case: &Case, round: usize, given: Given) {
    let leads = case.targets.first().map(|target| target.value);
    let of = |brand| -> Option<&Value> {
        let (_, values) = given.iter().find(|(whose, _)| *whose == brand)?;
        let leading = values.iter().find(|value| Some(value.name) == leads);
        leading.or_else(|| values.first())
    };
    if let (Some(klamm), Some(kafka)) = (of(Some(Brand::Klamm)), of(Some(Brand::Kafka))) {
        let raw = of(None).map_or_else(String::new, |raw| format!(", raw {:.3}", raw.value));
        say(&format!(
            "  round {round}: {}: Klamm {:.3}, Kafka {:.3}{raw} {}",
            klamm.name, klamm.value, kafka.value, klamm.unit
        ));
    }
    if round == 0 {
        return;
    }
    result.rounds += 1;
    for (brand, values) in &given {
        for value in values {
            match brand {
                Some(brand) => result.add(case, *brand, value),
                None => result.add_raw(case, value),
            }
        }
    }
}

/// Progress, beside the output.
#[expect(clippy::print_stderr, reason = "a program's progress")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// The time for all cases, shared by weight.
#[derive(Debug)]
struct Time {
    started: Instant,
    whole: Duration,
    weights_left_s: f64,
    rests: Rests,
}

/// Rounds that each case gets while there is time.
const ROUNDS_MIN: usize = 3;

impl Time {
    fn new(minutes: f64, cases: &[Case]) -> Self {
        Self {
            started: Instant::now(),
            whole: Duration::from_secs_f64((minutes * 60.0).max(0.0)),
            weights_left_s: cases.iter().map(|case| case.weight_s).sum(),
            rests: Rests::default(),
        }
    }

    fn left(&self) -> Duration {
        self.whole.saturating_sub(self.started.elapsed())
    }

    /// What a case may take: unused time is for those that follow.
    fn share(&mut self, case: &Case) -> Duration {
        let part = case.weight_s / self.weights_left_s.max(case.weight_s);
        self.weights_left_s -= case.weight_s;
        self.left().mul_f64(part)
    }

    fn rounds_min(&self) -> usize {
        if self.left().is_zero() { 1 } else { ROUNDS_MIN }
    }

    fn shown(&self) -> String {
        let clock = |s: u64| format!("{}:{:02}", s / 60, s % 60);
        format!(
            "[{} of {}]",
            clock(self.started.elapsed().as_secs()),
            clock(self.whole.as_secs())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;
    use clap::Parser as _;
    use std::path::PathBuf;

    #[derive(Debug, clap::Parser)]
    struct Arguments {
        #[command(flatten)]
        options: Options,
    }

    fn stage() -> Stage {
        let nowhere = PathBuf::from("nowhere");
        Stage {
            program: nowhere.clone(),
            jars: nowhere.clone(),
            rdkafka_performance: None,
            folder: nowhere,
        }
    }

    #[test]
    fn a_case_that_fails_ends_itself_only() {
        let cases = [
            Case::life("fails", 1.0, |_, brand, _| match brand {
                Brand::Klamm => Ok(Vec::new()),
                Brand::Kafka => bail!("no"),
            }),
            Case::life("goes on", 1.0, |_, _, _| {
                Ok(vec![Value::new("time", "s", 2.0)])
            }),
        ];
        let options = Arguments::parse_from(["compare", "--rounds", "2"]).options;
        let mut results = Vec::new();
        take(&options, &stage(), &cases, |result| {
            results.push(result);
            Ok(())
        })
        .unwrap();
        let why = results[0].failed.as_deref().unwrap();
        assert!(why.contains("Kafka") && why.contains("no"), "{why}");
        assert_eq!((results[0].rounds, results[1].rounds), (0, 2));
        assert_eq!(results[1].failed, None);
        assert_eq!(results[1].rows[0].kafka, [2.0, 2.0]);
    }

    #[test]
    fn cases_share_the_time_by_weight() {
        let case = |weight_s| Case::life("c", weight_s, |_, _, _| Ok(Vec::new()));
        let cases = [case(1.0), case(2.0), case(3.0)];
        let mut time = Time::new(60_000.0, &cases);
        let minutes = |share: Duration| share.as_secs().div_ceil(60);
        assert_eq!(minutes(time.share(&cases[0])), 10_000);
        assert_eq!(time.rounds_min(), ROUNDS_MIN);
        // Nothing was used so far.
        assert_eq!(minutes(time.share(&cases[1])), 24_000);
        assert_eq!(minutes(time.share(&cases[2])), 60_000);
        assert_eq!(Time::new(0.0, &cases).rounds_min(), 1);
    }

    #[test]
    fn cases_are_chosen_by_name_and_tool() {
        let case = Case::life("1,000 partitions", 1.0, |_, _, _| Ok(Vec::new()));
        let chooses = |only: &[&str]| {
            let all = ["compare"].iter().chain(only);
            Arguments::parse_from(all).options.chooses(&case)
        };
        assert!(chooses(&[]) && chooses(&["--only", "x;partitions"]));
        assert!(chooses(&["--only", "(prepared)"]) && !chooses(&["--only", "(Java)"]));
    }
}

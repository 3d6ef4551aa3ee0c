//! Klamm beside Apache Kafka in one run: the same machine, the same settings, the same load, A B A B.
//!
//! ```text
//! hot   requests while both nodes stand: produce, fetch, commit
//! life  starts, stops, kills, idling: a node of its own each time
//! report  medians, spread, ratios: table, JSON, chart
//! ```
//! Each case is run once more than it counts: the first round warms up both sides.

mod hot;
mod life;
mod report;

use crate::kafka::Kafka;
use crate::node::Node;
use anyhow::{Context, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder with Kafka's jars.
    #[arg(long)]
    kafka_jars: PathBuf,
    /// Rounds that count, of each case.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only cases whose name has this text.
    #[arg(long, default_value = "")]
    only: String,
    /// A hundredth of the load: a look, not a result.
    #[arg(long)]
    quick: bool,
    /// Leave it to the kernel where broker and load run; else each has a core.
    #[arg(long)]
    unpinned: bool,
    /// Where all figures go, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Where the chart of the ratios goes, as SVG.
    #[arg(long)]
    chart: Option<PathBuf>,
    /// List the cases and leave.
    #[arg(long)]
    list: bool,
}

/// One measured value.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Value {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
}

impl Value {
    const fn new(name: &'static str, unit: &'static str, value: f64) -> Self {
        Self { name, unit, value }
    }
}

/// Whose broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brand {
    Klamm,
    Kafka,
}

impl Brand {
    const BOTH: [Self; 2] = [Self::Klamm, Self::Kafka];
}

/// A case. `work` gets a node that stands, or makes its own.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Value and the ratio to Kafka that it is to reach.
    pub(crate) targets: &'static [(&'static str, f64)],
    pub(crate) work: Work,
}

/// How a case is measured.
pub(crate) enum Work {
    /// On a node that stands; the topic is new in each round.
    Hot(fn(&Node, &Load) -> Result<Vec<Value>>),
    /// On nodes that it starts itself.
    Life(fn(&Stage<'_>, Brand, &Load) -> Result<Vec<Value>>),
}

/// How much, and under which name.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// Unlike any other in this run.
    pub(crate) topic: String,
    /// Multiplies every amount.
    pub(crate) scale: f64,
}

impl Load {
    /// An amount at this scale, at least one.
    pub(crate) fn of(&self, full: usize) -> usize {
        ((full as f64 * self.scale) as usize).max(1)
    }
}

/// Where nodes come from.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    program: &'a Path,
    jars: &'a Path,
}

/// Settings that both get.
const SETTINGS: &[&str] = &["num.partitions=4", "group.initial.rebalance.delay.ms=0"];

impl Stage<'_> {
    /// What is needed to start, stop and start again on one folder.
    pub(crate) fn home(&self, brand: Brand, folder: &Path) -> Result<Home> {
        Ok(match brand {
            Brand::Klamm => Home::Klamm(self.program.to_path_buf(), folder.join("data")),
            Brand::Kafka => Home::Kafka(Kafka::prepare(self.jars, folder, SETTINGS)?),
        })
    }
}

/// A prepared folder of one broker.
#[derive(Debug)]
pub(crate) enum Home {
    Klamm(PathBuf, PathBuf),
    Kafka(Kafka),
}

impl Home {
    /// Starts the broker.
    pub(crate) fn start(&self) -> Result<Node> {
        match self {
            Self::Klamm(program, data) => Node::start(program, data, SETTINGS),
            Self::Kafka(kafka) => Node::start_kafka(kafka),
        }
    }
}

/// All rounds of one case.
#[derive(Debug, Serialize)]
pub(crate) struct Compared {
    pub(crate) case: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// One value of a case: every round of both.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) klamm: Vec<f64>,
    pub(crate) kafka: Vec<f64>,
    pub(crate) target: Option<f64>,
}

/// Runs the comparison and prints it.
#[expect(clippy::print_stdout, reason = "a program's output")]
pub(crate) fn run(options: &Options, program: &Path) -> Result<()> {
    if options.unpinned {
        crate::pin::leave_to_the_kernel();
    }
    let cases: Vec<Case> = hot::cases().into_iter().chain(life::cases()).collect();
    if options.list {
        for case in &cases {
            println!("{}", case.name);
        }
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let stage = Stage { program, jars: &options.kafka_jars };
    let chosen: Vec<&Case> = cases
        .iter()
        .filter(|c| c.name.contains(&options.only))
        .collect();
    let mut results = Vec::new();
    let is_hot = |case: &&Case| matches!(case.work, Work::Hot(_));
    if chosen.iter().any(is_hot) {
        let mut nodes = Vec::new();
        for (brand, name) in Brand::BOTH.into_iter().zip(["klamm", "kafka"]) {
            nodes.push(stage.home(brand, &folder.path().join(name))?.start()?);
        }
        for case in chosen.iter().copied().filter(|case| is_hot(case)) {
            results.push(rounds(options, case, &stage, &nodes)?);
            print!("{}", report::table(results.last().context("a result")?));
        }
        for node in nodes {
            node.kill()?;
        }
    }
    for case in chosen.iter().copied().filter(|case| !is_hot(case)) {
        results.push(rounds(options, case, &stage, &[])?);
        print!("{}", report::table(results.last().context("a result")?));
    }
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_string_pretty(&results)?)?;
    }
    if let Some(path) = &options.chart {
        std::fs::write(path, report::chart(&results))?;
    }
    Ok(())
}

fn rounds(options: &Options, case: &Case, stage: &Stage<'_>, nodes: &[Node]) -> Result<Compared> {
    let mut rows: Vec<Row> = Vec::new();
    for round in 0..=options.rounds {
        for (at, brand) in Brand::BOTH.into_iter().enumerate() {
            let load = Load {
                topic: format!(
                    "{}-{round}",
                    case.name.replace(|c: char| !c.is_alphanumeric(), "-")
                ),
                scale: if options.quick { 0.01 } else { 1.0 },
            };
            let values = match case.work {
                Work::Hot(work) => work(nodes.get(at).context("a node that stands")?, &load),
                Work::Life(work) => work(stage, brand, &load),
            };
            let values = values.with_context(|| format!("{}: {brand:?}", case.name))?;
            if round == 0 {
                // Code, caches and fresh memory are paid for here.
                continue;
            }
            for value in values {
                add(&mut rows, case, brand, value);
            }
        }
    }
    Ok(Compared { case: case.name, rows })
}

fn add(rows: &mut Vec<Row>, case: &Case, brand: Brand, value: Value) {
    let at = rows.iter().position(|row| row.name == value.name);
    let at = at.unwrap_or_else(|| {
        let target = case.targets.iter().find(|(name, _)| *name == value.name);
        rows.push(Row {
            name: value.name,
            unit: value.unit,
            klamm: Vec::new(),
            kafka: Vec::new(),
            target: target.map(|(_, ratio)| *ratio),
        });
        rows.len() - 1
    });
    if let Some(row) = rows.get_mut(at) {
        match brand {
            Brand::Klamm => row.klamm.push(value.value),
            Brand::Kafka => row.kafka.push(value.value),
        }
    }
}

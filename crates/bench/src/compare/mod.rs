//! Klamm beside Apache Kafka in one run: the same machine, the same settings, the same load, A B A B.
//!
//! ```text
//! case     what is measured, and what is to be reached
//! stage    where nodes, tools and data come from
//! hot      prepared requests while both nodes stand: produce, fetch, commit
//! tools    the same done by librdkafka's, Kafka's and our own load tools
//! life     starts, stops, kills, idling: a node of its own each time
//! meter    CPU, memory, who was busy
//! turns    rounds, the time that they may take, and failures
//! result   every round of every value
//! report   medians, spread, ratios; chart as SVG, docs as the section of a document
//! ```

mod case;
mod chart;
mod docs;
mod hot;
mod life;
mod limits;
mod meter;
mod report;
mod result;
mod stage;
mod stolen;
mod tools;
mod turns;

use anyhow::{Context, Result, ensure};
use case::Case;
use result::{About, Run};
use stage::Stage;
use std::path::{Path, PathBuf};

/// What to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder with the jars of Kafka and of its tools.
    #[arg(long)]
    kafka_jars: Option<PathBuf>,
    /// librdkafka's `rdkafka_performance`; without it the cases that it drives say so.
    #[arg(long)]
    rdkafka_performance: Option<PathBuf>,
    /// Rounds that count, of each case [default: 5; 1 with --quick].
    #[arg(long)]
    rounds: Option<usize>,
    /// Only cases whose name has one of these texts, separated by semicolons; "(Java)" chooses a tool.
    #[arg(long, default_value = "", value_delimiter = ';')]
    only: Vec<String>,
    /// A twentieth of the load, and one round: a look, not a result.
    #[arg(long)]
    quick: bool,
    /// Leave it to the kernel where broker and load run; else each has a core.
    #[arg(long)]
    unpinned: bool,
    /// Minutes for all cases: slow ones get fewer rounds, but at least three.
    #[arg(long, default_value_t = 45.0)]
    minutes: f64,
    /// The folder for result.json, the table, the charts and, while it runs, the data [default: target/compare/pinned, or
    /// unpinned].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Keep what the folder has of other cases.
    #[arg(long)]
    add: bool,
    /// Measure nothing: take what the folder has.
    #[arg(long)]
    show: bool,
    /// Write table and charts into this document, between its marks.
    #[arg(long, num_args = 0..=1, default_missing_value = "docs/performance.md")]
    docs: Option<PathBuf>,
    /// List the cases and leave.
    #[arg(long)]
    list: bool,
}

impl Options {
    fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 1 } else { 5 })
    }

    fn out(&self) -> PathBuf {
        let default = || Path::new("target/compare").join(mode(crate::pin::is_pinned()));
        self.out.clone().unwrap_or_else(default)
    }

    fn chooses(&self, case: &Case) -> bool {
        let title = case.title();
        self.only.iter().any(|text| title.contains(text.as_str()))
    }
}

/// Runs the comparison and prints it.
#[expect(clippy::print_stdout, reason = "a program's output")]
pub(crate) fn run(options: &Options, program: &Path) -> Result<()> {
    let mut cases = all_cases();
    cases.retain(|case| options.chooses(case));
    if options.list {
        for case in &cases {
            println!("{}", case.title());
        }
        return Ok(());
    }
    if options.unpinned {
        crate::pin::leave_to_the_kernel();
    }
    let run = if options.show {
        earlier(&options.out())?
    } else {
        measure(options, program, &cases)?
    };
    print!("{}", report::tables(&run));
    if let Some(document) = &options.docs {
        ensure!(!run.about.quick, "a quick run is a look, not a result");
        docs::write(document, &run)?;
    }
    Ok(())
}

fn all_cases() -> Vec<Case> {
    let hot = hot::cases().into_iter().chain(tools::cases());
    hot.chain(life::cases()).collect()
}

fn measure(options: &Options, program: &Path, cases: &[Case]) -> Result<Run> {
    std::fs::create_dir_all(options.out())?;
    let out = options.out().canonicalize()?;
    let data = Data::begin(out.join("data"))?;
    let stage = Stage {
        program: program.to_path_buf(),
        jars: options
            .kafka_jars
            .clone()
            .context("--kafka-jars is not given")?,
        rdkafka_performance: options.rdkafka_performance.clone(),
        folder: data.0.clone(),
    };
    let about = About::here(program, options.rounds(), options.quick);
    let mut run = Run { about, cases: Vec::new() };
    if options.add {
        let earlier = earlier(&out)?;
        let is_same =
            earlier.about.pinned == run.about.pinned && earlier.about.quick == run.about.quick;
        ensure!(is_same, "the earlier run was of another mode");
        run.cases = earlier.cases;
        let is_old = |title: String| !cases.iter().any(|case| case.title() == title);
        run.cases.retain(|result| is_old(result.title()));
    }
    turns::take(options, &stage, cases, |result| {
        run.cases.push(result);
        store(&out, &run)
    })?;
    Ok(run)
}

/// The folder of all data: gone at the end, or, after a run that was broken off, at the beginning of the next.
struct Data(PathBuf);

impl Data {
    fn begin(folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // What is left goes with the next run.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The name of a mode, in folders and marks.
const fn mode(pinned: bool) -> &'static str {
    if pinned { "pinned" } else { "unpinned" }
}

const RESULT: &str = "result.json";

fn earlier(out: &Path) -> Result<Run> {
    let path = out.join(RESULT);
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// After each case, so that a run that is broken off leaves what it has.
fn store(out: &Path, run: &Run) -> Result<()> {
    std::fs::write(out.join(RESULT), serde_json::to_string_pretty(run)?)?;
    std::fs::write(out.join("table.txt"), report::tables(run))?;
    for (name, svg) in chart::all(&run.cases) {
        std::fs::write(out.join(name), svg)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::all_cases;
    use super::case::Work;
    use std::collections::BTreeSet;

    #[test]
    fn a_title_names_one_case() {
        let cases = all_cases();
        let titles: BTreeSet<String> = cases.iter().map(super::Case::title).collect();
        assert_eq!(titles.len(), cases.len());
    }

    #[test]
    fn five_rounds_of_all_cases_are_planned_for_25_minutes() {
        // A hot case has one round more, which does not count.
        let rounds = |work| {
            if matches!(work, Work::Hot(_)) {
                6.0
            } else {
                5.0
            }
        };
        let cases = all_cases();
        let seconds: f64 = cases.iter().map(|c| c.weight_s * rounds(c.work)).sum();
        assert!(seconds < 25.0 * 60.0, "{seconds} s");
    }
}

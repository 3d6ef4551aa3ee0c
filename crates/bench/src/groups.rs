//! Groups: how long partitions stand still when members come and go, and what members cost that only rest.
//!
//! The members are threads with prepared requests. What they have is written into one ledger, so that every moment in
//! which a partition has no reader is seen, whoever had it before and has it afterwards.

mod classic;
mod consumer;

use crate::cases::Figure;
use crate::frames;
use crate::node::Node;
use anyhow::{Result, ensure};
use consumer::{Crew, Move};
use std::path::Path;
use std::time::{Duration, Instant};

const MEMBERS: usize = 50;
const CROWD: usize = 1_000;
const PARTITIONS: i32 = 500;

/// One member joins 50 that share 500 partitions, then one leaves; before each the group rests until its members report
/// at their longest interval. The rest is also where its cost is measured.
pub(crate) fn moves(program: &Path, rest: Duration) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(program, &folder.path().join("data"), &[])?;
    frames::make(node.address, "g", PARTITIONS, &[])?;
    let alone = percent(&node, rest)?;
    let mut crew = Crew::new(node.address, PARTITIONS)?;
    for _ in 0..MEMBERS {
        crew.join()?;
    }
    crew.settle()?;
    wait(rest);
    let idle = percent(&node, rest)?;
    let mut figures = vec![Figure::alone(
        "group: 50 idle members, consumer protocol",
        "% CPU",
        idle,
        format!("the node alone {alone:.2}"),
    )];
    let joined = crew.measure(Crew::join)?;
    figures.extend(of_move("one joins", &joined));
    wait(rest);
    let left = crew.measure(Crew::leave)?;
    figures.extend(of_move("one leaves", &left));
    crew.stop()?;
    node.kill()?;
    Ok(figures)
}

/// Members of the classic protocol that only send heartbeats.
pub(crate) fn idle_classic(program: &Path, rest: Duration) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(program, &folder.path().join("data"), &[])?;
    frames::make(node.address, "g", 1, &[])?;
    let alone = percent(&node, rest)?;
    let members = classic::Members::start(node.address, MEMBERS)?;
    let idle = percent(&node, rest)?;
    members.stop()?;
    node.kill()?;
    Ok(vec![Figure::alone(
        "group: 50 idle members, classic protocol",
        "% CPU",
        idle,
        format!("the node alone {alone:.2}"),
    )])
}

/// A thousand members of the classic protocol: they come together, one more joins, one leaves. A move takes as long as the
/// members' interval between heartbeats (3 s), by which they hear of it; the rest is the node's.
pub(crate) fn crowd_classic(program: &Path) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(program, &folder.path().join("data"), &[])?;
    frames::make(node.address, "g", 1, &[])?;
    let started = Instant::now();
    let (cpu, members) = node.cpu_of(|| classic::Members::start(node.address, CROWD))?;
    let mut members = members;
    let seconds = started.elapsed().as_secs_f64();
    let of = |what: &str, seconds, cpu, note| {
        let name = format!("group of {CROWD}, classic, {what}");
        Figure::alone(
            &name,
            "s",
            seconds,
            format!("{cpu:.2} s CPU of the node; {note}"),
        )
    };
    let mut figures = vec![of(
        "all join",
        seconds,
        cpu,
        "the wait for more included".to_owned(),
    )];
    for what in ["one joins", "one leaves"] {
        let (cpu, round) = node.cpu_of(|| {
            members.measure(|members| match what {
                "one joins" => members.join(),
                _ => members.leave(),
            })
        })?;
        let note = format!(
            "{} generations, {} joins sent",
            round.generations, round.joins
        );
        figures.push(of(what, round.seconds, cpu, note));
    }
    members.stop()?;
    node.kill()?;
    Ok(figures)
}

fn wait(time: Duration) {
    std::thread::sleep(time);
}

/// CPU time that the node takes while nothing is asked of it but what runs already.
fn percent(node: &Node, time: Duration) -> Result<f64> {
    let (cpu, ()) = node.cpu_of(|| {
        wait(time);
        Ok(())
    })?;
    Ok(cpu * 100.0 / time.as_secs_f64())
}

fn of_move(what: &str, moved: &Move) -> Vec<Figure> {
    let mut pauses = moved.moved_ms.clone();
    pauses.sort_by(f64::total_cmp);
    let middle = pauses.get(pauses.len() / 2).copied().unwrap_or_default();
    let longest = pauses.last().copied().unwrap_or_default();
    let note = format!(
        "{} of {PARTITIONS} moved, longest {longest:.1} ms; all settled after {:.2} s and {} heartbeats, {} a member at most",
        pauses.len(),
        moved.settled_s,
        moved.heartbeats,
        moved.rounds_max,
    );
    let kept = moved.kept_ms.len();
    let kept_longest = moved.kept_ms.iter().copied().fold(0.0, f64::max);
    vec![
        Figure::alone(
            &format!("group 50 x 500, {what}: pause of what moved"),
            "ms p50",
            middle,
            note,
        ),
        Figure::alone(
            &format!("group 50 x 500, {what}: pause of the rest"),
            "ms max",
            kept_longest,
            format!("{kept} partitions stayed where they were"),
        ),
    ]
}

/// An answer without an error.
fn check(what: &str, code: i16) -> Result<()> {
    ensure!(code == 0, "{what}: error code {code}");
    Ok(())
}

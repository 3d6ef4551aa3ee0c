//! Ready-made requests while both nodes stand.

use super::case::Bound::{AtLeast, AtMost};
use super::case::{Case, Load, Target, Tool};
use super::limits;
use crate::node::Node;
use anyhow::Result;
use klamm_records::Compression;
use writing::Shape;

mod cold;
pub(super) mod commits;
mod pipeline;
pub(super) mod reading;
pub(super) mod writing;

const CPU: &str = "CPU";
const CPU_A_REQUEST: &str = "CPU a request";

/// All cases, with what they are to reach.
pub(super) fn cases() -> Vec<Case> {
    let mut all = writing_fast();
    all.extend(writing_small());
    all.extend(writing_promptly());
    all.extend(reading_cases());
    all.extend(coordinating());
    all
}

/// A bit of everything, so that what compiles while it runs has compiled.
pub(super) fn warm_up(node: &Node, scale: f64) -> Result<()> {
    let load = |name: &str| Load { topic: format!("warm-{name}"), scale };
    writing::produce(node, &load("a"), Shape::plain(1000, 1010))?;
    writing::produce(node, &load("b"), Shape::plain(16, 1000).of(128 << 20))?;
    writing::small(node, &load("c"), &[], 50_000)?;
    commits::commits(node, &load("d"), (20_000, 1))?;
    reading::fetch(node, &load("e").named(reading::ONE), 1)?;
    Ok(())
}

const BIG: Shape = Shape::plain(1000, 1010);
const BIG_LZ4: Shape = Shape::plain(1000, 1010).packed(Compression::Lz4);
const MIDDLE: Shape = Shape::plain(127, 1010).over(4);
const SMALL: Shape = Shape::plain(16, 1000).of(256 << 20);
const TINY: Shape = Shape::plain(150, 100).of(128 << 20);

fn writing_fast() -> Vec<Case> {
    use Tool::Prepared;
    vec![
        Case::hot(
            "produce 1 KiB, 1 MB batches",
            Prepared,
            4.0,
            |_, node, load| writing::produce(node, load, BIG),
        )
        .reaching(&[Target::most(CPU, 0.45).and_raw(AtMost(1.25))])
        .beside(|stage, load| limits::append(stage, load, 1 << 30, BIG)),
        Case::hot(
            "produce 1 KiB, 1 MB batches, lz4",
            Prepared,
            2.5,
            |_, node, load| writing::produce(node, load, BIG_LZ4),
        )
        .reaching(&[Target::most(CPU, 0.35)]),
        Case::hot(
            "produce 1 KiB, 16 KiB batches",
            Prepared,
            4.0,
            |_, node, load| writing::produce(node, load, SMALL),
        )
        .reaching(&[Target::most(CPU, 0.2).and_raw(AtMost(1.8))])
        .beside(|stage, load| limits::append(stage, load, 256 << 20, SMALL)),
        Case::hot(
            "produce 1 KiB, 128 KiB batches, 4 partitions",
            Prepared,
            4.0,
            |_, node, load| writing::produce(node, load, MIDDLE),
        )
        .reaching(&[Target::most(CPU, 0.3)])
        .beside(|stage, load| limits::append(stage, load, 1 << 30, MIDDLE)),
        Case::hot(
            "produce 100 B, 16 KiB batches",
            Prepared,
            2.0,
            |_, node, load| writing::produce(node, load, TINY),
        )
        .reaching(&[Target::most("CPU a million records", 0.35)])
        .beside(|stage, load| limits::append(stage, load, 128 << 20, TINY)),
    ]
}

fn writing_small() -> Vec<Case> {
    use Tool::Prepared;
    vec![
        Case::hot(
            "one 100 B record a request, 50 connections",
            Prepared,
            4.0,
            |_, node, load| writing::small(node, load, &[], SMALL_REQUESTS),
        )
        .reaching(&[Target::most(CPU_A_REQUEST, 0.25).and_raw(AtMost(2.0))])
        .beside(|_, load| limits::echo(load, SMALL_REQUESTS)),
        Case::hot(
            "idempotent, 1 KiB, 16 KiB batches",
            Prepared,
            3.0,
            |_, node, load| writing::idempotent(node, load),
        )
        .reaching(&[Target::most(CPU, 0.35)]),
        Case::hot(
            "fsync before the acknowledgement, 50 connections",
            Prepared,
            3.0,
            |_, node, load| writing::small(node, load, &[("flush.messages", "1")], FSYNC_REQUESTS),
        )
        .reaching(&[
            Target::least("rate", 5.0).and_raw(AtLeast(0.8)),
            Target::most(CPU_A_REQUEST, 0.1),
        ])
        .beside(|stage, load| limits::group_commit(stage, load, FSYNC_REQUESTS)),
    ]
}

const SMALL_REQUESTS: usize = 80_000;
const FSYNC_REQUESTS: usize = 8_000;

/// Where latency counts.
fn writing_promptly() -> Vec<Case> {
    use Tool::Prepared;
    vec![
        Case::hot("produce at 5,000/s", Prepared, 8.5, |_, node, load| {
            writing::at_rate(node, load)
        })
        .reaching(&[
            Target::most("p50", 0.6),
            Target::most("p99", 0.3),
            Target::most("p99.9", 0.3),
            Target::most(CPU_A_REQUEST, 0.25),
        ])
        .beside(|_, load| limits::echo_at_rate(load)),
        Case::hot("end to end at 1,000/s", Prepared, 6.5, |_, node, load| {
            pipeline::end_to_end(node, load)
        })
        .reaching(&[Target::most("p50", 0.6), Target::most("p99", 0.5)]),
        Case::hot(
            "transactions 1 KiB, commit every 100 ms",
            Prepared,
            6.5,
            |_, node, load| pipeline::transactions(node, load),
        )
        .reaching(&[
            Target::most(CPU, 0.45),
            Target::most("commit p50", 0.5),
            Target::most("commit p99", 0.5),
        ]),
    ]
}

fn reading_cases() -> Vec<Case> {
    use Tool::Prepared;
    vec![
        Case::hot(
            "fetch hot, 1 MiB, 1 reader",
            Prepared,
            2.5,
            |_, node, load| reading::fetch(node, &load.named(reading::ONE), 1),
        )
        .reaching(&[Target::most(CPU, 1.0).and_raw(AtMost(1.1))])
        .beside(limits::send_file),
        Case::hot(
            "fetch hot, 1 MiB, 4 readers",
            Prepared,
            2.5,
            |_, node, load| reading::fetch(node, &load.named(reading::ONE), 4),
        )
        .reaching(&[Target::most(CPU, 1.0)]),
        Case::hot(
            "cold read of 4 GiB while producing",
            Prepared,
            18.0,
            cold::beside_a_producer,
        )
        .reaching(&[Target::most("p99", 0.5).and_raw(AtMost(1.2))]),
    ]
}

fn coordinating() -> Vec<Case> {
    const COMMITS: usize = 50_000;
    let target = Target::most(CPU_A_REQUEST, 0.2);
    vec![
        Case::hot(
            "offset commits, 100 groups",
            Tool::Prepared,
            4.0,
            |_, node, load| commits::commits(node, load, (COMMITS, 1)),
        )
        .reaching(&[target])
        .beside(|_, load| limits::echo_of_commits(load, COMMITS, 1)),
        Case::hot(
            "offset commits, 100 groups, 5 under way in each",
            Tool::Prepared,
            4.0,
            |_, node, load| commits::commits(node, load, (3 * COMMITS, 5)),
        )
        .reaching(&[target])
        .beside(|_, load| limits::echo_of_commits(load, 3 * COMMITS, 5)),
    ]
}

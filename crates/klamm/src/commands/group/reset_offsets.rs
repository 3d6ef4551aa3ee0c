//! `klamm group reset-offsets GROUP --topic TOPIC… --to PLACE`.

use super::lag::{ends, existing};
use super::select::{Selected, partitions};
use crate::commands::consume::position::Position;
use crate::connect::{Connect, Session, explain, explain_about};
use crate::failure::Failure;
use crate::quantity;
use crate::screen::Screen;
use klamm_client::admin::GroupDescription;
use klamm_client::{GroupOffset, OffsetSpec, PartitionKey};
use klamm_wire::ErrorCode;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const AFTER_HELP: &str = "\
Without --execute nothing changes: the new offsets are printed, and --csv prints them in the form that --from-file reads.\n\
A group with members: those of the consumer protocol are taken out, the offsets are set, and they come back by themselves;\n\
those of the classic protocol have to be stopped first.\n\
Places: beginning, end, an offset, -N (N before the end), a time such as 2026-01-31T12:00:00Z, or @MILLISECONDS.\n\
Examples:\n  klamm group reset-offsets billing --topic orders --to beginning\n  \
klamm group reset-offsets billing --all-topics --back 2h --execute\n  \
klamm group reset-offsets billing --topic orders:0,1 --shift -10 --execute\n  \
klamm group reset-offsets billing --from-file offsets.csv --execute";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
#[group(id = "where", required = true, multiple = false, args = ["to", "shift", "back", "to_current", "from_file"])]
pub(crate) struct Arguments {
    /// The group.
    group: String,
    /// A topic, or some of its partitions; may be given more than once.
    #[arg(long, value_name = "TOPIC[:PARTITION,…]")]
    topic: Vec<Selected>,
    /// All partitions that the group committed.
    #[arg(long, conflicts_with = "topic")]
    all_topics: bool,
    /// To a place.
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    to: Option<Position>,
    /// By so many records from where it is; negative goes back.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    shift: Option<i64>,
    /// To the first record that is at most this old.
    #[arg(long, value_name = "DURATION", value_parser = quantity::duration)]
    back: Option<Duration>,
    /// To where it is, made fit for the log.
    #[arg(long)]
    to_current: bool,
    /// To what a file says: lines of TOPIC,PARTITION,OFFSET.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["topic", "all_topics"])]
    from_file: Option<PathBuf>,
    /// Do it.
    #[arg(long)]
    execute: bool,
    /// Print lines of TOPIC,PARTITION,OFFSET.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let names_none = arguments.topic.is_empty() && !arguments.all_topics;
    if names_none && arguments.from_file.is_none() {
        return Err(Failure::usage("--topic TOPIC or --all-topics is missing"));
    }
    let session = arguments.connect.session().await?;
    let group = &arguments.group;
    let described = match session.admin.describe_group(group).await {
        Ok(described) => Some(described),
        // Offsets may be set before the first member comes.
        Err(error) if error.code() == Some(ErrorCode::GROUP_ID_NOT_FOUND) => None,
        Err(error) => return Err(explain_about(format_args!("group {group}"), error)),
    };
    let is_live = is_live(described.as_ref(), arguments.execute)?;
    let committed = session.admin.group_offsets(group).await.map_err(explain)?;
    let goals = goals(arguments, &session, &committed).await?;
    if goals.is_empty() {
        return Err(
            Failure::usage("no partition is named, and the group committed none")
                .advise("name some with --topic TOPIC or --from-file FILE"),
        );
    }
    if arguments.execute {
        execute(&session, group, &goals, is_live).await?;
    }
    print(arguments, &committed, &goals, is_live, screen)
}

/// Whether the group has members. One that cannot be set then is refused, if it is to be.
fn is_live(described: Option<&GroupDescription>, execute: bool) -> Result<bool, Failure> {
    let Some(described) = described.filter(|group| !group.members.is_empty()) else {
        return Ok(false);
    };
    if described.kind == "classic" && execute {
        let (group, count) = (&described.group_id, described.members.len());
        return Err(Failure::failed(format!(
            "group {group} has {count} members of the classic protocol: they would go on from where they are"
        ))
        .advise(format_args!(
            "stop them first; `klamm group describe {group}` shows them. Members with group.protocol=consumer can stay"
        )));
    }
    Ok(true)
}

/// Where each partition shall go on.
async fn goals(
    arguments: &Arguments,
    session: &Session,
    committed: &BTreeMap<PartitionKey, GroupOffset>,
) -> Result<BTreeMap<PartitionKey, i64>, Failure> {
    let from_file = match &arguments.from_file {
        Some(path) => Some(read(path)?),
        None => None,
    };
    let keys: BTreeSet<PartitionKey> = match &from_file {
        Some(offsets) => offsets.keys().cloned().collect(),
        None if arguments.all_topics => committed.keys().cloned().collect(),
        None => partitions(session, &arguments.topic).await?,
    };
    let present = existing(session, &keys).await?;
    if let Some((topic, partition)) = keys.difference(&present).next() {
        return Err(
            Failure::failed(format!("there is no partition {topic}-{partition}"))
                .advise("`klamm topic list --long` shows the topics there are"),
        );
    }
    let starts = ends(session, &keys, OffsetSpec::Earliest).await?;
    let lasts = ends(session, &keys, OffsetSpec::Latest).await?;
    let at_time = by_time(arguments, session, &keys).await?;
    let mut goals = BTreeMap::new();
    for key in keys {
        let (Some(start), Some(end)) = (starts.get(&key).copied(), lasts.get(&key).copied()) else {
            return Err(Failure::failed(format!(
                "{}-{} has no leader now",
                key.0, key.1
            )));
        };
        let current = committed.get(&key).map(|offset| offset.offset);
        let missing = || {
            Failure::failed(format!(
                "the group committed nothing in {}-{}",
                key.0, key.1
            ))
            .advise("--to PLACE needs no committed offset")
        };
        let goal = match (&from_file, arguments.to, arguments.shift) {
            (Some(offsets), ..) => offsets.get(&key).copied().unwrap_or(start),
            (None, Some(Position::Beginning), _) => start,
            (None, Some(Position::End), _) => end,
            (None, Some(Position::Offset(offset)), _) => offset,
            (None, Some(Position::BeforeEnd(count)), _) => end.saturating_sub(count),
            (None, Some(Position::Time(_)), _) => at_time.get(&key).copied().unwrap_or(end),
            (None, None, Some(shift)) => current.ok_or_else(missing)?.saturating_add(shift),
            (None, None, None) if arguments.to_current => current.ok_or_else(missing)?,
            (None, None, None) => at_time.get(&key).copied().unwrap_or(end),
        };
        // Offsets outside the log would send members to where `auto.offset.reset` says.
        goals.insert(key, goal.clamp(start, end));
    }
    Ok(goals)
}

/// The first offsets that are not older, where a time is given.
async fn by_time(
    arguments: &Arguments,
    session: &Session,
    keys: &BTreeSet<PartitionKey>,
) -> Result<BTreeMap<PartitionKey, i64>, Failure> {
    let time = match (arguments.to, arguments.back) {
        (Some(Position::Time(ms)), _) => ms,
        (_, Some(back)) => {
            let back = i64::try_from(back.as_millis()).unwrap_or(i64::MAX);
            session
                .client
                .host()
                .clock
                .now_ms()
                .saturating_sub(back)
                .max(0)
        }
        _ => return Ok(BTreeMap::new()),
    };
    ends(session, keys, OffsetSpec::Timestamp(time)).await
}

/// Reads lines of topic, partition and offset.
fn read(path: &Path) -> Result<BTreeMap<PartitionKey, i64>, Failure> {
    let fail = |what: String| Failure::usage(format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    let mut offsets = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, offset) = parse(line).ok_or_else(|| {
            fail(format!(
                "line {number} is not TOPIC,PARTITION,OFFSET: {line}"
            ))
        })?;
        offsets.insert(key, offset);
    }
    Ok(offsets)
}

fn parse(line: &str) -> Option<(PartitionKey, i64)> {
    let mut parts = line.split(',').map(|part| part.trim().trim_matches('"'));
    let (topic, partition, offset) = (parts.next()?, parts.next()?, parts.next()?);
    let partition = partition.parse().ok().filter(|partition| *partition >= 0)?;
    let offset = offset.parse().ok().filter(|offset| *offset >= 0)?;
    parts
        .next()
        .is_none()
        .then(|| ((Arc::from(topic), partition), offset))
}

async fn execute(
    session: &Session,
    group: &str,
    goals: &BTreeMap<PartitionKey, i64>,
    is_live: bool,
) -> Result<(), Failure> {
    let offsets: BTreeMap<PartitionKey, GroupOffset> = goals
        .iter()
        .map(|(key, goal)| (key.clone(), GroupOffset::at(*goal)))
        .collect();
    let results = match is_live {
        true => {
            session
                .admin
                .alter_live_group_offsets(group, &offsets)
                .await
        }
        false => session.admin.alter_group_offsets(group, &offsets).await,
    };
    let results = results.map_err(|error| explain_about(format_args!("group {group}"), error))?;
    for ((topic, partition), result) in results {
        if let Err(error) = result {
            let is_refused = error.code() == Some(ErrorCode::UNKNOWN_MEMBER_ID);
            let mut said = explain_about(format_args!("{topic}-{partition}"), error);
            if is_refused {
                said = said.advise(format_args!(
                    "group {group} has members that come back too fast, or its broker keeps them: stop them first"
                ));
            }
            return Err(said);
        }
    }
    Ok(())
}

fn print(
    arguments: &Arguments,
    committed: &BTreeMap<PartitionKey, GroupOffset>,
    goals: &BTreeMap<PartitionKey, i64>,
    is_live: bool,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let before = |key: &PartitionKey| committed.get(key).map(|offset| offset.offset);
    if screen.is_json() {
        let partitions = goals.iter().map(|(key, goal)| {
            json!({ "topic": key.0.as_ref(), "partition": key.1, "before": before(key), "offset": goal })
        });
        return screen.document(&json!({
            "group": arguments.group,
            "executed": arguments.execute,
            "live": is_live,
            "partitions": partitions.collect::<Vec<_>>(),
        }));
    }
    if arguments.csv {
        for ((topic, partition), goal) in goals {
            screen.line(format_args!("{topic},{partition},{goal}"))?;
        }
        return Ok(());
    }
    let rows = goals.iter().map(|(key, goal)| {
        let before = before(key).map_or("-".to_owned(), |offset| offset.to_string());
        vec![
            key.0.to_string(),
            key.1.to_string(),
            before,
            goal.to_string(),
        ]
    });
    screen.table(
        &["TOPIC", "PARTITION", "BEFORE", "OFFSET"],
        &rows.collect::<Vec<_>>(),
    )?;
    if !arguments.execute {
        screen.line("nothing is changed yet: --execute does it")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_file_are_read() {
        assert_eq!(parse("t,0,7"), Some(((Arc::from("t"), 0), 7)));
        assert_eq!(parse("\"t\", 1 ,8"), Some(((Arc::from("t"), 1), 8)));
        for bad in ["t,0", "t,-1,7", "t,0,-7", "t,0,7,8", "t,a,7"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}

//! `klamm group describe GROUP`.

use super::lag::{Progress, progress};
use super::waiting::{partitions_json, state, wait_json};
use crate::connect::{Connect, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::PartitionKey;
use klamm_client::admin::{GroupDescription, GroupMember, MemberStanding};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const AFTER_HELP: &str = "\
LAG is in records; BEHIND says how long the first unread record has been waiting.\n\
HEARD is a member's last heartbeat (or join, or sync), FETCHED the last fetch of a client with its name and\n\
address from the coordinator's node: no request carries a member's polls. PAUSE is how long its assignment\n\
moved the last time. These three, and what exactly a member waits for, only Klamm tells.\n\
Examples:\n  klamm group describe billing\n  klamm group describe billing --json";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The group.
    group: String,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let about = || format!("group {}", arguments.group);
    let described = session.admin.describe_group(&arguments.group).await;
    let group = described.map_err(|error| {
        explain_about(about(), error).advise("`klamm group list` shows the groups there are")
    })?;
    let committed = session.admin.group_offsets(&arguments.group).await;
    let committed = committed.map_err(|error| explain_about(about(), error))?;
    let mut keys: BTreeSet<PartitionKey> = committed.keys().cloned().collect();
    keys.extend(
        group
            .members
            .iter()
            .flat_map(|member| member.assignment.iter().cloned()),
    );
    let progress = progress(&session, &keys, &committed).await?;
    let now_ms = session.client.host().clock.now_ms();
    if screen.is_json() {
        return screen.document(&to_json(&group, &progress, now_ms));
    }
    print(&group, &progress, now_ms, screen)
}

fn print(
    group: &GroupDescription,
    progress: &BTreeMap<PartitionKey, Progress>,
    now_ms: i64,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let mut heading = format!("{} ({}): {}", group.group_id, group.kind, group.state);
    if !group.assignor.is_empty() {
        heading.push_str(&format!(", assignor {}", group.assignor));
    }
    if let Some(epoch) = group.epoch {
        heading.push_str(&format!(", epoch {epoch}"));
    }
    screen.line(format_args!("{heading}, coordinator {}", group.coordinator))?;
    let readers = readers(group);
    let rows = progress.iter().map(|(key, one)| {
        vec![
            key.0.to_string(),
            key.1.to_string(),
            number(one.committed),
            number(one.end),
            number(one.lag()),
            one.lag_ms(now_ms).map_or("-".to_owned(), seconds),
            readers
                .get(key)
                .map_or("-", |member| member.member_id.as_str())
                .to_owned(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        screen.line("")?;
        let heading = [
            "TOPIC",
            "PARTITION",
            "COMMITTED",
            "END",
            "LAG",
            "BEHIND",
            "MEMBER",
        ];
        screen.table(&heading, &rows)?;
    }
    if group.members.is_empty() {
        return Ok(());
    }
    screen.line("")?;
    print_members(group, progress, now_ms, screen)
}

fn print_members(
    group: &GroupDescription,
    progress: &BTreeMap<PartitionKey, Progress>,
    now_ms: i64,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let readers = readers(group);
    let rows = group.members.iter().map(|member| {
        let heard = span_ms(member, |standing| standing.heard);
        let fetched = span_ms(member, |standing| standing.fetched);
        vec![
            member.member_id.clone(),
            member.instance_id.clone().unwrap_or_else(|| "-".to_owned()),
            member.client_id.clone(),
            member.host.trim_start_matches('/').to_owned(),
            member.assignment.len().to_string(),
            number(lag(member, progress)),
            lag_ms(member, progress, now_ms).map_or("-".to_owned(), seconds),
            heard.map_or("-".to_owned(), short),
            fetched.map_or("-".to_owned(), short),
            pause(member),
            state(group, member, &readers),
        ]
    });
    let heading = [
        "MEMBER",
        "INSTANCE",
        "CLIENT",
        "HOST",
        "PARTITIONS",
        "LAG",
        "BEHIND",
        "HEARD",
        "FETCHED",
        "PAUSE",
        "STATE",
    ];
    screen.table(&heading, &rows.collect::<Vec<_>>())
}

fn number(number: Option<i64>) -> String {
    number.map_or("-".to_owned(), |number| number.to_string())
}

/// Who has each partition.
fn readers(group: &GroupDescription) -> BTreeMap<&PartitionKey, &GroupMember> {
    let members = group.members.iter();
    members
        .flat_map(|member| member.assignment.iter().map(move |key| (key, member)))
        .collect()
}

/// Records that nobody has read of a member's partitions; unknown where no partition's is known.
fn lag(member: &GroupMember, progress: &BTreeMap<PartitionKey, Progress>) -> Option<i64> {
    let partitions = member.assignment.iter();
    let lags = partitions.filter_map(|key| progress.get(key)?.lag());
    lags.reduce(i64::saturating_add)
}

/// How long the oldest of them has been waiting.
fn lag_ms(
    member: &GroupMember,
    progress: &BTreeMap<PartitionKey, Progress>,
    now_ms: i64,
) -> Option<i64> {
    let partitions = member.assignment.iter();
    let lags = partitions.filter_map(|key| progress.get(key)?.lag_ms(now_ms));
    lags.max()
}

fn span_ms(
    member: &GroupMember,
    span: impl Fn(&MemberStanding) -> Option<Duration>,
) -> Option<i64> {
    let span = span(member.standing.as_ref()?)?;
    Some(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

fn pause(member: &GroupMember) -> String {
    if let Some(ms) = span_ms(member, |standing| standing.moving) {
        return format!("{} so far", short(ms));
    }
    let last = span_ms(member, |standing| standing.last_pause);
    last.map_or("-".to_owned(), short)
}

/// Most of these are below a second.
fn short(ms: i64) -> String {
    match ms {
        0..1_000 => format!("{ms}ms"),
        ms => seconds(ms),
    }
}

fn seconds(ms: i64) -> String {
    format!("{}.{}s", ms / 1000, ms % 1000 / 100)
}

fn to_json(
    group: &GroupDescription,
    progress: &BTreeMap<PartitionKey, Progress>,
    now_ms: i64,
) -> Value {
    let readers = readers(group);
    let keys = |keys: &BTreeSet<PartitionKey>| partitions_json(keys);
    let members = group.members.iter().map(|member| {
        json!({
            "member": member.member_id,
            "instance": member.instance_id,
            "client": member.client_id,
            "host": member.host,
            "rack": member.rack,
            "epoch": member.epoch,
            "topics": member.topics,
            "pattern": member.pattern,
            "assignment": keys(&member.assignment),
            "target": member.target.as_ref().map(keys),
            "lag": lag(member, progress),
            "lag_ms": lag_ms(member, progress, now_ms),
            "heard_ms": span_ms(member, |standing| standing.heard),
            "fetched_ms": span_ms(member, |standing| standing.fetched),
            "moving_ms": span_ms(member, |standing| standing.moving),
            "last_pause_ms": span_ms(member, |standing| standing.last_pause),
            "wait": member.standing.as_ref().and_then(|standing| standing.wait.as_ref()).map(wait_json),
            "state": state(group, member, &readers),
        })
    });
    let partitions = progress.iter().map(|(key, one)| {
        json!({
            "topic": key.0.as_ref(),
            "partition": key.1,
            "committed": one.committed,
            "start": one.start,
            "end": one.end,
            "lag": one.lag(),
            "lag_ms": one.lag_ms(now_ms),
            "member": readers.get(key).map(|member| &member.member_id),
        })
    });
    json!({
        "group": group.group_id,
        "kind": group.kind,
        "state": group.state,
        "protocol": group.protocol_type,
        "assignor": group.assignor,
        "epoch": group.epoch,
        "assignment_epoch": group.assignment_epoch,
        "coordinator": group.coordinator,
        "members": members.collect::<Vec<_>>(),
        "partitions": partitions.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_member_is_as_far_behind_as_its_partitions_and_says_its_pause() {
        let key = |partition| (Arc::from("t"), partition);
        let one = |committed, unread_since_ms| Progress {
            committed,
            start: Some(0),
            end: Some(10),
            unread_since_ms,
        };
        let progress = BTreeMap::from([
            (key(0), one(Some(8), Some(400))),
            (key(1), one(Some(5), Some(700))),
            (key(2), one(None, None)),
            (key(3), one(Some(0), Some(0))),
        ]);
        let mut member = super::super::waiting::tests::member("a", &[0, 1, 2], &[0, 1, 2], 1);
        assert_eq!(lag(&member, &progress), Some(7));
        assert_eq!(lag_ms(&member, &progress, 1_000), Some(600));
        assert_eq!(pause(&member), "-");
        let mut standing = MemberStanding {
            last_pause: Some(Duration::from_millis(340)),
            ..MemberStanding::default()
        };
        member.standing = Some(standing.clone());
        assert_eq!(pause(&member), "340ms");
        standing.moving = Some(Duration::from_millis(2_100));
        member.standing = Some(standing);
        assert_eq!(pause(&member), "2.1s so far");
        member.assignment = BTreeSet::from([key(2)]);
        assert_eq!(
            (lag(&member, &progress), lag_ms(&member, &progress, 1)),
            (None, None)
        );
    }
}

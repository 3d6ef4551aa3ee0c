//! `klamm group describe GROUP`.

use super::lag::{Progress, progress};
use crate::connect::{Connect, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::PartitionKey;
use klamm_client::admin::{GroupDescription, GroupMember};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const AFTER_HELP: &str = "\
LAG is in records; BEHIND says how long the first unread record has been waiting.\n\
When a member polled last is known to nobody but itself: no request carries it.\n\
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
    let number = |number: Option<i64>| number.map_or("-".to_owned(), |number| number.to_string());
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
    let rows = group.members.iter().map(|member| {
        vec![
            member.member_id.clone(),
            member.instance_id.clone().unwrap_or_else(|| "-".to_owned()),
            member.client_id.clone(),
            member.host.trim_start_matches('/').to_owned(),
            member.assignment.len().to_string(),
            waiting(group, member, &readers),
        ]
    });
    let heading = [
        "MEMBER",
        "INSTANCE",
        "CLIENT",
        "HOST",
        "PARTITIONS",
        "STATE",
    ];
    screen.table(&heading, &rows.collect::<Vec<_>>())
}

/// Who has each partition.
fn readers(group: &GroupDescription) -> BTreeMap<&PartitionKey, &GroupMember> {
    let members = group.members.iter();
    members
        .flat_map(|member| member.assignment.iter().map(move |key| (key, member)))
        .collect()
}

/// What a member does, or what it waits for, as far as the group's description tells.
fn waiting(
    group: &GroupDescription,
    member: &GroupMember,
    readers: &BTreeMap<&PartitionKey, &GroupMember>,
) -> String {
    match group.state.as_str() {
        "PreparingRebalance" => return "waits until all members have joined".to_owned(),
        "CompletingRebalance" => return "waits for the leader's assignment".to_owned(),
        _ => {}
    }
    let none = BTreeSet::new();
    let target = member.target.as_ref().unwrap_or(&member.assignment);
    let name = |key: &PartitionKey| format!("{}-{}", key.0, key.1);
    if let Some(gone) = member.assignment.difference(target).next() {
        return format!("gives away {}, and more may wait for it", name(gone));
    }
    if let Some(missing) = target.difference(&member.assignment).next() {
        let owner = readers
            .get(missing)
            .filter(|owner| owner.member_id != member.member_id);
        return match owner {
            Some(owner) => format!(
                "waits for {}, which {} still has",
                name(missing),
                owner.member_id
            ),
            None => format!("gets {} with its next heartbeat", name(missing)),
        };
    }
    if let (Some(member_epoch), Some(epoch)) = (member.epoch, group.assignment_epoch)
        && member_epoch < epoch
    {
        return format!(
            "is at epoch {member_epoch} of {epoch}: hears of it with its next heartbeat"
        );
    }
    if *target == none {
        let has_topics = !member.topics.is_empty() || member.pattern.is_some();
        return match has_topics {
            true => "has nothing to read: no partition is left for it".to_owned(),
            false => "has nothing to read".to_owned(),
        };
    }
    "reads".to_owned()
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
    let keys = |keys: &BTreeSet<PartitionKey>| {
        let keys = keys.iter();
        keys.map(|key| json!({ "topic": key.0.as_ref(), "partition": key.1 }))
            .collect::<Vec<_>>()
    };
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
            "state": waiting(group, member, &readers),
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

    fn member(id: &str, has: &[i32], wants: &[i32], epoch: i32) -> GroupMember {
        let keys = |list: &[i32]| list.iter().map(|p| (Arc::from("t"), *p)).collect();
        GroupMember {
            member_id: id.to_owned(),
            instance_id: None,
            client_id: String::new(),
            host: String::new(),
            rack: None,
            epoch: Some(epoch),
            is_classic: Some(false),
            topics: BTreeSet::from(["t".to_owned()]),
            pattern: None,
            assignment: keys(has),
            target: Some(keys(wants)),
        }
    }

    #[test]
    fn a_member_says_what_it_waits_for() {
        let mut group = GroupDescription {
            group_id: "g".to_owned(),
            kind: "consumer".to_owned(),
            state: "Reconciling".to_owned(),
            protocol_type: "consumer".to_owned(),
            assignor: "uniform".to_owned(),
            epoch: Some(2),
            assignment_epoch: Some(2),
            coordinator: 1,
            members: vec![
                member("a", &[0, 1], &[0], 1),
                member("b", &[], &[1], 2),
                member("c", &[2], &[2], 1),
                member("d", &[3], &[3], 2),
                member("e", &[], &[4], 2),
                member("f", &[], &[], 2),
            ],
        };
        let said = |group: &GroupDescription| -> Vec<String> {
            let readers = readers(group);
            group
                .members
                .iter()
                .map(|member| waiting(group, member, &readers))
                .collect()
        };
        let words = said(&group);
        assert!(words[0].starts_with("gives away t-1"), "{words:?}");
        assert_eq!(words[1], "waits for t-1, which a still has");
        assert!(words[2].starts_with("is at epoch 1 of 2"));
        assert_eq!(words[3], "reads");
        assert_eq!(words[4], "gets t-4 with its next heartbeat");
        assert!(words[5].starts_with("has nothing to read"));
        group.state = "PreparingRebalance".to_owned();
        assert!(said(&group).iter().all(|word| word.contains("joined")));
    }
}

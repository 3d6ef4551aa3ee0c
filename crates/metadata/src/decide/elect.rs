//! Elects leaders on request (KIP-460).

use std::collections::BTreeMap;

use klamm_model::TopicName;

use super::change::{Change, Election};
use super::{Controller, Decision, Refusal, RefusalKind};
use crate::image::{Partition, Topic};
use crate::record::MetadataRecord;

/// The election asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElectionKind {
    /// Back to the first replica.
    Preferred,
    /// Anybody alive, for partitions without a leader, at the cost of records.
    Unclean,
}

/// The answer for each partition, by topic.
type Results = Vec<(String, Vec<(i32, Result<(), Refusal>)>)>;

/// Decides on elections. `topics` of `None` means every partition; then those in order already are left out.
#[must_use]
pub fn elect_leaders(
    controller: &Controller<'_>,
    kind: ElectionKind,
    topics: Option<&[(String, Vec<i32>)]>,
) -> Decision<Results> {
    let mut records = Vec::new();
    let mut reply = Results::new();
    let Some(topics) = topics else {
        for topic in controller.image.topics().iter() {
            let mut results = Vec::new();
            for (number, partition) in topic.partitions.iter() {
                let result = elect(controller, kind, topic, (number, partition));
                if !matches!(&result, Err(refusal) if refusal.kind == RefusalKind::ElectionNotNeeded)
                {
                    results.push((number, result.map(|record| records.push(record))));
                }
            }
            reply.push((topic.name.to_string(), results));
        }
        return Decision { records, reply };
    };
    // A partition that is named twice is elected once: the second record would be made from a stale state.
    let mut done: BTreeMap<(&str, i32), Result<(), Refusal>> = BTreeMap::new();
    for (name, partitions) in topics {
        let mut results = Vec::with_capacity(partitions.len());
        for number in partitions {
            let result = match done.get(&(name.as_str(), *number)) {
                Some(Ok(())) => Err(Refusal::bare(RefusalKind::ElectionNotNeeded)),
                Some(Err(refusal)) => Err(refusal.clone()),
                None => find(controller, name, *number)
                    .and_then(|(topic, partition)| {
                        elect(controller, kind, topic, (*number, partition))
                    })
                    .map(|record| records.push(record)),
            };
            done.insert((name.as_str(), *number), result.clone());
            results.push((*number, result));
        }
        reply.push((name.clone(), results));
    }
    Decision { records, reply }
}

fn find<'a>(
    controller: &Controller<'a>,
    name: &str,
    number: i32,
) -> Result<(&'a Topic, &'a Partition), Refusal> {
    let unknown = |message| Refusal::new(RefusalKind::UnknownTopicOrPartition, message);
    let topic = TopicName::new(name).ok();
    let topic = topic.and_then(|name| controller.image.topics().by_name(&name));
    let topic = topic.ok_or_else(|| unknown(format!("No such topic as {name}")))?;
    let partition = topic.partitions.get(number);
    let partition =
        partition.ok_or_else(|| unknown(format!("No such partition as {name}-{number}")))?;
    Ok((topic, partition))
}

fn elect(
    controller: &Controller<'_>,
    kind: ElectionKind,
    topic: &Topic,
    (number, partition): (i32, &Partition),
) -> Result<MetadataRecord, Refusal> {
    let leader = partition.leader().map(|leader| leader.0);
    let is_settled = match kind {
        ElectionKind::Preferred => leader == partition.replicas().first().copied(),
        ElectionKind::Unclean => leader.is_some(),
    };
    if is_settled {
        return Err(Refusal::bare(RefusalKind::ElectionNotNeeded));
    }
    let may_lead = |id| controller.image.cluster().is_active(id);
    let mut change = Change::new(controller, topic, (number, partition), &may_lead);
    change.election = match kind {
        ElectionKind::Preferred => Election::Preferred,
        ElectionKind::Unclean => Election::Unclean,
    };
    let unavailable = match kind {
        ElectionKind::Preferred => RefusalKind::PreferredLeaderNotAvailable,
        ElectionKind::Unclean => RefusalKind::EligibleLeadersNotAvailable,
    };
    let record = change.record().ok_or_else(|| Refusal::bare(unavailable))?;
    Ok(record.into())
}

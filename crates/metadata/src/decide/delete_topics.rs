//! Deletes topics, which clients name by name or by id.

use std::collections::{BTreeMap, BTreeSet};

use klamm_model::Uuid;

use super::{Controller, Decision, Refusal, RefusalKind};
use crate::generated::RemoveTopicRecord;

/// How a client names a topic. One of the two is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRef {
    /// The name.
    pub name: Option<String>,
    /// The id; zero for none.
    pub id: Uuid,
}

/// The answer for one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedTopic {
    /// The name, when it is known.
    pub name: Option<String>,
    /// The id; zero when it is not known.
    pub id: Uuid,
    /// What came of it.
    pub result: Result<(), Refusal>,
}

/// Decides on deletions. A topic that is named twice is refused altogether: the client does not know what it asks.
#[must_use]
pub fn delete_topics(
    controller: &Controller<'_>,
    topics: &[TopicRef],
) -> Decision<Vec<DeletedTopic>> {
    let invalid = |message: &str| Err(Refusal::new(RefusalKind::InvalidRequest, message));
    let mut reply = Vec::new();
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ids: BTreeMap<Uuid, usize> = BTreeMap::new();
    for topic in topics {
        match (&topic.name, topic.id) {
            (None, Uuid::ZERO) => reply.push(DeletedTopic {
                name: None,
                id: Uuid::ZERO,
                result: invalid("A topic needs a name or an id."),
            }),
            (None, id) => *ids.entry(id).or_insert(0) += 1,
            (Some(name), Uuid::ZERO) => *names.entry(name).or_insert(0) += 1,
            (Some(name), id) => reply.push(DeletedTopic {
                name: Some(name.clone()),
                id,
                result: invalid("A topic has either a name or an id here, not both."),
            }),
        }
    }
    let all = controller.image.topics();
    let mut doomed = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for (id, count) in ids {
        let result = match all.by_id(id) {
            _ if count > 1 => {
                twice.insert(id);
                invalid("Duplicate topic id.")
            }
            None => Err(Refusal::bare(RefusalKind::UnknownTopicId)),
            Some(topic) => {
                doomed.insert(id, topic.name.to_string());
                continue;
            }
        };
        reply.push(DeletedTopic { name: None, id, result });
    }
    for (name, count) in names {
        let (id, result) = match all.named(name) {
            _ if count > 1 => (Uuid::ZERO, invalid("Duplicate topic name.")),
            None => (
                Uuid::ZERO,
                Err(Refusal::bare(RefusalKind::UnknownTopicOrPartition)),
            ),
            Some(topic) if twice.contains(&topic.id) || doomed.contains_key(&topic.id) => {
                doomed.remove(&topic.id);
                twice.insert(topic.id);
                (topic.id, invalid("The topic is named by its id as well."))
            }
            Some(topic) => {
                doomed.insert(topic.id, name.to_owned());
                continue;
            }
        };
        reply.push(DeletedTopic { name: Some(name.to_owned()), id, result });
    }
    let records = doomed
        .keys()
        .map(|id| RemoveTopicRecord { topic_id: *id }.into())
        .collect();
    let deleted = doomed.into_iter();
    reply.extend(deleted.map(|(id, name)| DeletedTopic { name: Some(name), id, result: Ok(()) }));
    Decision { records, reply }
}

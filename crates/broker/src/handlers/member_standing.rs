//! How members of groups stand, which only Klamm says: a tagged field of DescribeGroups and ConsumerGroupDescribe, for
//! whoever asks for it by a tagged field of the request.

use super::fetch::session::{Client, FetchSessions};
use bytes::Bytes;
use klamm_codec::Str;
use klamm_coordinator::groups::{self, Standing, Wait};
use klamm_coordinator::shard::Moment;
use klamm_wire::messages::member_standing::{MemberStanding, Other, TopicPartitions};
use parking_lot::Mutex;

/// A member's standing, as of some moment.
#[derive(Debug)]
pub(super) struct Of<'a> {
    pub(super) standing: Standing,
    pub(super) client_id: &'a Str,
    /// As Kafka shows it: with a slash before the address.
    pub(super) client_host: &'a str,
}

/// The field. A value that can't be written is left out.
pub(super) fn field(of: Of<'_>, sessions: &Mutex<FetchSessions>, now: Moment) -> Option<Bytes> {
    let address = of.client_host.trim_start_matches('/').parse().ok();
    let client = address.map(|address| Client { id: of.client_id.clone(), address });
    let fetched_at = client.and_then(|client| sessions.lock().last_fetch_ms(&client));
    let fetched_ms = fetched_at.map(|at| {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        now.monotonic.saturating_sub(at).max(0)
    });
    let wait = of.standing.wait;
    let reason = wait.as_ref().map(Wait::index);
    let reason = reason.and_then(|index| Wait::REASONS.get(index).copied());
    let mut written = MemberStanding {
        heard_ms: of.standing.heard_ms.unwrap_or(-1),
        fetched_ms: fetched_ms.unwrap_or(-1),
        moving_ms: of.standing.moving_ms.unwrap_or(-1),
        last_pause_ms: of.standing.last_pause_ms.unwrap_or(-1),
        wait: reason.map_or(Str::EMPTY, Str::from_static),
        ..MemberStanding::default()
    };
    let other = |member_id| Other { member_id, partitions: Vec::new() };
    match wait {
        Some(Wait::ToRevoke { partitions }) => written.partitions = topics(partitions),
        Some(Wait::ForOthers { holders }) => {
            let holders = holders.into_iter();
            written.others = holders
                .map(|(member_id, held)| Other { member_id, partitions: topics(held) })
                .collect();
        }
        Some(Wait::ForJoins { members, others }) => {
            written.others = members.into_iter().map(other).collect();
            written.more_others = i32::try_from(others).unwrap_or(i32::MAX);
        }
        Some(Wait::ForLeader { leader }) => written.others = vec![other(leader)],
        _ => {}
    }
    written.to_field().ok()
}

fn topics(partitions: Vec<groups::TopicPartitions>) -> Vec<TopicPartitions> {
    let topics = partitions.into_iter();
    topics
        .map(|(topic, partitions)| TopicPartitions { topic, partitions })
        .collect()
}

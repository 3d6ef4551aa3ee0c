//! Settings of a consumer's membership in a group.

use super::{ConfigError, Duration, Parsed, boolean, millis, ms, positive_millis, take, text};

settings! {
    /// What a consumer in a group has beside [`ConsumerConfig`](super::ConsumerConfig).
    GroupConfig {
        /// The group. Must be set.
        group_id: String = String::new(), "group.id", text;
        /// Who assigns: the coordinator (`consumer`) or a member (`classic`).
        protocol: GroupProtocol = GroupProtocol::Classic, "group.protocol", protocol;
        /// A name that survives restarts: within the session timeout the member gets its partitions back.
        instance_id: Option<String> = None, "group.instance.id", optional_text;
        /// The coordinator's assignor, with `group.protocol=consumer`; `None` leaves it the choice.
        remote_assignor: Option<String> = None, "group.remote.assignor", optional_text;
        /// The members' assignors, the most wanted first, with `group.protocol=classic`.
        assignors: Vec<ClientAssignor> = vec![ClientAssignor::Range, ClientAssignor::CooperativeSticky],
            "partition.assignment.strategy", assignors;
        /// A member that is silent for this long is gone, with `group.protocol=classic`.
        session_timeout: Duration = ms(45_000), "session.timeout.ms", positive_millis;
        /// How often a member shows that it lives, with `group.protocol=classic`.
        heartbeat_interval: Duration = ms(3_000), "heartbeat.interval.ms", positive_millis;
        /// A member that does not poll for this long leaves until it does.
        poll_interval_max: Duration = ms(300_000), "max.poll.interval.ms", positive_millis;
        /// Whether `poll` commits what was read before, now and then.
        enable_auto_commit: bool = true, "enable.auto.commit", boolean;
        /// How often that is.
        auto_commit_interval: Duration = ms(5_000), "auto.commit.interval.ms", millis;
    }
}

/// How a group finds out who reads what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupProtocol {
    /// All members meet, and one of them assigns.
    Classic,
    /// The coordinator assigns, and moves only what has to move (KIP-848).
    Consumer,
}

/// An assignor that runs in a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAssignor {
    /// Ranges of each topic.
    Range,
    /// One partition after the other, round the members.
    RoundRobin,
    /// Even loads, few moves, and only what moves stops.
    CooperativeSticky,
}

impl ClientAssignor {
    const ALL: [Self; 3] = [Self::Range, Self::RoundRobin, Self::CooperativeSticky];

    /// Its name among the members.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::RoundRobin => "roundrobin",
            Self::CooperativeSticky => "cooperative-sticky",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|assignor| assignor.name() == name)
    }

    /// Java's name of it.
    const fn class(self) -> &'static str {
        match self {
            Self::Range => "org.apache.kafka.clients.consumer.RangeAssignor",
            Self::RoundRobin => "org.apache.kafka.clients.consumer.RoundRobinAssignor",
            Self::CooperativeSticky => {
                "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"
            }
        }
    }
}

impl GroupConfig {
    /// Reads name and value pairs. Gives the pairs that are not this part's.
    ///
    /// # Errors
    /// A value that is not one of its setting's, or settings that contradict each other.
    pub fn from_properties(
        properties: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Self, Vec<(String, String)>), ConfigError> {
        let mut config = Self::default();
        let rest = take(properties, |name, value| config.set(name, value))?;
        config.check()?;
        Ok((config, rest))
    }

    /// Whether the settings fit together.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.group_id.trim().is_empty() {
            return Err(ConfigError::new(
                "group.id",
                &self.group_id,
                "the name of a group",
            ));
        }
        if self.heartbeat_interval >= self.session_timeout {
            let value = self.heartbeat_interval.as_millis().to_string();
            let expected = "less than session.timeout.ms";
            return Err(ConfigError::new("heartbeat.interval.ms", &value, expected));
        }
        Ok(())
    }
}

pub(super) fn optional_text(value: &str) -> Parsed<Option<String>> {
    Ok(Some(value.to_owned()).filter(|value| !value.is_empty()))
}

fn protocol(value: &str) -> Parsed<GroupProtocol> {
    match value.to_ascii_lowercase().as_str() {
        "classic" => Ok(GroupProtocol::Classic),
        "consumer" => Ok(GroupProtocol::Consumer),
        _ => Err("classic or consumer"),
    }
}

fn assignors(value: &str) -> Parsed<Vec<ClientAssignor>> {
    let expected = "range, roundrobin or cooperative-sticky, or several separated by commas";
    let parse = |name: &str| {
        let name = name.trim();
        let known = ClientAssignor::ALL
            .into_iter()
            .find(|a| a.name() == name || a.class() == name);
        known.ok_or(expected)
    };
    value.split(',').map(parse).collect()
}

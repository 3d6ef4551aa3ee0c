//! The `quorum-state` file: epoch, leader and vote, as Kafka writes them.
//!
//! Version 0 belongs to `kraft.version` 0 (voters from the configuration), version 1 to dynamic voters.

use crate::message::ReplicaKey;
use klamm_model::{LeaderEpoch, NodeId, Uuid};
use serde_json::{Value, json};

/// What a replica must remember of elections, or it could vote twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElectionState {
    /// The highest epoch known. Never falls.
    pub epoch: LeaderEpoch,
    /// Its leader, if known.
    pub leader: Option<NodeId>,
    /// Whom this replica voted for in that epoch.
    pub voted: Option<ReplicaKey>,
}

/// The file can't be used. It is written atomically, so this means damage by others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ElectionStateError {
    /// Not JSON, or not of the known shape.
    #[error("quorum-state is damaged: {0}")]
    Damaged(String),
    /// Written by a later release.
    #[error("quorum-state has data_version {0}; this release reads 0 and 1")]
    Version(i64),
}

impl ElectionState {
    /// The state of a replica that never took part.
    pub const INITIAL: Self = Self { epoch: LeaderEpoch(0), leader: None, voted: None };

    /// The file's content. `voters` is written by version 0 only, which has no directory ids.
    #[must_use]
    pub fn encode(&self, kraft_version: i16, voters: &[NodeId]) -> String {
        let leader = self.leader.map_or(-1, |id| id.0);
        let voted = self.voted.map_or(-1, |key| key.id.0);
        if kraft_version < 1 {
            let voters: Vec<Value> = voters.iter().map(|id| json!({ "voterId": id.0 })).collect();
            format!(
                r#"{{"clusterId":"","leaderId":{leader},"leaderEpoch":{},"votedId":{voted},"appliedOffset":0,"currentVoters":{},"data_version":0}}"#,
                self.epoch,
                Value::Array(voters)
            )
        } else {
            let directory = self.voted.map_or(Uuid::ZERO, |key| key.directory);
            format!(
                r#"{{"leaderId":{leader},"leaderEpoch":{},"votedId":{voted},"votedDirectoryId":"{directory}","data_version":1}}"#,
                self.epoch
            )
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// The content is not a `quorum-state` of version 0 or 1.
    pub fn decode(content: &[u8]) -> Result<Self, ElectionStateError> {
        let damaged = |what: &str| ElectionStateError::Damaged(what.to_owned());
        let value: Value = serde_json::from_slice(content).map_err(|e| damaged(&e.to_string()))?;
        let number = |name: &str| value.get(name).and_then(Value::as_i64);
        let version = number("data_version").ok_or_else(|| damaged("no data_version"))?;
        if !(0..=1).contains(&version) {
            return Err(ElectionStateError::Version(version));
        }
        let id = |name: &str| match number(name).map(i32::try_from) {
            Some(Ok(-1)) => Ok(None),
            Some(Ok(id)) if id >= 0 => Ok(Some(NodeId(id))),
            _ => Err(damaged(name)),
        };
        let epoch = number("leaderEpoch")
            .and_then(|epoch| i32::try_from(epoch).ok())
            .filter(|epoch| *epoch >= 0);
        let directory = match value.get("votedDirectoryId") {
            None => Uuid::ZERO,
            Some(text) => text
                .as_str()
                .and_then(|t| t.parse().ok())
                .ok_or_else(|| damaged("votedDirectoryId"))?,
        };
        Ok(Self {
            epoch: LeaderEpoch(epoch.ok_or_else(|| damaged("leaderEpoch"))?),
            leader: id("leaderId")?,
            voted: id("votedId")?.map(|id| ReplicaKey { id, directory }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_files_are_kafkas() {
        let kafka = r#"{"leaderId":0,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}"#;
        let state = ElectionState { epoch: LeaderEpoch(1), leader: Some(NodeId(0)), voted: None };
        assert_eq!(state.encode(1, &[]), kafka);
        assert_eq!(ElectionState::decode(kafka.as_bytes()), Ok(state));
        let kafka = r#"{"clusterId":"","leaderId":-1,"leaderEpoch":7,"votedId":2,"appliedOffset":0,"currentVoters":[{"voterId":1},{"voterId":2}],"data_version":0}"#;
        let voted = Some(ReplicaKey { id: NodeId(2), directory: Uuid::ZERO });
        let state = ElectionState { epoch: LeaderEpoch(7), leader: None, voted };
        assert_eq!(state.encode(0, &[NodeId(1), NodeId(2)]), kafka);
        assert_eq!(ElectionState::decode(kafka.as_bytes()), Ok(state));
    }

    #[test]
    fn a_later_version_and_damage_are_told_apart() {
        let later = br#"{"leaderId":0,"leaderEpoch":1,"votedId":-1,"data_version":2}"#;
        assert_eq!(
            ElectionState::decode(later),
            Err(ElectionStateError::Version(2))
        );
        for bad in [
            "",
            "{",
            "[]",
            r#"{"data_version":1}"#,
            r#"{"leaderId":-2,"leaderEpoch":1,"votedId":-1,"data_version":1}"#,
            r#"{"leaderId":0,"leaderEpoch":-1,"votedId":-1,"data_version":1}"#,
            r#"{"leaderId":0,"leaderEpoch":1,"votedId":1,"votedDirectoryId":"x","data_version":1}"#,
            r#"{"leaderId":0,"leaderEpoch":99999999999,"votedId":-1,"data_version":1}"#,
        ] {
            assert!(
                matches!(
                    ElectionState::decode(bad.as_bytes()),
                    Err(ElectionStateError::Damaged(_))
                ),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn states_round_trip(epoch in 0..i32::MAX, leader in -1..9i32, voted in -1..9i32, directory: u128) {
            let some = |id: i32| (id >= 0).then_some(NodeId(id));
            let voted = some(voted).map(|id| ReplicaKey { id, directory: Uuid(directory) });
            let state = ElectionState { epoch: LeaderEpoch(epoch), leader: some(leader), voted };
            prop_assert_eq!(ElectionState::decode(state.encode(1, &[]).as_bytes()), Ok(state));
        }

        #[test]
        fn mutated_files_never_panic(at in 0usize..100, byte: u8) {
            let state = ElectionState { epoch: LeaderEpoch(3), leader: Some(NodeId(1)), voted: None };
            let mut bytes = state.encode(1, &[]).into_bytes();
            if let Some(b) = bytes.get_mut(at) { *b = byte; }
            let _ = ElectionState::decode(&bytes);
        }
    }
}

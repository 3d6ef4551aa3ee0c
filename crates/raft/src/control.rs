//! Control records as Kafka writes them: key and value, and the batches that hold them.

use crate::action::ControlRecord;
use crate::generated::leader_change_message::Voter as ChangeVoter;
use crate::generated::voters_record::{self, KraftVersionFeature};
use crate::generated::{
    KraftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord,
    VotersRecord,
};
use crate::message::{Batch, ReplicaKey};
use crate::voters::{Endpoint, Voter, VoterSet};
use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::{LeaderEpoch, NodeId, Offset, Uuid};
use klamm_records::{AppendError, BatchFields, BatchView, ControlType, control_batch};

/// Control records can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlWriteError {
    /// A field does not fit its encoding.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The batch does not hold them.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// A batch of control records can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlReadError {
    /// A record is damaged or of a later version.
    #[error("a control record can't be read: {0}")]
    Decode(#[from] DecodeError),
    /// The batch is compressed or its records do not parse.
    #[error("the records of a control batch can't be read")]
    Batch,
}

impl ControlRecord {
    /// The record's type in its key.
    #[must_use]
    pub const fn control_type(&self) -> ControlType {
        match self {
            Self::LeaderChange { .. } => ControlType::LeaderChange,
            Self::KRaftVersion(_) => ControlType::KraftVersion,
            Self::Voters(_) => ControlType::KraftVoters,
            Self::SnapshotHeader { .. } => ControlType::SnapshotHeader,
            Self::SnapshotFooter => ControlType::SnapshotFooter,
        }
    }

    /// The record's value.
    ///
    /// # Errors
    /// A text of a voter's endpoint is too long.
    pub fn value(&self) -> Result<Bytes, EncodeError> {
        let mut enc = Enc::new();
        match self {
            Self::LeaderChange { leader, voters, granting } => {
                let voters_of = |ids: &[NodeId]| {
                    let voter = |id: &NodeId| ChangeVoter {
                        voter_id: id.0,
                        voter_directory_id: Uuid::ZERO,
                    };
                    ids.iter().map(voter).collect()
                };
                let (voters, granting_voters) = (voters_of(voters), voters_of(granting));
                LeaderChangeMessage { version: 0, leader_id: leader.0, voters, granting_voters }
                    .encode(&mut enc, 0)?;
            }
            Self::KRaftVersion(kraft_version) => {
                KraftVersionRecord { version: 0, kraft_version: *kraft_version }
                    .encode(&mut enc, 0)?;
            }
            Self::Voters(voters) => {
                let voters = voters.iter().map(encodable).collect();
                VotersRecord { version: 0, voters }.encode(&mut enc, 0)?;
            }
            Self::SnapshotHeader { last_timestamp_ms } => {
                let last_contained_log_timestamp = *last_timestamp_ms;
                SnapshotHeaderRecord { version: 0, last_contained_log_timestamp }
                    .encode(&mut enc, 0)?;
            }
            Self::SnapshotFooter => SnapshotFooterRecord { version: 0 }.encode(&mut enc, 0)?,
        }
        Ok(enc.finish().into_bytes().unwrap_or_default())
    }

    /// Reads a record; `None` if its type is not one of the quorum's (those are passed over).
    ///
    /// # Errors
    /// The value is damaged, or of a version that this release does not know.
    pub fn parse(key: &[u8], value: Bytes) -> Result<Option<Self>, DecodeError> {
        let Some(kind) = ControlType::from_key(key) else {
            return Ok(None);
        };
        // Every value starts with its own version.
        let version = Dec::new(value.clone()).i16();
        let mut dec = Dec::new(value);
        Ok(Some(match kind {
            ControlType::LeaderChange => {
                let change = LeaderChangeMessage::decode(&mut dec, version?)?;
                let ids = |voters: &[ChangeVoter]| {
                    voters.iter().map(|voter| NodeId(voter.voter_id)).collect()
                };
                Self::LeaderChange {
                    leader: NodeId(change.leader_id),
                    voters: ids(&change.voters),
                    granting: ids(&change.granting_voters),
                }
            }
            ControlType::KraftVersion => {
                Self::KRaftVersion(KraftVersionRecord::decode(&mut dec, version?)?.kraft_version)
            }
            ControlType::KraftVoters => {
                let record = VotersRecord::decode(&mut dec, version?)?;
                Self::Voters(VoterSet::new(record.voters.into_iter().map(decoded)))
            }
            ControlType::SnapshotHeader => {
                let header = SnapshotHeaderRecord::decode(&mut dec, version?)?;
                Self::SnapshotHeader { last_timestamp_ms: header.last_contained_log_timestamp }
            }
            ControlType::SnapshotFooter => {
                SnapshotFooterRecord::decode(&mut dec, version?)?;
                Self::SnapshotFooter
            }
            ControlType::Abort | ControlType::Commit | ControlType::Unknown(_) => return Ok(None),
        }))
    }

    /// A batch of control records.
    ///
    /// # Errors
    /// A record does not fit its encoding.
    pub fn batch(
        records: &[Self],
        base_offset: Offset,
        leader_epoch: LeaderEpoch,
        timestamp_ms: i64,
    ) -> Result<Bytes, ControlWriteError> {
        let values: Vec<(ControlType, Bytes)> = records
            .iter()
            .map(|record| Ok((record.control_type(), record.value()?)))
            .collect::<Result<_, EncodeError>>()?;
        let views: Vec<klamm_records::ControlRecord<'_>> = values
            .iter()
            .map(|(control_type, value)| klamm_records::ControlRecord {
                control_type: *control_type,
                value,
            })
            .collect();
        let fields = BatchFields {
            base_offset,
            leader_epoch,
            control: true,
            ..BatchFields::default()
        };
        Ok(control_batch(&fields, timestamp_ms, &views)?)
    }

    /// The control records of a batch with their offsets; none if it holds data.
    ///
    /// # Errors
    /// The batch is compressed or damaged, or holds a record of the quorum that can't be read.
    pub fn of_batch(batch: &BatchView<'_>) -> Result<Vec<(Offset, Self)>, ControlReadError> {
        if !batch.header().attributes.is_control() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for record in batch.records().ok_or(ControlReadError::Batch)? {
            let record = record.map_err(|_| ControlReadError::Batch)?;
            let (Some(key), Some(value)) = (record.key, record.value) else {
                return Err(ControlReadError::Batch);
            };
            if let Some(control) = Self::parse(key, Bytes::copy_from_slice(value))? {
                found.push((record.offset, control));
            }
        }
        Ok(found)
    }
}

impl Batch {
    /// A fetched batch, as the quorum wants to know it. The caller has checked the CRC.
    ///
    /// # Errors
    /// Its control records can't be read.
    pub fn of(view: &BatchView<'_>, bytes: Bytes) -> Result<Self, ControlReadError> {
        let header = view.header();
        Ok(Self {
            base_offset: header.base_offset,
            end_offset: header
                .base_offset
                .plus(i64::from(header.last_offset_delta) + 1),
            epoch: header.leader_epoch,
            control: ControlRecord::of_batch(view)?,
            bytes,
        })
    }
}

fn encodable(voter: &Voter) -> voters_record::Voter {
    let endpoint = |endpoint: &Endpoint| voters_record::Endpoint {
        name: Str::from(endpoint.name.as_str()),
        host: Str::from(endpoint.host.as_str()),
        port: endpoint.port,
    };
    voters_record::Voter {
        voter_id: voter.key.id.0,
        voter_directory_id: voter.key.directory,
        endpoints: voter.endpoints.iter().map(endpoint).collect(),
        kraft_version_feature: KraftVersionFeature {
            min_supported_version: voter.kraft_version_min,
            max_supported_version: voter.kraft_version_max,
        },
    }
}

fn decoded(voter: voters_record::Voter) -> Voter {
    let endpoint = |endpoint: voters_record::Endpoint| Endpoint {
        name: endpoint.name.to_string(),
        host: endpoint.host.to_string(),
        port: endpoint.port,
    };
    Voter {
        key: ReplicaKey {
            id: NodeId(voter.voter_id),
            directory: voter.voter_directory_id,
        },
        endpoints: voter.endpoints.into_iter().map(endpoint).collect(),
        kraft_version_min: voter.kraft_version_feature.min_supported_version,
        kraft_version_max: voter.kraft_version_feature.max_supported_version,
    }
}

#[cfg(test)]
mod tests;

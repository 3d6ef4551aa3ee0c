//! What a new leader writes before it decides anything else.

use super::engine::{Engine, EngineError};
use super::snapshot_file::SnapshotContent;
use klamm_metadata::MetadataRecord;
use klamm_metadata::decide::{InitialLevels, bootstrap, register_controller};
use klamm_metadata::generated::AbortTransactionRecord;
use klamm_metadata::image::Listener;
use klamm_metadata::level::{FEATURES, METADATA_VERSION, MetadataVersion};
use klamm_model::Uuid;
use klamm_raft::{Endpoint, Input, Voter, VoterChange};
use klamm_settings::broker;

impl Engine {
    /// Ends a transaction that a crash left open, writes the first records of a new cluster, and registers this
    /// controller (KIP-919). All in one sync.
    pub(in crate::quorum) fn activate(&mut self) -> Result<(), EngineError> {
        let Some(pending) = self.pending() else {
            return Ok(());
        };
        let interrupted = pending.in_transaction();
        if interrupted {
            let reason = Some("The controller stopped in the middle of it".into());
            self.write_own(vec![AbortTransactionRecord { reason }.into()])?;
        }
        let version = self
            .pending()
            .and_then(|pending| pending.latest().metadata_version());
        let version = match version {
            Some(version) => version,
            None => {
                let (version, records) = self.first_records()?;
                tracing::info!(metadata.version = %version, records = records.len(), "begins the metadata of a new cluster");
                self.write_own(records)?;
                version
            }
        };
        self.tell_own_endpoints()?;
        if version.has_controller_registration() {
            self.register_this_controller()?;
        }
        self.settle()
    }

    /// Corrects the voters record if the settings name other controller listeners than it does.
    fn tell_own_endpoints(&mut self) -> Result<(), EngineError> {
        let listeners = self.settings().controller_listeners().unwrap_or_default();
        let listeners = listeners.into_iter().map(|listener| Endpoint {
            name: listener.listener,
            host: listener.host,
            port: listener.port,
        });
        let endpoints: Vec<_> = listeners.collect();
        // Without an address of its own a controller listener can't be told to others.
        let told = |endpoint: &Endpoint| !endpoint.host.is_empty() && endpoint.port != 0;
        if endpoints.is_empty() || !endpoints.iter().all(told) {
            return Ok(());
        }
        let Some(voter) = self
            .own_voter()
            .filter(|voter| voter.endpoints != endpoints)
        else {
            return Ok(());
        };
        let change = VoterChange::Update(Voter { endpoints, ..voter.clone() });
        self.step(Input::ChangeVoters { id: 0, change })
    }

    /// Registers this controller, unless the registration says the same but for the process: an idle restart then
    /// costs one sync less.
    fn register_this_controller(&mut self) -> Result<(), EngineError> {
        let node = self.node();
        let incarnation = Uuid::from_random(self.entropy());
        let listeners = self.own_voter().map(listeners_of).unwrap_or_default();
        let Some(pending) = self.pending() else {
            return Ok(());
        };
        let controllers = pending.latest().cluster().controllers();
        let known = controllers
            .into_iter()
            .find(|controller| controller.id == node);
        let incarnation = known.map_or(incarnation, |controller| controller.incarnation);
        let records = register_controller(node, incarnation, &listeners).records;
        let mut next = pending.clone();
        let before = next.latest().cluster().clone();
        let replayed = records.iter().try_for_each(|record| next.record(record));
        if replayed.is_ok() && *next.latest().cluster() == before {
            return Ok(());
        }
        self.write_own(records)
    }

    /// Writes records that no caller waits for. They can't be refused: this node leads and the records are its own.
    fn write_own(&mut self, records: Vec<MetadataRecord>) -> Result<(), EngineError> {
        match self.write(records)? {
            Ok(_) => Ok(()),
            Err(error) => Err(EngineError::Replay(error.to_string())),
        }
    }

    /// The records of an empty log: what formatting chose, or the defaults if it left no choice.
    fn first_records(&self) -> Result<(MetadataVersion, Vec<MetadataRecord>), EngineError> {
        let chosen = self.folder().read_bootstrap();
        let chosen =
            chosen.map_err(|error| EngineError::Disk(format!("bootstrap.checkpoint: {error}")))?;
        let (levels, others) = match chosen {
            Some(content) => split(content)?,
            None => (InitialLevels::default(), Vec::new()),
        };
        let min_isr = self.settings().get(&broker::MIN_INSYNC_REPLICAS);
        let mut records = bootstrap(&levels, min_isr);
        // Inside the transaction, before its end.
        let at = records
            .len()
            .saturating_sub(usize::from(levels.metadata_version.has_transactions()));
        records.splice(at..at, others);
        Ok((levels.metadata_version, records))
    }
}

/// Feature levels, and all else that formatting wants in the log (such as SCRAM credentials).
fn split(content: SnapshotContent) -> Result<(InitialLevels, Vec<MetadataRecord>), EngineError> {
    let mut version = None;
    // What the file does not name is off.
    let mut levels: Vec<(String, i16)> = FEATURES
        .iter()
        .map(|feature| (feature.name.to_owned(), 0))
        .collect();
    let mut others = Vec::new();
    for record in content.records {
        match record {
            MetadataRecord::FeatureLevel(level) if &*level.name == METADATA_VERSION => {
                version = MetadataVersion::from_level(level.feature_level);
            }
            MetadataRecord::FeatureLevel(level) => {
                match levels.iter_mut().find(|(name, _)| **name == *level.name) {
                    Some((_, chosen)) => *chosen = level.feature_level,
                    None => others.push(level.into()),
                }
            }
            other => others.push(other),
        }
    }
    let unknown =
        || EngineError::Replay("bootstrap.checkpoint names no known metadata.version".into());
    Ok((
        InitialLevels {
            metadata_version: version.ok_or_else(unknown)?,
            others: levels,
        },
        others,
    ))
}

fn listeners_of(voter: &Voter) -> Vec<Listener> {
    let listener = |endpoint: &Endpoint| Listener {
        name: endpoint.name.as_str().into(),
        host: endpoint.host.as_str().into(),
        port: endpoint.port,
        // PLAINTEXT: this release has no other for controllers.
        security_protocol: 0,
    };
    voter.endpoints.iter().map(listener).collect()
}

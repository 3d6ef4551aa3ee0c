//! Opening: recovery, the newest snapshot, the voters, the elections that were.

use super::{Applied, Engine, EngineError, Published, Snapshots};
use crate::quorum::folder::MetadataFolder;
use crate::quorum::metadata_log::MetadataLog;
use crate::quorum::snapshot_file::SnapshotContent;
use crate::quorum::{MetadataListener, QuorumConfig, QuorumStartError, snapshot_policy};
use klamm_host::Host;
use klamm_metadata::{Image, Replay};
use klamm_model::{NodeId, Offset};
use klamm_raft::{
    Config, ControlRecord, Endpoint, LogState, Quorum, ReplicaKey, SnapshotId, Start, Voter,
    VoterHistory, VoterSet,
};
use klamm_settings::{FixedVoter, Settings, broker};
use std::collections::VecDeque;
use std::sync::Arc;

impl Engine {
    /// Opens what is on the disk. Nothing is decided yet.
    pub(in crate::quorum) fn open(
        host: Host,
        config: QuorumConfig,
        listener: Arc<dyn MetadataListener>,
        published: Arc<Published>,
    ) -> Result<Self, QuorumStartError> {
        let failed = |error: EngineError| QuorumStartError::Open(error.to_string());
        let folder = MetadataFolder::new(Arc::clone(config.dir.disk()), config.dir.path());
        let formatted = host.disk.exists(folder.path());
        if !formatted.map_err(|error| QuorumStartError::Open(error.to_string()))? {
            return Err(QuorumStartError::NotFormatted(folder.display()));
        }
        let snapshots = folder.snapshots().map_err(failed)?;
        let newest = snapshots.last().map_or(Offset(0), |(id, _)| id.end_offset);
        let now_ms = host.clock.now_ms();
        let mut log = MetadataLog::open(&config, newest, now_ms).map_err(failed)?;
        folder.sweep().map_err(failed)?;
        let election = folder.read_election().map_err(QuorumStartError::Open)?;
        let snapshots = usable_snapshots(&folder, &mut log, host.clock.now_ms()).map_err(failed)?;
        let (newest, content) = read_newest(&folder, &snapshots)?;
        // What recovery found is durable before anybody acts on it.
        log.flush().map_err(failed)?;
        let state = log.state(&snapshots);
        let fixed = fixed_voters(&config);
        let history = voters_over_time(&log, &state, newest, &content, fixed).map_err(failed)?;
        let applied = replay_snapshot(newest, &content)?;
        let now_ms = i64::try_from(host.clock.monotonic().as_millis()).unwrap_or(i64::MAX);
        let raft = Quorum::new(
            Start {
                local: ReplicaKey { id: config.node, directory: config.dir.directory_id() },
                config: raft_config(&config.settings),
                election,
                log: state,
                history,
                entropy: host.entropy.next_u64(),
            },
            now_ms,
        );
        Ok(Self {
            node: config.node,
            snapshots: Snapshots {
                policy: snapshot_policy(&config.settings),
                bytes_since: 0,
                first_since_ms: None,
                running: false,
                is_ready: false,
            },
            settings: config.settings,
            host,
            folder,
            raft,
            log,
            listener,
            published,
            applied,
            pending: None,
            waiting: VecDeque::new(),
            proposing: Vec::new(),
            proposed: None,
            flush_due: false,
            halted: false,
        })
    }
}

/// Snapshots that fit the log. A log that ends before the newest snapshot has lost its end; it starts again there.
fn usable_snapshots(
    folder: &MetadataFolder,
    log: &mut MetadataLog,
    now_ms: i64,
) -> Result<Vec<SnapshotId>, EngineError> {
    let snapshots: Vec<SnapshotId> = folder.snapshots()?.into_iter().map(|(id, _)| id).collect();
    if let Some(newest) = snapshots
        .last()
        .filter(|newest| newest.end_offset > log.end())
    {
        log.restart_at(newest.end_offset, now_ms)?;
    }
    Ok(snapshots)
}

/// The newest snapshot. If it can't be read, the node does not start: an older one could lack records that were trimmed.
fn read_newest(
    folder: &MetadataFolder,
    snapshots: &[SnapshotId],
) -> Result<(SnapshotId, SnapshotContent), QuorumStartError> {
    let Some(newest) = snapshots.last().copied() else {
        return Ok((SnapshotId::BOOTSTRAP, SnapshotContent::default()));
    };
    let content = folder.read_snapshot(newest);
    let content =
        content.map_err(|e| QuorumStartError::Open(format!("{}: {e}", newest.file_name())))?;
    Ok((newest, content))
}

/// The voters that the settings name. Where `kraft.version` is 0 they stand nowhere else; otherwise the log says more.
fn fixed_voters(config: &QuorumConfig) -> VoterSet {
    let entries = config.settings.get(&broker::CONTROLLER_QUORUM_VOTERS);
    let listeners = config.settings.get(&broker::CONTROLLER_LISTENER_NAMES);
    let name = listeners.first().cloned().unwrap_or_default();
    let voters = entries.iter().filter_map(|entry| FixedVoter::parse(entry));
    VoterSet::new(voters.map(|voter| Voter {
        // The settings were checked: the one entry is this node.
        key: ReplicaKey { id: NodeId(voter.id), directory: config.dir.directory_id() },
        endpoints: vec![Endpoint { name: name.clone(), host: voter.host, port: voter.port }],
        kraft_version_min: 0,
        kraft_version_max: 1,
    }))
}

/// The voters in the snapshot, and those in the log behind it.
fn voters_over_time(
    log: &MetadataLog,
    state: &LogState,
    newest: SnapshotId,
    content: &SnapshotContent,
    fixed: VoterSet,
) -> Result<VoterHistory, EngineError> {
    let mut history = match &content.voters {
        Some(voters) if newest == SnapshotId::BOOTSTRAP => {
            VoterHistory::from_bootstrap(voters.clone(), content.kraft_version)
        }
        Some(voters) => VoterHistory::new(voters.clone(), content.kraft_version),
        None => VoterHistory::new(fixed, content.kraft_version),
    };
    log.visit(newest.end_offset.max(state.start), state.end, |batch, _| {
        let records = ControlRecord::of_batch(batch);
        for (offset, record) in records.map_err(|e| EngineError::Replay(e.to_string()))? {
            match record {
                ControlRecord::Voters(voters) => history.add_voters(offset, voters),
                ControlRecord::KRaftVersion(version) => history.add_version(offset, version),
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(history)
}

/// The state in the snapshot. The log behind it is replayed as it turns out to be committed.
fn replay_snapshot(
    newest: SnapshotId,
    content: &SnapshotContent,
) -> Result<Applied, QuorumStartError> {
    let mut replay = Replay::new(Image::empty());
    for record in &content.records {
        let replayed = replay.record(record);
        replayed.map_err(|e| QuorumStartError::Open(format!("{}: {e}", newest.file_name())))?;
    }
    Ok(Applied {
        replay,
        next: newest.end_offset,
        epoch: newest.epoch,
        timestamp_ms: content.last_timestamp_ms,
        fresh: true,
    })
}

fn raft_config(settings: &Settings) -> Config {
    let ms = |key| i64::from(settings.get(key));
    Config {
        election_timeout_ms: ms(&broker::CONTROLLER_QUORUM_ELECTION_TIMEOUT_MS),
        election_backoff_ms_max: ms(&broker::CONTROLLER_QUORUM_ELECTION_BACKOFF_MAX_MS),
        fetch_timeout_ms: ms(&broker::CONTROLLER_QUORUM_FETCH_TIMEOUT_MS),
        request_timeout_ms: ms(&broker::CONTROLLER_QUORUM_REQUEST_TIMEOUT_MS),
        retry_backoff_ms: ms(&broker::CONTROLLER_QUORUM_RETRY_BACKOFF_MS),
        ..Config::default()
    }
}

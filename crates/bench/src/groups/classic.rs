//! Members of the classic protocol, each a thread that joins and then sends heartbeats.

use super::check;
use crate::frames::{Asker, coordinator};
use anyhow::{Result, bail};
use klamm_codec::Str;
use klamm_wire::ErrorCode;
use klamm_wire::messages::heartbeat::HeartbeatRequest;
use klamm_wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use klamm_wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Members that have joined.
#[derive(Debug)]
pub(super) struct Members {
    ends: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<()>>>,
}

/// What most clients are set to.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(60);

impl Members {
    /// Starts so many members, and waits until all are in the group at the same time.
    pub(super) fn start(address: SocketAddr, count: usize) -> Result<Self> {
        coordinator(&mut Asker::connect(address)?, "c", 0)?;
        let ends = Arc::new(AtomicBool::new(false));
        let (ready, stable) = (Arc::new(Barrier::new(count)), Arc::new(AtomicUsize::new(0)));
        let mut threads = Vec::new();
        for _ in 0..count {
            let (ends, ready) = (Arc::clone(&ends), Arc::clone(&ready));
            let stable = Arc::clone(&stable);
            let thread = std::thread::Builder::new().stack_size(256 << 10);
            threads.push(thread.spawn(move || {
                ready.wait();
                live(address, &ends, &stable)
            })?);
        }
        let members = Self { ends, threads };
        let started = Instant::now();
        while stable.load(Ordering::Relaxed) < count {
            if started.elapsed() > PATIENCE {
                bail!("the members do not come together");
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        Ok(members)
    }

    /// All end; the node is not told.
    pub(super) fn stop(self) -> Result<()> {
        self.ends.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.thread().unpark();
            match thread.join() {
                Ok(ended) => ended?,
                Err(_) => bail!("a member panicked"),
            }
        }
        Ok(())
    }
}

fn live(address: SocketAddr, ends: &AtomicBool, stable: &AtomicUsize) -> Result<()> {
    let mut asker = Asker::connect(address)?;
    let mut member_id = Str::EMPTY;
    while !ends.load(Ordering::Relaxed) {
        let joined = join(&mut asker, &mut member_id)?;
        if !sync(&mut asker, &joined)? {
            continue;
        }
        stable.fetch_add(1, Ordering::Relaxed);
        rest(&mut asker, &joined, ends)?;
        stable.fetch_sub(1, Ordering::Relaxed);
    }
    Ok(())
}

fn join(asker: &mut Asker, member_id: &mut Str) -> Result<JoinGroupResponse> {
    loop {
        let request = JoinGroupRequest {
            group_id: Str::from_static("c"),
            session_timeout_ms: 45_000,
            rebalance_timeout_ms: 60_000,
            member_id: member_id.clone(),
            protocol_type: Str::from_static("consumer"),
            protocols: vec![JoinGroupRequestProtocol {
                name: Str::from_static("range"),
                ..JoinGroupRequestProtocol::default()
            }],
            ..JoinGroupRequest::default()
        };
        let answer = asker.ask(&request, 9)?;
        match ErrorCode(answer.error_code) {
            ErrorCode::NONE => return Ok(answer),
            ErrorCode::MEMBER_ID_REQUIRED => *member_id = answer.member_id,
            ErrorCode::REBALANCE_IN_PROGRESS => {}
            ErrorCode(code) => check("join", code)?,
        }
    }
}

/// Whether the round ended well.
fn sync(asker: &mut Asker, joined: &JoinGroupResponse) -> Result<bool> {
    let assignments = joined
        .members
        .iter()
        .map(|member| SyncGroupRequestAssignment {
            member_id: member.member_id.clone(),
            ..SyncGroupRequestAssignment::default()
        });
    let request = SyncGroupRequest {
        group_id: Str::from_static("c"),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        protocol_type: Some(Str::from_static("consumer")),
        protocol_name: Some(Str::from_static("range")),
        assignments: assignments.collect(),
        ..SyncGroupRequest::default()
    };
    match ErrorCode(asker.ask(&request, 5)?.error_code) {
        ErrorCode::NONE => Ok(true),
        ErrorCode::REBALANCE_IN_PROGRESS => Ok(false),
        ErrorCode(code) => check("sync", code).map(|()| false),
    }
}

/// Sends heartbeats until a round begins.
fn rest(asker: &mut Asker, joined: &JoinGroupResponse, ends: &AtomicBool) -> Result<()> {
    loop {
        std::thread::park_timeout(HEARTBEAT_INTERVAL);
        if ends.load(Ordering::Relaxed) {
            return Ok(());
        }
        let request = HeartbeatRequest {
            group_id: Str::from_static("c"),
            generation_id: joined.generation_id,
            member_id: joined.member_id.clone(),
            group_instance_id: None,
        };
        match ErrorCode(asker.ask(&request, 4)?.error_code) {
            ErrorCode::NONE => {}
            ErrorCode::REBALANCE_IN_PROGRESS => return Ok(()),
            ErrorCode(code) => check("heartbeat", code)?,
        }
    }
}

//! Members of the classic protocol, each a thread that joins and then sends heartbeats: a few that rest, and a crowd that
//! is moved.

use super::check;
use crate::frames::{Asker, coordinator};
use anyhow::{Context, Result, bail};
use klamm_codec::Str;
use klamm_wire::ErrorCode;
use klamm_wire::messages::heartbeat::HeartbeatRequest;
use klamm_wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use klamm_wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use klamm_wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Members that have joined.
#[derive(Debug)]
pub(super) struct Members {
    address: SocketAddr,
    seen: Arc<Seen>,
    threads: Vec<JoinHandle<Result<()>>>,
}

/// What the members tell.
#[derive(Debug, Default)]
struct Seen {
    /// All are to end, and the node is not told.
    ends: AtomicBool,
    /// One is to leave.
    leaves: AtomicBool,
    /// The newest generation, and how many members have their part of it.
    stable: Mutex<(i32, usize)>,
    /// Joins that were sent.
    joins: AtomicUsize,
}

/// A round that was measured.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) seconds: f64,
    /// How many generations it took.
    pub(super) generations: i32,
    /// Joins that were sent for it.
    pub(super) joins: usize,
}

/// What most clients are set to.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(60);

impl Seen {
    fn has_its_part(&self, of: i32) {
        let (generation, count) = &mut *self.stable();
        if *generation < of {
            (*generation, *count) = (of, 0);
        }
        *count += usize::from(*generation == of);
    }

    fn stable(&self) -> MutexGuard<'_, (i32, usize)> {
        self.stable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Members {
    /// Starts so many members at the same time, and waits until all have their part.
    pub(super) fn start(address: SocketAddr, count: usize) -> Result<Self> {
        coordinator(&mut Asker::connect(address)?, "c", 0)?;
        let mut members = Self { address, seen: Arc::default(), threads: Vec::new() };
        let ready = Arc::new(Barrier::new(count));
        for _ in 0..count {
            members.spawn(Some(Arc::clone(&ready)))?;
        }
        members.settle()?;
        Ok(members)
    }

    fn spawn(&mut self, ready: Option<Arc<Barrier>>) -> Result<()> {
        let (address, seen) = (self.address, Arc::clone(&self.seen));
        let thread = std::thread::Builder::new().stack_size(256 << 10);
        self.threads.push(thread.spawn(move || {
            if let Some(ready) = ready {
                ready.wait();
            }
            live(address, &seen)
        })?);
        Ok(())
    }

    /// One comes.
    pub(super) fn join(&mut self) -> Result<()> {
        self.spawn(None)
    }

    /// One leaves, and says so.
    pub(super) fn leave(&mut self) -> Result<()> {
        self.seen.leaves.store(true, Ordering::Relaxed);
        let one = self.threads.first().context("there is a member")?;
        while self.seen.leaves.load(Ordering::Relaxed) {
            one.thread().unpark();
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Ok(())
    }

    /// How long it takes until all have their part again.
    pub(super) fn measure(&mut self, act: impl FnOnce(&mut Self) -> Result<()>) -> Result<Round> {
        let seen = Arc::clone(&self.seen);
        let read = || (seen.stable().0, seen.joins.load(Ordering::Relaxed));
        let (generation, joins) = read();
        let started = Instant::now();
        act(self)?;
        while read().0 == generation {
            self.be_patient(started)?;
        }
        self.settle()?;
        let seconds = started.elapsed().as_secs_f64();
        Ok(Round {
            seconds,
            generations: read().0 - generation,
            joins: read().1 - joins,
        })
    }

    fn settle(&mut self) -> Result<()> {
        let started = Instant::now();
        while self.seen.stable().1 < self.threads.len() {
            self.be_patient(started)?;
            self.drop_the_gone()?;
        }
        Ok(())
    }

    fn be_patient(&self, started: Instant) -> Result<()> {
        if started.elapsed() > PATIENCE {
            bail!("the members do not come together");
        }
        std::thread::park_timeout(Duration::from_millis(10));
        Ok(())
    }

    fn drop_the_gone(&mut self) -> Result<()> {
        let (gone, here) = std::mem::take(&mut self.threads)
            .into_iter()
            .partition(JoinHandle::is_finished);
        self.threads = here;
        ended(gone)
    }

    /// All end; the node is not told.
    pub(super) fn stop(self) -> Result<()> {
        self.seen.ends.store(true, Ordering::Relaxed);
        for thread in &self.threads {
            thread.thread().unpark();
        }
        ended(self.threads)
    }
}

fn ended(threads: Vec<JoinHandle<Result<()>>>) -> Result<()> {
    for thread in threads {
        match thread.join() {
            Ok(ended) => ended?,
            Err(_) => bail!("a member panicked"),
        }
    }
    Ok(())
}

fn live(address: SocketAddr, seen: &Seen) -> Result<()> {
    let mut asker = Asker::connect(address)?;
    let mut member_id = Str::EMPTY;
    while !seen.ends.load(Ordering::Relaxed) {
        let joined = join(&mut asker, &mut member_id, seen)?;
        if !sync(&mut asker, &joined)? {
            continue;
        }
        let generation = joined.generation_id;
        seen.has_its_part(generation);
        if !rest(&mut asker, &joined, seen)? {
            return Ok(());
        }
    }
    Ok(())
}

fn join(asker: &mut Asker, member_id: &mut Str, seen: &Seen) -> Result<JoinGroupResponse> {
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
        seen.joins.fetch_add(1, Ordering::Relaxed);
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

/// Sends heartbeats until a round begins; `false` if it is to go.
fn rest(asker: &mut Asker, joined: &JoinGroupResponse, seen: &Seen) -> Result<bool> {
    loop {
        std::thread::park_timeout(HEARTBEAT_INTERVAL);
        if seen.ends.load(Ordering::Relaxed) {
            return Ok(false);
        }
        if seen.leaves.swap(false, Ordering::Relaxed) {
            leave(asker, joined)?;
            return Ok(false);
        }
        let request = HeartbeatRequest {
            group_id: Str::from_static("c"),
            generation_id: joined.generation_id,
            member_id: joined.member_id.clone(),
            group_instance_id: None,
        };
        match ErrorCode(asker.ask(&request, 4)?.error_code) {
            ErrorCode::NONE => {}
            ErrorCode::REBALANCE_IN_PROGRESS => return Ok(true),
            ErrorCode(code) => check("heartbeat", code)?,
        }
    }
}

fn leave(asker: &mut Asker, joined: &JoinGroupResponse) -> Result<()> {
    let request = LeaveGroupRequest {
        group_id: Str::from_static("c"),
        members: vec![MemberIdentity {
            member_id: joined.member_id.clone(),
            ..MemberIdentity::default()
        }],
        ..LeaveGroupRequest::default()
    };
    check("leave", asker.ask(&request, 5)?.error_code)
}

//! The one task that feeds the engine: collects what waits, runs it off the reactor, sleeps until something is due.

use super::decision::Proposal;
use super::engine::{Engine, SnapshotJob};
use super::{QuorumDescription, QuorumError};
use klamm_host::{Host, run_blocking};
use klamm_raft::SnapshotId;
use std::future::pending;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, WeakSender};
use tokio::sync::oneshot;

/// What the task is asked to do.
pub(super) enum Command {
    Decide(Box<dyn Proposal>),
    Describe(oneshot::Sender<Result<QuorumDescription, QuorumError>>),
    /// A snapshot was written, or (`None`) could not be.
    SnapshotWritten(Option<SnapshotId>),
    Shutdown(oneshot::Sender<()>),
}

/// How many commands share one append and sync.
const ROUND_MAX: usize = 512;

pub(super) async fn drive(
    host: Host,
    mut engine: Box<Engine>,
    mut queue: Receiver<Command>,
    own: WeakSender<Command>,
) {
    let mut round = Vec::new();
    loop {
        let wait = engine.next_wait();
        let received = tokio::select! {
            biased;
            received = queue.recv_many(&mut round, ROUND_MAX) => received,
            () = sleep(wait) => 1,
        };
        if received == 0 {
            // Every handle is gone.
            return;
        }
        let round = std::mem::take(&mut round);
        let Some((ran, stop)) = run_round(&host, engine, round).await else {
            return;
        };
        engine = ran;
        if let Some(job) = engine.snapshot_due() {
            write_snapshot(&host, job, own.clone());
        }
        if stop || engine.is_halted() {
            queue.close();
            while let Some(command) = queue.recv().await {
                refuse(command);
            }
            return;
        }
    }
}

/// Runs one round off the reactor. `None`: the engine is lost, the process is about to end.
async fn run_round(
    host: &Host,
    mut engine: Box<Engine>,
    round: Vec<Command>,
) -> Option<(Box<Engine>, bool)> {
    let ran = run_blocking(&*host.tasks, move || {
        let stop = engine.run(round);
        (engine, stop)
    });
    match ran.await {
        Ok(outcome) => Some(outcome),
        Err(error) => {
            tracing::error!(%error, "the metadata quorum is lost");
            None
        }
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => pending().await,
    }
}

/// Writes a snapshot beside the engine, which goes on deciding meanwhile.
fn write_snapshot(host: &Host, job: SnapshotJob, own: WeakSender<Command>) {
    let tasks = std::sync::Arc::clone(&host.tasks);
    host.tasks.spawn(Box::pin(async move {
        let written = run_blocking(&*tasks, move || job.write())
            .await
            .unwrap_or(None);
        if let Some(own) = own.upgrade() {
            let _ = own.send(Command::SnapshotWritten(written)).await;
        }
    }));
}

fn refuse(command: Command) {
    match command {
        Command::Decide(proposal) => proposal.finish(Err(QuorumError::Stopped)),
        Command::Describe(caller) => drop(caller.send(Err(QuorumError::Stopped))),
        Command::Shutdown(done) => drop(done.send(())),
        Command::SnapshotWritten(_) => {}
    }
}

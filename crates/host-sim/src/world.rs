//! A whole simulation: one thread, paused time, one seed.

use crate::{
    CrashPolicy, Leave, Panics, SimClock, SimDisk, SimEntropy, SimNet, SimRng, SimTasks, Trace,
};
use klamm_host::{Clock, Host};
use parking_lot::Mutex;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What all nodes of a run share.
#[derive(Debug)]
pub struct World {
    /// Draws of the run itself; each part forks its own.
    pub rng: SimRng,
    /// The network.
    pub net: SimNet,
    /// All that happened.
    pub trace: Trace,
    /// What tasks died of.
    pub panics: Panics,
    nodes: u8,
    disks: Arc<Mutex<Vec<SimDisk>>>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Run<T> {
    /// What the run's own code returned.
    pub value: T,
    /// The hash of all events: equal for two runs of a seed.
    pub hash: u64,
    /// How many events there were.
    pub events: u64,
    /// How much simulated time passed.
    pub simulated: Duration,
    /// What tasks died of.
    pub panics: Vec<String>,
    /// The events as text, if the trace was told to keep it.
    pub text: Vec<String>,
}

/// Milliseconds since the epoch when a run begins: 2026-01-01.
const START_MS: i64 = 1_767_225_600_000;

impl World {
    /// Runs `main` for a seed, on a runtime of its own.
    ///
    /// # Panics
    /// No runtime can be built, or `main` panics.
    pub fn run<T, F: Future<Output = T>>(seed: u64, main: impl FnOnce(Self) -> F) -> Run<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without sockets needs only memory");
        let trace = Trace::new();
        let panics = Panics::default();
        let disks = Arc::new(Mutex::new(Vec::new()));
        let (value, simulated) = runtime.block_on(async {
            trace.start_clock();
            let start = Instant::now();
            let mut rng = SimRng::new(seed);
            let net = SimNet::new(rng.fork(), trace.clone());
            let world = Self {
                rng,
                net,
                trace: trace.clone(),
                panics: panics.clone(),
                nodes: 0,
                disks: Arc::clone(&disks),
            };
            let value = main(world).await;
            (value, start.elapsed())
        });
        let run = Run {
            value,
            hash: trace.hash(),
            events: trace.events(),
            simulated,
            panics: panics.all(),
            text: trace.text(),
        };
        drop(runtime);
        // Crashed nodes may leave rings of references; what they hold should be small.
        for disk in disks.lock().drain(..) {
            disk.wipe();
        }
        run
    }

    /// A machine with an address, a disk and a clock of its own; switched off.
    pub fn node(&mut self) -> SimNode {
        self.nodes += 1;
        let disk = SimDisk::with_trace(self.trace.clone());
        self.disks.lock().push(disk.clone());
        let clock = SimClock::new(START_MS);
        let wall_clock = clock.clone();
        disk.set_wall_clock(move || wall_clock.now_ms());
        SimNode {
            ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, self.nodes)),
            clock,
            tasks: SimTasks::new(
                self.rng.fork(),
                None,
                self.panics.clone(),
                self.trace.clone(),
            ),
            net: self.net.clone(),
            rng: self.rng.fork(),
            panics: self.panics.clone(),
            trace: self.trace.clone(),
            blocking_delay_ms_max: 0,
            disk,
        }
    }
}

/// A machine that is booted and crashed.
#[derive(Debug)]
pub struct SimNode {
    /// Its address.
    pub ip: IpAddr,
    /// Its disk: what stays through crashes.
    pub disk: SimDisk,
    /// Its clock.
    pub clock: SimClock,
    /// Tasks of the current boot.
    pub tasks: SimTasks,
    /// How late blocking work may begin, in milliseconds, from the next boot on.
    pub blocking_delay_ms_max: u64,
    net: SimNet,
    rng: SimRng,
    panics: Panics,
    trace: Trace,
}

impl SimNode {
    /// A new boot, after a crash or at first: the world of its process.
    pub fn boot(&mut self) -> Host {
        let mount = self.disk.mount();
        self.tasks = SimTasks::new(
            self.rng.fork(),
            Some(mount.clone()),
            self.panics.clone(),
            self.trace.clone(),
        );
        self.tasks
            .set_blocking_delay_ms_max(self.blocking_delay_ms_max);
        self.trace.event("boot", &[]);
        Host {
            disk: Arc::new(mount),
            net: Arc::new(self.net.at(self.ip)),
            clock: Arc::new(self.clock.clone()),
            entropy: Arc::new(SimEntropy::new(self.rng.next_u64())),
            tasks: Arc::new(self.tasks.clone()),
        }
    }

    /// Ends the boot at this moment: tasks stop where they wait, connections break, the disk keeps what the policy
    /// says. A kept page cache means that the process was killed; anything else is a power cut, which peers do not
    /// hear of.
    pub fn crash(&mut self, policy: CrashPolicy) {
        self.tasks.crash();
        let how = if policy == CrashPolicy::KeepAll {
            Leave::Reset
        } else {
            Leave::Silent
        };
        self.net.leave(self.ip, how);
        self.disk.crash(policy, &mut self.rng);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_host::{Disk, OpenMode};
    use std::io::IoSlice;
    use std::net::SocketAddr;
    use std::path::Path;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// An echo server that also writes what it gets to a file.
    async fn serve(host: Host) {
        let mut listener = host.net.listen("0.0.0.0:7".parse().unwrap()).await.unwrap();
        loop {
            let accepted = std::future::poll_fn(|cx| listener.poll_accept(cx)).await;
            let Ok((mut connection, _)) = accepted else {
                return;
            };
            let disk = Arc::clone(&host.disk);
            host.tasks.spawn(Box::pin(async move {
                let mut buffer = [0; 16];
                while let Ok(n @ 1..) = connection.read(&mut buffer).await {
                    let file = disk.open(Path::new("/f"), OpenMode::Create).unwrap();
                    let end = file.len().unwrap();
                    file.write_all_at(&[IoSlice::new(&buffer[..n])], end)
                        .unwrap();
                    if connection.write_all(&buffer[..n]).await.is_err() {
                        return;
                    }
                }
            }));
        }
    }

    async fn scenario(mut world: World) -> (usize, Vec<u8>) {
        let mut server = world.node();
        let client = world.node();
        let mut echoed = 0;
        for round in 0..4 {
            let host = server.boot();
            host.tasks.spawn(Box::pin(serve(host.clone())));
            tokio::task::yield_now().await;
            let address = SocketAddr::new(server.ip, 7);
            let network = world.net.at(client.ip);
            let crash_at = Duration::from_millis(world.rng.between(1, 40));
            let talk = async {
                use klamm_host::Network;
                let mut connection = network.connect(address).await.unwrap();
                loop {
                    connection.write_all(b"hello").await.unwrap();
                    let mut buffer = [0; 5];
                    connection.read_exact(&mut buffer).await.unwrap();
                    echoed += 1;
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
            };
            let ended = tokio::time::timeout(crash_at, talk).await;
            assert!(ended.is_err());
            server.crash(if round % 2 == 0 {
                CrashPolicy::KeepAll
            } else {
                CrashPolicy::Random { torn: true, reorder: true }
            });
            assert_eq!(server.tasks.running(), 0);
        }
        (
            echoed,
            server.disk.read(Path::new("/f")).unwrap_or_default(),
        )
    }

    #[test]
    fn a_seed_decides_a_whole_run() {
        let run = |seed| {
            let run = World::run(seed, scenario);
            assert!(run.panics.is_empty(), "{:?}", run.panics);
            (run.hash, run.events, run.simulated, run.value)
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1).0, run(2).0);
        assert!(run(1).3.0 > 4);
    }
}

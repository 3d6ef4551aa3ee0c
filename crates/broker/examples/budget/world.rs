//! A host without chance: the real disk, connections in memory, a clock that moves when it is read.

use crate::pipe::PipeNetwork;
use klamm_host::{Clock, Entropy, Host, os};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Each reading is a microsecond later than the one before.
#[derive(Debug, Default)]
struct Steps(AtomicU64);

#[derive(Debug, Default)]
struct Numbers(AtomicU64);

/// When the world begins.
pub(crate) const BEGIN_MS: i64 = 1_800_000_000_000;

/// The world of a broker whose every run is the same.
pub(crate) fn host(net: &PipeNetwork) -> Host {
    Host {
        net: Arc::new(net.clone()),
        clock: Arc::new(Steps::default()),
        entropy: Arc::new(Numbers::default()),
        ..os::host()
    }
}

impl Clock for Steps {
    fn now_ms(&self) -> i64 {
        BEGIN_MS + i64::try_from(self.monotonic().as_millis()).unwrap_or(0)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

impl Entropy for Numbers {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            *byte = n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()[0];
        }
    }
}

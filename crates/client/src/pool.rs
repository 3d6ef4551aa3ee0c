//! Connections by address: dialled once, shared, and not dialled again too soon.

use crate::backoff::pause;
use crate::config::{Address, ClientConfig};
use crate::connection::Connection;
use crate::error::ClientError;
use klamm_host::Host;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::debug;

/// All connections of a client.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    slots: Mutex<BTreeMap<Address, Arc<Slot>>>,
}

/// One address. Whoever dials holds the lock; others wait for the result.
#[derive(Debug, Default)]
struct Slot {
    dialling: tokio::sync::Mutex<()>,
    state: Mutex<SlotState>,
}

#[derive(Debug, Default)]
struct SlotState {
    connection: Option<Arc<Connection>>,
    /// Dials that failed since the last success.
    failures: u32,
    /// Not dialled before this.
    next_dial: Option<Instant>,
}

impl Pool {
    /// The connection to an address; dials if there is none, after the pause that earlier failures ask for.
    pub(crate) async fn get(
        &self,
        host: &Host,
        config: &ClientConfig,
        address: &Address,
    ) -> Result<Arc<Connection>, ClientError> {
        let slot = Arc::clone(self.slots.lock().entry(address.clone()).or_default());
        if let Some(connection) = slot.open() {
            return Ok(connection);
        }
        let _dialling = slot.dialling.lock().await;
        if let Some(connection) = slot.open() {
            return Ok(connection);
        }
        let wait_until = slot.state.lock().next_dial;
        if let Some(instant) = wait_until {
            tokio::time::sleep_until(instant).await;
        }
        let dialled = Connection::open(host, config, address).await;
        match &dialled {
            Ok(_) => debug!(%address, "connected"),
            Err(error) => debug!(%error, "dialling"),
        }
        let mut state = slot.state.lock();
        if let Ok(connection) = &dialled {
            state.connection = Some(Arc::clone(connection));
            state.failures = 0;
            // A broker that closes at once is not dialled in a tight loop either.
            state.next_dial = Some(Instant::now() + config.reconnect_backoff);
        } else {
            let (first, longest) = (config.reconnect_backoff, config.reconnect_backoff_max);
            let pause = pause(first, longest, state.failures, host.entropy.as_ref());
            state.failures = state.failures.saturating_add(1);
            state.next_dial = Some(Instant::now() + pause);
        }
        dialled
    }

    /// An open connection to an address, if there is one.
    pub(crate) fn open(&self, address: &Address) -> Option<Arc<Connection>> {
        let slot = self.slots.lock().get(address).cloned();
        slot.and_then(|slot| slot.open())
    }

    /// How long until an address may be dialled.
    pub(crate) fn wait_of(&self, address: &Address) -> Duration {
        let slot = self.slots.lock().get(address).cloned();
        let next = slot.and_then(|slot| slot.state.lock().next_dial);
        next.map_or(Duration::ZERO, |at| {
            at.saturating_duration_since(Instant::now())
        })
    }
}

impl Slot {
    fn open(&self) -> Option<Arc<Connection>> {
        self.state
            .lock()
            .connection
            .clone()
            .filter(|connection| connection.is_open())
    }
}

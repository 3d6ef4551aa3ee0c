//! Who sent a request.

use crate::waiting::Burst;
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;

/// The peer of one connection.
#[derive(Debug)]
pub(crate) struct Caller {
    /// Its address.
    pub(crate) peer: SocketAddr,
    /// The listener that it came through.
    pub(crate) listener: Arc<str>,
    /// Its produce requests that came together.
    pub(crate) burst: Burst,
    /// The client library that it named in ApiVersions (KIP-511).
    software: Mutex<Option<Software>>,
}

/// A client library's name and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Software {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// One request's circumstances.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The version of the API that the request is written in.
    pub(crate) version: i16,
    /// The client id of the request's header; empty if it has none.
    pub(crate) client_id: klamm_codec::Str,
    /// The size of the request, header included.
    pub(crate) frame_bytes: usize,
    /// The connection's peer.
    pub(crate) caller: Arc<Caller>,
}

impl Caller {
    pub(crate) fn new(peer: SocketAddr, listener: Arc<str>) -> Self {
        Self {
            peer,
            listener,
            burst: Burst::default(),
            software: Mutex::new(None),
        }
    }

    pub(crate) fn set_software(&self, name: &str, version: &str) {
        *self.software.lock() = Some(Software { name: name.into(), version: version.into() });
    }

    /// The client library, if it said so.
    pub(crate) fn software(&self) -> Option<Software> {
        self.software.lock().clone()
    }
}

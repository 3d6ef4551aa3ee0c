//! Pipes in memory instead of sockets. The port says which broker answers.

use crate::broker_on_paper::Paper;
use klamm_host::{BoxFuture, Clock, Connection, Entropy, FileRange, Host, Listener, Network, os};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// The first broker's port; the others follow.
pub(crate) const PORT: u16 = 9000;
/// Bytes that a pipe holds.
const PIPE_BYTES: usize = 64 << 10;

/// Connects to brokers on paper.
#[derive(Debug)]
struct PaperNetwork(Paper);

#[derive(Debug)]
struct Pipe(DuplexStream);

#[derive(Debug)]
struct Seeded(AtomicU64);

#[derive(Debug)]
struct StillClock;

/// What `StillClock` shows.
pub(crate) const NOW_MS: i64 = 1_800_000_000_000;

/// A host whose network leads to these brokers.
pub(crate) fn host(paper: &Paper, seed: u64) -> Host {
    Host {
        net: Arc::new(PaperNetwork(paper.clone())),
        entropy: Arc::new(Seeded(AtomicU64::new(seed))),
        clock: Arc::new(StillClock),
        ..os::host()
    }
}

impl Network for PaperNetwork {
    fn listen(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Connection>>> {
        let node = i32::from(address.port() - PORT);
        Box::pin(async move {
            if !self.0.is_up(node) {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let (client, server) = tokio::io::duplex(PIPE_BYTES);
            tokio::spawn(self.0.clone().serve(node, server));
            Ok(Box::new(Pipe(client)) as Box<dyn Connection>)
        })
    }
}

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = next(&self.0).to_be_bytes();
            chunk
                .iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = from);
        }
    }
}

/// SplitMix64.
fn next(state: &AtomicU64) -> u64 {
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut z = state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Clock for StillClock {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

impl Connection for Pipe {
    fn poll_send_file(
        &mut self,
        _: &mut Context<'_>,
        _: &FileRange,
        _: usize,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

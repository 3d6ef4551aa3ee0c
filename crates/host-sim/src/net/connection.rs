//! One end of a connection.

use super::pipe::Found;
use super::{ConnectionId, NetState, SimNet, pair};
use crate::digest;
use bytes::Bytes;
use klamm_host::{Connection, FileRange};
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

#[derive(Debug)]
pub(super) struct SimConnection {
    net: SimNet,
    id: ConnectionId,
    end: usize,
    arrival: Option<Pin<Box<Sleep>>>,
    /// Written before a file range, and held back until something follows. The real system lets go after a while; here
    /// nothing ever comes of it, so that a writer that does not go on is found out.
    held: Vec<u8>,
}

/// One call of `poll_send_file` moves at most this much.
const SEND_FILE_CALL_MAX: usize = 16 * 1024;

impl SimConnection {
    pub(super) fn new(net: SimNet, id: ConnectionId, end: usize) -> Self {
        Self { net, id, end, arrival: None, held: Vec::new() }
    }

    /// How many bytes can be written now, at most `wanted`.
    fn poll_room(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        let room = self.room(cx, wanted);
        if room.is_pending() {
            // The peer makes room by reading them.
            self.release();
        }
        room
    }

    fn room(&self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        let mut state = self.net.shared.lock();
        let NetState { rng, connections, .. } = &mut *state;
        let Some(streams) = connections.get_mut(&self.id) else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        if streams.reset || streams.silent[self.end] {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let peer = 1 - self.end;
        let ours = &mut streams.pipes[self.end];
        if ours.is_finished() || (streams.gone[peer] && !streams.silent[peer]) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let taken = ours.buffered() + self.held.len();
        let room = streams.link.buffer.saturating_sub(taken);
        if room == 0 && wanted > 0 {
            ours.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if rng.below(10_000) < streams.link.reset_per_10k {
            self.net.trace.event("net reset", &[self.id]);
            streams.break_off(rng);
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(room.min(wanted)))
    }

    /// Sends bytes, after those that were held for them.
    fn push(&mut self, bytes: Bytes) {
        self.release();
        self.send(bytes);
    }

    fn release(&mut self) {
        if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.send(held.into());
        }
    }

    fn send(&self, mut bytes: Bytes) {
        self.net
            .trace
            .event("net write", &[self.id, bytes.len() as u64, digest(&bytes)]);
        let mut state = self.net.shared.lock();
        let Some(link) = state.connections.get(&self.id).map(|streams| streams.link) else {
            return;
        };
        while !bytes.is_empty() {
            let arrival = Instant::now() + state.delay(link);
            let n = if link.piece_max < bytes.len() {
                1 + state.rng.index(link.piece_max)
            } else {
                bytes.len()
            };
            let piece = bytes.split_to(n.min(bytes.len()));
            if let Some(streams) = state.connections.get_mut(&self.id) {
                streams.pipes[self.end].push(piece, arrival);
            }
        }
    }

    fn finish(&mut self) {
        self.release();
        let mut state = self.net.shared.lock();
        let Some(link) = state.connections.get(&self.id).map(|streams| streams.link) else {
            return;
        };
        let arrival = Instant::now() + state.delay(link);
        if let Some(streams) = state.connections.get_mut(&self.id) {
            streams.pipes[self.end].finish(arrival);
        }
    }
}

impl Connection for SimConnection {
    fn poll_send_file(
        &mut self,
        cx: &mut Context<'_>,
        range: &FileRange,
        sent: usize,
    ) -> Poll<io::Result<usize>> {
        let left = range.len.saturating_sub(sent).min(SEND_FILE_CALL_MAX);
        if left == 0 {
            return Poll::Ready(Ok(0));
        }
        let room = ready!(self.poll_room(cx, left))?;
        let mut bytes = vec![0; room];
        let n = range
            .file
            .read_at(&mut bytes, range.position + sent as u64)?;
        if n == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        bytes.truncate(n);
        self.push(bytes.into());
        Poll::Ready(Ok(n))
    }

    fn poll_write_before_file(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wanted = slices.iter().map(|slice| slice.len()).sum();
        let n = ready!(self.poll_room(cx, wanted))?;
        let end = self.held.len() + n;
        slices
            .iter()
            .for_each(|slice| self.held.extend_from_slice(slice));
        self.held.truncate(end);
        Poll::Ready(Ok(n))
    }
}

impl AsyncRead for SimConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let later = {
                let mut state = self.net.shared.lock();
                let NetState { connections, stalled, .. } = &mut *state;
                let Some(streams) = connections.get_mut(&self.id) else {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
                };
                let ends = streams.ends;
                let held = stalled.contains(&pair(ends[0].ip(), ends[1].ip()));
                let theirs = &mut streams.pipes[1 - self.end];
                match theirs.find(Instant::now()) {
                    Found::Nothing if streams.reset => {
                        return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
                    }
                    Found::Bytes if !held => {
                        buffer.put_slice(&theirs.take(buffer.remaining()));
                        return Poll::Ready(Ok(()));
                    }
                    Found::End if !held => return Poll::Ready(Ok(())),
                    Found::Later(arrival) if !held => {
                        theirs.reader = Some(cx.waker().clone());
                        arrival
                    }
                    _ => {
                        theirs.reader = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                }
            };
            // Kept, so that its timer wakes this task.
            let arrival = self.arrival.insert(Box::pin(sleep_until(later)));
            ready!(arrival.as_mut().poll(cx));
        }
    }
}

impl AsyncWrite for SimConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let n = ready!(self.poll_room(cx, bytes.len()))?;
        self.push(Bytes::copy_from_slice(&bytes[..n]));
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.finish();
        Poll::Ready(Ok(()))
    }
}

impl Drop for SimConnection {
    fn drop(&mut self) {
        let died = {
            let state = self.net.shared.lock();
            let streams = state.connections.get(&self.id);
            streams.is_none_or(|streams| streams.gone[self.end])
        };
        // A dead node says no good-bye.
        if !died {
            self.finish();
        }
        let mut state = self.net.shared.lock();
        if let Some(streams) = state.connections.get_mut(&self.id) {
            streams.gone[self.end] = true;
            streams.wake();
        }
        state.sweep(self.id);
    }
}

//! The outgoing side of a connection: bytes gathered into few writes, file ranges sent from the page cache.
//!
//! A range that is not in the page cache is read ahead on the blocking pool first, so that a slow disk never holds a
//! reactor thread. What stands before a range leaves together with it, so that the peer is woken once.

use bytes::{Buf, Bytes};
use klamm_codec::Segment;
use klamm_host::{BoxFuture, Connection, FileRange, Residency, Tasks};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

#[cfg(test)]
mod tests;

/// Answers on their way to the peer.
pub(crate) struct Outbox {
    segments: VecDeque<Segment>,
    /// Bytes of the file range in front that are sent.
    sent_of_front: usize,
    /// Bytes of the file range in front that are known to be in memory.
    warm_until: usize,
    warming: Option<BoxFuture<'static, io::Result<()>>>,
    queued_bytes: usize,
    tasks: Arc<dyn Tasks>,
}

/// Memory that may wait for a slow reader before its requests are left unread.
const QUEUED_BYTES_MAX: usize = 1 << 20;
/// One residency check covers this much.
const WARM_STEP_BYTES: usize = 1 << 20;
const SLICES_MAX: usize = 64;

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox")
            .field("queued_bytes", &self.queued_bytes)
            .finish_non_exhaustive()
    }
}

impl Outbox {
    pub(crate) fn new(tasks: Arc<dyn Tasks>) -> Self {
        Self {
            segments: VecDeque::new(),
            sent_of_front: 0,
            warm_until: 0,
            warming: None,
            queued_bytes: 0,
            tasks,
        }
    }

    pub(crate) fn push(&mut self, segment: Segment) {
        match &segment {
            Segment::Bytes(bytes) if bytes.is_empty() => return,
            Segment::File(range) if range.len == 0 => return,
            Segment::Bytes(bytes) => self.queued_bytes += bytes.len(),
            Segment::File(_) => {}
        }
        self.segments.push_back(segment);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Whether more answers may be made for this peer.
    pub(crate) fn has_room(&self) -> bool {
        self.queued_bytes < QUEUED_BYTES_MAX
    }

    /// Sends as much as the peer takes. `Ready` when nothing is left.
    pub(crate) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut dyn Connection,
    ) -> Poll<io::Result<usize>> {
        let mut sent = 0;
        while let Some(front) = self.segments.front() {
            let step = match front {
                Segment::Bytes(_) => self.poll_write(cx, stream),
                Segment::File(range) => {
                    let range = range.clone();
                    self.poll_file(cx, stream, &range)
                }
            };
            match step {
                Poll::Ready(Ok(n)) => sent += n,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        if self.segments.capacity() > SLICES_MAX {
            self.segments = VecDeque::new();
        }
        Poll::Ready(Ok(sent))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut dyn Connection,
    ) -> Poll<io::Result<usize>> {
        let goes_before_file = self.next_range_is_warm();
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let mut count = 0;
        for segment in &self.segments {
            let Segment::Bytes(bytes) = segment else {
                break;
            };
            let Some(slot) = slices.get_mut(count) else {
                break;
            };
            *slot = IoSlice::new(bytes);
            count += 1;
        }
        let slices = slices.get(..count).unwrap_or_default();
        let n = if goes_before_file {
            ready!(stream.poll_write_before_file(cx, slices))?
        } else {
            ready!(Pin::new(stream).poll_write_vectored(cx, slices))?
        };
        if n == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.drop_written(n);
        Poll::Ready(Ok(n))
    }

    /// Whether the next write ends where a file range begins that can be sent at once. What stands before a range that
    /// has to be read from the disk first must not wait for it.
    fn next_range_is_warm(&mut self) -> bool {
        let next = self.segments.iter().take(SLICES_MAX + 1);
        let Some(range) = next.into_iter().find_map(file_range) else {
            return false;
        };
        let range = range.clone();
        self.look_ahead(&range);
        self.warming.is_none()
    }

    /// Has the next step of the first range read into memory, unless it is there.
    fn look_ahead(&mut self, range: &FileRange) {
        if self.sent_of_front < self.warm_until {
            return;
        }
        let step = WARM_STEP_BYTES.min(range.len - self.sent_of_front);
        let position = range.position + self.sent_of_front as u64;
        self.warm_until = self.sent_of_front + step;
        if range.file.residency(position, step as u64) == Residency::Cold {
            self.warming = Some(warm(&*self.tasks, range, position, step));
        }
    }

    fn drop_written(&mut self, mut written: usize) {
        self.queued_bytes -= written;
        while written > 0 {
            let Some(Segment::Bytes(bytes)) = self.segments.front_mut() else {
                return;
            };
            if bytes.len() > written {
                bytes.advance(written);
                return;
            }
            written -= bytes.len();
            self.segments.pop_front();
        }
    }

    fn poll_file(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut dyn Connection,
        range: &FileRange,
    ) -> Poll<io::Result<usize>> {
        self.look_ahead(range);
        if let Some(warming) = &mut self.warming {
            ready!(warming.as_mut().poll(cx))?;
            self.warming = None;
        }
        let step = FileRange {
            file: Arc::clone(&range.file),
            position: range.position,
            len: self.warm_until,
        };
        let n = ready!(stream.poll_send_file(cx, &step, self.sent_of_front))?;
        self.sent_of_front += n;
        if self.sent_of_front == range.len {
            self.segments.pop_front();
            self.sent_of_front = 0;
            self.warm_until = 0;
        }
        Poll::Ready(Ok(n))
    }
}

fn file_range(segment: &Segment) -> Option<&FileRange> {
    match segment {
        Segment::File(range) => Some(range),
        Segment::Bytes(_) => None,
    }
}

/// Reads a cold range into the page cache on the blocking pool.
fn warm(
    tasks: &dyn Tasks,
    range: &FileRange,
    position: u64,
    len: usize,
) -> BoxFuture<'static, io::Result<()>> {
    let file = Arc::clone(&range.file);
    tasks.run_blocking(Box::new(move || file.warm(position, len as u64)))
}

/// Ranges below this are copied and written together with their neighbours; above it sendfile is cheaper.
const COPY_BYTES_MAX: usize = 32 << 10;

/// Replaces small file ranges by their bytes, off the reactor if they are cold.
///
/// # Errors
/// A range can't be read.
pub(crate) async fn copy_small_ranges(
    segments: &mut [Segment],
    tasks: &dyn Tasks,
) -> io::Result<()> {
    for segment in segments {
        let Segment::File(range) = segment else {
            continue;
        };
        if range.len >= COPY_BYTES_MAX {
            continue;
        }
        let cold = range.file.residency(range.position, range.len as u64) == Residency::Cold;
        let bytes = if cold {
            let range = range.clone();
            klamm_host::run_blocking(tasks, move || range.read()).await??
        } else {
            range.read()?
        };
        *segment = Segment::Bytes(Bytes::from(bytes));
    }
    Ok(())
}

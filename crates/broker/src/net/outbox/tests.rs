//! Tests of what leaves together, and of what must not wait.

use super::*;
use klamm_host::{DiskFile, TaskHandle};
use parking_lot::Mutex;
use std::os::fd::BorrowedFd;
use std::task::Waker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Sent {
    Bytes(Vec<u8>),
    BeforeFile(Vec<u8>),
    File(usize),
}

/// A peer that takes a few bytes at a time, and notes how they were sent.
#[derive(Debug)]
struct Peer {
    sent: Vec<Sent>,
    step_max: usize,
}

impl Peer {
    fn take(&self, slices: &[IoSlice<'_>]) -> Vec<u8> {
        let bytes = slices.iter().flat_map(|slice| slice.iter().copied());
        bytes.take(self.step_max).collect()
    }
}

impl AsyncRead for Peer {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Peer {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let taken = self.take(slices);
        let n = taken.len();
        self.sent.push(Sent::Bytes(taken));
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Connection for Peer {
    fn poll_send_file(
        &mut self,
        _: &mut Context<'_>,
        range: &FileRange,
        sent: usize,
    ) -> Poll<io::Result<usize>> {
        let n = range.len - sent;
        self.sent.push(Sent::File(n));
        Poll::Ready(Ok(n))
    }

    fn poll_write_before_file(
        &mut self,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let taken = self.take(slices);
        let n = taken.len();
        self.sent.push(Sent::BeforeFile(taken));
        Poll::Ready(Ok(n))
    }
}

/// A file of zeros that is in the page cache, or not.
#[derive(Debug)]
struct Zeros(Residency);

impl DiskFile for Zeros {
    fn modified_ms(&self) -> io::Result<i64> {
        Ok(0)
    }

    fn set_modified_ms(&self, _: i64) -> io::Result<()> {
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }

    fn read_at(&self, buffer: &mut [u8], _: u64) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn write_all_at(&self, _: &[IoSlice<'_>], _: u64) -> io::Result<()> {
        Ok(())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn preallocate(&self, _: u64, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn write_back(&self, _: u64, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn sync_data_before(&self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync_all(&self) -> io::Result<()> {
        Ok(())
    }

    fn residency(&self, _: u64, _: u64) -> Residency {
        self.0
    }

    fn warm(&self, _: u64, _: u64) {}

    fn os_handle(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// A pool whose work is done when the test says so.
#[derive(Debug, Default)]
struct Pool(Mutex<Vec<oneshot::Sender<()>>>);

impl Tasks for Pool {
    fn spawn(&self, _: BoxFuture<'static, ()>) -> TaskHandle {
        panic!("the outbox starts no tasks")
    }

    fn run_blocking(
        &self,
        work: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'static, Result<(), io::Error>> {
        work();
        let (done, finished) = oneshot::channel();
        self.0.lock().push(done);
        Box::pin(async move { finished.await.map_err(io::Error::other) })
    }
}

const RANGE_BYTES: usize = 40_000;

fn range(residency: Residency) -> Segment {
    let file = Arc::new(Zeros(residency));
    Segment::File(FileRange { file, position: 0, len: RANGE_BYTES })
}

fn outbox(segments: Vec<Segment>) -> (Outbox, Arc<Pool>) {
    let pool = Arc::new(Pool::default());
    let mut outbox = Outbox::new(Arc::<Pool>::clone(&pool));
    for segment in segments {
        outbox.push(segment);
    }
    (outbox, pool)
}

fn bytes(text: &'static str) -> Segment {
    Segment::Bytes(Bytes::from(text))
}

fn flush(outbox: &mut Outbox, step_max: usize) -> (bool, Vec<Sent>) {
    let mut peer = Peer { sent: Vec::new(), step_max };
    let mut cx = Context::from_waker(Waker::noop());
    let polled = outbox.poll_flush(&mut cx, &mut peer);
    (polled.map(Result::unwrap).is_ready(), peer.sent)
}

#[test]
fn a_header_leaves_with_the_records_that_follow_it() {
    for residency in [Residency::Resident, Residency::Unknown] {
        let segments = vec![bytes("he"), bytes("ad"), range(residency), bytes("tail")];
        let (mut outbox, _) = outbox(segments);
        let sent = vec![
            Sent::BeforeFile(b"head".to_vec()),
            Sent::File(RANGE_BYTES),
            Sent::Bytes(b"tail".to_vec()),
        ];
        assert_eq!(flush(&mut outbox, usize::MAX), (true, sent));
    }
}

#[test]
fn a_header_that_is_taken_in_parts_still_leaves_with_the_records() {
    let (mut outbox, _) = outbox(vec![bytes("head"), range(Residency::Resident)]);
    let sent = vec![
        Sent::BeforeFile(b"hea".to_vec()),
        Sent::BeforeFile(b"d".to_vec()),
        Sent::File(RANGE_BYTES),
    ];
    assert_eq!(flush(&mut outbox, 3), (true, sent));
}

#[test]
fn a_header_does_not_wait_for_cold_records() {
    let segments = vec![bytes("head"), range(Residency::Cold), bytes("next")];
    let (mut outbox, pool) = outbox(segments);
    let parts = vec![Sent::Bytes(b"hea".to_vec()), Sent::Bytes(b"d".to_vec())];
    assert_eq!(flush(&mut outbox, 3), (false, parts));
    assert_eq!(flush(&mut outbox, 3), (false, vec![]));
    pool.0.lock().pop().unwrap().send(()).unwrap();
    let rest = vec![Sent::File(RANGE_BYTES), Sent::Bytes(b"next".to_vec())];
    assert_eq!(flush(&mut outbox, 4), (true, rest));
    assert!(pool.0.lock().is_empty(), "read ahead once");
}

#[test]
fn bytes_that_do_not_reach_up_to_the_range_leave_alone() {
    let mut segments: Vec<_> = (0..=SLICES_MAX).map(|_| bytes("x")).collect();
    segments.push(range(Residency::Resident));
    let (mut outbox, _) = outbox(segments);
    let sent = vec![
        Sent::Bytes(vec![b'x'; SLICES_MAX]),
        Sent::BeforeFile(b"x".to_vec()),
        Sent::File(RANGE_BYTES),
    ];
    assert_eq!(flush(&mut outbox, usize::MAX), (true, sent));
}

#[test]
fn two_ranges_are_each_looked_at() {
    let segments = vec![
        bytes("a"),
        range(Residency::Resident),
        bytes("b"),
        range(Residency::Cold),
    ];
    let (mut outbox, pool) = outbox(segments);
    let sent = vec![
        Sent::BeforeFile(b"a".to_vec()),
        Sent::File(RANGE_BYTES),
        Sent::Bytes(b"b".to_vec()),
    ];
    assert_eq!(flush(&mut outbox, usize::MAX), (false, sent));
    assert_eq!(pool.0.lock().len(), 1);
}

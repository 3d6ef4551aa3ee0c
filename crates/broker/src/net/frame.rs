//! Cuts a byte stream into frames: a 4-byte length, then that many bytes.
//!
//! Memory follows the bytes that arrived, not the length that was announced. A connection without a partial frame
//! holds no buffer. Frames that arrive together come with one read, and share its buffer.

use bytes::{Buf, Bytes, BytesMut};
use klamm_host::Connection;
use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncReadExt, ReadBuf};

/// Why a stream can't be cut any further. The connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    /// The length is negative or too short for a request header.
    #[error("frame length {0} is shorter than a request header")]
    TooShort(i32),
    /// The length exceeds `socket.request.max.bytes`.
    #[error("frame length {length} exceeds socket.request.max.bytes ({max}){hint}")]
    TooLong {
        /// The announced length in bytes.
        length: i32,
        /// The limit in bytes.
        max: usize,
        /// What the bytes look like, when they look like another protocol.
        hint: &'static str,
    },
}

/// The incoming side of a connection.
#[derive(Debug)]
pub(crate) struct FrameReader {
    received: BytesMut,
    frame_bytes_max: usize,
    /// A request of this connection was answered: larger steps are granted at once.
    proven: bool,
    /// What one read may bring, as the last ones went.
    expected_bytes: usize,
    /// Of the last whole frame, with its length: the next one is likely to be as long.
    last_frame_bytes: usize,
    /// Memory that a frame keeps alive if it is cut out of `received`.
    buffer_bytes: usize,
}

const LENGTH_BYTES: usize = 4;
/// Key, version, correlation id.
const HEADER_BYTES_MIN: i32 = 8;
/// First reads go through a buffer on the stack, so that idle connections own none.
const STAGE_BYTES: usize = 16 * 1024;
/// Larger frames are read where they stay, once one like them has come: the copy costs more than a buffer.
const STAGED_BYTES_MAX: usize = 4 * 1024;
/// What a proven connection may reserve before the bytes arrive.
const PROVEN_STEP_BYTES: usize = 2 << 20;
/// What any connection may reserve.
const STEP_BYTES: usize = 64 << 10;
/// What is reserved at most for frames that come together.
const EXPECTED_BYTES_MAX: usize = 256 << 10;
/// A frame keeps at most so many times its length alive; a smaller part of a buffer is copied out.
const KEPT_ALIVE_MAX: usize = 16;

impl FrameReader {
    pub(crate) fn new(frame_bytes_max: usize) -> Self {
        Self {
            received: BytesMut::new(),
            frame_bytes_max,
            proven: false,
            expected_bytes: STAGE_BYTES,
            last_frame_bytes: 0,
            buffer_bytes: 0,
        }
    }

    /// Grants larger reservations, once the peer has shown that it speaks the protocol.
    pub(crate) fn mark_proven(&mut self) {
        self.proven = true;
    }

    /// Bytes held of a frame that is not complete.
    pub(crate) fn pending_bytes(&self) -> usize {
        self.received.len()
    }

    /// Whether a frame has begun that is no larger than the usual.
    pub(crate) fn is_within_ordinary_frame(&self) -> bool {
        let announced = self.announced().ok().flatten();
        announced.is_some_and(|length| length <= PROVEN_STEP_BYTES)
    }

    /// Whether `next_frame` has one.
    pub(crate) fn has_whole_frame(&self) -> bool {
        let announced = self.announced().ok().flatten();
        announced.is_some_and(|length| self.received.len() >= LENGTH_BYTES + length)
    }

    /// Memory that is held for incoming bytes.
    #[cfg(test)]
    fn held_bytes(&self) -> usize {
        self.received.capacity()
    }

    /// The next whole frame, without its length.
    ///
    /// # Errors
    /// The announced length is out of range.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(length) = self.announced()? else {
            return Ok(None);
        };
        if self.received.len() < LENGTH_BYTES + length {
            return Ok(None);
        }
        self.last_frame_bytes = LENGTH_BYTES + length;
        if self.received.len() == LENGTH_BYTES + length
            && length.saturating_mul(KEPT_ALIVE_MAX) >= self.buffer_bytes
        {
            // The usual case: a request alone. The frame takes the memory, an idle connection owns none.
            let mut frame = std::mem::take(&mut self.received).freeze();
            self.buffer_bytes = 0;
            frame.advance(LENGTH_BYTES);
            return Ok(Some(frame));
        }
        self.received.advance(LENGTH_BYTES);
        let frame = self.received.split_to(length);
        let frame = if length.saturating_mul(KEPT_ALIVE_MAX) < self.buffer_bytes {
            Bytes::copy_from_slice(&frame)
        } else {
            frame.freeze()
        };
        if self.received.is_empty() {
            // The frame keeps the memory; an idle connection owns none.
            self.let_go();
        }
        Ok(Some(frame))
    }

    fn let_go(&mut self) {
        self.received = BytesMut::new();
        self.buffer_bytes = 0;
    }

    /// Reads what the peer sent. `Ready(Ok(0))` means it sent all.
    pub(crate) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut dyn Connection,
    ) -> Poll<io::Result<usize>> {
        let want = match self.announced() {
            Ok(Some(length)) => (LENGTH_BYTES + length).saturating_sub(self.received.len()),
            // A bad length was reported by next_frame already.
            Ok(None) | Err(_) => 0,
        };
        let expects_much = self.proven
            && (self.expected_bytes > STAGE_BYTES || self.last_frame_bytes > STAGED_BYTES_MAX);
        if want > STAGE_BYTES || self.received.len() >= STAGE_BYTES || expects_much {
            return self.poll_fill_in_place(cx, stream, want);
        }
        let mut stage = [MaybeUninit::<u8>::uninit(); STAGE_BYTES];
        let mut buffer = ReadBuf::uninit(&mut stage);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
        let filled = buffer.filled();
        self.received.extend_from_slice(filled);
        let n = filled.len();
        self.learn(n, STAGE_BYTES);
        Poll::Ready(Ok(n))
    }

    fn poll_fill_in_place(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut dyn Connection,
        want: usize,
    ) -> Poll<io::Result<usize>> {
        self.make_room(want);
        let room = self.received.capacity() - self.received.len();
        // The future holds no state between polls, so a fresh one each time is the same read.
        let read = pin!(stream.read_buf(&mut self.received)).poll(cx);
        match read {
            Poll::Ready(Ok(n)) => self.learn(n, room),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                if self.received.is_empty() {
                    self.let_go();
                }
            }
        }
        read
    }

    /// Room for the rest of the frame that has begun, and for those that are likely to come with it.
    fn make_room(&mut self, want: usize) {
        let held = self.received.len();
        let room = self.received.capacity() - held;
        let step = if self.proven {
            PROVEN_STEP_BYTES
        } else {
            STEP_BYTES
        };
        // Never more than what arrived so far, or one step.
        let rest = want.min(step.max(held));
        if room > 0 && (!self.proven || rest <= room) {
            return;
        }
        let mut others = 0;
        if self.proven {
            others = self.likely_bytes().min(step).saturating_sub(rest);
            // Whole frames: a part of one would be copied to the next buffer.
            others -= others % self.last_frame_bytes.max(1);
        }
        let mut buffer = BytesMut::with_capacity(held + (rest + others).max(1));
        buffer.extend_from_slice(&self.received);
        self.buffer_bytes = buffer.capacity();
        self.received = buffer;
    }

    /// What the next read is likely to bring.
    fn likely_bytes(&self) -> usize {
        self.expected_bytes.max(self.last_frame_bytes)
    }

    /// A read brought `n` bytes where there was room for `room`.
    fn learn(&mut self, n: usize, room: usize) {
        let expected = self.expected_bytes;
        if n == room && 2 * n > expected {
            self.expected_bytes = (2 * expected).min(EXPECTED_BYTES_MAX);
        } else if n < expected / 4 {
            self.expected_bytes = (expected / 2).max(STAGE_BYTES);
        }
    }

    /// The announced length of the frame at the front, once its 4 bytes are here.
    fn announced(&self) -> Result<Option<usize>, FrameError> {
        let Some(prefix) = self.received.first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = i32::from_be_bytes(*prefix);
        if length < HEADER_BYTES_MIN {
            return Err(FrameError::TooShort(length));
        }
        let bytes = usize::try_from(length).unwrap_or(usize::MAX);
        if bytes > self.frame_bytes_max {
            let hint = match prefix {
                [0x16, 3, ..] => "; it looks like TLS on a plaintext port",
                b"GET " | b"POST" | b"HEAD" | b"PUT " => "; it looks like HTTP",
                _ => "",
            };
            return Err(FrameError::TooLong { length, max: self.frame_bytes_max, hint });
        }
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_host::FileRange;
    use std::collections::VecDeque;
    use std::task::Waker;
    use tokio::io::{AsyncRead, AsyncWrite};

    /// A peer that sends its bytes in pieces, then waits.
    #[derive(Debug)]
    struct Peer(VecDeque<Vec<u8>>);

    impl AsyncRead for Peer {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let Some(piece) = self.0.front_mut() else {
                return Poll::Pending;
            };
            let rest = piece.split_off(piece.len().min(buffer.remaining()));
            buffer.put_slice(piece);
            if rest.is_empty() {
                self.0.pop_front();
            } else {
                *piece = rest;
            }
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Peer {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
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
            Poll::Ready(Ok(range.len - sent))
        }
    }

    fn frame(length: usize) -> Vec<u8> {
        let mut bytes = u32::try_from(length).unwrap().to_be_bytes().to_vec();
        bytes.extend((0..length).map(|i| (i % 251) as u8));
        bytes
    }

    /// All frames of a stream that comes in pieces, and the most memory held on the way.
    fn read(pieces: Vec<Vec<u8>>, proven: bool) -> (Vec<Bytes>, usize) {
        let (mut reader, mut peer) = (FrameReader::new(8 << 20), Peer(pieces.into()));
        if proven {
            reader.mark_proven();
        }
        let (mut frames, mut held) = (Vec::new(), 0);
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            while let Some(frame) = reader.next_frame().unwrap() {
                frames.push(frame);
            }
            match reader.poll_fill(&mut cx, &mut peer) {
                Poll::Ready(read) => assert!(read.unwrap() > 0),
                Poll::Pending => return (frames, held.max(reader.held_bytes())),
            }
            held = held.max(reader.held_bytes());
        }
    }

    #[test]
    fn frames_are_the_same_whatever_the_pieces() {
        let mut stream = Vec::new();
        let lengths = [8, 9, 100, 20_000, 8, 300_000, 70_000];
        for length in lengths {
            stream.extend(frame(length));
        }
        for step in [1, 3, 1000, 16 << 10, 1 << 20] {
            let (frames, _) = read(
                stream.chunks(step).map(<[u8]>::to_vec).collect(),
                step == 1000,
            );
            let cut: Vec<_> = frames.iter().map(Bytes::len).collect();
            assert_eq!(cut, lengths, "pieces of {step}");
            assert!(
                frames
                    .iter()
                    .zip(lengths)
                    .all(|(f, n)| f[..] == frame(n)[4..])
            );
        }
    }

    #[test]
    fn an_announced_length_costs_nothing_until_bytes_arrive() {
        let announced = (4u32 << 20).to_be_bytes().to_vec();
        let (frames, held) = read(vec![announced.clone(), vec![0; 100]], false);
        assert!(
            frames.is_empty() && held <= STEP_BYTES + STAGE_BYTES,
            "{held}"
        );
        let (_, held) = read(vec![announced, vec![0; 1 << 20]], false);
        assert!(held <= 4 << 20, "{held}");
    }

    #[test]
    fn an_idle_connection_owns_no_buffer() {
        let (_, _) = read(vec![frame(100)], true);
        let (mut reader, mut peer) = (FrameReader::new(1 << 20), Peer([frame(100)].into()));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(reader.poll_fill(&mut cx, &mut peer).is_ready());
        drop(reader.next_frame().unwrap());
        assert_eq!(reader.held_bytes(), 0);
    }

    /// A reader of a proven connection whose peer sent `count` frames of a length at once, again and again.
    fn used_to(length: usize, count: usize) -> (FrameReader, Peer) {
        let (mut reader, mut peer) = (FrameReader::new(8 << 20), Peer(VecDeque::new()));
        reader.mark_proven();
        for _ in 0..10 {
            peer.0.push_back(frame(length).repeat(count));
            rounds(&mut reader, &mut peer);
        }
        (reader, peer)
    }

    /// Reads all there is. How many frames came after each read.
    fn rounds(reader: &mut FrameReader, peer: &mut Peer) -> Vec<usize> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut all = Vec::new();
        while reader.poll_fill(&mut cx, peer).is_ready() {
            let mut frames = Vec::new();
            while let Some(frame) = reader.next_frame().unwrap() {
                frames.push(frame);
            }
            all.push(frames.len());
        }
        all
    }

    #[test]
    fn frames_that_arrive_together_come_with_one_read() {
        let (mut reader, mut peer) = used_to(16_400, 5);
        peer.0.push_back(frame(16_400).repeat(5));
        assert_eq!(rounds(&mut reader, &mut peer), [5]);
        assert_eq!(reader.held_bytes(), 0);
        // A peer that sends less holds less.
        for _ in 0..10 {
            peer.0.push_back(frame(100));
            rounds(&mut reader, &mut peer);
        }
        assert_eq!(reader.expected_bytes, STAGE_BYTES);
    }

    #[test]
    fn large_frames_that_follow_each_other_have_buffers_of_their_own() {
        let (mut reader, mut peer) = used_to(300_000, 3);
        peer.0.push_back(frame(300_000).repeat(3));
        assert_eq!(rounds(&mut reader, &mut peer), [1, 1, 1]);
    }

    #[test]
    fn a_frame_keeps_no_large_buffer_alive() {
        let (mut reader, mut peer) = used_to(16_400, 10);
        let mut together = frame(100);
        together.extend(frame(100_000));
        peer.0.push_back(together);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(reader.poll_fill(&mut cx, &mut peer).is_ready());
        let whole = reader.received.as_ptr_range();
        let small = reader.next_frame().unwrap().unwrap();
        assert_eq!(small[..], frame(100)[4..]);
        assert!(!whole.contains(&small.as_ptr()));
        let large = reader.next_frame().unwrap().unwrap();
        assert!(whole.contains(&large.as_ptr()), "not copied");
    }

    #[test]
    fn a_read_that_brings_nothing_leaves_no_buffer() {
        let (mut reader, mut peer) = used_to(16_400, 5);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(reader.poll_fill(&mut cx, &mut peer).is_pending());
        assert_eq!(reader.held_bytes(), 0);
    }

    #[test]
    fn a_bad_length_ends_the_stream() {
        let error = |prefix: [u8; 4]| {
            let (mut reader, mut peer) = (FrameReader::new(1000), Peer([prefix.to_vec()].into()));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(reader.poll_fill(&mut cx, &mut peer).is_ready());
            reader.next_frame().unwrap_err()
        };
        for length in [-1i32, 0, 7] {
            assert_eq!(error(length.to_be_bytes()), FrameError::TooShort(length));
        }
        assert!(error(*b"GET ").to_string().contains("HTTP"));
        assert!(error([0x16, 3, 1, 0]).to_string().contains("TLS"));
        assert!(matches!(
            error(1001i32.to_be_bytes()),
            FrameError::TooLong { .. }
        ));
    }
}

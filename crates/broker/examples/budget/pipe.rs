//! Connections in memory: what the client writes is read at once, what the broker answers is counted.

use klamm_host::{BoxFuture, Connection, FileRange, Listener, Network};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A network with one listener.
#[derive(Debug, Default, Clone)]
pub(crate) struct PipeNetwork(Arc<Mutex<Accepting>>);

#[derive(Debug, Default)]
struct Accepting {
    arrived: VecDeque<Pipe>,
    waker: Option<Waker>,
}

#[derive(Debug)]
struct PipeListener(PipeNetwork, SocketAddr);

/// Both ends of a connection: the broker's is behind the trait.
#[derive(Debug, Default, Clone)]
pub(crate) struct Pipe(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Frames for the broker, and what it has read of the first.
    frames: VecDeque<Arc<[u8]>>,
    read_of_front: usize,
    reader: Option<Waker>,
    answered_bytes: usize,
    /// The answers themselves, while somebody wants to see them.
    answers: Option<Vec<u8>>,
    client: Option<Waker>,
}

impl PipeNetwork {
    /// A new connection to the listener.
    pub(crate) fn open(&self) -> Pipe {
        let pipe = Pipe::default();
        let mut accepting = self.0.lock();
        accepting.arrived.push_back(pipe.clone());
        wake(&mut accepting.waker);
        pipe
    }
}

impl Network for PipeNetwork {
    fn listen(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        let listener: Box<dyn Listener> = Box::new(PipeListener(self.clone(), address));
        Box::pin(std::future::ready(Ok(listener)))
    }

    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Connection>>> {
        Box::pin(std::future::ready(Err(io::ErrorKind::Unsupported.into())))
    }
}

impl Listener for PipeListener {
    fn local_address(&self) -> io::Result<SocketAddr> {
        Ok(self.1)
    }

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Box<dyn Connection>, SocketAddr)>> {
        let mut accepting = self.0.0.lock();
        match accepting.arrived.pop_front() {
            Some(pipe) => Poll::Ready(Ok((Box::new(pipe), self.1))),
            None => {
                accepting.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Pipe {
    /// Sends frames in one burst, and waits until so many bytes were answered.
    pub(crate) async fn exchange(&self, frames: &[Arc<[u8]>], answer_bytes: usize) {
        let until = {
            let mut state = self.0.lock();
            state.frames.extend(frames.iter().cloned());
            wake(&mut state.reader);
            state.answered_bytes + answer_bytes
        };
        poll_fn(|cx| {
            let mut state = self.0.lock();
            if state.answered_bytes >= until {
                return Poll::Ready(());
            }
            state.client = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Sends a frame and returns its answer, without the length.
    pub(crate) async fn ask(&self, frame: &Arc<[u8]>) -> Vec<u8> {
        self.ask_each(std::slice::from_ref(frame)).await.concat()
    }

    /// Sends frames in one burst and returns their answers, without the lengths.
    pub(crate) async fn ask_each(&self, frames: &[Arc<[u8]>]) -> Vec<Vec<u8>> {
        self.0.lock().answers = Some(Vec::new());
        self.exchange(frames, 4 * frames.len()).await;
        let mut answers = Vec::new();
        while answers.len() < frames.len() {
            match self.whole_answer() {
                Ok(answer) => answers.push(answer),
                Err(missing) => self.exchange(&[], missing).await,
            }
        }
        self.0.lock().answers = None;
        answers
    }

    /// The answer behind its length, or how many bytes are missing.
    fn whole_answer(&self) -> Result<Vec<u8>, usize> {
        let mut state = self.0.lock();
        let answers = state.answers.get_or_insert_default();
        let length = answers
            .first_chunk()
            .map_or(0, |l| u32::from_be_bytes(*l) as usize);
        let missing = (4 + length).saturating_sub(answers.len());
        if missing > 0 {
            return Err(missing);
        }
        let rest = answers.split_off(4 + length);
        let mut answer = std::mem::replace(answers, rest);
        Ok(answer.split_off(4))
    }

    fn answered(&self, n: usize) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock();
        state.answered_bytes += n;
        wake(&mut state.client);
        Poll::Ready(Ok(n))
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        let before = buffer.filled().len();
        while let Some(front) = state.frames.front() {
            let rest = front.get(state.read_of_front..).unwrap_or_default();
            let step = rest.len().min(buffer.remaining());
            buffer.put_slice(&rest[..step]);
            if step < rest.len() {
                state.read_of_front += step;
                break;
            }
            state.frames.pop_front();
            state.read_of_front = 0;
        }
        if buffer.filled().len() > before {
            return Poll::Ready(Ok(()));
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(answers) = &mut self.0.lock().answers {
            slices
                .iter()
                .for_each(|slice| answers.extend_from_slice(slice));
        }
        self.answered(slices.iter().map(|slice| slice.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Connection for Pipe {
    fn poll_send_file(
        &mut self,
        _: &mut Context<'_>,
        range: &FileRange,
        sent: usize,
    ) -> Poll<io::Result<usize>> {
        if let Some(answers) = &mut self.0.lock().answers {
            answers.extend_from_slice(&range.read()?[sent..]);
        }
        self.answered(range.len - sent)
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

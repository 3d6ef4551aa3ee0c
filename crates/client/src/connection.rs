//! One connection to a broker: requests go out as they come, answers are matched in order.
//!
//! ```text
//! send ──> outbox (bounded) ──> writer ──> socket ──> reader ──> the oldest waiting reply
//! ```
//! Brokers answer in order, so one late answer holds all that follow: a request that takes longer than its timeout ends
//! the connection, and with it everything that waits on it. *Invariant:* the order of `send` calls is the order on the
//! wire, and replies wait in that order.

use crate::config::{Address, ClientConfig};
use crate::error::ClientError;
use crate::versions::Versions;
use bytes::{Buf, Bytes, BytesMut};
use klamm_codec::{Message, Output, Segment, Str};
use klamm_host::{Host, TaskHandle};
use klamm_wire::header::encode_request;
use klamm_wire::{Request, ResponseHeader};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::io::IoSlice;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use tracing::debug;

/// A connection whose versions are agreed.
#[derive(Debug)]
pub(crate) struct Connection {
    shared: Arc<Shared>,
    outbox: mpsc::Sender<Outgoing>,
    versions: Versions,
    client_id: Str,
    request_timeout: Duration,
    io: TaskHandle,
}

/// A request on its way to the socket.
#[derive(Debug)]
struct Outgoing {
    output: Output,
    /// Who wants to know when the system has it: the only sign of life of a request without an answer.
    written: Option<oneshot::Sender<()>>,
}

/// A request without an answer that is on its way to the socket.
#[derive(Debug)]
#[must_use]
pub(crate) struct Writing {
    written: oneshot::Receiver<()>,
    connection: Arc<Connection>,
}

/// An answer that is on its way.
#[derive(Debug)]
#[must_use]
pub(crate) struct Reply<R> {
    receiver: oneshot::Receiver<Result<Bytes, ClientError>>,
    connection: Arc<Connection>,
    version: i16,
    deadline: Instant,
    answers: PhantomData<fn() -> R>,
}

#[derive(Debug)]
struct Shared {
    address: Address,
    state: Mutex<State>,
    /// Tells the reader and the writer to stop.
    stop: Notify,
}

#[derive(Debug, Default)]
struct State {
    correlation: i32,
    waiting: VecDeque<Waiting>,
    /// Why the connection ended.
    ended: Option<String>,
}

#[derive(Debug)]
struct Waiting {
    correlation: i32,
    reply: oneshot::Sender<Result<Bytes, ClientError>>,
}

/// Requests that may wait for the socket.
const OUTBOX_MAX: usize = 1024;
/// Slices that one write takes.
const SLICES_MAX: usize = 64;
/// Memory that is added while an answer arrives, in bytes.
const READ_STEP: usize = 256 << 10;
const READ_MIN: usize = 8 << 10;

impl Connection {
    /// Dials, and agrees on versions.
    pub(crate) async fn open(
        host: &Host,
        config: &ClientConfig,
        address: &Address,
    ) -> Result<Arc<Self>, ClientError> {
        let limit = config.connection_setup_timeout;
        let disconnected = |error: io::Error| ClientError::disconnected(address, &error);
        let dial = async {
            let found = host.net.resolve(&address.host, address.port).await?;
            let mut last = io::Error::from(io::ErrorKind::NotFound);
            for socket_address in found {
                match host.net.connect(socket_address).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last = error,
                }
            }
            Err(last)
        };
        let stream = match tokio::time::timeout(limit, dial).await {
            Ok(stream) => stream.map_err(disconnected)?,
            Err(_) => return Err(disconnected(io::ErrorKind::TimedOut.into())),
        };
        let shared = Arc::new(Shared {
            address: address.clone(),
            state: Mutex::new(State::default()),
            stop: Notify::new(),
        });
        let (outbox, requests) = mpsc::channel(OUTBOX_MAX);
        let task = run(
            Arc::clone(&shared),
            stream,
            requests,
            config.connections_idle_max,
        );
        let mut connection = Self {
            shared,
            outbox,
            versions: Versions::default(),
            client_id: config.client_id.as_str().into(),
            request_timeout: config.request_timeout,
            io: host.tasks.spawn(Box::pin(task)),
        };
        connection.versions = Versions::ask(&connection).await?;
        Ok(Arc::new(connection))
    }

    /// What the broker can do.
    pub(crate) const fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Whether it still stands, as far as known.
    pub(crate) fn is_open(&self) -> bool {
        self.shared.state.lock().ended.is_none()
    }

    /// Requests without an answer yet.
    pub(crate) fn in_flight(&self) -> usize {
        self.shared.state.lock().waiting.len()
    }

    /// Puts a request on the wire, behind those before it.
    pub(crate) fn send<R: Request>(
        self: &Arc<Self>,
        request: &R,
        version: i16,
    ) -> Result<Reply<R>, ClientError> {
        self.send_within(request, version, self.request_timeout)
    }

    /// The same for a request that the broker may answer late on purpose.
    pub(crate) fn send_within<R: Request>(
        self: &Arc<Self>,
        request: &R,
        version: i16,
        timeout: Duration,
    ) -> Result<Reply<R>, ClientError> {
        let receiver = self.enqueue(request, version)?;
        Ok(Reply {
            receiver,
            connection: Arc::clone(self),
            version,
            deadline: Instant::now() + timeout,
            answers: PhantomData,
        })
    }

    /// Puts a request on the wire that the broker does not answer.
    pub(crate) fn send_unanswered<R: Request>(
        self: &Arc<Self>,
        request: &R,
        version: i16,
    ) -> Result<Writing, ClientError> {
        let (sender, written) = oneshot::channel();
        self.put(
            &mut self.shared.state.lock(),
            request,
            version,
            Some(sender),
        )?;
        Ok(Writing { written, connection: Arc::clone(self) })
    }

    /// Sends a request and waits for the bytes of the answer, header included.
    pub(crate) async fn call_raw<R: Request>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<Bytes, ClientError> {
        let receiver = self.enqueue(request, version)?;
        self.answer(receiver, Instant::now() + self.request_timeout)
            .await
    }

    fn enqueue<R: Request>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<oneshot::Receiver<Result<Bytes, ClientError>>, ClientError> {
        let mut state = self.shared.state.lock();
        let correlation = self.put(&mut state, request, version, None)?;
        let (reply, receiver) = oneshot::channel();
        state.waiting.push_back(Waiting { correlation, reply });
        Ok(receiver)
    }

    /// Puts a request into the outbox and returns its correlation id.
    fn put<R: Request>(
        &self,
        state: &mut State,
        request: &R,
        version: i16,
        written: Option<oneshot::Sender<()>>,
    ) -> Result<i32, ClientError> {
        if let Some(reason) = &state.ended {
            return Err(self.shared.lost(reason));
        }
        let place = self
            .outbox
            .try_reserve()
            .map_err(|_| self.shared.lost("too many requests"))?;
        let correlation = state.correlation;
        let output = encode_request(request, version, correlation, Some(&self.client_id))?;
        state.correlation = correlation.wrapping_add(1);
        place.send(Outgoing { output, written });
        Ok(correlation)
    }

    async fn answer(
        &self,
        receiver: oneshot::Receiver<Result<Bytes, ClientError>>,
        deadline: Instant,
    ) -> Result<Bytes, ClientError> {
        match tokio::time::timeout_at(deadline, receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(self.shared.lost("the connection ended")),
            Err(_) => {
                self.shared.end("a request timed out");
                Err(self.shared.lost("a request timed out"))
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.end("closed");
        self.io.abort();
    }
}

impl<R: Request> Reply<R> {
    /// Waits for the answer.
    pub(crate) async fn wait(self) -> Result<R::Response, ClientError> {
        let bytes = self.connection.answer(self.receiver, self.deadline).await?;
        let (_, mut dec) = ResponseHeader::decode(bytes, R::KEY, self.version)?;
        Ok(R::Response::decode(&mut dec, self.version)?)
    }
}

impl Writing {
    /// Waits until the system has the request: from there it reaches the broker although the connection may close.
    pub(crate) async fn wait(self) -> Result<(), ClientError> {
        let lost = |_| self.connection.shared.lost("the connection ended");
        self.written.await.map_err(lost)
    }
}

impl Shared {
    fn lost(&self, reason: &str) -> ClientError {
        ClientError::Disconnected { address: self.address.clone(), reason: reason.to_owned() }
    }

    /// Ends the connection; the first reason counts.
    fn end(&self, reason: &str) {
        let waiting = {
            let mut state = self.state.lock();
            if state.ended.is_none() {
                debug!(address = %self.address, reason, "connection ended");
                state.ended = Some(reason.to_owned());
            }
            std::mem::take(&mut state.waiting)
        };
        self.stop.notify_one();
        for request in waiting {
            // Whoever waited may be gone.
            let _ = request.reply.send(Err(self.lost(reason)));
        }
    }

    /// Gives an answer to the oldest request.
    fn answer(&self, frame: Bytes) -> io::Result<()> {
        let correlation = frame.first_chunk().map(|bytes| i32::from_be_bytes(*bytes));
        let mut state = self.state.lock();
        let waiting = state.waiting.pop_front();
        drop(state);
        match waiting {
            Some(waiting) if Some(waiting.correlation) == correlation => {
                let _ = waiting.reply.send(Ok(frame));
                Ok(())
            }
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "an answer to no request",
            )),
        }
    }
}

/// Moves bytes until either side ends.
async fn run(
    shared: Arc<Shared>,
    stream: Box<dyn klamm_host::Connection>,
    requests: mpsc::Receiver<Outgoing>,
    idle_max: Duration,
) {
    let (reader, writer) = tokio::io::split(stream);
    let ended = tokio::select! {
        biased;
        () = shared.stop.notified() => Ok(()),
        ended = read(&shared, reader, idle_max) => ended,
        ended = write(writer, requests) => ended,
    };
    match ended {
        Ok(()) => shared.end("closed"),
        Err(error) => shared.end(&error.to_string()),
    }
}

async fn read(
    shared: &Shared,
    mut reader: impl AsyncRead + Unpin,
    idle_max: Duration,
) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    loop {
        match frame_of(&mut buffer)? {
            Ok(frame) => shared.answer(frame)?,
            Err(missing) => {
                buffer.reserve(missing.clamp(READ_MIN, READ_STEP));
                match tokio::time::timeout(idle_max, reader.read_buf(&mut buffer)).await {
                    Ok(Ok(0)) => return Err(io::Error::other("the broker closed the connection")),
                    Ok(result) => drop(result?),
                    Err(_) if shared.state.lock().waiting.is_empty() => return Ok(()),
                    Err(_) => {}
                }
            }
        }
    }
}

/// The first whole frame in the buffer, without its length; or how many bytes are missing.
fn frame_of(buffer: &mut BytesMut) -> io::Result<Result<Bytes, usize>> {
    const PREFIX: usize = 4;
    let Some(length) = buffer.first_chunk::<PREFIX>() else {
        return Ok(Err(PREFIX));
    };
    let negative = |_| io::Error::new(io::ErrorKind::InvalidData, "an answer of negative length");
    let length = usize::try_from(i32::from_be_bytes(*length)).map_err(negative)?;
    let have = buffer.len() - PREFIX;
    if have < length {
        return Ok(Err(length - have));
    }
    buffer.advance(PREFIX);
    Ok(Ok(buffer.split_to(length).freeze()))
}

async fn write(
    mut writer: impl AsyncWrite + Unpin,
    mut requests: mpsc::Receiver<Outgoing>,
) -> io::Result<()> {
    let mut queue: VecDeque<Bytes> = VecDeque::new();
    let mut written = Vec::new();
    while let Some(outgoing) = requests.recv().await {
        written.extend(outgoing.written);
        append(&mut queue, outgoing.output)?;
        // Whatever else is ready shares the system call.
        while queue.len() < SLICES_MAX
            && let Ok(outgoing) = requests.try_recv()
        {
            written.extend(outgoing.written);
            append(&mut queue, outgoing.output)?;
        }
        while !queue.is_empty() {
            let slices: Vec<_> = queue
                .iter()
                .take(SLICES_MAX)
                .map(|bytes| IoSlice::new(bytes))
                .collect();
            let count = writer.write_vectored(&slices).await?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            advance(&mut queue, count);
        }
        writer.flush().await?;
        for waiter in written.drain(..) {
            // Whoever wanted to know may be gone.
            let _ = waiter.send(());
        }
    }
    Ok(())
}

fn append(queue: &mut VecDeque<Bytes>, output: Output) -> io::Result<()> {
    for segment in output.segments {
        queue.push_back(match segment {
            Segment::Bytes(bytes) => bytes,
            Segment::File(range) => range.read()?.into(),
        });
    }
    Ok(())
}

fn advance(queue: &mut VecDeque<Bytes>, mut count: usize) {
    while let Some(first) = queue.front_mut() {
        if count < first.len() {
            first.advance(count);
            return;
        }
        count -= first.len();
        queue.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_out_of_what_arrived() {
        let mut buffer = BytesMut::from(&[0, 0, 0, 2, 7][..]);
        assert_eq!(frame_of(&mut buffer).unwrap(), Err(1));
        buffer.extend_from_slice(&[8, 0, 0]);
        assert_eq!(
            frame_of(&mut buffer).unwrap(),
            Ok(Bytes::from_static(&[7, 8]))
        );
        assert_eq!(frame_of(&mut buffer).unwrap(), Err(4));
        assert!(frame_of(&mut BytesMut::from(&[0xff, 0, 0, 0][..])).is_err());
    }

    #[test]
    fn a_partial_write_leaves_the_rest() {
        let mut queue: VecDeque<_> = [&b"abc"[..], b"de"].map(Bytes::from_static).into();
        advance(&mut queue, 4);
        assert_eq!(queue, [Bytes::from_static(b"e")]);
        advance(&mut queue, 1);
        assert!(queue.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn written_means_that_the_system_has_all_of_it() {
        // A socket that takes four bytes at a time.
        let (writer, mut peer) = tokio::io::duplex(4);
        let (outbox, requests) = mpsc::channel(1);
        let (sender, mut written) = oneshot::channel();
        let bytes = Bytes::from_static(b"12345678");
        let output = Output { segments: vec![Segment::Bytes(bytes)], len: 8 };
        outbox
            .send(Outgoing { output, written: Some(sender) })
            .await
            .unwrap();
        let task = tokio::spawn(write(writer, requests));
        let mut got = [0; 3];
        peer.read_exact(&mut got).await.unwrap();
        // Time stands still until every task waits: whatever the writer can do, it has done.
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(written.try_recv().is_err());
        let mut rest = [0; 5];
        peer.read_exact(&mut rest).await.unwrap();
        written.await.unwrap();
        drop(outbox);
        task.await.unwrap().unwrap();
    }
}

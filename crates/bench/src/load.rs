//! Prepared load: ready-made frames are sent, answers are cut into frames and dropped, so that the server is the limit.

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

/// What a run saw.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Time from a request's send to its answer, in µs.
    pub(crate) latency_us: Histogram<u64>,
    /// Bytes of all answers.
    pub(crate) answer_bytes: u64,
    /// Wall time in seconds.
    pub(crate) seconds: f64,
}

/// Sends `requests` frames over `connections` connections, `depth` in flight on each. Connection i sends frames i,
/// i + connections, i + 2 · connections and so on, and begins again behind the last one.
pub(crate) fn drive(
    address: SocketAddr,
    connections: usize,
    depth: usize,
    requests: usize,
    frames: &[Arc<Vec<u8>>],
) -> Result<Seen> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let started = clock();
        let mut tasks = Vec::new();
        for i in 0..connections {
            let frames = Turn { frames: frames.to_vec(), next: i, stride: connections };
            let quota = requests / connections + usize::from(i < requests % connections);
            tasks.push(tokio::spawn(one_connection(address, depth, quota, frames)));
        }
        let mut latency_us = Histogram::new(3)?;
        let mut answer_bytes = 0;
        for task in tasks {
            let (histogram, bytes) = task.await??;
            latency_us.add(&histogram)?;
            answer_bytes += bytes;
        }
        Ok(Seen {
            latency_us,
            answer_bytes,
            seconds: started.elapsed().as_secs_f64(),
        })
    })
}

/// Sends frames on one connection, each after the answer to the one before.
pub(crate) async fn one_by_one(
    address: SocketAddr,
    frames: Vec<Arc<Vec<u8>>>,
) -> Result<(Histogram<u64>, u64)> {
    let quota = frames.len();
    one_connection(address, 1, quota, Turn { frames, next: 0, stride: 1 }).await
}

async fn one_connection(
    address: SocketAddr,
    depth: usize,
    quota: usize,
    mut frames: Turn,
) -> Result<(Histogram<u64>, u64)> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = stream.into_split();
    let mut latency_us = Histogram::new(3)?;
    let (mut sent, mut answered, mut bytes) = (0, 0, 0u64);
    let mut sent_at = std::collections::VecDeque::new();
    let mut buffer = vec![0u8; 256 << 10];
    let mut cutter = Cutter::default();
    while answered < quota {
        while sent < quota && sent - answered < depth {
            sent_at.push_back(clock());
            writer.write_all(frames.next()?).await?;
            sent += 1;
        }
        let n = reader.read(&mut buffer).await?;
        if n == 0 {
            bail!("the server closed the connection after {answered} of {quota} answers");
        }
        bytes += n as u64;
        for _ in 0..cutter.frames_ended(&buffer[..n])? {
            answered += 1;
            if let Some(at) = sent_at.pop_front() {
                let us = u64::try_from(at.elapsed().as_micros()).unwrap_or(u64::MAX);
                latency_us.record(us.max(1))?;
            }
        }
    }
    Ok((latency_us, bytes))
}

/// Sends `rate` frames a second for `seconds`, over `connections` connections, each at its time whether or not answers
/// came. Latency counts from the time at which a frame was to be sent. In µs.
pub(crate) fn drive_at_rate(
    address: SocketAddr,
    connections: usize,
    (rate, seconds): (usize, f64),
    frame: &Arc<Vec<u8>>,
) -> Result<Histogram<u64>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let period = Duration::from_secs_f64(connections as f64 / rate as f64);
        let count = (rate as f64 * seconds / connections as f64) as u32;
        let begin = clock();
        let mut tasks = Vec::new();
        for i in 0..connections {
            let first = begin + period.mul_f64(i as f64 / connections as f64);
            let times = (0..count).map(move |n| first + period * n);
            let frame = Arc::clone(frame);
            tasks.push(tokio::spawn(at_times(address, frame, times.collect())));
        }
        let mut all = Histogram::new(3)?;
        for task in tasks {
            all.add(task.await??)?;
        }
        Ok(all)
    })
}

async fn at_times(
    address: SocketAddr,
    frame: Arc<Vec<u8>>,
    times: Vec<Instant>,
) -> Result<Histogram<u64>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = stream.into_split();
    let due = times.clone();
    let answers = tokio::spawn(async move {
        let (mut latency_us, mut cutter) = (Histogram::new(3)?, Cutter::default());
        let (mut buffer, mut due) = (vec![0u8; 64 << 10], due.into_iter());
        while due.len() > 0 {
            let n = reader.read(&mut buffer).await?;
            if n == 0 {
                bail!("the server closed the connection");
            }
            for at in due.by_ref().take(cutter.frames_ended(&buffer[..n])?) {
                latency_us.record(at.elapsed().as_micros().max(1) as u64)?;
            }
        }
        Ok(latency_us)
    });
    for time in times {
        until(time).await;
        writer.write_all(&frame).await?;
    }
    answers.await?
}

/// Waits without sleeping: a timer would be a millisecond late.
pub(crate) async fn until(time: Instant) {
    while clock() < time {
        tokio::task::yield_now().await;
    }
}

/// Tells the times from `first` on, each when it comes, until nobody listens. A thread sleeps for it: a timer would be a
/// millisecond late, and [`until`] leaves the core to nobody.
pub(crate) fn ticks(first: Instant, period: Duration) -> UnboundedReceiver<Instant> {
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut time = first;
        loop {
            std::thread::sleep(time.saturating_duration_since(clock()));
            if tell.send(time).is_err() {
                return;
            }
            time += period;
        }
    });
    told
}

/// The frames of one connection.
#[derive(Debug)]
struct Turn {
    frames: Vec<Arc<Vec<u8>>>,
    next: usize,
    stride: usize,
}

impl Turn {
    fn next(&mut self) -> Result<&[u8]> {
        let at = self.next % self.frames.len().max(1);
        self.next += self.stride;
        Ok(self.frames.get(at).context("no frame")?)
    }
}

/// Counts frames in a byte stream without keeping it.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    prefix: Vec<u8>,
    left: usize,
}

impl Cutter {
    /// How many frames these bytes end.
    pub(crate) fn frames_ended(&mut self, mut bytes: &[u8]) -> Result<usize> {
        let mut ended = 0;
        while !bytes.is_empty() {
            if self.left == 0 {
                let (head, rest) = bytes.split_at(bytes.len().min(4 - self.prefix.len()));
                self.prefix.extend_from_slice(head);
                bytes = rest;
                if let Ok(prefix) = <[u8; 4]>::try_from(&self.prefix[..]) {
                    self.left = usize::try_from(i32::from_be_bytes(prefix))?;
                    self.prefix.clear();
                    ended += usize::from(self.left == 0);
                }
            } else {
                let step = self.left.min(bytes.len());
                self.left -= step;
                bytes = &bytes[step..];
                ended += usize::from(self.left == 0);
            }
        }
        Ok(ended)
    }
}

pub(crate) fn clock() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_across_any_cut() {
        let stream = [0, 0, 0, 2, 9, 9, 0, 0, 0, 1, 9, 0, 0, 0, 3, 9, 9, 9];
        for cut in 0..stream.len() {
            let mut cutter = Cutter::default();
            let (a, b) = stream.split_at(cut);
            assert_eq!(
                cutter.frames_ended(a).unwrap() + cutter.frames_ended(b).unwrap(),
                3
            );
        }
    }
}

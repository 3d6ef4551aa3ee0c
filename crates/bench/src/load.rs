//! Prepared load: ready-made frames are sent, answers are cut into frames and dropped, so that the server is the limit.

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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

/// Sends `requests` frames over `connections` connections, `depth` in flight on each. Connection i takes its frames in
/// turn from `frames[i % frames.len()]`.
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
            let frame = Arc::clone(frames.get(i % frames.len()).context("no frame")?);
            let quota = requests / connections + usize::from(i < requests % connections);
            tasks.push(tokio::spawn(one_connection(address, depth, quota, frame)));
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

async fn one_connection(
    address: SocketAddr,
    depth: usize,
    quota: usize,
    frame: Arc<Vec<u8>>,
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
            writer.write_all(&frame).await?;
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

/// Counts frames in a byte stream without keeping it.
#[derive(Debug, Default)]
struct Cutter {
    prefix: Vec<u8>,
    left: usize,
}

impl Cutter {
    fn frames_ended(&mut self, mut bytes: &[u8]) -> Result<usize> {
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

fn clock() -> Instant {
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

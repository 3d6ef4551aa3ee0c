//! What the machine can do at best: the broker's paths as bare loops, without a protocol.
//!
//! Each loop reports the CPU time of the serving thread only, as the broker's figures do.

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// CPU seconds of the calling thread.
fn thread_cpu_s() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

fn pair() -> Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    Ok((client, server))
}

fn joined<T>(handle: thread::JoinHandle<Result<T>>) -> Result<T> {
    handle
        .join()
        .map_err(|_| anyhow::anyhow!("a raw loop panicked"))?
}

/// Socket → CRC-32C → append to new pages of a file, in writes of `write_bytes`. CPU seconds a GB (10⁹ bytes).
pub(crate) fn receive_and_append(folder: &Path, total: usize, write_bytes: usize) -> Result<f64> {
    let (mut client, mut server) = pair()?;
    let path = folder.join("raw-append");
    let server = thread::spawn(move || -> Result<f64> {
        crate::pin::to(crate::pin::SERVER);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&path)?;
        let mut buffer = vec![0u8; write_bytes];
        let mut sum = 0u64;
        let before = thread_cpu_s();
        for _ in 0..total / write_bytes {
            server.read_exact(&mut buffer)?;
            sum ^= crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, &buffer);
            file.write_all(&buffer)?;
        }
        let cpu = thread_cpu_s() - before;
        std::hint::black_box(sum);
        std::fs::remove_file(&path)?;
        Ok(cpu)
    });
    let chunk = vec![0x5au8; write_bytes];
    for _ in 0..total / write_bytes {
        client.write_all(&chunk)?;
    }
    Ok(joined(server)? / (total as f64 / 1e9))
}

/// Page cache → socket by sendfile out of the broker's own file: `step` bytes from one of `turns` places for each request
/// of 64 bytes, read by the same load as the broker's answers. The size of the pages that a file got when it was
/// written decides what a send costs, so another file would be another measurement. CPU seconds a GB.
pub(crate) fn send_file(path: &Path, total: usize, step: usize, turns: usize) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let file = File::open(path)?;
    let server = thread::spawn(move || -> Result<f64> {
        crate::pin::to(crate::pin::SERVER);
        let (mut server, _) = listener.accept()?;
        server.set_nodelay(true)?;
        let length = u32::try_from(step)?.to_be_bytes();
        let before = thread_cpu_s();
        let mut ask = [0u8; 64];
        for turn in 0..total / step {
            server.read_exact(&mut ask)?;
            rustix::net::send(&server, &length, rustix::net::SendFlags::MORE)?;
            let mut position = (turn % turns * step) as u64;
            let mut left = step;
            while left > 0 {
                let sent =
                    rustix::fs::sendfile(server.as_fd(), file.as_fd(), Some(&mut position), left)?;
                left -= sent;
            }
        }
        Ok(thread_cpu_s() - before)
    });
    let mut frame = vec![0u8; 64];
    frame[..4].copy_from_slice(&60u32.to_be_bytes());
    crate::load::drive(address, 1, 1, total / step, &[frame.into()])?;
    Ok(joined(server)? / (total as f64 / 1e9))
}

/// Echo of `request_bytes` on `connections` connections, `depth` in flight on each. CPU µs a request.
pub(crate) fn echo(
    connections: usize,
    depth: usize,
    request_bytes: usize,
    requests: usize,
) -> Result<f64> {
    let (_, cpu_s) = beside_echo(connections, |address| {
        crate::load::drive(
            address,
            connections,
            depth,
            requests,
            &[bytes(request_bytes)?],
        )
    })?;
    Ok(cpu_s * 1e6 / requests as f64)
}

/// The same at a rate, with latencies counted from when a request was due: CPU µs a request, and what was waited in µs.
pub(crate) fn echo_at_rate(
    connections: usize,
    at: (usize, f64),
    request_bytes: usize,
) -> Result<(f64, Histogram<u64>)> {
    let (waited_us, cpu_s) = beside_echo(connections, |address| {
        crate::load::drive_at_rate(address, connections, at, &bytes(request_bytes)?)
    })?;
    Ok((cpu_s * 1e6 / waited_us.len().max(1) as f64, waited_us))
}

/// A frame of this length.
fn bytes(frame_bytes: usize) -> Result<Arc<Vec<u8>>> {
    let length = i32::try_from(frame_bytes.saturating_sub(4))?;
    let mut frame = vec![7u8; frame_bytes];
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Ok(frame.into())
}

/// Drives an echo server on the broker's core; its CPU seconds.
fn beside_echo<T>(
    connections: usize,
    drive: impl FnOnce(SocketAddr) -> Result<T>,
) -> Result<(T, f64)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || -> Result<f64> {
        crate::pin::to(crate::pin::SERVER);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("runtime")?;
        let before = thread_cpu_s();
        listener.set_nonblocking(true)?;
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let mut tasks = Vec::new();
            for _ in 0..connections {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tasks.push(tokio::spawn(echo_connection(stream)));
            }
            for task in tasks {
                task.await??;
            }
            anyhow::Ok(())
        })?;
        Ok(thread_cpu_s() - before)
    });
    let seen = drive(address)?;
    Ok((seen, joined(server)?))
}

async fn echo_connection(mut stream: tokio::net::TcpStream) -> Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut buffer = vec![0u8; 16 << 10];
    loop {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..n]).await?;
    }
}

/// Pages that the writes of a run will take are asked of the machine's host beforehand: the first touch is dear.
pub(crate) fn fresh_pages(bytes: usize) {
    let mut pages = vec![0u8; bytes];
    for page in pages.chunks_mut(4096) {
        page[0] = 1;
    }
    std::hint::black_box(&pages);
}

//! TCP over tokio, with sendfile, and with MSG_MORE for what stands before a file range.

use crate::{BoxFuture, Connection, FileRange, Listener, Network};
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

#[cfg(test)]
mod tests;

/// Linux sockets.
#[derive(Debug)]
pub struct OsNetwork;

#[derive(Debug)]
struct OsListener(TcpListener);

#[derive(Debug)]
struct OsConnection(TcpStream);

/// Connections that the kernel may hold for us before we accept them.
const BACKLOG: i32 = 4096;
/// One call moves at most this much, so that one reader does not hold a reactor thread.
const SEND_FILE_CALL_MAX: usize = 1 << 20;

impl Network for OsNetwork {
    fn listen(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let socket = socket2::Socket::new(
                socket2::Domain::for_address(address),
                socket2::Type::STREAM.nonblocking().cloexec(),
                Some(socket2::Protocol::TCP),
            )?;
            socket.set_reuse_address(true)?;
            if address.is_ipv6() {
                socket.set_only_v6(false)?;
            }
            socket.bind(&address.into())?;
            socket.listen(BACKLOG)?;
            let listener = TcpListener::from_std(socket.into())?;
            Ok(Box::new(OsListener(listener)) as Box<dyn Listener>)
        })
    }

    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }

    fn local_name(&self) -> BoxFuture<'_, Option<String>> {
        Box::pin(async { tokio::task::spawn_blocking(local_name).await.ok()? })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(OsConnection(stream)) as Box<dyn Connection>)
        })
    }
}

/// The name that the machine's own name leads to and back, as Java's `getCanonicalHostName` has it. Blocks.
fn local_name() -> Option<String> {
    let own = dns_lookup::get_hostname().ok()?;
    let mut found = dns_lookup::lookup_host(&own).ok()?;
    let address = found.next()?;
    let is_v4 = |ip: &IpAddr| ip.is_ipv4();
    let address = Some(address)
        .filter(is_v4)
        .or_else(|| found.find(is_v4))
        .unwrap_or(address);
    let name = dns_lookup::lookup_addr(&address);
    Some(name.unwrap_or_else(|_| address.to_string()))
}

impl Listener for OsListener {
    fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    fn set_send_buffer_bytes(&self, bytes: usize) -> io::Result<()> {
        // Connections inherit it.
        socket2::SockRef::from(&self.0).set_send_buffer_size(bytes)
    }

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Box<dyn Connection>, SocketAddr)>> {
        let (stream, peer) = ready!(self.0.poll_accept(cx))?;
        stream.set_nodelay(true)?;
        // A listener for both kinds of addresses sees IPv4 in the clothes of IPv6.
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        Poll::Ready(Ok((Box::new(OsConnection(stream)), peer)))
    }
}

impl Connection for OsConnection {
    fn poll_send_file(
        &mut self,
        cx: &mut Context<'_>,
        range: &FileRange,
        sent: usize,
    ) -> Poll<io::Result<usize>> {
        let Some(file) = range.file.os_handle() else {
            return Poll::Ready(Err(io::ErrorKind::Unsupported.into()));
        };
        let left = range.len.saturating_sub(sent).min(SEND_FILE_CALL_MAX);
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            let mut position = range.position + sent as u64;
            let result = self.0.try_io(Interest::WRITABLE, || {
                Ok(rustix::fs::sendfile(
                    self.0.as_fd(),
                    file,
                    Some(&mut position),
                    left,
                )?)
            });
            match result {
                Ok(0) if left > 0 => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn poll_write_before_file(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            let result = self.0.try_io(Interest::WRITABLE, || {
                Ok(sendmsg(
                    self.0.as_fd(),
                    slices,
                    &mut SendAncillaryBuffer::default(),
                    SendFlags::MORE | SendFlags::NOSIGNAL,
                )?)
            });
            match result {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

impl AsyncRead for OsConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for OsConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

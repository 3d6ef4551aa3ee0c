//! Stream sockets, with a way to send a range of a file.

use crate::{BoxFuture, FileRange};
use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};

/// Listens and connects.
pub trait Network: Debug + Send + Sync {
    /// Listens on an address; port 0 takes a free one. `::` means every interface, with IPv4, too.
    fn listen(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Listener>>>;

    /// The addresses of a host name. Without a resolver only `localhost` and addresses in digits are known.
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let address = match name {
            "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
            digits => digits.parse(),
        };
        let unknown = |_| io::Error::new(io::ErrorKind::NotFound, format!("unknown host {name}"));
        let addresses = address
            .map(|ip| vec![SocketAddr::new(ip, port)])
            .map_err(unknown);
        Box::pin(std::future::ready(addresses))
    }

    /// The name under which others know this machine; its address where no name leads back to it. `None`: it has neither.
    fn local_name(&self) -> BoxFuture<'_, Option<String>> {
        Box::pin(std::future::ready(None))
    }

    /// Opens a connection.
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Connection>>>;
}

/// Accepts connections.
pub trait Listener: Debug + Send + Sync {
    /// The address with its real port.
    fn local_address(&self) -> io::Result<SocketAddr>;

    /// Bytes that the system may hold for the peer of each connection accepted from now on. Otherwise it decides.
    fn set_send_buffer_bytes(&self, _bytes: usize) -> io::Result<()> {
        Ok(())
    }

    /// The next connection and its peer.
    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Box<dyn Connection>, SocketAddr)>>;
}

/// A byte stream in both directions.
pub trait Connection: AsyncRead + AsyncWrite + Debug + Send + Unpin {
    /// Sends bytes of a file from `range.position + sent` on, without copying where the system can. Returns how many
    /// were taken; 0 is never returned for a range that is left.
    ///
    /// # Errors
    /// The connection broke, or the file is shorter than the range (`UnexpectedEof`).
    fn poll_send_file(
        &mut self,
        cx: &mut Context<'_>,
        range: &FileRange,
        sent: usize,
    ) -> Poll<io::Result<usize>>;

    /// Writes like `poll_write_vectored`; the caller sends a file range, or writes, next. The system may hold the bytes
    /// back so that they share a packet with what follows: the peer is woken once. Who can't go on at once must not use
    /// this. A connection that ends sends what was held.
    fn poll_write_before_file(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self).poll_write_vectored(cx, slices)
    }
}

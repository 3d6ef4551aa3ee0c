//! A connection that speaks Kafka's protocol, as plainly as can be: what comes back is judged elsewhere.

use bytes::Bytes;
use klamm_codec::{Dec, Enc, Message};
use klamm_host::{Connection, Network};
use klamm_host_sim::SimNetwork;
use klamm_wire::{ApiKey, Request};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) enum RpcError {
    /// The connection broke, or nothing came in time: the request may have been carried out or not.
    Lost,
    /// The node answered with bytes that are no answer.
    Garbled(String),
}

impl From<io::Error> for RpcError {
    fn from(_: io::Error) -> Self {
        Self::Lost
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Rpc {
    connection: Box<dyn Connection>,
    correlation: i32,
}

/// A request whose answer is to come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    correlation: i32,
    version: i16,
}

const ANSWER_WAIT_MAX: Duration = Duration::from_secs(20);
const FRAME_BYTES_MAX: usize = 64 << 20;

fn late(_: tokio::time::error::Elapsed) -> io::Error {
    io::ErrorKind::TimedOut.into()
}

/// Frames an answer.
#[cfg(test)]
pub(crate) fn encode_answer<R: Request>(
    correlation: i32,
    version: i16,
    answer: &R::Response,
) -> io::Result<Bytes> {
    let mut enc = Enc::framed();
    enc.i32(correlation);
    if version >= R::FLEXIBLE_FROM && R::KEY != ApiKey::ApiVersions {
        enc.no_tagged_fields();
    }
    answer.encode(&mut enc, version).map_err(io::Error::other)?;
    enc.finish_frame().map_err(io::Error::other)?.into_bytes()
}

impl Rpc {
    pub(crate) async fn connect(network: &SimNetwork, address: SocketAddr) -> io::Result<Self> {
        let connecting = network.connect(address);
        let connection = timeout(ANSWER_WAIT_MAX, connecting).await.map_err(late)??;
        Ok(Self { connection, correlation: 0 })
    }

    /// Sends a request; answers come in the order of requests.
    pub(crate) async fn send<R: Request>(
        &mut self,
        request: &R,
        version: i16,
    ) -> io::Result<Ticket> {
        self.correlation += 1;
        let mut enc = Enc::framed();
        enc.i16(R::KEY as i16);
        enc.i16(version);
        enc.i32(self.correlation);
        enc.nullable_string(false, Some("sim"))
            .map_err(io::Error::other)?;
        if version >= R::FLEXIBLE_FROM {
            enc.no_tagged_fields();
        }
        request
            .encode(&mut enc, version)
            .map_err(io::Error::other)?;
        let output = enc.finish_frame().map_err(io::Error::other)?;
        let bytes = output.into_bytes()?;
        timeout(ANSWER_WAIT_MAX, self.connection.write_all(&bytes))
            .await
            .map_err(late)??;
        Ok(Ticket { correlation: self.correlation, version })
    }

    /// Waits for an answer.
    pub(crate) async fn receive<R: Request>(
        &mut self,
        ticket: Ticket,
    ) -> Result<R::Response, RpcError> {
        let frame = timeout(ANSWER_WAIT_MAX, self.frame())
            .await
            .map_err(late)??;
        let mut dec = Dec::new(frame);
        let mut decode = || {
            let correlation = dec.i32()?;
            // ApiVersions keeps the old header for ever: its answer must be readable before versions are known.
            if ticket.version >= R::FLEXIBLE_FROM && R::KEY != ApiKey::ApiVersions {
                dec.skip_tagged_fields()?;
            }
            let response = R::Response::decode(&mut dec, ticket.version)?;
            Ok::<_, klamm_codec::DecodeError>((correlation, response, dec.rest()))
        };
        let (correlation, response, rest) =
            decode().map_err(|error| RpcError::Garbled(format!("{:?}: {error}", R::KEY)))?;
        if correlation != ticket.correlation || !rest.is_empty() {
            let text = format!(
                "{:?}: answer {correlation}, {} bytes left",
                R::KEY,
                rest.len()
            );
            return Err(RpcError::Garbled(text));
        }
        Ok(response)
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn call<R: Request>(
        &mut self,
        request: &R,
        version: i16,
    ) -> Result<R::Response, RpcError> {
        let ticket = self.send(request, version).await?;
        self.receive::<R>(ticket).await
    }

    async fn frame(&mut self) -> Result<Bytes, RpcError> {
        let len = self.connection.read_u32().await?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len > FRAME_BYTES_MAX {
            return Err(RpcError::Garbled(format!("a frame of {len} bytes")));
        }
        let mut frame = vec![0; len];
        self.connection.read_exact(&mut frame).await?;
        Ok(frame.into())
    }
}

//! Turns a frame into a running request, and a response into bytes.

use super::api_table;
use super::caller::{Call, Caller};
use crate::net::copy_small_ranges;
use crate::node::Node;
use crate::observing::Meters;
use bytes::Bytes;
use klamm_codec::{Dec, Enc, Message, Segment};
use klamm_host::BoxFuture;
use klamm_wire::{ApiKey, Request, RequestHeader, ResponseHeader};
use std::sync::Arc;

/// A response's bytes, with the length in front.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) segments: Vec<Segment>,
}

/// How a request ends.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// With a response.
    Answer(Answer),
    /// Without one, as asked for (`acks=0`).
    Silent,
    /// The peer broke the protocol: nothing more is read from it.
    Close,
}

/// Starts requests.
#[derive(Debug)]
pub(crate) struct RequestRouter {
    node: Arc<Node>,
}

impl RequestRouter {
    pub(crate) fn new(node: Arc<Node>) -> Arc<Self> {
        Arc::new(Self { node })
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.node.meters
    }

    /// The request that a frame holds, ready to be polled.
    pub(crate) fn route(&self, frame: Bytes, caller: &Arc<Caller>) -> BoxFuture<'static, Outcome> {
        let (header, body) = match RequestHeader::decode(frame) {
            Ok(decoded) => decoded,
            Err(error) => {
                tracing::warn!(peer = %caller.peer, %error, "closing: unreadable request header");
                self.node.meters.malformed_requests.add(1);
                return Box::pin(std::future::ready(Outcome::Close));
            }
        };
        let call = Call {
            version: header.version,
            client_id: header.client_id.clone().unwrap_or_default(),
            caller: Arc::clone(caller),
        };
        api_table::call(Arc::clone(&self.node), header, call, body)
    }
}

/// Reads a request's body.
pub(crate) fn decode<R: Request>(body: &mut Dec, call: &Call, meters: &Meters) -> Option<R> {
    match R::decode(body, call.version) {
        Ok(request) => Some(request),
        Err(error) => {
            let (peer, version) = (call.caller.peer, call.version);
            // Both are anybody's text: the debug form escapes them.
            let (client, software) = (&*call.client_id, call.caller.software());
            tracing::warn!(
                %peer, api = ?R::KEY, version, ?client, ?software, %error,
                "closing: unreadable request"
            );
            meters.malformed_requests.add(1);
            None
        }
    }
}

/// Writes a response for a request's header.
pub(crate) async fn answer<M: Message>(
    response: &M,
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    node: &Node,
) -> Outcome {
    match encode(response, key, version, correlation_id) {
        Ok(mut segments) => match copy_small_ranges(&mut segments, &*node.host.tasks).await {
            Ok(()) => Outcome::Answer(Answer { segments }),
            Err(error) => {
                tracing::error!(?key, %error, "reading the log for an answer");
                Outcome::Close
            }
        },
        Err(error) => {
            tracing::error!(?key, version, %error, "a response does not fit its version");
            Outcome::Close
        }
    }
}

fn encode<M: Message>(
    response: &M,
    key: ApiKey,
    version: i16,
    correlation_id: i32,
) -> Result<Vec<Segment>, klamm_codec::EncodeError> {
    let mut enc = Enc::framed();
    ResponseHeader { correlation_id }.encode(&mut enc, key, version);
    response.encode(&mut enc, version)?;
    Ok(enc.finish_frame()?.segments)
}

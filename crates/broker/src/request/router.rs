//! Turns a frame into a running request, and a response into bytes.

use super::api_table;
use super::caller::{Call, Caller};
use crate::config::millis;
use crate::handlers::Reply;
use crate::net::copy_small_ranges;
use crate::node::Node;
use crate::observing::Meters;
use crate::quotas::Quotas;
use bytes::Bytes;
use klamm_codec::{Dec, Enc, Message, Segment};
use klamm_host::BoxFuture;
use klamm_wire::{ApiKey, Request, RequestHeader, Response, ResponseHeader};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A response's bytes, with the length in front.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) segments: Vec<Segment>,
    /// How long the connection is to rest after it (KIP-219).
    pub(crate) rest: Duration,
}

/// How a request ends.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// With a response.
    Answer(Answer),
    /// Without one, as asked for (`acks=0`); the connection is to rest so long.
    Silent(Duration),
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

    pub(crate) fn quotas(&self) -> &Quotas {
        &self.node.quotas
    }

    /// The request that a frame holds, ready to be polled.
    pub(crate) fn route(&self, frame: Bytes, caller: &Arc<Caller>) -> BoxFuture<'static, Outcome> {
        let frame_bytes = frame.len();
        let (header, body) = match RequestHeader::decode(frame) {
            Ok(decoded) => decoded,
            Err(error) => {
                tracing::warn!(peer = %caller.peer, %error, "closing: unreadable request header");
                self.node.meters.malformed_requests.add(1);
                return Box::pin(std::future::ready(Outcome::Close));
            }
        };
        if header.key != ApiKey::Produce {
            // It sees what was produced before it.
            caller.burst.write(|| self.node.host.clock.now_ms());
        }
        let call = Call {
            version: header.version,
            client_id: header.client_id.clone().unwrap_or_default(),
            frame_bytes,
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

/// Runs a handler. If the time of requests is limited, also tells how long it kept a thread busy.
pub(crate) async fn carried_out<F: Future>(
    mut work: Pin<&mut F>,
    node: &Node,
) -> (F::Output, Duration) {
    if !node.quotas.times_requests() {
        return (work.await, Duration::ZERO);
    }
    let clock = &node.host.clock;
    let mut busy = Duration::ZERO;
    let output = std::future::poll_fn(|cx| {
        let begun = clock.monotonic();
        let polled = work.as_mut().poll(cx);
        busy += clock.monotonic().saturating_sub(begun);
        polled
    });
    (output.await, busy)
}

/// Counts what a handler answers, charges its client, and writes it.
pub(crate) async fn finish<R: Response>(
    reply: Reply<R>,
    header: &RequestHeader,
    call: &Call,
    busy: Duration,
    node: &Node,
) -> Outcome {
    let key = header.key;
    match reply {
        Reply::Answer(mut response) => {
            node.meters.count_errors(key, &response);
            let of_time = node.quotas.charge_request(&call.client_id, busy);
            let own = millis(i64::from(response.throttle_time_ms()));
            let rest = own.max(of_time).max(rest_of_produce(key, call, node));
            if !rest.is_zero() {
                let ms = i32::try_from(rest.as_millis()).unwrap_or(i32::MAX);
                response.set_throttle_time_ms(ms);
            }
            match answer(&response, key, call.version, header.correlation_id, node).await {
                Outcome::Answer(answer) => Outcome::Answer(Answer { rest, ..answer }),
                outcome => outcome,
            }
        }
        // As in Kafka, the time of a request without an answer is free.
        Reply::Silent => Outcome::Silent(rest_of_produce(key, call, node)),
        Reply::Close(response) => {
            node.meters.count_errors(key, &response);
            Outcome::Close
        }
    }
}

fn rest_of_produce(key: ApiKey, call: &Call, node: &Node) -> Duration {
    if key == ApiKey::Produce {
        node.quotas
            .charge_produce(&call.client_id, call.frame_bytes)
    } else {
        Duration::ZERO
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
        Ok(segments) => match copied(segments, node).await {
            Ok(segments) => Outcome::Answer(Answer { segments, rest: Duration::ZERO }),
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

/// The pieces of an answer, small file ranges copied.
async fn copied(mut segments: Vec<Segment>, node: &Node) -> std::io::Result<Vec<Segment>> {
    let is_file = |segment: &Segment| matches!(segment, Segment::File(_));
    if segments.iter().any(is_file) {
        // In a box: only fetches have file ranges, and it makes the future of every request large.
        Box::pin(copy_small_ranges(&mut segments, &*node.host.tasks)).await?;
    }
    Ok(segments)
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

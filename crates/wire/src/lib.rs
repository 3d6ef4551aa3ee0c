//! Kafka's requests and responses as Rust values.
//!
//! ```text
//! int32 length │ request header │ request body        a frame to the broker
//! int32 length │ response header │ response body      a frame to the client
//! ```
//! `header` knows the four header forms, `messages` all bodies in all versions, [`every_api!`] the table of APIs.
//! The length is the connection's business: nothing here sees it.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod api_key;
mod error_code;
pub mod header;
pub mod messages;
pub mod produce_visitor;
mod standing;

pub use api_key::{ApiKey, Listener, request_header_version, response_header_version};
pub use error_code::ErrorCode;
pub use header::{RequestHeader, ResponseHeader};

use klamm_codec::Message;

/// A request: what it is called, its versions, and what answers it.
pub trait Request: Message {
    /// The API.
    const KEY: ApiKey;
    /// The lowest version that we can read and write.
    const MIN_VERSION: i16;
    /// The highest version that we can read and write.
    const MAX_VERSION: i16;
    /// The first version with compact lengths and tagged fields (KIP-482); `i16::MAX` if none has them.
    const FLEXIBLE_FROM: i16;
    /// The answer, in the version of the request.
    type Response: Response;
}

/// An answer, as far as all answers are alike.
pub trait Response: Message {
    /// Shows each error code in the answer that is not 0, whatever part it stands in.
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode));

    /// How long the client is to send nothing; 0 where an answer has no such field.
    fn throttle_time_ms(&self) -> i32;

    /// Says how long the client is to send nothing. Answers without such a field stay as they are.
    fn set_throttle_time_ms(&mut self, ms: i32);
}

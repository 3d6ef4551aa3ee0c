//! What precedes a request and a response, in their old and new forms.
//!
//! ```text
//! request   form 1: int16 key │ int16 version │ int32 correlation id │ nullable string client id
//!           form 2: form 1, then tagged fields; the client id keeps its old form
//! response  form 0: int32 correlation id
//!           form 1: form 0, then tagged fields
//! ```
//! Key and version come first in every form, so they say which form it is.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Str};

use crate::{ApiKey, Request, request_header_version, response_header_version};

/// What precedes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHeader {
    /// The API asked for.
    pub key: ApiKey,
    /// The version of the request and of its answer. Not checked against the API's range.
    pub version: i16,
    /// Chosen by the client, comes back with the answer.
    pub correlation_id: i32,
    /// What the client calls itself. Anyone's text: escape it before it reaches a log.
    pub client_id: Option<Str>,
}

impl RequestHeader {
    /// The first bytes of a frame that every form has: key, version, correlation id.
    pub const FIXED_BYTES: usize = 8;

    /// Reads the header at the front of a frame (without the frame's length) and hands back a reader at the body.
    ///
    /// A version that the API does not have is for the caller to refuse: ApiVersions answers any (KIP-511). Which form such
    /// a header has is unknown, so no more than its fixed part is read, and there is no client id.
    ///
    /// # Errors
    /// [`DecodeError::UnknownId`] for a key that we don't know; otherwise the bytes are no header.
    pub fn decode(frame: Bytes) -> Result<(Self, Dec), DecodeError> {
        let mut dec = Dec::new(frame);
        dec.repair_text();
        let number = dec.i16()?;
        let unknown = DecodeError::UnknownId { what: "API key", id: number.into() };
        let key = ApiKey::from_i16(number).ok_or(unknown)?;
        let version = dec.i16()?;
        let correlation_id = dec.i32()?;
        let mut client_id = None;
        if key.has_version(version) || Self::is_served_below(key, version) {
            client_id = dec.nullable_string(false)?;
            if request_header_version(key, version) >= 2 {
                dec.skip_tagged_fields()?;
            }
        }
        let header = Self { key, version, correlation_id, client_id };
        Ok((header, dec))
    }

    /// Versions that Kafka announces but has dropped: the header is known, the body is not.
    const fn is_served_below(key: ApiKey, version: i16) -> bool {
        version >= 0 && version < key.min_version()
    }

    /// Writes the header.
    ///
    /// # Errors
    /// The client id is longer than 32 KiB.
    pub fn encode(&self, enc: &mut Enc) -> Result<(), EncodeError> {
        enc.i16(self.key.key());
        enc.i16(self.version);
        enc.i32(self.correlation_id);
        enc.nullable_string(false, self.client_id.as_deref())?;
        if request_header_version(self.key, self.version) >= 2 {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Writes a request with its header and its frame's length.
///
/// # Errors
/// The version can't carry the request.
pub fn encode_request<R: Request>(
    request: &R,
    version: i16,
    correlation_id: i32,
    client_id: Option<&Str>,
) -> Result<klamm_codec::Output, EncodeError> {
    let header = RequestHeader {
        key: R::KEY,
        version,
        correlation_id,
        client_id: client_id.cloned(),
    };
    let mut enc = Enc::framed();
    header.encode(&mut enc)?;
    request.encode(&mut enc, version)?;
    enc.finish_frame()
}

/// What precedes a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHeader {
    /// The number that came with the request.
    pub correlation_id: i32,
}

impl ResponseHeader {
    /// Reads the header at the front of a frame (without the frame's length) that answers such a request, and hands back a
    /// reader at the body.
    ///
    /// # Errors
    /// The bytes are no header.
    pub fn decode(frame: Bytes, key: ApiKey, version: i16) -> Result<(Self, Dec), DecodeError> {
        let mut dec = Dec::new(frame);
        let correlation_id = dec.i32()?;
        if response_header_version(key, version) >= 1 {
            dec.skip_tagged_fields()?;
        }
        Ok((Self { correlation_id }, dec))
    }

    /// Writes the header of the answer to such a request.
    pub fn encode(&self, enc: &mut Enc, key: ApiKey, version: i16) {
        enc.i32(self.correlation_id);
        if response_header_version(key, version) >= 1 {
            enc.no_tagged_fields();
        }
    }
}

/// Writes a response with its header and its frame's length.
///
/// # Errors
/// The version can't carry the response.
pub fn encode_response<R: Request>(
    response: &R::Response,
    version: i16,
    correlation_id: i32,
) -> Result<klamm_codec::Output, EncodeError> {
    use klamm_codec::Message;
    let mut enc = Enc::framed();
    ResponseHeader { correlation_id }.encode(&mut enc, R::KEY, version);
    response.encode(&mut enc, version)?;
    enc.finish_frame()
}

#[cfg(test)]
mod tests;

//! One file per API: a request in the protocol's terms becomes a response.

pub(crate) mod api_versions;
pub(crate) mod delete_records;
pub(crate) mod fetch;
pub(crate) mod init_producer_id;
pub(crate) mod list_offsets;
pub(crate) mod metadata;
pub(crate) mod offset_for_leader_epoch;
pub(crate) mod produce;

/// How a handler ends.
#[derive(Debug)]
pub(crate) enum Reply<R> {
    /// With a response.
    Answer(R),
    /// Without one (`acks=0`).
    Silent,
    /// With the connection closed: the only way to tell an `acks=0` producer of an error.
    Close,
}

impl<R> From<R> for Reply<R> {
    fn from(response: R) -> Self {
        Self::Answer(response)
    }
}

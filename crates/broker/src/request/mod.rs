//! From a frame to a handler and back: the API table, who calls, and how errors are coded.

mod api_table;
mod caller;
pub(crate) mod error_code;
pub(crate) mod operations;
mod router;

pub(crate) use api_table::advertised;
pub use api_table::protocol_markdown;
pub(crate) use caller::{Call, Caller, Software};
pub(crate) use router::{Answer, Outcome, RequestRouter};

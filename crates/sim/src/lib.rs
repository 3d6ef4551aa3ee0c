//! Whole nodes in one thread: seeded crashes, torn writes, simulated clients, promises checked.
//!
//! ```text
//! options    what a seed draws              scenario   one run, from the first boot to the reckoning
//! faults     kills, power cuts, stalls      node       the real broker on a simulated machine
//! producer   consumer   admin               clients    over rpc, a plain connection
//! oracle     what was promised, and what was not kept
//! ```

mod admin;
mod consumer;
mod faults;
mod node;
mod options;
mod oracle;
#[cfg(test)]
mod paper;
mod producer;
mod record;
mod rpc;
mod scenario;
mod stage;

pub use options::{Fault, Options, Planted};
pub use oracle::{
    BatchKey, Ending, Floor, Oracle, PartitionKey, ProducerKey, TopicFacts, Watermarks,
};
pub use record::RecordId;
pub use scenario::{Outcome, run};

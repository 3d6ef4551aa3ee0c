//! Whole nodes in one thread: seeded crashes, torn writes, simulated clients, promises checked.
//!
//! ```text
//! options    what a seed draws              scenario   one run, from the first boot to the reckoning
//! faults     kills, power cuts, stalls      node       the real broker on a simulated machine
//! producer   consumer   admin   transactor    clients    over rpc, a plain connection
//! spread     producers of many partitions    session    consumers in fetch sessions
//! audit      what transactors committed, read at the end
//! moves      logs on their way between directories
//! groups     members of groups of both protocols, and pipelines
//! oracle     what was promised, and what was not kept
//! ```

mod admin;
mod audit;
mod consumer;
mod faults;
mod groups;
mod moves;
mod node;
mod options;
mod oracle;
#[cfg(test)]
mod paper;
mod producer;
mod record;
mod rpc;
mod scenario;
mod session;
mod spread;
mod stage;
mod transactor;

pub use options::{Fault, Options, Planted};
pub use oracle::{
    BatchKey, CommitKey, Ending, Floor, Groups, MemberKey, Offsets, Oracle, PartitionKey,
    ProducerKey, TopicFacts, TransactionKey, Transactions, Watermarks,
};
pub use record::RecordId;
pub use scenario::{Outcome, run};

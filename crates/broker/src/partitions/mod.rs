//! The partitions of this node: found here, owned here.

mod append;
mod checkpoints;
mod partition;
mod registry;
mod syncing;
mod topic_traits;

pub(crate) use append::{AppendFailure, AppendRequest, Appended};
pub(crate) use partition::{
    DeleteRecordsError, EpochError, FetchAsk, Fetched, LookUp, Marker, MoveError, MoveStep,
    OffsetAt, Partition, Pass, ReadError, Reader, Reading, Replaced,
};
pub(crate) use registry::{Directory, FindError, MoveRefusal, Registry, Shared, Sizes};
pub(crate) use syncing::flush_together;
pub(crate) use topic_traits::TopicTraits;

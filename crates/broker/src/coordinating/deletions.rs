//! Topics that were deleted: the coordinator forgets what groups committed for them.

use super::Groups;
use crate::quorum::MetadataListener;
use klamm_codec::Str;
use klamm_metadata::{Delta, Image};
use std::sync::{Arc, OnceLock, Weak};

/// Tells the coordinator of deleted topics, before whoever asked for the deletion is answered. As with Kafka, a deletion that is
/// the last thing before a crash may leave offsets behind.
#[derive(Debug, Default)]
pub(crate) struct Deletions(OnceLock<Weak<Groups>>);

impl Deletions {
    /// Who is told. Before that nothing is: no shard runs.
    pub(crate) fn tell(&self, groups: &Arc<Groups>) {
        let _ = self.0.set(Arc::downgrade(groups));
    }
}

impl MetadataListener for Deletions {
    fn publish(&self, _old: &Image, _new: &Arc<Image>, delta: &Delta) {
        if delta.topics_deleted.is_empty() {
            return;
        }
        if let Some(groups) = self.0.get().and_then(Weak::upgrade) {
            let names = delta.topics_deleted.values();
            groups.forget_topics(names.map(|name| Str::from(name.as_str())).collect());
        }
    }

    fn halted(&self, _cause: &str) {}
}

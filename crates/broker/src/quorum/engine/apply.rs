//! Replays what is committed, and publishes it.

use super::{Engine, EngineError};
use crate::quorum::batching::decode_records;
use klamm_metadata::decide::stored;
use klamm_metadata::image::ResourceKind;
use klamm_metadata::{Delta, Image};
use klamm_model::Offset;
use klamm_settings::Layers;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Engine {
    /// Replays the log up to the high watermark. It is read back from the disk (the page cache, in fact), so that what
    /// is replayed is what is stored.
    pub(super) fn apply_until(&mut self, high_watermark: Offset) -> Result<(), EngineError> {
        self.log.commit(high_watermark);
        let Self { log, applied, snapshots, host, .. } = self;
        log.visit(applied.next, high_watermark, |batch, end| {
            let broken = |error: &dyn std::fmt::Display| EngineError::Replay(error.to_string());
            let header = batch.header();
            if !header.attributes.is_control() {
                for record in decode_records(batch).map_err(|e| broken(&e))? {
                    applied.replay.record(&record).map_err(|e| broken(&e))?;
                }
            }
            applied.next = end;
            applied.epoch = header.leader_epoch;
            applied.timestamp_ms = header.max_timestamp_ms;
            applied.fresh = true;
            snapshots.note(batch.bytes().len(), || host.clock.monotonic());
            Ok(())
        })
    }

    /// Shows what was replayed: first to the listener, then to all.
    pub(super) fn publish(&mut self) {
        if !std::mem::take(&mut self.applied.fresh) {
            return;
        }
        let (image, delta) = self.applied.replay.publish();
        let kraft_version = self.raft.history().kraft_version();
        self.published
            .kraft_version
            .store(kraft_version, Ordering::Relaxed);
        if delta.is_empty() {
            return;
        }
        let (old, new) = (self.published.image.load_full(), Arc::new(image));
        if let Some(layers) = self.layers_after(&new, &delta) {
            self.published.layers.store(Arc::new(layers));
        }
        self.listener.publish(&old, &new, &delta);
        self.published.image.store(new);
        self.published
            .applied
            .store(self.applied.next.0 - 1, Ordering::Relaxed);
    }

    /// This node's settings, if the change concerns them.
    fn layers_after(&self, image: &Image, delta: &Delta) -> Option<Layers> {
        let own = self.node.0.to_string();
        let concerns = delta.configs.iter().any(|resource| {
            resource.kind == ResourceKind::Broker
                && (resource.name.is_empty() || *resource.name == *own)
        });
        concerns.then(|| {
            let mut layers = Layers::new(self.settings.clone());
            layers.set_cluster_wide(stored(image, ResourceKind::Broker, ""));
            layers.set_broker(stored(image, ResourceKind::Broker, &own));
            layers
        })
    }
}

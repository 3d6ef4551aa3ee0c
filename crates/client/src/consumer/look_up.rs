//! Positions that are not known yet: asked for beside `poll`, so that a short one does not begin anew each time.

use super::fetch::Event;
use super::{Consumer, Position, no_offset};
use crate::error::ClientError;
use crate::offsets::{Looked, OffsetSpec, PartitionKey};
use std::sync::Arc;

/// A partition whose position is looked up.
#[derive(Debug)]
pub(super) struct LookedFor {
    key: PartitionKey,
    spec: OffsetSpec,
    generation: u64,
}

impl Consumer {
    /// Begins to look up the positions that are not known.
    ///
    /// # Errors
    /// A partition has no position, and no rule where to go.
    pub(super) fn look_up(&mut self) -> Result<(), ClientError> {
        let mut wanted = Vec::new();
        for (key, state) in &mut self.partitions {
            match state.position {
                Position::At(_) => {}
                Position::Unknown(spec) if !state.is_looked_up => {
                    state.is_looked_up = true;
                    let (key, generation) = (key.clone(), state.generation);
                    wanted.push(LookedFor { key, spec, generation });
                }
                Position::Unknown(_) => {}
                Position::Lost => return Err(no_offset(&key.0, key.1)),
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let client = self.client.clone();
        let isolation = self.config.isolation_level;
        self.spawn(async move {
            let asked: Vec<_> = wanted
                .iter()
                .map(|wanted| ((Arc::clone(&wanted.key.0), wanted.key.1), wanted.spec))
                .collect();
            let result = client.list_offsets(&asked, isolation).await;
            Event::LookedUp { wanted, result }
        });
        Ok(())
    }

    /// Takes over what was found.
    pub(super) fn found(
        &mut self,
        wanted: Vec<LookedFor>,
        result: Result<Looked, ClientError>,
    ) -> Result<(), ClientError> {
        let (mut found, mut error) = match result {
            Ok(found) => (found, None),
            Err(error) => (Looked::new(), Some(error)),
        };
        for LookedFor { key, spec, generation } in wanted {
            let state = self.partitions.get_mut(&key);
            // Somebody sought meanwhile, or took the partition away.
            let Some(state) = state.filter(|state| state.generation == generation) else {
                continue;
            };
            state.is_looked_up = false;
            match found.remove(&key) {
                Some(Ok(found)) => match (found.offset, spec) {
                    (Some(offset), _) => {
                        state.position = Position::At(offset);
                        state.epoch = found.leader_epoch;
                    }
                    (None, OffsetSpec::Latest) => {
                        error.get_or_insert_with(|| no_offset(&key.0, key.1));
                    }
                    // By time without a fitting record: the end.
                    (None, _) => state.position = Position::Unknown(OffsetSpec::Latest),
                },
                Some(Err(refusal)) => {
                    error.get_or_insert(refusal);
                }
                None => {}
            }
        }
        error.map_or(Ok(()), Err)
    }
}

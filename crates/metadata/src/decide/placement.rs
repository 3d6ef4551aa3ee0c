//! Chooses brokers for new partitions: leaders spread over racks and brokers, replicas over racks.
//!
//! The way of Kafka's striped placer: racks are taken in turn, each partition starting one rack further; inside a rack
//! brokers are taken in turn, active ones first. The first replica, the leader, is always active. After as many
//! partitions as there are active brokers everything is shuffled, so that the same neighbours do not meet for ever.

use std::collections::BTreeMap;

use super::{Random, Refusal, RefusalKind, below, shuffle};
use crate::image::Cluster;

/// Brokers of one rack and one state, taken in turn.
#[derive(Debug, Default)]
struct Ring {
    ids: Vec<i32>,
    start: usize,
    taken: usize,
}

#[derive(Debug, Default)]
struct Rack {
    active: Ring,
    fenced: Ring,
}

impl Ring {
    fn begin_partition(&mut self) {
        self.start += 1;
        self.taken = 0;
    }

    fn next(&mut self) -> Option<i32> {
        if self.taken >= self.ids.len() {
            return None;
        }
        let slot = (self.start + self.taken) % self.ids.len();
        self.taken += 1;
        self.ids.get(slot).copied()
    }
}

impl Rack {
    fn next(&mut self) -> Option<i32> {
        self.active.next().or_else(|| self.fenced.next())
    }
}

/// Chooses the replicas of `partitions` new partitions.
pub(super) fn place(
    cluster: &Cluster,
    partitions: usize,
    replication_factor: i16,
    random: Random<'_>,
) -> Result<Vec<Vec<i32>>, Refusal> {
    let refuse =
        |message: String| Err(Refusal::new(RefusalKind::InvalidReplicationFactor, message));
    let Some(replicas) = usize::try_from(replication_factor).ok().filter(|n| *n > 0) else {
        return refuse(format!(
            "Replication factor {replication_factor} is not positive."
        ));
    };
    let mut by_name: BTreeMap<Option<&str>, Rack> = BTreeMap::new();
    let (mut total, mut active) = (0usize, 0usize);
    for broker in cluster.brokers() {
        // A broker that is about to stop counts as usable here, as in Kafka; the in-sync set leaves it out.
        if broker.has_uncordoned_directory() {
            let rack = by_name.entry(broker.rack.as_deref()).or_default();
            let ring = if broker.fenced {
                &mut rack.fenced
            } else {
                &mut rack.active
            };
            ring.ids.push(broker.id.0);
            total += 1;
            active += usize::from(!broker.fenced);
        }
    }
    if active == 0 {
        return refuse("No registered broker is ready to take a replica.".to_owned());
    }
    if replicas > total {
        return refuse(format!(
            "Replication factor {replication_factor} needs more brokers than the {total} that are registered."
        ));
    }
    let mut racks: Vec<Rack> = by_name.into_values().collect();
    for rack in &mut racks {
        rack.active.start = below(random, rack.active.ids.len());
        rack.fenced.start = below(random, rack.fenced.ids.len());
    }
    let mut first_rack = below(random, racks.len());
    let mut placed = Vec::with_capacity(partitions);
    for n in 0..partitions {
        if n > 0 && active > 1 && n % active == 0 {
            shuffle(&mut racks, random);
            for rack in &mut racks {
                shuffle(&mut rack.active.ids, random);
                shuffle(&mut rack.fenced.ids, random);
            }
        }
        for rack in &mut racks {
            rack.active.begin_partition();
            rack.fenced.begin_partition();
        }
        placed.push(place_one(&mut racks, first_rack, replicas));
        first_rack = (first_rack + 1) % racks.len();
    }
    Ok(placed)
}

fn place_one(racks: &mut [Rack], first_rack: usize, replicas: usize) -> Vec<i32> {
    let count = racks.len();
    let mut chosen = Vec::with_capacity(replicas);
    let mut leader_rack = None;
    for step in 0..count {
        let slot = (first_rack + step) % count;
        if let Some(id) = racks.get_mut(slot).and_then(|rack| rack.active.next()) {
            chosen.push(id);
            leader_rack = Some(slot);
            break;
        }
    }
    // The leader's rack is passed over once: it has its replica. Enough brokers exist, so every round finds one.
    let mut slot = first_rack;
    let mut barren = 0;
    while chosen.len() < replicas && barren <= count {
        if leader_rack == Some(slot) {
            leader_rack = None;
        } else if let Some(id) = racks.get_mut(slot).and_then(Rack::next) {
            chosen.push(id);
            barren = 0;
        } else {
            barren += 1;
        }
        slot = (slot + 1) % count;
    }
    chosen
}

#[cfg(test)]
mod tests;

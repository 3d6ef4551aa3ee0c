//! The life of a broker: registration, fencing, controlled shutdown, unregistration (KIP-631, KIP-841).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use klamm_codec::Str;
use klamm_model::{NodeId, Uuid};

use super::change::{Change, Election};
use super::{Controller, Decision, Refusal, RefusalKind};
use crate::generated::register_controller_record::{ControllerEndpoint, ControllerFeature};
use crate::generated::{
    BrokerRegistrationChangeRecord, RegisterControllerRecord, UnregisterBrokerRecord,
};
use crate::image::{Broker, Listener, Partition, is_reserved};
use crate::level::{FEATURES, LevelRange, METADATA_VERSION};
use crate::record::MetadataRecord;
use crate::snapshot::broker_record;

/// What a broker says about itself when it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// The node.
    pub id: NodeId,
    /// Chosen at random by the process at its start.
    pub incarnation: Uuid,
    /// The broker's addresses.
    pub listeners: Vec<Listener>,
    /// The levels that the broker supports.
    pub features: BTreeMap<Arc<str>, LevelRange>,
    /// The rack.
    pub rack: Option<Arc<str>>,
    /// The ids of its log directories.
    pub directories: Vec<Uuid>,
    /// The epoch of the registration that ended in a clean shutdown; -1 when there is none (KIP-966).
    pub previous_epoch: i64,
}

/// What a broker reports every two seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// The broker.
    pub broker: NodeId,
    /// Its registration's epoch.
    pub epoch: i64,
    /// It has caught up with its own registration.
    pub caught_up: bool,
    /// It asks to stay or become fenced.
    pub want_fence: bool,
    /// It asks to stop.
    pub want_shut_down: bool,
    /// All other brokers have replayed what moved its leaderships away.
    pub others_follow: bool,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatReply {
    /// As reported.
    pub is_caught_up: bool,
    /// Whether the broker is fenced from here on.
    pub is_fenced: bool,
    /// Whether the broker is giving its leaderships away.
    pub in_controlled_shutdown: bool,
    /// Whether the broker may stop now.
    pub should_shut_down: bool,
}

/// Refuses an epoch that is not the registration's.
pub(super) fn check_epoch<'a>(
    controller: &Controller<'a>,
    id: i32,
    epoch: i64,
) -> Result<&'a Arc<Broker>, Refusal> {
    let stale = |message| Err(Refusal::new(RefusalKind::StaleBrokerEpoch, message));
    match controller.image.cluster().broker(NodeId(id)) {
        None => stale(format!("Broker {id} is not registered.")),
        Some(broker) if broker.epoch != epoch => stale(format!(
            "Broker {id} is registered with epoch {}, not {epoch}.",
            broker.epoch
        )),
        Some(broker) => Ok(broker),
    }
}

/// Decides on a registration; the reply is the broker's epoch. `next_offset` is where the first record will stand,
/// `session_is_live` whether the broker's last incarnation was heard of lately.
///
/// # Errors
/// Another live process has the id, the broker lacks a level that the cluster agreed on, or its directories are not its.
pub fn register_broker(
    controller: &Controller<'_>,
    registration: &Registration,
    next_offset: i64,
    session_is_live: bool,
) -> Result<Decision<i64>, Refusal> {
    let image = controller.image;
    let existing = image.cluster().broker(registration.id);
    let is_same = existing.is_some_and(|known| known.incarnation == registration.incarnation);
    if existing.is_some() && session_is_live && !is_same {
        let message = format!(
            "Broker {} is registered and alive. If it was restarted just now, its old session ends by itself.",
            registration.id
        );
        return Err(Refusal::new(
            RefusalKind::DuplicateBrokerRegistration,
            message,
        ));
    }
    check_directories(controller, registration)?;
    check_features(controller, registration)?;
    let id = registration.id.0;
    let mut records = Vec::new();
    if !is_same {
        let stored_epoch = existing.map_or(-2, |known| known.epoch);
        let is_clean = stored_epoch == registration.previous_epoch;
        let lost = (image.elr_enabled() && !is_clean).then_some(id);
        records = leave_in_sync_sets(controller, id, lost);
    }
    let epoch = match existing {
        Some(known) if is_same => known.epoch,
        _ => next_offset,
    };
    let broker = Broker {
        id: registration.id,
        epoch,
        incarnation: registration.incarnation,
        migrating: false,
        listeners: registration.listeners.clone(),
        features: registration.features.clone(),
        rack: registration.rack.clone(),
        fenced: !is_same || existing.is_none_or(|known| known.fenced),
        // A fenced broker that comes again has stopped in between: it is not on its way down any more.
        in_controlled_shutdown: is_same
            && existing.is_some_and(|known| known.in_controlled_shutdown && !known.fenced),
        directories: registration.directories.clone(),
        cordoned_directories: None,
    };
    // Last, so that a failover in between leads to another registration, which finishes the cleaning.
    records.push(broker_record(&broker, image.writing_version()).into());
    Ok(Decision { records, reply: epoch })
}

fn check_directories(
    controller: &Controller<'_>,
    registration: &Registration,
) -> Result<(), Refusal> {
    if !controller.image.writing_version().has_directories() {
        return Ok(());
    }
    let refuse = |message: String| Err(Refusal::new(RefusalKind::InvalidRegistration, message));
    if registration.directories.is_empty() {
        return refuse("The registration names no log directory.".to_owned());
    }
    let mut seen = BTreeSet::new();
    for directory in &registration.directories {
        if is_reserved(*directory) {
            return refuse(format!("Directory id {directory} is reserved."));
        }
        if !seen.insert(directory) {
            return refuse(format!("Directory id {directory} is named twice."));
        }
        match controller.image.cluster().owner_of(*directory) {
            Some(owner) if owner != registration.id => {
                return refuse(format!(
                    "Directory {directory} is registered by broker {owner}."
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_features(controller: &Controller<'_>, registration: &Registration) -> Result<(), Refusal> {
    if !registration.features.contains_key(METADATA_VERSION) {
        let message = "The registration does not say which metadata.version it supports.";
        return Err(Refusal::new(RefusalKind::InvalidRegistration, message));
    }
    for (name, level) in controller.image.features() {
        let off = LevelRange { min: 0, max: 0 };
        let range = registration.features.get(name).copied().unwrap_or(off);
        if !range.contains(level) {
            let message = format!(
                "The cluster runs {name} at level {level}, and broker {} supports levels {} to {}.",
                registration.id, range.min, range.max
            );
            return Err(Refusal::new(RefusalKind::UnsupportedVersion, message));
        }
    }
    Ok(())
}

/// Decides on a controller's registration (KIP-919).
#[must_use]
pub fn register_controller(id: NodeId, incarnation: Uuid, listeners: &[Listener]) -> Decision<()> {
    let end_points = listeners.iter().map(|listener| ControllerEndpoint {
        name: Str::from(&*listener.name),
        host: Str::from(&*listener.host),
        port: listener.port,
        security_protocol: listener.security_protocol,
    });
    let features = FEATURES.iter().map(|feature| ControllerFeature {
        name: Str::from(feature.name),
        min_supported_version: feature.supported.min,
        max_supported_version: feature.supported.max,
    });
    let record = RegisterControllerRecord {
        controller_id: id.0,
        incarnation_id: incarnation,
        zk_migration_ready: false,
        end_points: end_points.collect(),
        features: features.collect(),
    };
    Decision { records: vec![record.into()], reply: () }
}

/// Decides on a heartbeat: unfences who has caught up, and leads through controlled shutdown.
///
/// # Errors
/// STALE_BROKER_EPOCH: the broker has to register again.
pub fn heartbeat(
    controller: &Controller<'_>,
    beat: Heartbeat,
) -> Result<Decision<HeartbeatReply>, Refusal> {
    let broker = check_epoch(controller, beat.broker.0, beat.epoch)?;
    let reply = |is_fenced, in_controlled_shutdown, should_shut_down| HeartbeatReply {
        is_caught_up: beat.caught_up,
        is_fenced,
        in_controlled_shutdown,
        should_shut_down,
    };
    let stays = Decision::nothing;
    Ok(if broker.fenced {
        if beat.want_shut_down {
            stays(reply(true, false, true))
        } else if beat.want_fence || !beat.caught_up || broker.in_controlled_shutdown {
            // An incarnation that gave its leaderships away to stop does not come back: it registers anew.
            stays(reply(true, false, false))
        } else {
            let records = unfence_records(controller, broker);
            Decision { records, reply: reply(false, false, false) }
        }
    } else if broker.in_controlled_shutdown {
        if beat.others_follow && !leads_any(controller, broker.id.0) {
            Decision {
                records: fence_records(controller, broker),
                reply: reply(true, false, true),
            }
        } else {
            stays(reply(false, true, false))
        }
    } else if beat.want_shut_down && !beat.want_fence && leads_any(controller, broker.id.0) {
        let records = shutdown_records(controller, broker);
        Decision { records, reply: reply(false, true, false) }
    } else if beat.want_shut_down || beat.want_fence {
        let records = fence_records(controller, broker);
        Decision { records, reply: reply(true, false, beat.want_shut_down) }
    } else {
        stays(reply(false, false, false))
    })
}

/// Decides to fence a broker that was not heard of for too long.
///
/// # Errors
/// BROKER_ID_NOT_REGISTERED.
pub fn fence_broker(controller: &Controller<'_>, id: NodeId) -> Result<Decision<()>, Refusal> {
    let broker = registered(controller, id)?;
    let records = if broker.fenced {
        Vec::new()
    } else {
        fence_records(controller, broker)
    };
    Ok(Decision { records, reply: () })
}

/// Decides on the orderly stop of a broker. Others take its leaderships over; if there are none, its partitions stay as
/// they are, and only the fence is written: its session is over, and whoever comes next on its directories need not wait
/// for that.
///
/// # Errors
/// STALE_BROKER_EPOCH: another incarnation has registered.
pub fn rest_broker(
    controller: &Controller<'_>,
    id: NodeId,
    epoch: i64,
) -> Result<Decision<()>, Refusal> {
    let broker = check_epoch(controller, id.0, epoch)?;
    let cluster = controller.image.cluster();
    let is_alone = !cluster
        .brokers()
        .any(|other| other.id != id && cluster.is_active(other.id.0));
    let records = if broker.fenced {
        Vec::new()
    } else if is_alone {
        vec![change_record(broker, 1, 0)]
    } else {
        fence_records(controller, broker)
    };
    Ok(Decision { records, reply: () })
}

/// Decides to forget a broker, live or not: an administrator says that it is gone for good.
///
/// # Errors
/// BROKER_ID_NOT_REGISTERED.
pub fn unregister_broker(controller: &Controller<'_>, id: NodeId) -> Result<Decision<()>, Refusal> {
    let broker = registered(controller, id)?;
    let mut records = leave_in_sync_sets(controller, id.0, None);
    let record = UnregisterBrokerRecord { broker_id: id.0, broker_epoch: broker.epoch };
    records.push(record.into());
    Ok(Decision { records, reply: () })
}

fn registered<'a>(controller: &Controller<'a>, id: NodeId) -> Result<&'a Arc<Broker>, Refusal> {
    let missing = || {
        let message = format!("Broker ID {id} is not currently registered");
        Refusal::new(RefusalKind::BrokerIdNotRegistered, message)
    };
    controller.image.cluster().broker(id).ok_or_else(missing)
}

fn leads_any(controller: &Controller<'_>, id: i32) -> bool {
    let mut partitions = controller
        .image
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions.iter());
    partitions.any(|(_, partition)| partition.leader() == Some(NodeId(id)))
}

fn fence_records(controller: &Controller<'_>, broker: &Broker) -> Vec<MetadataRecord> {
    let mut records = leave_in_sync_sets(controller, broker.id.0, None);
    records.push(change_record(broker, 1, 0));
    records
}

fn shutdown_records(controller: &Controller<'_>, broker: &Broker) -> Vec<MetadataRecord> {
    let mut records = vec![change_record(broker, 0, 1)];
    records.extend(leave_in_sync_sets(controller, broker.id.0, None));
    records
}

fn change_record(broker: &Broker, fenced: i8, in_controlled_shutdown: i8) -> MetadataRecord {
    BrokerRegistrationChangeRecord {
        broker_id: broker.id.0,
        broker_epoch: broker.epoch,
        fenced,
        in_controlled_shutdown,
        ..BrokerRegistrationChangeRecord::default()
    }
    .into()
}

fn unfence_records(controller: &Controller<'_>, broker: &Broker) -> Vec<MetadataRecord> {
    let id = broker.id.0;
    let may_lead = |other| other == id || controller.image.cluster().is_active(other);
    let mut records = vec![change_record(broker, -1, 0)];
    let leaderless = |partition: &Partition| partition.leader().is_none();
    change_all(controller, leaderless, &may_lead, &mut records, |_| {});
    records
}

/// Takes a broker out of leaderships and in-sync sets. `lost` is the broker when it lost unflushed records as well.
fn leave_in_sync_sets(
    controller: &Controller<'_>,
    id: i32,
    lost: Option<i32>,
) -> Vec<MetadataRecord> {
    let may_lead = |other| other != id && controller.image.cluster().is_active(other);
    let concerned =
        |partition: &Partition| partition.isr().contains(&id) || partition.elr().contains(&id);
    let mut records = Vec::new();
    change_all(controller, concerned, &may_lead, &mut records, |change| {
        change.isr.retain(|other| *other != id);
        change.unclean_shutdown = lost;
    });
    records
}

/// Changes all partitions that a rule selects. Looks at every partition: who asks this is rare.
fn change_all(
    controller: &Controller<'_>,
    selects: impl Fn(&Partition) -> bool,
    may_lead: &dyn Fn(i32) -> bool,
    records: &mut Vec<MetadataRecord>,
    edit: impl Fn(&mut Change<'_>),
) {
    for topic in controller.image.topics().iter_by_id() {
        // Most topics are not concerned, so their configuration is looked at late; and then once.
        let mut rules = None;
        for (number, partition) in topic.partitions.iter().filter(|(_, p)| selects(p)) {
            let (unclean, min_isr) = *rules.get_or_insert_with(|| {
                (
                    controller.allows_unclean_election(&topic.name),
                    controller.min_isr_of(topic),
                )
            });
            let place = (topic.id, number);
            let mut change = Change::within(controller, place, partition, may_lead, min_isr);
            if unclean {
                change.election = Election::Unclean;
            }
            edit(&mut change);
            records.extend(change.record().map(MetadataRecord::from));
        }
    }
}

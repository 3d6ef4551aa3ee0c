//! Replay of broker and controller registrations.

use std::collections::BTreeMap;
use std::sync::Arc;

use klamm_model::NodeId;

use super::{Replay, ReplayError};
use crate::generated::{
    BrokerRegistrationChangeRecord, RegisterBrokerRecord, RegisterControllerRecord,
    UnregisterBrokerRecord,
};
use crate::image::{Broker, ControllerNode, Listener};
use crate::level::LevelRange;

impl Replay {
    pub(super) fn register_broker(&mut self, r: &RegisterBrokerRecord) -> Result<(), ReplayError> {
        if r.broker_id < 0 {
            let value = r.broker_id.to_string();
            return Err(ReplayError::InvalidValue { what: "broker id", value });
        }
        let features = r.features.iter().map(|feature| {
            let (min, max) = (feature.min_supported_version, feature.max_supported_version);
            (Arc::from(&*feature.name), LevelRange { min, max })
        });
        let listeners = r.end_points.iter().map(|point| Listener {
            name: (&*point.name).into(),
            host: (&*point.host).into(),
            port: point.port,
            security_protocol: point.security_protocol,
        });
        let broker = Broker {
            id: NodeId(r.broker_id),
            epoch: r.broker_epoch,
            incarnation: r.incarnation_id,
            migrating: r.is_migrating_zk_broker,
            listeners: listeners.collect(),
            features: features.collect(),
            rack: r.rack.as_deref().map(Arc::from),
            fenced: r.fenced,
            in_controlled_shutdown: r.in_controlled_shutdown,
            directories: r.log_dirs.clone(),
            cordoned_directories: r.cordoned_log_dirs.clone(),
        };
        self.put_broker(broker);
        Ok(())
    }

    fn put_broker(&mut self, broker: Broker) {
        self.delta.brokers.insert(broker.id.0);
        Arc::make_mut(&mut self.image.cluster.brokers).insert(broker.id.0, Arc::new(broker));
    }

    fn registered(&self, id: i32, epoch: i64) -> Result<Broker, ReplayError> {
        let found = self
            .image
            .cluster
            .brokers
            .get(&id)
            .filter(|broker| broker.epoch == epoch);
        found
            .map(|broker| (**broker).clone())
            .ok_or(ReplayError::UnknownBroker { id, epoch })
    }

    pub(super) fn unregister_broker(
        &mut self,
        r: &UnregisterBrokerRecord,
    ) -> Result<(), ReplayError> {
        self.registered(r.broker_id, r.broker_epoch)?;
        Arc::make_mut(&mut self.image.cluster.brokers).remove(&r.broker_id);
        self.delta.brokers.insert(r.broker_id);
        Ok(())
    }

    pub(super) fn fence_broker(
        &mut self,
        id: i32,
        epoch: i64,
        fenced: bool,
    ) -> Result<(), ReplayError> {
        let broker = self.registered(id, epoch)?;
        self.put_broker(Broker { fenced, ..broker });
        Ok(())
    }

    pub(super) fn change_broker(
        &mut self,
        r: &BrokerRegistrationChangeRecord,
    ) -> Result<(), ReplayError> {
        let mut broker = self.registered(r.broker_id, r.broker_epoch)?;
        let invalid =
            |what, value: i8| ReplayError::InvalidValue { what, value: value.to_string() };
        match r.fenced {
            -1 => broker.fenced = false,
            0 => {}
            1 => broker.fenced = true,
            other => return Err(invalid("fencing change", other)),
        }
        match r.in_controlled_shutdown {
            0 => {}
            1 => broker.in_controlled_shutdown = true,
            other => return Err(invalid("controlled shutdown change", other)),
        }
        if !r.log_dirs.is_empty() {
            broker.directories.clone_from(&r.log_dirs);
        }
        if r.cordoned_log_dirs.is_some() {
            broker.cordoned_directories.clone_from(&r.cordoned_log_dirs);
        }
        self.put_broker(broker);
        Ok(())
    }

    pub(super) fn register_controller(&mut self, r: &RegisterControllerRecord) {
        let features: BTreeMap<_, _> = r
            .features
            .iter()
            .map(|feature| {
                let (min, max) = (feature.min_supported_version, feature.max_supported_version);
                (Arc::from(&*feature.name), LevelRange { min, max })
            })
            .collect();
        let listeners = r.end_points.iter().map(|point| Listener {
            name: (&*point.name).into(),
            host: (&*point.host).into(),
            port: point.port,
            security_protocol: point.security_protocol,
        });
        let controller = ControllerNode {
            id: NodeId(r.controller_id),
            incarnation: r.incarnation_id,
            migration_ready: r.zk_migration_ready,
            listeners: listeners.collect(),
            features,
        };
        self.delta.controllers.insert(r.controller_id);
        let controllers = Arc::make_mut(&mut self.image.cluster.controllers);
        controllers.insert(r.controller_id, Arc::new(controller));
    }
}

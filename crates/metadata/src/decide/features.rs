//! Changes the agreed levels of features (KIP-584, KIP-778).

use std::collections::BTreeMap;

use klamm_codec::Str;

use super::{Controller, Decision, Refusal, RefusalKind};
use crate::generated::{ConfigRecord, FeatureLevelRecord, NoOpRecord};
use crate::image::ResourceKind;
use crate::level::{
    ELR_VERSION, KRAFT_VERSION, LevelRange, METADATA_VERSION, MetadataVersion, needed_by,
    supported_levels,
};
use crate::record::MetadataRecord;

/// Which way a level may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpgradeKind {
    /// Up only.
    Upgrade,
    /// Down where nothing is lost by it.
    SafeDowngrade,
    /// Down at any price; for `metadata.version` no release of Kafka does it, and neither do we.
    UnsafeDowngrade,
    /// A kind that this build does not know.
    Unknown,
}

/// The level that a feature shall have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureUpdate {
    /// The feature.
    pub name: String,
    /// The level; 0 turns it off.
    pub level: i16,
    /// Which way it may move.
    pub kind: UpgradeKind,
}

/// Decides on new levels: all of them or none. `kraft.version` moves in the quorum, not here: its update is only
/// checked, and a record without content gives the request an offset to wait for.
///
/// # Errors
/// INVALID_UPDATE_VERSION with the first update that is refused.
pub fn update_features(
    controller: &Controller<'_>,
    updates: &[FeatureUpdate],
    validate_only: bool,
) -> Result<Decision<()>, Refusal> {
    let image = controller.image;
    let mut proposed: BTreeMap<&str, i16> = image.features().collect();
    proposed.extend(
        updates
            .iter()
            .map(|update| (update.name.as_str(), update.level)),
    );
    let mut records = Vec::new();
    for update in updates {
        if let Some(record) = update_feature(controller, update, &proposed)? {
            records.push(record);
        }
    }
    let turns_on_elr = |update: &FeatureUpdate| update.name == ELR_VERSION && update.level > 0;
    if updates.iter().any(turns_on_elr) {
        let mut safe = elr_safety_records(controller);
        safe.append(&mut records);
        records = safe;
    }
    Ok(Decision { records, reply: () }.validated(validate_only))
}

fn update_feature(
    controller: &Controller<'_>,
    update: &FeatureUpdate,
    proposed: &BTreeMap<&str, i16>,
) -> Result<Option<MetadataRecord>, Refusal> {
    let (name, level) = (update.name.as_str(), update.level);
    let refuse = |why: &str| {
        let message = format!("Invalid update version {level} for feature {name}. {why}");
        Err(Refusal::new(RefusalKind::InvalidUpdateVersion, message))
    };
    if update.kind == UpgradeKind::Unknown {
        return refuse("The controller does not know this kind of upgrade.");
    }
    if level < 0 {
        return refuse("A level is not negative.");
    }
    if let Some(reason) = unsupported(controller, name, level) {
        return refuse(&reason);
    }
    let is_kraft = name == KRAFT_VERSION;
    let current = if is_kraft {
        controller.kraft_version
    } else {
        controller.image.feature(name)
    };
    if level < current && update.kind == UpgradeKind::Upgrade {
        return refuse("Going down needs the upgrade type safe or unsafe downgrade.");
    }
    if level > current && update.kind != UpgradeKind::Upgrade {
        return refuse("A downgrade does not go up.");
    }
    if is_kraft {
        return match level.cmp(&current) {
            std::cmp::Ordering::Less => refuse("This feature does not go down."),
            _ if update.kind != UpgradeKind::Upgrade => Ok(None),
            _ => Ok(Some(NoOpRecord::default().into())),
        };
    }
    if name == METADATA_VERSION {
        check_metadata_version(controller, level)?;
    } else if let Some((needed, least)) = needed_by(name, level)
        && proposed.get(needed).copied().unwrap_or(0) < least
    {
        return refuse(&format!("It needs {needed} at level {least}."));
    }
    let record = FeatureLevelRecord { name: Str::from(name), feature_level: level };
    Ok(Some(record.into()))
}

fn check_metadata_version(controller: &Controller<'_>, level: i16) -> Result<(), Refusal> {
    let invalid = |message| Refusal::new(RefusalKind::InvalidUpdateVersion, message);
    let Some(wanted) = MetadataVersion::from_level(level) else {
        let (oldest, latest) = (
            MetadataVersion::OLDEST.level(),
            MetadataVersion::LATEST.level(),
        );
        let message =
            format!("Invalid metadata.version {level}. Valid levels go from {oldest} to {latest}.");
        return Err(invalid(message));
    };
    let current = controller.image.writing_version();
    if wanted < current && current.changed_records_since(wanted) {
        let current = current.level();
        let message = format!(
            "Unsupported metadata.version downgrade from {current} to {level}: records between them would lose information."
        );
        return Err(invalid(message));
    }
    Ok(())
}

/// Why some node cannot follow a level.
fn unsupported(controller: &Controller<'_>, name: &str, level: i16) -> Option<String> {
    let off = LevelRange { min: 0, max: 0 };
    let reason = |who: String, range: LevelRange| {
        if range.contains(level) {
            None
        } else if range.max == 0 {
            Some(format!("{who} does not support this feature."))
        } else {
            Some(format!(
                "{who} only supports versions {}-{}",
                range.min, range.max
            ))
        }
    };
    let local = supported_levels(name).unwrap_or(off);
    let node = controller.node;
    let local = reason(format!("Local controller {node}"), local);
    if local.is_some() {
        return local;
    }
    let cluster = controller.image.cluster();
    for broker in cluster.brokers() {
        let range = broker.features.get(name).copied().unwrap_or(off);
        let found = reason(format!("Broker {}", broker.id), range);
        if found.is_some() {
            return found;
        }
    }
    if !controller
        .image
        .writing_version()
        .has_controller_registration()
    {
        return None;
    }
    for known in cluster.controllers().filter(|known| known.id != node) {
        let range = known.features.get(name).copied().unwrap_or(off);
        let found = reason(format!("Controller {}", known.id), range);
        if found.is_some() {
            return found;
        }
    }
    let is_registered = |id| id == node || cluster.controllers().any(|known| known.id == id);
    let stranger = controller.voters.iter().find(|id| !is_registered(**id))?;
    Some(format!(
        "controller {stranger} has not registered, and may not support this feature"
    ))
}

/// Eligible replicas need one `min.insync.replicas` for all brokers: sets it and takes away what differs.
fn elr_safety_records(controller: &Controller<'_>) -> Vec<MetadataRecord> {
    const KEY: &str = "min.insync.replicas";
    let configs = controller.image.configs();
    let record = |resource_name: &str, value: Option<String>| {
        ConfigRecord {
            resource_type: ResourceKind::Broker.code(),
            resource_name: Str::from(resource_name),
            name: Str::from(KEY),
            value: value.map(Str::from),
        }
        .into()
    };
    let mut records = Vec::new();
    if configs.value(ResourceKind::Broker, "", KEY).is_none() {
        let value = controller
            .layers
            .get(&klamm_settings::broker::MIN_INSYNC_REPLICAS);
        records.push(record("", Some(value.to_string())));
    }
    for (resource, values) in configs.iter() {
        let is_broker = resource.kind == ResourceKind::Broker && !resource.name.is_empty();
        if is_broker && values.contains_key(KEY) {
            records.push(record(&resource.name, None));
        }
    }
    records
}

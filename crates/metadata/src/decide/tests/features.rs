//! Feature levels move up, and down only where nothing is lost.

use super::*;
use crate::level::ELR_VERSION;
use crate::testing::cluster_at;

fn at(level: i16) -> InitialLevels {
    let metadata_version = crate::MetadataVersion::from_level(level).unwrap();
    InitialLevels { metadata_version, others: Vec::new() }
}

fn update(
    image: &Image,
    name: &str,
    level: i16,
    kind: UpgradeKind,
) -> Result<Decision<()>, Refusal> {
    let layers = layers("min.insync.replicas=2");
    let update = FeatureUpdate { name: name.to_owned(), level, kind };
    update_features(&controller(image, &layers), &[update], false)
}

#[test]
fn a_new_cluster_has_the_levels_of_its_release() {
    let levels = |image: &Image| {
        image
            .features()
            .map(|(name, level)| (name.to_owned(), level))
            .collect::<Vec<_>>()
    };
    let expect = |list: &[(&str, i16)]| -> Vec<(String, i16)> {
        list.iter()
            .map(|(name, level)| ((*name).to_owned(), *level))
            .collect()
    };
    let latest = [
        ("metadata.version", 30),
        (ELR_VERSION, 1),
        ("group.version", 1),
        ("share.version", 1),
        ("streams.version", 1),
        ("transaction.version", 2),
    ];
    assert_eq!(levels(&cluster(&[])), expect(&latest));
    let old = [
        ("metadata.version", 25),
        ("group.version", 1),
        ("transaction.version", 2),
    ];
    assert_eq!(levels(&cluster_at(&at(25), &[])), expect(&old));
    let minimum = cluster(&[])
        .configs()
        .value(ResourceKind::Broker, "", "min.insync.replicas")
        .map(str::to_owned);
    assert_eq!(minimum.as_deref(), Some("1"));
}

#[test]
fn the_metadata_version_goes_up_and_down_between_record_changes() {
    use UpgradeKind::{SafeDowngrade, Unknown, UnsafeDowngrade, Upgrade};
    let image = cluster_at(&at(25), &[(1, None)]);
    let to = |level, kind| update(&image, "metadata.version", level, kind);
    let image_at_29 = applied(&image, &to(29, Upgrade).unwrap());
    assert_eq!(image_at_29.feature("metadata.version"), 29);
    assert_eq!(
        applied(&image, &to(24, SafeDowngrade).unwrap()).feature("metadata.version"),
        24
    );
    let refused = [
        (24, Upgrade),
        (22, SafeDowngrade),
        (22, UnsafeDowngrade),
        (29, SafeDowngrade),
        (31, Upgrade),
        (6, UnsafeDowngrade),
        (-1, Upgrade),
        (29, Unknown),
    ];
    for (level, kind) in refused {
        let refusal = to(level, kind).unwrap_err();
        assert_eq!(
            refusal.kind,
            RefusalKind::InvalidUpdateVersion,
            "{level} {kind:?}"
        );
    }
}

#[test]
fn features_need_each_other_and_every_node() {
    use UpgradeKind::{SafeDowngrade, Upgrade};
    let old = cluster_at(&at(22), &[(1, None)]);
    assert!(update(&old, ELR_VERSION, 1, Upgrade).is_err());
    assert!(update(&old, "no.such.feature", 1, Upgrade).is_err());
    assert!(update(&old, "group.version", 2, Upgrade).is_err());
    let image = cluster(&[(1, None)]);
    let off = applied(
        &image,
        &update(&image, "group.version", 0, SafeDowngrade).unwrap(),
    );
    assert_eq!(off.feature("group.version"), 0);
    let layers = layers("");
    let stranger = Controller {
        voters: &[NodeId(1), NodeId(2)],
        ..controller(&image, &layers)
    };
    let up = FeatureUpdate { name: "group.version".to_owned(), level: 1, kind: Upgrade };
    assert!(update_features(&stranger, &[up], false).is_err());
    assert_eq!(
        kinds(&update(&image, "kraft.version", 1, Upgrade).unwrap()),
        ["NoOp"]
    );
    assert!(update(&image, "kraft.version", 0, SafeDowngrade).is_err());
}

#[test]
fn eligible_replicas_bring_one_minimum_for_all_brokers() {
    let image = cluster_at(&at(25), &[(1, None)]);
    let record = crate::generated::ConfigRecord {
        resource_type: 4,
        resource_name: "1".into(),
        name: "min.insync.replicas".into(),
        value: Some("3".into()),
    };
    let image = image.replay(&[record.into()]).unwrap().0;
    let decision = update(&image, ELR_VERSION, 1, UpgradeKind::Upgrade).unwrap();
    let image = applied(&image, &decision);
    assert!(image.elr_enabled());
    assert_eq!(
        image
            .configs()
            .value(ResourceKind::Broker, "", "min.insync.replicas"),
        Some("2")
    );
    assert_eq!(image.configs().of(ResourceKind::Broker, "1"), None);
}

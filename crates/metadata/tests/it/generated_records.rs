//! The generated records against their schema files and hostile bytes.

#[path = "../../../wire/tests/it/checks.rs"]
mod checks;
#[path = "../../../wire/tests/it/fill.rs"]
mod fill;
#[path = "../../../../xtask/src/codegen/schema.rs"]
#[expect(dead_code, reason = "the generator uses more of it")]
mod schema;

use checks::{Codec, codec, read_schemas};
use klamm_metadata::generated::*;

macro_rules! codecs {
    ($($record:ident,)*) => {
        fn codec_of(name: &str) -> Codec {
            match name.replace("KRaft", "Kraft").as_str() {
                $(stringify!($record) => codec::<$record>(),)*
                _ => panic!("no record named {name}"),
            }
        }
    };
}
codecs! {
    RegisterBrokerRecord,
    UnregisterBrokerRecord,
    TopicRecord,
    PartitionRecord,
    ConfigRecord,
    PartitionChangeRecord,
    FenceBrokerRecord,
    UnfenceBrokerRecord,
    RemoveTopicRecord,
    DelegationTokenRecord,
    UserScramCredentialRecord,
    FeatureLevelRecord,
    ClientQuotaRecord,
    ProducerIdsRecord,
    BrokerRegistrationChangeRecord,
    AccessControlEntryRecord,
    RemoveAccessControlEntryRecord,
    NoOpRecord,
    ZkMigrationStateRecord,
    RemoveUserScramCredentialRecord,
    BeginTransactionRecord,
    EndTransactionRecord,
    AbortTransactionRecord,
    RemoveDelegationTokenRecord,
    RegisterControllerRecord,
    ClearElrRecord,
}

#[test]
fn records_come_back_unchanged() {
    let records = read_schemas("schema");
    assert_eq!(records.len(), 26);
    checks::values_come_back_unchanged(&records, codec_of);
    checks::defaults_are_those_of_the_schema(&records, codec_of);
    checks::versions_outside_the_range_are_refused(&records, codec_of);
    checks::a_field_that_a_version_lacks_is_dropped_only_if_the_schema_allows_it(
        &records, codec_of,
    );
}

#[test]
fn cut_and_changed_bytes_are_refused_or_read_within_the_budget() {
    let records = read_schemas("schema");
    checks::every_cut_is_refused(&records, codec_of);
    checks::changed_bytes_never_panic_and_stay_within_the_budget(&records, codec_of);
    checks::the_leanest_honest_frames_are_within_the_budget(&records, codec_of);
}

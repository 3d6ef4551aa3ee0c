//! Every message in every version: bytes made from the schema come back unchanged.

use crate::{checks, codec_of, messages};

#[test]
fn values_come_back_unchanged() {
    checks::values_come_back_unchanged(&messages(), codec_of);
}

#[test]
fn defaults_are_those_of_the_schema() {
    checks::defaults_are_those_of_the_schema(&messages(), codec_of);
}

#[test]
fn versions_outside_the_range_are_refused() {
    checks::versions_outside_the_range_are_refused(&messages(), codec_of);
}

#[test]
fn a_field_that_a_version_lacks_is_dropped_only_if_the_schema_allows_it() {
    checks::a_field_that_a_version_lacks_is_dropped_only_if_the_schema_allows_it(
        &messages(),
        codec_of,
    );
}

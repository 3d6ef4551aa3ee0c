//! Schema files in, Rust out: what decides how a field is read.

use super::emit::condition;
use super::schema::{Type, Versions, parse};
use super::{emit, names};

#[test]
fn names_follow_rust() {
    for (kafka, rust) in [
        ("ThrottleTimeMs", "throttle_time_ms"),
        ("timeoutMs", "timeout_ms"),
        ("KRaftVersion", "kraft_version"),
        ("HMACKey", "hmac_key"),
        ("Type", "r#type"),
    ] {
        assert_eq!(names::field(kafka), rust);
    }
}

#[test]
fn versions_read_and_print_alike() {
    for text in ["none", "0+", "3-13", "7"] {
        assert_eq!(Versions::parse(text).unwrap().to_string(), text);
    }
    assert!(Versions::parse("x").is_err());
}

#[test]
fn conditions_say_no_more_than_needed() {
    let within = Versions::parse("4-18").unwrap();
    let of = |text| condition(Versions::parse(text).unwrap(), within);
    assert_eq!(of("0+"), None);
    assert_eq!(of("4-18"), None);
    assert_eq!(of("0-14").as_deref(), Some("version <= 14"));
    assert_eq!(of("7+").as_deref(), Some("version >= 7"));
    assert_eq!(of("7-9").as_deref(), Some("(7..=9).contains(&version)"));
    assert_eq!(of("9").as_deref(), Some("version == 9"));
    assert_eq!(of("0-3").as_deref(), Some("false"));
}

const SCHEMA: &str = "\
request ExampleRequest id 3 versions 1-4 flexible 3+ on broker
  about Something.
  Name: string 0+ null 2+
  Items: []Item 0+
    Version: int32 0+ = -1
    Where: Place 4+ tag 0 in 4+ ignorable
  struct Place 0+
    Rack: string 0+
";

#[test]
fn fields_belong_to_the_struct_above_them() {
    let messages = parse(SCHEMA).unwrap();
    let message = &messages[0];
    let structs: Vec<_> = message
        .structs
        .iter()
        .map(|s| {
            (
                s.name.as_str(),
                s.fields.iter().map(|f| f.name.as_str()).collect(),
            )
        })
        .collect();
    let expected: Vec<(&str, Vec<&str>)> = vec![
        ("ExampleRequest", vec!["Name", "Items"]),
        ("Item", vec!["Version", "Where"]),
        ("Place", vec!["Rack"]),
    ];
    assert_eq!(structs, expected);
    assert_eq!(message.bytes_min(&Type::Struct("Item".into()), 1), 4);
    assert_eq!(message.bytes_min(&Type::Struct("Item".into()), 4), 5);
}

#[test]
fn a_schema_that_makes_no_sense_is_refused() {
    for (from, to) in [
        ("int32 0+", "int32"),
        ("  struct Place", "  struct Elsewhere"),
        ("request", "question"),
        ("tag 0 in", "tag 0 at"),
        ("ignorable", "ignorant"),
    ] {
        assert!(parse(&SCHEMA.replacen(from, to, 1)).is_err(), "{to}");
    }
    assert!(parse("  Name: string 0+").is_err());
}

#[test]
fn generated_code_reads_only_what_a_version_has() {
    let text = emit::file(&parse(SCHEMA).unwrap(), "Example.", None);
    for line in [
        "let name = if version >= 2 { dec.nullable_string(flexible)? } \
         else { Some(dec.string(flexible)?) };",
        "let items = dec.array(flexible, 4, |dec| Item::decode(dec, version))?;",
        // A field must not hide the version that decides about its neighbours.
        "let version_field = dec.i32()?;",
        "0 if version == 4 => r#where = Place::decode(dec, version)?,",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
}

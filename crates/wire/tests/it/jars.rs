//! The schema files against the schemas inside Kafka's jars, field by field.
//!
//! Runs when `KLAMM_KAFKA_LIBS` names a folder with Kafka 4.3.1's jars and `unzip` is there; says so when not.

use crate::read_schemas;
use crate::schema::{Field, Message, Versions};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const JARS: [&str; 5] = [
    "kafka-clients",
    "kafka-metadata",
    "kafka-group-coordinator",
    "kafka-transaction-coordinator",
    "kafka-share-coordinator",
];

/// Messages that other rooms write by hand.
const BY_HAND: [&str; 4] = [
    "RequestHeader",
    "ResponseHeader",
    "EndTxnMarker",
    "ControlRecordTypeSchema",
];

#[test]
fn schema_files_say_what_kafka_says() {
    let Some(folder) = std::env::var_os("KLAMM_KAFKA_LIBS") else {
        println!("not compared with Kafka's schemas: KLAMM_KAFKA_LIBS is not set");
        return;
    };
    let mut theirs = BTreeMap::new();
    for jar in JARS {
        for schema in schemas_of(&Path::new(&folder).join(format!("{jar}-4.3.1.jar"))) {
            let name = schema["name"].as_str().unwrap().to_owned();
            if schema["validVersions"] != "none" && !BY_HAND.contains(&name.as_str()) {
                theirs.insert(name, schema);
            }
        }
    }
    let mut ours = Vec::new();
    for folder in [
        "schema",
        "../metadata/schema",
        "../raft/schema",
        "../coordinator/schema",
    ] {
        ours.extend(read_schemas(folder));
    }
    for message in ours.iter().filter(|message| !message.ours) {
        let schema = theirs
            .remove(&message.name)
            .unwrap_or_else(|| panic!("{}", message.name));
        compare(message, &schema);
    }
    assert!(theirs.is_empty(), "missing here: {:?}", theirs.keys());
}

fn schemas_of(jar: &Path) -> Vec<Value> {
    let unzip = Command::new("unzip")
        .args(["-p", &jar.to_string_lossy(), "common/*.json"])
        .output()
        .unwrap();
    assert!(unzip.status.success(), "{}", jar.display());
    let text = without_comments(&String::from_utf8(unzip.stdout).unwrap());
    let values = serde_json::Deserializer::from_str(&text).into_iter();
    values.collect::<Result<_, _>>().unwrap()
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut previous = ' ';
        let end = line.char_indices().find_map(|(at, c)| {
            if c == '"' && previous != '\\' {
                quoted = !quoted;
            }
            let comment = c == '/' && previous == '/' && !quoted;
            previous = c;
            comment.then(|| at - 1)
        });
        out.push_str(&line[..end.unwrap_or(line.len())]);
        out.push('\n');
    }
    out
}

fn compare(message: &Message, schema: &Value) {
    let name = &message.name;
    let versions = |key: &str| Versions::parse(schema[key].as_str().unwrap()).unwrap();
    assert_eq!(message.versions, versions("validVersions"), "{name}");
    assert_eq!(message.flexible, versions("flexibleVersions"), "{name}");
    assert_eq!(
        message.id.map(i64::from),
        schema["apiKey"].as_i64(),
        "{name}"
    );
    let unstable = schema["latestVersionUnstable"].as_bool().unwrap_or(false);
    assert_eq!(message.unstable, unstable, "{name}");
    let listeners: Vec<_> = array(&schema["listeners"])
        .map(|l| l.as_str().unwrap())
        .collect();
    assert_eq!(message.listeners, listeners, "{name}");
    let mut structs = 0;
    compare_fields(message, &message.name, &schema["fields"], &mut structs);
    for shared in array(&schema["commonStructs"]) {
        let shared_name = shared["name"].as_str().unwrap();
        let versions = Versions::parse(shared["versions"].as_str().unwrap()).unwrap();
        let ours = message.find(shared_name).unwrap();
        assert_eq!(ours.versions, versions, "{name}.{shared_name}");
        compare_fields(message, shared_name, &shared["fields"], &mut structs);
    }
    assert_eq!(message.structs.len(), structs, "{name}");
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn compare_fields(message: &Message, owner: &str, theirs: &Value, structs: &mut usize) {
    *structs += 1;
    let first = &message.structs[0];
    let ours = if owner == message.name {
        first
    } else {
        message.find(owner).unwrap()
    };
    // What is ours alone is tagged, which the parser sees to.
    let fields: Vec<_> = ours.fields.iter().filter(|field| !field.ours).collect();
    let place = format!("{}.{owner}", message.name);
    assert_eq!(fields.len(), array(theirs).count(), "{place}");
    for (ours, theirs) in fields.into_iter().zip(array(theirs)) {
        let place = format!("{}.{owner}.{}", message.name, ours.name);
        compare_field(&place, ours, theirs);
        if theirs["fields"].is_array() {
            let inner = ours.kind.struct_name().unwrap();
            compare_fields(message, inner, &theirs["fields"], structs);
        }
    }
}

fn compare_field(place: &str, ours: &Field, theirs: &Value) {
    let text = |key: &str| theirs[key].as_str();
    let versions = |key: &str| text(key).map(|text| Versions::parse(text).unwrap());
    assert_eq!(Some(ours.name.as_str()), text("name"), "{place}");
    assert_eq!(Some(ours.type_text.as_str()), text("type"), "{place}");
    let tagged = versions("taggedVersions");
    assert_eq!(
        Some(ours.versions),
        versions("versions").or(tagged),
        "{place}"
    );
    let nullable = versions("nullableVersions").unwrap_or(Versions::NONE);
    assert_eq!(ours.nullable, nullable, "{place}");
    let tag = theirs["tag"].as_u64().map(|tag| tag as u32);
    assert_eq!(ours.tag, tag.zip(tagged), "{place}");
    assert_eq!(
        ours.ignorable,
        theirs["ignorable"].as_bool().unwrap_or(false),
        "{place}"
    );
    assert_eq!(
        ours.inflexible,
        text("flexibleVersions").is_some(),
        "{place}"
    );
    assert_eq!(ours.entity.as_deref(), text("entityType"), "{place}");
    let default = match &theirs["default"] {
        Value::Null => None,
        Value::String(text) if text.is_empty() => Some("\"\"".to_owned()),
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    assert_eq!(ours.default, default, "{place}");
}

//! Writes the `mod.rs` of each folder: modules, the table of APIs, the enum of records.

use std::fmt::Write;

use super::emit::GENERATED;
use super::schema::{Kind, Message};
use super::{RoomKind, SchemaFile};

/// The first line of a module's doc.
pub(super) fn doc(file: &SchemaFile) -> String {
    match file.messages.as_slice() {
        [request, ..] if let Some(api) = file.api() => {
            let key = request.id.unwrap_or_default();
            format!(
                "{api} (key {key}), versions {}. {}",
                request.versions, request.about
            )
        }
        [one] => format!("{}, versions {}. {}", one.name, one.versions, one.about),
        all => {
            let names: Vec<_> = all.iter().map(|message| message.name.as_str()).collect();
            format!("{}.", names.join(" and "))
        }
    }
}

pub(super) fn module(files: &[SchemaFile], kind: RoomKind) -> String {
    let what = match kind {
        RoomKind::Apis => "Requests and responses, one module per API, numbered by key.",
        RoomKind::Records => "The records of a log, one module per type, numbered by type.",
        RoomKind::Plain => "Records, one module per type.",
    };
    let mut out = format!(
        "//! {what}\n//!\n//! {GENERATED}\n\n\
         #![allow(clippy::too_many_lines, reason = \"generated: a field takes a line or more\")]\n\n"
    );
    for file in files {
        if file.stem != file.module {
            let _ = writeln!(out, "#[path = \"{}.rs\"]", file.stem);
        }
        let _ = writeln!(out, "pub mod {};", file.module);
    }
    out.push('\n');
    match kind {
        RoomKind::Apis => table(&mut out, files),
        RoomKind::Records => {
            exports(&mut out, files);
            record_enum(&mut out, files);
        }
        RoomKind::Plain => exports(&mut out, files),
    }
    out
}

fn exports(out: &mut String, files: &[SchemaFile]) {
    for file in files {
        let names: Vec<_> = file.messages.iter().map(rust_name).collect();
        let _ = writeln!(out, "pub use {}::{{{}}};", file.module, names.join(", "));
    }
    out.push('\n');
}

fn rust_name(message: &Message) -> String {
    message.name.replace("KRaft", "Kraft")
}

/// A macro that hands the facts of all APIs to another macro.
fn table(out: &mut String, files: &[SchemaFile]) {
    out.push_str(
        "/// Calls a macro with a row for every API:\n\
         /// `Name = key, module, Request, Response, versions, flexible from, stability, [listeners];`\n\
         #[macro_export]\nmacro_rules! every_api {\n    ($visit:ident) => {\n        $visit! {\n",
    );
    for file in files {
        let (Some(api), [request, response]) = (file.api(), file.messages.as_slice()) else {
            continue;
        };
        let flexible = match request.flexible {
            versions if versions.is_empty() => "i16::MAX".to_owned(),
            versions => versions.low.to_string(),
        };
        let _ = writeln!(
            out,
            "            {api} = {}, {}, {}, {}, {}..={}, {flexible}, {}, [{}];",
            request.id.unwrap_or_default(),
            file.module,
            request.name,
            response.name,
            request.versions.low,
            request.versions.high,
            if request.unstable {
                "unstable"
            } else {
                "stable"
            },
            request.listeners.join(" "),
        );
    }
    out.push_str("        }\n    };\n}\n");
}

/// An enum of all records of a log.
fn record_enum(out: &mut String, files: &[SchemaFile]) {
    let records: Vec<_> = files
        .iter()
        .flat_map(|file| &file.messages)
        .filter(|message| message.kind == Kind::Record)
        .map(|m| {
            (
                m.name.trim_end_matches("Record").to_owned(),
                rust_name(m),
                m.about.clone(),
            )
        })
        .collect();
    let arms = |arm: &dyn Fn(&str, &str) -> String| -> String {
        records
            .iter()
            .map(|(variant, name, _)| arm(variant, name))
            .collect()
    };
    let mut variants = String::new();
    for (variant, name, about) in &records {
        let _ = writeln!(variants, "/// {about}\n{variant}({name}),");
    }
    let names = arms(&|variant, _| format!("Self::{variant}(_) => \"{variant}\",\n"));
    let ids = arms(&|variant, name| format!("Self::{variant}(_) => {name}::ID,\n"));
    let highest = arms(&|variant, name| format!("Self::{variant}(_) => {name}::MAX_VERSION,\n"));
    let decode = arms(&|variant, name| {
        format!("{name}::ID => {name}::decode(dec, version).map(Self::{variant}),\n")
    });
    let encode =
        arms(&|variant, _| format!("Self::{variant}(record) => record.encode(enc, version),\n"));
    let _ = write!(
        out,
        "/// A record of the log, of whatever type.\n\
         #[derive(Debug, Clone, PartialEq)]\npub enum Record {{\n{variants}}}\n\n\
         impl Record {{\n\
         /// The name of the type, without `Record`.\n#[must_use]\n\
         pub const fn name(&self) -> &'static str {{\nmatch self {{\n{names}}}\n}}\n\n\
         /// The number of the type.\n#[must_use]\n\
         pub const fn id(&self) -> i16 {{\nmatch self {{\n{ids}}}\n}}\n\n\
         /// The highest version of the type.\n#[must_use]\n\
         pub const fn max_version(&self) -> i16 {{\nmatch self {{\n{highest}}}\n}}\n\n\
         /// Reads a record whose type and version are known.\n///\n\
         /// # Errors\n/// An unknown type or version, or bytes that are no such record.\n\
         pub fn decode(id: i16, dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {{\n\
         match id {{\n{decode}\
         _ => Err(DecodeError::UnknownId {{ what: \"record type\", id: id.into() }}),\n}}\n}}\n\n\
         /// Writes the record without its type and version.\n///\n\
         /// # Errors\n/// The version can't carry it.\n\
         pub fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {{\n\
         match self {{\n{encode}}}\n}}\n}}\n\n",
    );
    for (variant, name, _) in &records {
        let _ = writeln!(
            out,
            "impl From<{name}> for Record {{\nfn from(record: {name}) -> Self {{\n\
             Self::{variant}(record)\n}}\n}}\n"
        );
    }
    let imports = "use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};\n\n";
    if let Some(at) = out.find("#[path").or_else(|| out.find("pub mod")) {
        out.insert_str(at, imports);
    }
}

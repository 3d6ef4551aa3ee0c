//! Turns messages into Rust: structs, defaults and the order of a file.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::schema::{Field, Kind, Message, Struct, Type, Versions};
use super::{answer, decode, encode, names};

/// A message while its code is written.
pub(super) struct Scope<'a> {
    pub message: &'a Message,
    /// Names of structs that had to change because two messages of a file share them.
    renamed: BTreeMap<String, String>,
}

impl<'a> Scope<'a> {
    /// The message's name for a struct in Rust.
    pub(super) fn rust_name(&self, name: &str) -> String {
        let name = self.renamed.get(name).map_or(name, String::as_str);
        name.replace("KRaft", "Kraft")
    }

    /// The versions in which a struct can occur.
    pub(super) fn versions_of(&self, s: &Struct) -> Versions {
        self.message.versions.intersect(s.versions)
    }

    /// `true`, `false`, or the name of a local that says whether the version is flexible.
    pub(super) fn flexible(&self, within: Versions, field: Option<&Field>) -> String {
        if field.is_some_and(|f| f.inflexible) {
            return "false".into();
        }
        match condition(self.message.flexible, within).as_deref() {
            None => "true".into(),
            Some("false") => "false".into(),
            Some(_) => "flexible".into(),
        }
    }

    /// The type of a field in Rust.
    fn rust_type(&self, field: &Field) -> String {
        let plain = self.plain_type(&field.kind);
        match &field.kind {
            Type::Records => format!("Option<{plain}>"),
            _ if field.nullable.is_empty() => plain,
            Type::Struct(_) => format!("Option<Box<{plain}>>"),
            _ => format!("Option<{plain}>"),
        }
    }

    fn plain_type(&self, kind: &Type) -> String {
        match kind {
            Type::Bool => "bool".into(),
            Type::Int8 => "i8".into(),
            Type::Int16 => "i16".into(),
            Type::Uint16 => "u16".into(),
            Type::Int32 => "i32".into(),
            Type::Uint32 => "u32".into(),
            Type::Int64 => "i64".into(),
            Type::Float64 => "f64".into(),
            Type::Uuid => "Uuid".into(),
            Type::String => "Str".into(),
            Type::Bytes => "Bytes".into(),
            Type::Records => "Records".into(),
            Type::Struct(name) => self.rust_name(name),
            Type::Array(element) => format!("Vec<{}>", self.plain_type(element)),
        }
    }

    /// The value of a field that a version lacks.
    pub(super) fn default_of(&self, field: &Field) -> String {
        let nullable = !field.nullable.is_empty();
        let given = field.default.as_deref().unwrap_or_default();
        if given == "null" {
            return "None".into();
        }
        let plain = match &field.kind {
            Type::Bool if given.is_empty() => "false".into(),
            Type::Bool => given.into(),
            Type::Float64 if given.is_empty() => "0.0".into(),
            Type::Float64 => given.into(),
            Type::String => "Str::EMPTY".into(),
            Type::Uuid => "Uuid::ZERO".into(),
            Type::Bytes => "Bytes::new()".into(),
            // As in Kafka, no records are null where null is allowed.
            Type::Records if nullable => return "None".into(),
            Type::Records => return "Some(Records::EMPTY)".into(),
            Type::Array(_) => "Vec::new()".into(),
            Type::Struct(_) if nullable => return "Some(Box::default())".into(),
            Type::Struct(name) => format!("{}::default()", self.rust_name(name)),
            _ => integer(given),
        };
        if nullable {
            format!("Some({plain})")
        } else {
            plain
        }
    }

    /// Whether the default is also the default of the Rust type.
    fn default_is_plain(&self, field: &Field) -> bool {
        let default = self.default_of(field);
        match field.kind {
            Type::Records => default == "None",
            _ if field.nullable.is_empty() => {
                matches!(default.as_str(), "false" | "0" | "0.0") || default.contains(':')
            }
            _ => default == "None",
        }
    }
}

fn integer(text: &str) -> String {
    let value = match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).unwrap_or_default(),
        None => text.parse().unwrap_or_default(),
    };
    match value {
        0 => "0".into(),
        value if value == i64::from(i32::MAX) => "i32::MAX".into(),
        value if value == i64::from(i32::MIN) => "i32::MIN".into(),
        i64::MAX => "i64::MAX".into(),
        value => value.to_string(),
    }
}

/// What must hold for `version` to be in `versions`, given that it is in `within`. None if that is certain.
pub(super) fn condition(versions: Versions, within: Versions) -> Option<String> {
    let both = versions.intersect(within);
    if both == within {
        None
    } else if both.is_empty() {
        Some("false".into())
    } else if both.low == both.high {
        Some(format!("version == {}", both.low))
    } else if both.high == within.high {
        Some(format!("version >= {}", both.low))
    } else if both.low == within.low {
        Some(format!("version <= {}", both.high))
    } else {
        Some(format!("({}..={}).contains(&version)", both.low, both.high))
    }
}

/// The Rust file of a schema file.
pub(super) fn file(messages: &[Message], doc: &str, request_path: Option<&str>) -> String {
    let mut body = String::new();
    for message in messages {
        let scope = Scope { message, renamed: renamed(message, messages) };
        for (index, s) in message.structs.iter().enumerate() {
            definition(&mut body, &scope, s, index == 0);
            default_impl(&mut body, &scope, s);
            if index == 0 {
                constants(&mut body, message);
            }
            let _ = writeln!(body, "impl Message for {} {{", scope.rust_name(&s.name));
            body.push_str(&decode::function(&scope, s, index == 0));
            body.push('\n');
            body.push_str(&encode::function(&scope, s, index == 0));
            body.push_str("}\n\n");
        }
        if request_path.is_some() {
            body.push_str(&answer::functions(&scope));
        }
    }
    if let Some(api) = request_path {
        request_impl(&mut body, messages, api);
    }
    format!(
        "//! {doc}\n//!\n//! {GENERATED}\n\n{}{body}",
        imports(&body, request_path.is_some())
    )
}

/// The second line of every generated file.
pub(super) const GENERATED: &str = concat!(
    "@",
    "generated from the schema files by `cargo xtask codegen`; do not edit."
);

fn imports(body: &str, request: bool) -> String {
    let named = |name: &str| {
        body.match_indices(name).any(|(at, _)| {
            let before = body[..at].chars().next_back().unwrap_or(' ');
            let after = body[at + name.len()..].chars().next().unwrap_or(' ');
            // `Records::Bytes` names a variant.
            !before.is_alphanumeric() && before != ':' && !after.is_alphanumeric() && after != '_'
        })
    };
    let mut out = String::new();
    if named("Bytes") {
        out.push_str("use bytes::Bytes;\n");
    }
    let mut codec = vec!["Dec", "DecodeError", "Enc", "EncodeError", "Message"];
    codec.extend(["Records", "Str"].iter().filter(|name| named(name)));
    let _ = writeln!(out, "use klamm_codec::{{{}}};", codec.join(", "));
    if named("Uuid") {
        out.push_str("use klamm_model::Uuid;\n");
    }
    if request {
        let errors = if named("ErrorCode") {
            "ErrorCode, "
        } else {
            ""
        };
        let _ = writeln!(out, "\nuse crate::{{ApiKey, {errors}Request, Response}};");
    }
    out.push('\n');
    out
}

/// Structs that another message of the file also names get their message's kind in front.
fn renamed(message: &Message, all: &[Message]) -> BTreeMap<String, String> {
    let prefix = match message.kind {
        Kind::Request => "Request",
        Kind::Response => "Response",
        _ => &message.name,
    };
    let others = || all.iter().filter(|m| m.name != message.name);
    let names = message.structs.iter().skip(1).map(|s| &s.name);
    names
        .filter(|name| others().any(|m| m.find(name).is_some()))
        .map(|name| (name.clone(), format!("{prefix}{name}")))
        .collect()
}

fn definition(out: &mut String, scope: &Scope<'_>, s: &Struct, top: bool) {
    let message = scope.message;
    if top {
        let _ = writeln!(out, "/// {}", message.about);
    } else {
        let _ = writeln!(
            out,
            "/// `{}` in [`{}`].",
            s.name,
            scope.rust_name(&message.name)
        );
    }
    let within = scope.versions_of(s);
    let plain = present(s, within).all(|f| scope.default_is_plain(f));
    let default = if plain { ", Default" } else { "" };
    let _ = writeln!(out, "#[derive(Debug, Clone, PartialEq{default})]");
    let _ = writeln!(out, "pub struct {} {{", scope.rust_name(&s.name));
    for field in present(s, within) {
        let _ = writeln!(out, "/// {}", field_doc(field, within));
        let name = names::field(&field.name);
        let _ = writeln!(out, "pub {name}: {},", scope.rust_type(field));
    }
    out.push_str("}\n\n");
}

/// The fields that at least one version of ours has.
pub(super) fn present(s: &Struct, within: Versions) -> impl Iterator<Item = &Field> {
    s.fields
        .iter()
        .filter(move |f| !f.versions.intersect(within).is_empty())
}

fn field_doc(field: &Field, within: Versions) -> String {
    let mut doc = match &field.entity {
        Some(entity) => format!("`{}`, a {entity}", field.type_text),
        None => format!("`{}`", field.type_text),
    };
    if condition(field.versions, within).is_some() {
        let _ = write!(doc, ", versions {}", field.versions.intersect(within));
    }
    if !field.nullable.is_empty() {
        doc.push_str(", nullable");
        let both = field.versions.intersect(within);
        if condition(field.nullable, both).is_some() {
            let _ = write!(doc, " in {}", field.nullable);
        }
    }
    if let Some((tag, _)) = field.tag {
        let _ = write!(doc, ", tag {tag}");
    }
    match field.default.as_deref() {
        None | Some("" | "\"\"" | "0" | "false") => {}
        Some(default) => {
            let _ = write!(doc, ", default {default}");
        }
    }
    doc.push('.');
    doc
}

fn default_impl(out: &mut String, scope: &Scope<'_>, s: &Struct) {
    let within = scope.versions_of(s);
    if present(s, within).all(|f| scope.default_is_plain(f)) {
        return;
    }
    let name = scope.rust_name(&s.name);
    let _ = writeln!(
        out,
        "impl Default for {name} {{\nfn default() -> Self {{\nSelf {{"
    );
    for field in present(s, within) {
        let _ = writeln!(
            out,
            "{}: {},",
            names::field(&field.name),
            scope.default_of(field)
        );
    }
    out.push_str("}\n}\n}\n\n");
}

fn constants(out: &mut String, message: &Message) {
    let name = message.name.replace("KRaft", "Kraft");
    let Versions { low, high } = message.versions;
    let _ = writeln!(out, "impl {name} {{");
    if let Some(id) = message.id
        && matches!(message.kind, Kind::Record | Kind::Key | Kind::Value)
    {
        let _ = writeln!(
            out,
            "/// The number of this record type.\npub const ID: i16 = {id};"
        );
    }
    let _ = writeln!(
        out,
        "/// The lowest version.\npub const MIN_VERSION: i16 = {low};"
    );
    let _ = writeln!(
        out,
        "/// The highest version.\npub const MAX_VERSION: i16 = {high};"
    );
    out.push_str("}\n\n");
}

fn request_impl(out: &mut String, messages: &[Message], api: &str) {
    let [request, response] = messages else {
        return;
    };
    let flexible = match request.flexible {
        versions if versions.is_empty() => "i16::MAX".to_owned(),
        versions => versions.low.to_string(),
    };
    let _ = writeln!(
        out,
        "impl Request for {name} {{\n\
         const KEY: ApiKey = ApiKey::{api};\n\
         const MIN_VERSION: i16 = Self::MIN_VERSION;\n\
         const MAX_VERSION: i16 = Self::MAX_VERSION;\n\
         const FLEXIBLE_FROM: i16 = {flexible};\n\
         type Response = {response};\n}}",
        name = request.name,
        response = response.name,
    );
}

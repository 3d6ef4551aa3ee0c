//! Writes the function that reads a struct.

use std::fmt::Write;

use super::emit::{Scope, condition, present};
use super::names;
use super::schema::{Field, Struct, Type, Versions};

pub(super) fn function(scope: &Scope<'_>, s: &Struct, top: bool) -> String {
    let within = scope.versions_of(s);
    let mut body = String::new();
    for field in present(s, within) {
        let name = local(&field.name);
        let plain = minus(field.versions.intersect(within), field.tagged_in());
        let default = scope.default_of(field);
        let mutable = if field.tag.is_some() { "mut " } else { "" };
        let value = match condition(plain, within).as_deref() {
            None => read(scope, field, within, plain),
            Some("false") => default,
            Some(test) => {
                let read = read(scope, field, within, plain);
                format!("if {test} {{ {read} }} else {{ {default} }}")
            }
        };
        let _ = writeln!(body, "let {mutable}{name} = {value};");
    }
    body.push_str(&tags(scope, s, within));
    let fields: Vec<_> = present(s, within)
        .map(|f| match (names::field(&f.name), local(&f.name)) {
            (name, local) if name == local => name,
            (name, local) => format!("{name}: {local}"),
        })
        .collect();
    let _ = writeln!(body, "Ok(Self {{ {} }})", fields.join(", "));
    let mut head = String::new();
    if top {
        let name = &scope.message.name;
        let _ = writeln!(
            head,
            "if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {{\n\
             return Err(DecodeError::UnsupportedVersion {{ message: {name:?}, version }});\n}}"
        );
    }
    if uses(&body, "flexible")
        && let Some(test) = condition(scope.message.flexible, within)
    {
        let _ = writeln!(head, "let flexible = {test};");
    }
    let version = parameter("version", &[&head, &body]);
    let dec = parameter("dec", &[&body]);
    format!(
        "fn decode({dec}: &mut Dec, {version}: i16) -> Result<Self, DecodeError> {{\n{head}{body}}}\n"
    )
}

/// The local that holds a field until the struct is made. The function's own names are taken.
fn local(name: &str) -> String {
    let name = names::field(name);
    match name.as_str() {
        "version" | "dec" | "flexible" | "tag" => format!("{name}_field"),
        _ => name,
    }
}

/// The name of a parameter, marked if nothing uses it.
pub(super) fn parameter(name: &str, parts: &[&str]) -> String {
    let used = parts.iter().any(|part| uses(part, name));
    if used {
        name.to_owned()
    } else {
        format!("_{name}")
    }
}

/// Whether a word occurs, and not as part of another.
pub(super) fn uses(text: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().unwrap_or(' ');
        let after = text[at + word.len()..].chars().next().unwrap_or(' ');
        let is_field = before == '.' || after == ':';
        !inside(before) && !inside(after) && !is_field
    })
}

/// The versions in which a field is an ordinary one: before it became tagged.
pub(super) fn minus(versions: Versions, tagged: Versions) -> Versions {
    let both = versions.intersect(tagged);
    if both.is_empty() {
        return versions;
    }
    if both.low > versions.low {
        return Versions { low: versions.low, high: both.low - 1 };
    }
    if both.high < versions.high {
        return Versions { low: both.high + 1, high: versions.high };
    }
    Versions::NONE
}

/// The expression that reads a field in the versions `here`.
fn read(scope: &Scope<'_>, field: &Field, within: Versions, here: Versions) -> String {
    let flexible = scope.flexible(within, Some(field));
    let tagged = here.intersect(field.tagged_in()) == here;
    let flexible = if tagged { "true".to_owned() } else { flexible };
    let required = required(scope, field, &flexible, here);
    if field.nullable.is_empty() {
        return required;
    }
    let nullable = match &field.kind {
        Type::Struct(name) => format!(
            "if dec.{}()? {{ \
             Some(Box::new({}::decode(dec, version)?)) }} else {{ None }}",
            struct_marker(tagged),
            scope.rust_name(name)
        ),
        Type::Records => format!("dec.records({flexible})?"),
        Type::Array(element) => {
            let (bytes_min, reader) = element_reader(scope, element, &flexible, here);
            format!("dec.nullable_array({flexible}, {bytes_min}, {reader})?")
        }
        Type::Bytes => format!("dec.nullable_bytes({flexible})?"),
        _ => format!("dec.nullable_string({flexible})?"),
    };
    let some = match field.kind {
        Type::Struct(_) => format!("Some(Box::new({required}))"),
        Type::Records => required,
        _ => format!("Some({required})"),
    };
    match condition(field.nullable, here).as_deref() {
        None => nullable,
        Some("false") => some,
        Some(test) => format!("if {test} {{ {nullable} }} else {{ {some} }}"),
    }
}

/// The expression that reads a value which can't be null.
fn required(scope: &Scope<'_>, field: &Field, flexible: &str, here: Versions) -> String {
    match &field.kind {
        Type::Struct(name) => format!("{}::decode(dec, version)?", scope.rust_name(name)),
        Type::String => format!("dec.string({flexible})?"),
        Type::Bytes => format!("dec.bytes({flexible})?"),
        // A `records` field is optional in Rust wherever Kafka has it.
        Type::Records => format!("Some(Records::Bytes(dec.bytes({flexible})?))"),
        Type::Array(element) => {
            let (bytes_min, reader) = element_reader(scope, element, flexible, here);
            format!("dec.array({flexible}, {bytes_min}, {reader})?")
        }
        fixed => format!("dec.{}()?", primitive(fixed)),
    }
}

/// The fewest bytes of an element, and what reads one.
fn element_reader(
    scope: &Scope<'_>,
    element: &Type,
    flexible: &str,
    here: Versions,
) -> (usize, String) {
    let versions = here.low..=here.high;
    let bytes_min = versions
        .map(|v| scope.message.bytes_min(element, v))
        .min()
        .unwrap_or(0);
    let reader = match element {
        Type::Struct(name) => format!("|dec| {}::decode(dec, version)", scope.rust_name(name)),
        Type::String => format!("|dec| dec.string({flexible})"),
        Type::Bytes => format!("|dec| dec.bytes({flexible})"),
        fixed => format!("Dec::{}", primitive(fixed)),
    };
    (bytes_min, reader)
}

/// The method of `Dec` and `Enc` for what precedes a nullable struct.
pub(super) const fn struct_marker(tagged: bool) -> &'static str {
    if tagged {
        "tagged_struct_marker"
    } else {
        "struct_marker"
    }
}

/// The method of `Dec` and `Enc` for a type of fixed width.
pub(super) fn primitive(kind: &Type) -> &'static str {
    match kind {
        Type::Bool => "bool",
        Type::Int8 => "i8",
        Type::Int16 => "i16",
        Type::Uint16 => "u16",
        Type::Int32 => "i32",
        Type::Uint32 => "u32",
        Type::Int64 => "i64",
        Type::Float64 => "f64",
        _ => "uuid",
    }
}

fn tags(scope: &Scope<'_>, s: &Struct, within: Versions) -> String {
    let flexible = scope.flexible(within, None);
    if flexible == "false" {
        return String::new();
    }
    let flexible_versions = scope.message.flexible.intersect(within);
    let mut arms = String::new();
    for field in present(s, within) {
        let Some((tag, versions)) = field.tag else {
            continue;
        };
        let here = versions.intersect(flexible_versions);
        let guard = match condition(versions, flexible_versions) {
            None => String::new(),
            Some(test) => format!(" if {test}"),
        };
        let name = local(&field.name);
        let _ = writeln!(
            arms,
            "{tag}{guard} => {name} = {},",
            read(scope, field, within, here)
        );
    }
    let call = if arms.is_empty() {
        "dec.skip_tagged_fields()?;\n".to_owned()
    } else {
        format!(
            "dec.tagged_fields(|dec, tag| {{\nmatch tag {{\n{arms}_ => return Ok(false),\n}}\n\
             Ok(true)\n}})?;\n"
        )
    };
    match flexible.as_str() {
        "true" => call,
        _ => format!("if flexible {{\n{call}}}\n"),
    }
}

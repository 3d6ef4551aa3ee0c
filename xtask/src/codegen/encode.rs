//! Writes the function that writes a struct.

use std::fmt::Write;

use super::decode::{minus, parameter, primitive, struct_marker, uses};
use super::emit::{Scope, condition, present};
use super::names;
use super::schema::{Field, Struct, Type, Versions};

pub(super) fn function(scope: &Scope<'_>, s: &Struct, top: bool) -> String {
    let within = scope.versions_of(s);
    let mut body = String::new();
    for field in present(s, within) {
        let plain = minus(field.versions.intersect(within), field.tagged_in());
        let write = || write(scope, field, within, plain);
        let refuse = refuse(scope, s, field);
        match (condition(plain, within).as_deref(), lacking(field, within)) {
            (None, _) => body.push_str(&write()),
            // Only ever tagged: written below, missing before.
            (Some("false"), None) => {}
            (Some("false"), Some(test)) => {
                if !field.ignorable {
                    let set = differs(scope, field, "self.");
                    let _ = writeln!(body, "if {test} && {set} {{ {refuse} }}");
                }
            }
            (Some(test), _) if field.ignorable => {
                let _ = writeln!(body, "if {test} {{\n{}}}", write());
            }
            (Some(test), lacking) => {
                let set = differs(scope, field, "self.");
                let _ = write!(body, "if {test} {{\n{}}}", write());
                match lacking {
                    Some(missing) if field.tag.is_some() => {
                        let _ = write!(body, " else if {missing} && {set} {{ {refuse} }}");
                    }
                    Some(_) => {
                        let _ = write!(body, " else if {set} {{ {refuse} }}");
                    }
                    None => {}
                }
                body.push('\n');
            }
        }
    }
    body.push_str(&tags(scope, s, within));
    body.push_str("Ok(())\n");
    let mut head = String::new();
    if top {
        let name = &scope.message.name;
        let _ = writeln!(
            head,
            "if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {{\n\
             return Err(EncodeError::UnsupportedVersion {{ message: {name:?}, version }});\n}}"
        );
    }
    if uses(&body, "flexible")
        && let Some(test) = condition(scope.message.flexible, within)
    {
        let _ = writeln!(head, "let flexible = {test};");
    }
    let version = parameter("version", &[&head, &body]);
    let enc = parameter("enc", &[&body]);
    format!(
        "fn encode(&self, {enc}: &mut Enc, {version}: i16) -> Result<(), EncodeError> {{\n\
         {head}{body}}}\n"
    )
}

/// The condition under which a version lacks the field. None if all have it.
fn lacking(field: &Field, within: Versions) -> Option<String> {
    let Versions { low, high } = field.versions.intersect(within);
    match (low > within.low, high < within.high) {
        (false, false) => None,
        (true, false) => Some(format!("version < {low}")),
        (false, true) => Some(format!("version > {high}")),
        (true, true) => Some(format!("!({low}..={high}).contains(&version)")),
    }
}

fn refuse(scope: &Scope<'_>, s: &Struct, field: &Field) -> String {
    let place = format!("{}.{}", scope.rust_name(&s.name), names::snake(&field.name));
    format!("return Err(EncodeError::UnsupportedField {{ field: {place:?}, version }});")
}

/// The test whether a field differs from its default.
fn differs(scope: &Scope<'_>, field: &Field, owner: &str) -> String {
    let name = format!("{owner}{}", names::field(&field.name));
    let default = scope.default_of(field);
    match (&field.kind, default.as_str()) {
        (_, "None") => format!("{name}.is_some()"),
        (Type::Struct(kind), _) if !field.nullable.is_empty() => {
            format!(
                "{name}.as_deref() != Some(&{}::default())",
                scope.rust_name(kind)
            )
        }
        (Type::String | Type::Bytes | Type::Array(_), _) if field.nullable.is_empty() => {
            format!("!{name}.is_empty()")
        }
        (Type::String | Type::Bytes | Type::Array(_) | Type::Records, _) => {
            format!("{name}.as_ref().is_none_or(|value| !value.is_empty())")
        }
        (Type::Bool, "false") => name,
        (Type::Bool, _) => format!("!{name}"),
        _ => format!("{name} != {default}"),
    }
}

/// The statements that write a field in the versions `here`.
fn write(scope: &Scope<'_>, field: &Field, within: Versions, here: Versions) -> String {
    let tagged = here.intersect(field.tagged_in()) == here;
    let flexible = if tagged {
        "true".to_owned()
    } else {
        scope.flexible(within, Some(field))
    };
    let name = format!("self.{}", names::field(&field.name));
    let optional = !field.nullable.is_empty() || field.kind == Type::Records;
    if !optional {
        return required(&field.kind, &flexible, &name);
    }
    let marker = struct_marker(tagged);
    let nullable = match &field.kind {
        Type::Struct(_) => format!(
            "enc.{marker}({name}.is_some());\n\
             if let Some(value) = &{name} {{ value.encode(enc, version)?; }}\n"
        ),
        Type::Records => format!("enc.records({flexible}, {name}.as_ref())?;\n"),
        Type::Array(element) => {
            let writer = element_writer(element, &flexible);
            format!("enc.nullable_array({flexible}, {name}.as_deref(), {writer})?;\n")
        }
        Type::Bytes => format!("enc.nullable_bytes({flexible}, {name}.as_ref())?;\n"),
        _ => format!("enc.nullable_string({flexible}, {name}.as_deref())?;\n"),
    };
    let place = format!("{}.{}", scope.message.name, names::snake(&field.name));
    let present = match &field.kind {
        Type::Records => format!("enc.records({flexible}, Some(value))?;\n"),
        kind => required(kind, &flexible, "value"),
    };
    let never_null = format!(
        "let Some(value) = &{name} else {{\n\
         return Err(EncodeError::UnexpectedNull {{ field: {place:?}, version }});\n}};\n{present}"
    );
    match condition(field.nullable, here).as_deref() {
        None => nullable,
        Some("false") => never_null,
        Some(test) => format!("if {test} {{\n{nullable}}} else {{\n{never_null}}}\n"),
    }
}

/// The statement that writes a value which isn't null.
fn required(kind: &Type, flexible: &str, name: &str) -> String {
    let borrow = if name == "value" { "" } else { "&" };
    match kind {
        Type::Struct(_) => format!("{name}.encode(enc, version)?;\n"),
        Type::String => format!("enc.string({flexible}, {borrow}{name})?;\n"),
        Type::Bytes => format!("enc.bytes({flexible}, {borrow}{name})?;\n"),
        Type::Array(element) => {
            let writer = element_writer(element, flexible);
            format!("enc.array({flexible}, {borrow}{name}, {writer})?;\n")
        }
        fixed => format!("enc.{}({name});\n", primitive(fixed)),
    }
}

fn element_writer(element: &Type, flexible: &str) -> String {
    match element {
        Type::Struct(_) => "|enc, item| item.encode(enc, version)".into(),
        Type::String => format!("|enc, item| enc.string({flexible}, item)"),
        Type::Bytes => format!("|enc, item| enc.bytes({flexible}, item)"),
        fixed => format!("|enc, item| {{ enc.{}(*item); Ok(()) }}", primitive(fixed)),
    }
}

fn tags(scope: &Scope<'_>, s: &Struct, within: Versions) -> String {
    let flexible = scope.flexible(within, None);
    if flexible == "false" {
        return String::new();
    }
    let flexible_versions = scope.message.flexible.intersect(within);
    let mut tagged: Vec<_> = present(s, within)
        .filter_map(|f| Some((f.tag?.0, f.tag?.1, f)))
        .collect();
    tagged.sort_by_key(|(tag, ..)| *tag);
    let mut fields = String::new();
    for (tag, versions, field) in tagged {
        let here = versions.intersect(flexible_versions);
        let set = differs(scope, field, "self.");
        let test = match condition(versions, flexible_versions) {
            None => set,
            Some(test) => format!("{test} && {set}"),
        };
        let write = write(scope, field, within, here);
        let _ = writeln!(
            fields,
            "if {test} {{\ntags.field({tag}, |enc| {{\n{write}Ok(())\n}})?;\n}}"
        );
    }
    let call = if fields.is_empty() {
        "enc.no_tagged_fields();\n".to_owned()
    } else {
        format!("enc.tagged_fields(|tags| {{\n{fields}Ok(())\n}})?;\n")
    };
    match flexible.as_str() {
        "true" => call,
        _ => format!("if flexible {{\n{call}}}\n"),
    }
}

//! Writes what every response can do whatever it answers: show its error codes, carry a throttle time.

use std::fmt::Write;

use super::emit::{Scope, present};
use super::names;
use super::schema::{Field, Kind, Message, Struct, Type};

/// The `impl Response` of a message, and the walks of the structs below it that hold error codes.
pub(super) fn functions(scope: &Scope<'_>) -> String {
    let message = scope.message;
    let mut out = String::new();
    let Some((top, inner)) = message.structs.split_first() else {
        return out;
    };
    if message.kind != Kind::Response {
        return out;
    }
    for s in inner.iter().filter(|s| holds_errors(message, s)) {
        let _ = writeln!(
            out,
            "impl {} {{\nfn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {{\n{}}}\n}}\n",
            scope.rust_name(&s.name),
            walk(scope, s)
        );
    }
    let seen = if holds_errors(message, top) {
        "seen"
    } else {
        "_seen"
    };
    let has_throttle = top.fields.iter().any(|f| f.name == THROTTLE);
    let (ms, get, set) = if has_throttle {
        (
            "ms",
            "self.throttle_time_ms",
            "self.throttle_time_ms = ms;\n",
        )
    } else {
        ("_ms", "0", "")
    };
    let _ = writeln!(
        out,
        "impl Response for {} {{\n\
         fn visit_errors(&self, {seen}: &mut dyn FnMut(ErrorCode)) {{\n{}}}\n\n\
         fn throttle_time_ms(&self) -> i32 {{\n{get}\n}}\n\n\
         fn set_throttle_time_ms(&mut self, {ms}: i32) {{\n{set}}}\n}}\n",
        scope.rust_name(&message.name),
        walk(scope, top)
    );
    out
}

const THROTTLE: &str = "ThrottleTimeMs";

/// The statements that show each error code of a struct.
fn walk(scope: &Scope<'_>, s: &Struct) -> String {
    let mut out = String::new();
    for field in present(s, scope.versions_of(s)) {
        let name = names::field(&field.name);
        if is_error(field) {
            let _ = writeln!(
                out,
                "if self.{name} != 0 {{\nseen(ErrorCode(self.{name}));\n}}"
            );
            continue;
        }
        let inner = match &field.kind {
            Type::Struct(inner) => (inner, false),
            Type::Array(element) => match &**element {
                Type::Struct(inner) => (inner, true),
                _ => continue,
            },
            _ => continue,
        };
        let holds = scope.message.find(inner.0);
        if !holds.is_some_and(|inner| holds_errors(scope.message, inner)) {
            continue;
        }
        let _ = match (field.nullable.is_empty(), inner.1) {
            (true, false) => writeln!(out, "self.{name}.visit_errors(seen);"),
            (false, false) => writeln!(
                out,
                "if let Some(item) = &self.{name} {{\nitem.visit_errors(seen);\n}}"
            ),
            (true, true) => writeln!(
                out,
                "for item in &self.{name} {{\nitem.visit_errors(seen);\n}}"
            ),
            (false, true) => writeln!(
                out,
                "for item in self.{name}.iter().flatten() {{\nitem.visit_errors(seen);\n}}"
            ),
        };
    }
    out
}

fn is_error(field: &Field) -> bool {
    field.kind == Type::Int16 && field.name.ends_with("ErrorCode")
}

fn holds_errors(message: &Message, s: &Struct) -> bool {
    let inner = |kind: &Type| match kind {
        Type::Struct(name) => message.find(name).cloned(),
        Type::Array(element) => match &**element {
            Type::Struct(name) => message.find(name).cloned(),
            _ => None,
        },
        _ => None,
    };
    s.fields.iter().any(|field| {
        is_error(field) || inner(&field.kind).is_some_and(|inner| holds_errors(message, &inner))
    })
}

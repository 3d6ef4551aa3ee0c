//! Bytes of messages, made from the schema files alone: the second encoder that the generated one is held against.

use super::schema::{Field, Message, Struct, Type};

/// What the fields hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// A value that differs from the default, and differs from field to field; two elements in every array.
    Values,
    /// Their defaults.
    Defaults,
    /// Null wherever it is allowed, else empty or zero.
    Nulls,
    /// As `Nulls`, but the arrays at this depth have as many elements as given, those above one, those below none.
    Many { depth: usize, count: usize },
}

/// Bytes of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) bytes: Vec<u8>,
    /// A default is null where this version allows no null, so that the default value can't be written.
    pub(crate) null_forbidden: bool,
}

/// The body of a message in a version.
pub(crate) fn fill(message: &Message, version: i16, fill: Fill) -> Filled {
    let mut writer = Writer {
        message,
        version,
        fill,
        counter: 0,
        depth: 0,
        null_forbidden: false,
    };
    let mut bytes = Vec::new();
    writer.write_struct(&mut bytes, &message.structs[0]);
    Filled { bytes, null_forbidden: writer.null_forbidden }
}

struct Writer<'a> {
    message: &'a Message,
    version: i16,
    fill: Fill,
    counter: u32,
    /// Arrays around the place.
    depth: usize,
    null_forbidden: bool,
}

impl Writer<'_> {
    fn flexible(&self) -> bool {
        self.message.flexible.contains(self.version)
    }

    fn write_struct(&mut self, out: &mut Vec<u8>, s: &Struct) {
        let here = |f: &&Field| f.versions.contains(self.version);
        let fields: Vec<_> = s.fields.iter().filter(here).collect();
        let mut tagged = Vec::new();
        for field in fields {
            match field.tag {
                Some((tag, versions)) if versions.contains(self.version) => {
                    if self.writes_tag(field) {
                        let mut value = Vec::new();
                        self.write_field(&mut value, field);
                        tagged.push((tag, value));
                    }
                }
                _ => self.write_field(out, field),
            }
        }
        if self.flexible() {
            tagged.sort_by_key(|(tag, _)| *tag);
            uvarint(out, tagged.len());
            for (tag, value) in tagged {
                uvarint(out, tag as usize);
                uvarint(out, value.len());
                out.extend(value);
            }
        }
    }

    /// Only what differs from its default is worth a tag.
    fn writes_tag(&self, field: &Field) -> bool {
        match self.fill {
            Fill::Values => true,
            Fill::Defaults => false,
            Fill::Nulls | Fill::Many { .. } => {
                field.nullable.contains(self.version) && field.default.as_deref() != Some("null")
            }
        }
    }

    fn write_field(&mut self, out: &mut Vec<u8>, field: &Field) {
        let flexible = self.flexible() && !field.inflexible;
        let may_be_null = field.nullable.contains(self.version);
        let default_is_null = field.default.as_deref() == Some("null")
            || field.kind == Type::Records && !field.nullable.is_empty();
        let null = match self.fill {
            Fill::Values => false,
            Fill::Defaults => default_is_null,
            Fill::Nulls | Fill::Many { .. } => may_be_null,
        };
        if null && !may_be_null {
            self.null_forbidden = true;
        }
        let null = null && may_be_null;
        match &field.kind {
            Type::Struct(name) => {
                if may_be_null {
                    let tagged = field.tagged_in().contains(self.version);
                    out.push(if !null {
                        1
                    } else if tagged {
                        0
                    } else {
                        0xff
                    });
                }
                if !null {
                    let message = self.message;
                    self.write_struct(out, message.find(name).expect("parsed"));
                }
            }
            Type::Array(element) => self.write_array(out, field, element, flexible, null),
            Type::String => self.write_text(out, flexible, null),
            Type::Bytes | Type::Records => {
                let value = match self.fill {
                    Fill::Values => vec![self.next() as u8; 5],
                    _ => Vec::new(),
                };
                length(
                    out,
                    flexible,
                    true,
                    if null { None } else { Some(value.len()) },
                );
                if !null {
                    out.extend(value);
                }
            }
            kind => self.write_number(out, kind, field.default.as_deref()),
        }
    }

    fn write_text(&mut self, out: &mut Vec<u8>, flexible: bool, null: bool) {
        let text = match self.fill {
            Fill::Values => format!("ä{}", self.next()),
            _ => String::new(),
        };
        length(
            out,
            flexible,
            false,
            if null { None } else { Some(text.len()) },
        );
        if !null {
            out.extend(text.as_bytes());
        }
    }

    fn write_array(
        &mut self,
        out: &mut Vec<u8>,
        field: &Field,
        element: &Type,
        flexible: bool,
        null: bool,
    ) {
        let count = match self.fill {
            Fill::Values => 2,
            Fill::Many { depth, count } if depth == self.depth => count,
            Fill::Many { depth, .. } if depth > self.depth => 1,
            _ => 0,
        };
        if null && count == 0 {
            return length(out, flexible, true, None);
        }
        length(out, flexible, true, Some(count));
        self.depth += 1;
        for _ in 0..count {
            match element {
                Type::Struct(name) => {
                    let message = self.message;
                    self.write_struct(out, message.find(name).expect("parsed"));
                }
                Type::String => self.write_text(out, flexible, false),
                kind => self.write_number(out, kind, None),
            }
        }
        self.depth -= 1;
        let _ = field;
    }

    fn write_number(&mut self, out: &mut Vec<u8>, kind: &Type, default: Option<&str>) {
        let default = match default {
            None | Some("" | "false") => 0,
            Some("true") => 1,
            Some(hex) if hex.starts_with("0x") => i64::from_str_radix(&hex[2..], 16).unwrap(),
            Some(number) => number.parse().unwrap(),
        };
        let width = match kind {
            Type::Bool | Type::Int8 => 1,
            Type::Int16 | Type::Uint16 => 2,
            Type::Int32 | Type::Uint32 => 4,
            Type::Int64 | Type::Float64 => 8,
            Type::Uuid => 16,
            other => panic!("{other:?} has no fixed width"),
        };
        let value = match self.fill {
            Fill::Values => match kind {
                Type::Bool => 1 - default,
                Type::Float64 => (f64::from(self.next()) + 0.5).to_bits() as i64,
                _ => {
                    // Small enough for a byte, and wide numbers use their upper bytes too.
                    let low = i64::from(self.next() % 100 + 20);
                    let value = if width > 2 { low * 0x0102_0304 } else { low };
                    if value == default { value + 1 } else { value }
                }
            },
            Fill::Defaults => default,
            Fill::Nulls | Fill::Many { .. } => 0,
        };
        let bytes = i128::from(value).to_be_bytes();
        out.extend(&bytes[16 - width..]);
    }

    fn next(&mut self) -> u32 {
        self.counter += 1;
        self.counter
    }
}

fn uvarint(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn length(out: &mut Vec<u8>, flexible: bool, wide: bool, count: Option<usize>) {
    match (flexible, wide, count) {
        (true, _, count) => uvarint(out, count.map_or(0, |count| count + 1)),
        (false, true, count) => {
            out.extend(count.map_or(-1, |count| count as i32).to_be_bytes());
        }
        (false, false, count) => {
            out.extend(count.map_or(-1, |count| count as i16).to_be_bytes());
        }
    }
}

//! The schema notation: what a message holds, version by version.
//!
//! ```text
//! request FetchRequest id 1 versions 4-18 flexible 12+ on broker,controller
//!   about One line of ours.
//!   ClusterId: string 12+ null 12+ tag 0 in 12+ ignorable @entity = null
//!   Topics: []FetchTopic 0+          a struct's fields follow, two spaces deeper
//!     Topic: string 0-12
//!   struct Shared 0+                 a struct that several fields use
//!     Host: string 0+
//! ```
//! Depends on nothing, so that tests of other crates can include this file.

use std::fmt;

/// A range of versions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) low: i16,
    pub(crate) high: i16,
}

impl Versions {
    pub(crate) const NONE: Self = Self { low: 0, high: -1 };

    pub(crate) fn is_empty(self) -> bool {
        self.low > self.high
    }

    pub(crate) fn contains(self, version: i16) -> bool {
        self.low <= version && version <= self.high
    }

    pub(crate) fn intersect(self, other: Self) -> Self {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        if low > high {
            Self::NONE
        } else {
            Self { low, high }
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            text.parse::<i16>()
                .map_err(|_| format!("no version: {text}"))
        };
        if text == "none" {
            return Ok(Self::NONE);
        }
        if let Some(low) = text.strip_suffix('+') {
            return Ok(Self { low: number(low)?, high: i16::MAX });
        }
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        Ok(Self { low: number(low)?, high: number(high)? })
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            versions if versions.is_empty() => f.write_str("none"),
            Self { low, high: i16::MAX } => write!(f, "{low}+"),
            Self { low, high } if low == high => write!(f, "{low}"),
            Self { low, high } => write!(f, "{low}-{high}"),
        }
    }
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
    Header,
    /// A record of a log, with a type number.
    Record,
    /// The key of a coordinator's record.
    Key,
    /// The value of a coordinator's record.
    Value,
    /// Anything else that has versions.
    Data,
}

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Int8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Float64,
    Uuid,
    String,
    Bytes,
    Records,
    Struct(String),
    Array(Box<Self>),
}

impl Type {
    fn parse(text: &str) -> Self {
        if let Some(element) = text.strip_prefix("[]") {
            return Self::Array(Box::new(Self::parse(element)));
        }
        match text {
            "bool" => Self::Bool,
            "int8" => Self::Int8,
            "int16" => Self::Int16,
            "uint16" => Self::Uint16,
            "int32" => Self::Int32,
            "uint32" => Self::Uint32,
            "int64" => Self::Int64,
            "float64" => Self::Float64,
            "uuid" => Self::Uuid,
            "string" => Self::String,
            "bytes" => Self::Bytes,
            "records" => Self::Records,
            name => Self::Struct(name.to_owned()),
        }
    }

    /// The struct that this type is, or is an array of.
    pub(crate) fn struct_name(&self) -> Option<&str> {
        match self {
            Self::Struct(name) => Some(name),
            Self::Array(element) => element.struct_name(),
            _ => None,
        }
    }
}

/// A field of a struct.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Type,
    /// The type as written.
    pub(crate) type_text: String,
    pub(crate) versions: Versions,
    pub(crate) nullable: Versions,
    /// The tag and the versions in which the field is tagged.
    pub(crate) tag: Option<(u32, Versions)>,
    pub(crate) ignorable: bool,
    /// Keeps the old form of lengths even in flexible versions.
    pub(crate) inflexible: bool,
    /// What the value names, if it names something.
    pub(crate) entity: Option<String>,
    pub(crate) default: Option<String>,
    /// Kafka does not have it.
    pub(crate) ours: bool,
}

impl Field {
    pub(crate) fn tagged_in(&self) -> Versions {
        self.tag.map_or(Versions::NONE, |(_, versions)| versions)
    }
}

/// A struct, inside a field or shared.
#[derive(Debug, Clone)]
pub(crate) struct Struct {
    pub(crate) name: String,
    /// The versions of the field that holds it, or its own if it is shared.
    pub(crate) versions: Versions,
    pub(crate) fields: Vec<Field>,
}

/// A message with everything in it. The first struct is the message itself.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) id: Option<i16>,
    pub(crate) versions: Versions,
    pub(crate) flexible: Versions,
    /// The highest version may still change.
    pub(crate) unstable: bool,
    /// Kafka does not have it.
    pub(crate) ours: bool,
    pub(crate) listeners: Vec<String>,
    pub(crate) about: String,
    pub(crate) structs: Vec<Struct>,
}

impl Message {
    pub(crate) fn find(&self, name: &str) -> Option<&Struct> {
        self.structs.iter().skip(1).find(|s| s.name == name)
    }

    /// Bytes that a value takes at least in one version.
    pub(crate) fn bytes_min(&self, kind: &Type, version: i16) -> usize {
        let flexible = self.flexible.contains(version);
        match kind {
            Type::Bool | Type::Int8 => 1,
            Type::Int16 | Type::Uint16 => 2,
            Type::Int32 | Type::Uint32 => 4,
            Type::Int64 | Type::Float64 => 8,
            Type::Uuid => 16,
            Type::String | Type::Bytes | Type::Records | Type::Array(_) if flexible => 1,
            Type::String => 2,
            Type::Bytes | Type::Records | Type::Array(_) => 4,
            Type::Struct(name) => {
                let fields = self.find(name).map_or(&[][..], |s| &s.fields);
                let present = fields
                    .iter()
                    .filter(|f| f.versions.contains(version))
                    .filter(|f| !f.tagged_in().contains(version));
                let bytes = present.map(|f| match f.kind {
                    Type::Struct(_) if f.nullable.contains(version) => 1,
                    _ => self.bytes_min(&f.kind, version),
                });
                bytes.sum::<usize>() + usize::from(flexible)
            }
        }
    }
}

/// Reads the messages of a schema file.
pub(crate) fn parse(text: &str) -> Result<Vec<Message>, String> {
    let mut messages: Vec<Message> = Vec::new();
    // The struct that a line at each depth belongs to.
    let mut open: Vec<usize> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let at = |error: String| format!("line {}: {error}", number + 1);
        let depth = (line.len() - line.trim_start().len()) / 2;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if depth == 0 {
            messages.push(header(line).map_err(at)?);
            open = vec![0];
            continue;
        }
        let message = messages
            .last_mut()
            .ok_or_else(|| at("no message yet".into()))?;
        if let Some(about) = line.strip_prefix("about ") {
            about.clone_into(&mut message.about);
        } else if let Some(shared) = line.strip_prefix("struct ") {
            let (name, versions) = shared.split_once(' ').unwrap_or((shared, "0+"));
            let versions = Versions::parse(versions).map_err(at)?;
            let fields = Vec::new();
            message
                .structs
                .push(Struct { name: name.into(), versions, fields });
            open = vec![0, message.structs.len() - 1];
        } else {
            let field = field(line).map_err(at)?;
            open.truncate(depth);
            if open.len() < depth {
                return Err(at("too deep".into()));
            }
            let opens = field.kind.struct_name().map(str::to_owned);
            let versions = field.versions;
            let owner = open.last().copied().unwrap_or_default();
            message.structs[owner].fields.push(field);
            if let Some(name) = opens {
                // Whether fields follow is seen with the next line; an empty struct is dropped below.
                let fields = Vec::new();
                message.structs.push(Struct { name, versions, fields });
                open.push(message.structs.len() - 1);
            }
        }
    }
    for message in &mut messages {
        settle(message)?;
    }
    Ok(messages)
}

/// Drops the structs that fields only mention, and checks that every mention has a definition.
fn settle(message: &mut Message) -> Result<(), String> {
    let mut index = 0;
    message.structs.retain(|s| {
        index += 1;
        index == 1 || !s.fields.is_empty()
    });
    for field in message.structs.iter().flat_map(|s| &s.fields) {
        if let Some(name) = field.kind.struct_name() {
            let count = message
                .structs
                .iter()
                .skip(1)
                .filter(|s| s.name == name)
                .count();
            if count != 1 {
                return Err(format!("{}: {count} structs named {name}", message.name));
            }
        }
    }
    Ok(())
}

fn header(line: &str) -> Result<Message, String> {
    let mut words = line.split(' ');
    let mut next = || words.next().ok_or_else(|| format!("ends early: {line}"));
    let kind = match next()? {
        "request" => Kind::Request,
        "response" => Kind::Response,
        "header" => Kind::Header,
        "record" => Kind::Record,
        "key" => Kind::Key,
        "value" => Kind::Value,
        "data" => Kind::Data,
        other => return Err(format!("{other} is no kind of message")),
    };
    let name = next()?.to_owned();
    let mut message = Message {
        kind,
        id: None,
        versions: Versions::NONE,
        flexible: Versions::NONE,
        unstable: false,
        ours: false,
        listeners: Vec::new(),
        about: String::new(),
        structs: Vec::new(),
        name: name.clone(),
    };
    while let Ok(word) = next() {
        match word {
            "id" => message.id = Some(next()?.parse().map_err(|_| "id is no number")?),
            "versions" => message.versions = Versions::parse(next()?)?,
            "flexible" => message.flexible = Versions::parse(next()?)?,
            "unstable" => message.unstable = true,
            "ours" => message.ours = true,
            "on" => message.listeners = next()?.split(',').map(str::to_owned).collect(),
            other => return Err(format!("{other} is unknown")),
        }
    }
    let versions = message.versions;
    message
        .structs
        .push(Struct { name, versions, fields: Vec::new() });
    Ok(message)
}

fn field(line: &str) -> Result<Field, String> {
    let (name, rest) = line
        .split_once(": ")
        .ok_or_else(|| format!("no field: {line}"))?;
    let (rest, default) = match rest.split_once(" = ") {
        Some((rest, default)) => (rest, Some(default.to_owned())),
        None => (rest, None),
    };
    let mut words = rest.split(' ');
    let mut next = || words.next().ok_or_else(|| format!("ends early: {line}"));
    let type_text = next()?.to_owned();
    let mut field = Field {
        name: name.to_owned(),
        kind: Type::parse(&type_text),
        type_text,
        versions: Versions::parse(next()?)?,
        nullable: Versions::NONE,
        tag: None,
        ignorable: false,
        inflexible: false,
        entity: None,
        default,
        ours: false,
    };
    while let Ok(word) = next() {
        match word {
            "null" => field.nullable = Versions::parse(next()?)?,
            "tag" => {
                let tag = next()?.parse().map_err(|_| "tag is no number")?;
                if next()? != "in" {
                    return Err("a tag needs `in` and versions".into());
                }
                field.tag = Some((tag, Versions::parse(next()?)?));
            }
            "ignorable" => field.ignorable = true,
            "inflexible" => field.inflexible = true,
            "ours" => field.ours = true,
            other => match other.strip_prefix('@') {
                Some(entity) => field.entity = Some(entity.to_owned()),
                None => return Err(format!("{other} is unknown")),
            },
        }
    }
    if field.ours && field.tag.is_none_or(|(tag, _)| tag < OUR_TAGS_FROM) {
        return Err(format!(
            "a field of ours has a tag from {OUR_TAGS_FROM} on: {line}"
        ));
    }
    Ok(field)
}

/// Kafka counts tags from 0 on, and is far from here.
const OUR_TAGS_FROM: u32 = 10_000;

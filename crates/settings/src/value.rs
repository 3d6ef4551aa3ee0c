//! Values: reading text by a row's type and range, and writing it back as Kafka does.

use crate::row::{Kind, Range, Row};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// A value that passed its row.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Not set.
    Unset,
    /// A boolean.
    Bool(bool),
    /// A whole number of any width.
    Whole(i64),
    /// A floating-point number.
    Real(f64),
    /// Text, or the name of a class.
    Text(String),
    /// Text that is never shown.
    Secret(String),
    /// A list.
    List(Vec<String>),
}

/// A value that its row refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {shown} is not allowed: expected {expected}")]
pub struct BadValue {
    /// The setting.
    pub name: &'static str,
    /// The value in quotes, shortened, or `the value` if it is a secret.
    pub shown: String,
    /// What is allowed.
    pub expected: String,
}

impl Row {
    /// Reads a value.
    ///
    /// # Errors
    /// The text is not of the row's type, or out of its range; the error says what is allowed.
    pub fn parse(&self, text: &str) -> Result<Value, BadValue> {
        let trimmed = text.trim();
        let whole = |low: i64, high: i64| {
            let value = trimmed.parse().ok().filter(|v| (low..=high).contains(v));
            value.map(Value::Whole)
        };
        let value = match self.kind {
            Kind::Bool if trimmed.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
            Kind::Bool if trimmed.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
            Kind::Bool => None,
            Kind::Short => whole(i16::MIN.into(), i16::MAX.into()),
            Kind::Int => whole(i32::MIN.into(), i32::MAX.into()),
            Kind::Long => whole(i64::MIN, i64::MAX),
            Kind::Double => {
                let value = trimmed.parse().ok().filter(|v: &f64| v.is_finite());
                value.map(Value::Real)
            }
            Kind::Text | Kind::Class => Some(Value::Text(trimmed.to_owned())),
            Kind::Password => Some(Value::Secret(text.to_owned())),
            Kind::List => list(trimmed, self.range.repetition()).map(Value::List),
        };
        value
            .filter(|value| self.range.admits(value))
            .ok_or_else(|| self.refuse(text))
    }

    fn refuse(&self, text: &str) -> BadValue {
        let shown = if self.is_sensitive() {
            "the value".to_owned()
        } else if text.chars().count() > 100 {
            format!("'{}…'", text.chars().take(100).collect::<String>())
        } else {
            format!("'{text}'")
        };
        BadValue { name: self.name, shown, expected: self.expected() }
    }

    /// What a value must look like, as half a sentence.
    #[must_use]
    pub fn expected(&self) -> String {
        let kind = match self.kind {
            Kind::Bool => "true or false",
            Kind::Short => "a whole number of 16 bits",
            Kind::Int => "a whole number of 32 bits",
            Kind::Long => "a whole number of 64 bits",
            Kind::Double => "a number",
            Kind::Text | Kind::Password => "text",
            Kind::Class => "the name of a class",
            Kind::List => "words separated by commas, each once, none empty",
        };
        match self.range {
            Range::Any => kind.to_owned(),
            Range::AtLeast(low) => format!("{kind}, at least {low}"),
            Range::Between(low, high) => format!("{kind} from {low} to {high}"),
            Range::BetweenOr(low, high, other) => {
                format!("{kind} from {low} to {high}, or {other}")
            }
            Range::Share(low, high) => format!("a number from {low} to {high}"),
            Range::OneOf(words) => format!("one of {}", words.join(", ")),
            Range::OneOfAnyCase(words) => format!("one of {} in any case", words.join(", ")),
            Range::ListOf(words) => format!("a list of {}", words.join(", ")),
            Range::SomeOf(words) => format!("one or more of {}", words.join(", ")),
            Range::NotEmpty if self.kind == Kind::List => format!("one or more {kind}"),
            Range::NotEmpty => "text that is not empty".to_owned(),
            Range::AddressCounts => {
                "pairs address:count separated by commas, each address once".to_owned()
            }
            Range::ThrottledReplicas => {
                "* or pairs partition:broker separated by commas".to_owned()
            }
            Range::OffsetReset => "earliest, latest or by_duration:PnDTnHnMn.nS".to_owned(),
            Range::ClientMatch => {
                format!("pairs key=pattern with a key of {}", SELECTORS.join(", "))
            }
        }
    }
}

/// The properties of a client that a telemetry subscription can select by (KIP-714).
pub const SELECTORS: [&str; 6] = [
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
];

/// What a word means that is in a list twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repetition {
    /// A mistake.
    Refused,
    /// The same as once.
    Dropped,
    /// Itself.
    Kept,
}

/// Splits a list; `None` if a word is empty, or there twice where it may not be.
fn list(text: &str, repetition: Repetition) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    if text.is_empty() {
        return Some(words);
    }
    for word in text.split(',').map(str::trim) {
        if word.is_empty() {
            return None;
        }
        let is_repeated = || words.iter().any(|known| known == word);
        match repetition {
            Repetition::Refused if is_repeated() => return None,
            Repetition::Dropped if is_repeated() => {}
            _ => words.push(word.to_owned()),
        }
    }
    Some(words)
}

impl Range {
    /// Kafka 4.3 lets these pass, and reads them so.
    const fn repetition(&self) -> Repetition {
        match self {
            Self::ListOf(_) => Repetition::Dropped,
            Self::ThrottledReplicas => Repetition::Kept,
            _ => Repetition::Refused,
        }
    }

    /// Whether a value of the right type is in the range.
    #[must_use]
    pub fn admits(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::AtLeast(low), Value::Whole(v)) => v >= low,
            (Self::Between(low, high), Value::Whole(v)) => (low..=high).contains(&v),
            (Self::BetweenOr(low, high, other), Value::Whole(v)) => {
                (low..=high).contains(&v) || v == other
            }
            (Self::Share(low, high), Value::Real(v)) => (low..=high).contains(&v),
            (Self::OneOf(words), Value::Text(v)) => words.contains(&v.as_str()),
            (Self::OneOfAnyCase(words), Value::Text(v)) => {
                words.iter().any(|word| word.eq_ignore_ascii_case(v))
            }
            (Self::ListOf(words), Value::List(v)) => v.iter().all(|v| words.contains(&v.as_str())),
            (Self::SomeOf(words), Value::List(v)) => {
                !v.is_empty() && v.iter().all(|v| words.contains(&v.as_str()))
            }
            (Self::NotEmpty, Value::Text(v)) => !v.is_empty(),
            (Self::NotEmpty, Value::List(v)) => !v.is_empty(),
            (Self::AddressCounts, Value::Text(v)) => address_counts(v).is_some(),
            (Self::ThrottledReplicas, Value::List(v)) => is_throttled_replicas(v),
            (Self::OffsetReset, Value::Text(v)) => is_offset_reset(v),
            (Self::ClientMatch, Value::List(v)) => v.iter().all(|pair| is_client_match(pair)),
            _ => true,
        }
    }
}

/// The pairs of `max.connections.per.ip.overrides`; `None` if they are none.
#[must_use]
pub fn address_counts(text: &str) -> Option<BTreeMap<IpAddr, usize>> {
    let mut counts = BTreeMap::new();
    for pair in text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let (address, count) = pair.rsplit_once(':')?;
        let address = address.trim().trim_start_matches('[').trim_end_matches(']');
        let address: IpAddr = address.parse().ok()?;
        let count = count.trim().parse().ok()?;
        if counts.insert(address.to_canonical(), count).is_some() {
            return None;
        }
    }
    Some(counts)
}

fn is_throttled_replicas(pairs: &[String]) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let is_pair = |pair: &String| {
        pair.split_once(':')
            .is_some_and(|(partition, broker)| is_number(partition) && is_number(broker))
    };
    matches!(pairs, [all] if all == "*") || pairs.iter().all(is_pair)
}

fn is_offset_reset(text: &str) -> bool {
    let rule = text.to_ascii_lowercase();
    match rule.strip_prefix("by_duration:") {
        Some(duration) => is_duration(duration),
        None => rule == "earliest" || rule == "latest",
    }
}

/// Java's `PnDTnHnMn.nS` in lower case, not negative, with at least one part.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('p') else {
        return false;
    };
    let (days, time) = match rest.split_once('t') {
        Some((days, time)) => (days, Some(time)),
        None => (rest, None),
    };
    let has_parts = |mut text: &str, units: &str| {
        for unit in units.chars() {
            if let Some((number, rest)) = text.split_once(unit) {
                if number.is_empty() || number.parse::<f64>().is_err() || number.starts_with('-') {
                    return false;
                }
                text = rest;
            }
        }
        text.is_empty()
    };
    let days_fit = has_parts(days, "d");
    match time {
        Some(time) => days_fit && !time.is_empty() && has_parts(time, "hms"),
        None => days_fit && !days.is_empty(),
    }
}

fn is_client_match(pair: &str) -> bool {
    let mut parts = pair.split('=');
    let (Some(key), Some(pattern), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    SELECTORS.contains(&key.trim()) && !pattern.trim().is_empty()
}

impl fmt::Display for Value {
    /// As Kafka writes it: lists with commas, Java's form of floating-point numbers. A secret shows as `[hidden]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => Ok(()),
            Self::Bool(v) => v.fmt(f),
            Self::Whole(v) => v.fmt(f),
            Self::Real(v) if *v == 0.0 || (1e-3..1e7).contains(&v.abs()) => write!(f, "{v:?}"),
            Self::Real(v) => {
                let text = format!("{v:E}");
                match text.split_once('E') {
                    Some((mantissa, exponent)) if !mantissa.contains('.') => {
                        write!(f, "{mantissa}.0E{exponent}")
                    }
                    _ => f.write_str(&text),
                }
            }
            Self::Text(v) => f.write_str(v),
            Self::Secret(_) => f.write_str("[hidden]"),
            Self::List(v) => f.write_str(&v.join(",")),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("(unset)"),
            shown => fmt::Display::fmt(shown, f),
        }
    }
}

/// A Rust type that a row's value becomes. The macro of the table pairs row and type, so no value is of another kind;
/// if one were, it would read as zero, false, empty or unset.
pub trait FromValue {
    /// Takes the value over.
    fn from_value(value: &Value) -> Self;
}

macro_rules! from_whole {
    ($($number:ty),*) => {$(
        impl FromValue for $number {
            fn from_value(value: &Value) -> Self {
                match value {
                    Value::Whole(v) => Self::try_from(*v).unwrap_or_default(),
                    _ => 0,
                }
            }
        }
    )*};
}
from_whole!(i16, i32, i64);

impl FromValue for bool {
    fn from_value(value: &Value) -> Self {
        matches!(value, Value::Bool(true))
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Self {
        match value {
            Value::Real(v) => *v,
            _ => 0.0,
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Self {
        match value {
            Value::Text(v) | Value::Secret(v) => v.clone(),
            _ => Self::new(),
        }
    }
}

impl FromValue for Vec<String> {
    fn from_value(value: &Value) -> Self {
        match value {
            Value::List(v) => v.clone(),
            _ => Self::new(),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Self {
        match value {
            Value::Unset => None,
            set => Some(T::from_value(set)),
        }
    }
}

#[cfg(test)]
mod tests;

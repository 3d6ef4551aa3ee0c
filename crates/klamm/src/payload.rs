//! Keys and values for people and for JSON: text where it is text, else hexadecimal digits.

use serde_json::{Map, Value, json};
use std::fmt::Write;

/// A record that was read, for any form of output.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// Milliseconds since the Unix epoch.
    pub(crate) timestamp: i64,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: Vec<(&'a [u8], Option<&'a [u8]>)>,
}

impl Shown<'_> {
    /// One JSON object; headers are a list, because a name may be there twice.
    pub(crate) fn to_json(&self) -> Value {
        let headers = self.headers.iter().map(|(name, value)| {
            let mut header = Map::new();
            header.insert("name".to_owned(), String::from_utf8_lossy(name).into());
            header.insert("value".to_owned(), in_json(*value));
            Value::Object(header)
        });
        json!({
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "timestamp": self.timestamp,
            "key": in_json(self.key),
            "value": in_json(self.value),
            "headers": headers.collect::<Vec<_>>(),
        })
    }
}

/// The reverse of [`in_json`]. `None` if the value is of another form.
pub(crate) fn from_json(value: &Value) -> Option<Option<Vec<u8>>> {
    match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.clone().into_bytes())),
        Value::Object(object) => from_hex(object.get("hex")?.as_str()?).map(Some),
        _ => None,
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
    pairs
        .map(|pair| u8::from_str_radix(pair?, 16).ok())
        .collect()
}

/// Bytes on one line: text with line breaks escaped, or `0x…` if they hold anything that is not shown.
pub(crate) fn on_one_line(bytes: &[u8]) -> String {
    let hidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(hidden) => text
            .replace('\\', "\\\\")
            .replace('\t', "\\t")
            .replace('\n', "\\n")
            .replace('\r', "\\r"),
        _ => digits(bytes),
    }
}

/// Bytes as `0x…`.
pub(crate) fn digits(bytes: &[u8]) -> String {
    format!("0x{}", hex(bytes))
}

/// Bytes in JSON: a string if they are UTF-8, else `{"hex": "…"}`; `null` if there are none.
pub(crate) fn in_json(bytes: Option<&[u8]>) -> Value {
    match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        None => Value::Null,
        Some((_, Ok(text))) => Value::String(text.to_owned()),
        Some((bytes, Err(_))) => json!({ "hex": hex(bytes) }),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a string does not fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_and_other_bytes_become_digits() {
        assert_eq!(on_one_line("aä\n\t".as_bytes()), "aä\\n\\t");
        assert_eq!(on_one_line(&[0xff, 0x01]), "0xff01");
        assert_eq!(on_one_line(b"a\0"), "0x6100");
        assert_eq!(on_one_line(b"a\\n"), "a\\\\n");
        for bytes in [
            None,
            Some(&b""[..]),
            Some("aä\0".as_bytes()),
            Some(&[0xff, 0x0a]),
        ] {
            assert_eq!(from_json(&in_json(bytes)), Some(bytes.map(<[u8]>::to_vec)));
        }
        for bad in [
            json!(1),
            json!({ "hex": "f" }),
            json!({ "hex": "fx" }),
            json!({}),
        ] {
            assert_eq!(from_json(&bad), None, "{bad}");
        }
        assert_eq!(in_json(None), Value::Null);
        assert_eq!(in_json(Some(b"")), json!(""));
        assert_eq!(in_json(Some(&[0xff])), json!({ "hex": "ff" }));
    }
}

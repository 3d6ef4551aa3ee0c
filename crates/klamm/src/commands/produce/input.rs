//! What stands on standard input: one record a line, as text or as the JSON that `klamm consume --json` prints.

use crate::payload;
use serde_json::Value;

/// A header: name, and value if it has one.
pub(crate) type Header = (String, Option<Vec<u8>>);

/// A record to write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct InputRecord {
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<Header>,
    pub(crate) partition: Option<i32>,
    pub(crate) timestamp: Option<i64>,
}

/// How a line becomes a record.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineForm {
    /// Stands between key and value; without it a line is all value.
    pub(crate) key_separator: Option<String>,
    /// `name=value,…` and a tab stand in front of the line.
    pub(crate) with_headers: bool,
    /// A key or value of exactly this text is null.
    pub(crate) null: Option<String>,
}

impl LineForm {
    /// Reads a line without its line break.
    ///
    /// # Errors
    /// A separator is missing; says which.
    pub(crate) fn read(&self, line: &[u8]) -> Result<InputRecord, String> {
        let mut record = InputRecord::default();
        let mut rest = line;
        if self.with_headers {
            let (headers, after) =
                split(rest, b"\t").ok_or("expected headers and a tab in front")?;
            record.headers = read_headers(headers)?;
            rest = after;
        }
        if let Some(separator) = &self.key_separator {
            let (key, after) = split(rest, separator.as_bytes())
                .ok_or_else(|| format!("expected '{separator}' between key and value"))?;
            record.key = self.unless_null(key);
            rest = after;
        }
        record.value = self.unless_null(rest);
        Ok(record)
    }

    fn unless_null(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let is_null = self
            .null
            .as_ref()
            .is_some_and(|null| null.as_bytes() == bytes);
        (!is_null).then(|| bytes.to_vec())
    }
}

/// Reads a line of JSON: `key`, `value`, `headers`, `partition` and `timestamp`, all of them optional.
///
/// # Errors
/// What is wrong with the line.
pub(crate) fn read_json(line: &[u8]) -> Result<InputRecord, String> {
    let document: Value =
        serde_json::from_slice(line).map_err(|error| format!("no JSON: {error}"))?;
    let object = document.as_object().ok_or("expected a JSON object")?;
    let bytes = |name: &str, value: &Value| {
        payload::from_json(value)
            .ok_or_else(|| format!("{name}: expected a string, null or {{\"hex\": \"…\"}}"))
    };
    let field = |name: &str| {
        object
            .get(name)
            .map_or(Ok(None), |value| bytes(name, value))
    };
    let number = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| format!("{name}: expected a whole number")),
    };
    let mut headers = Vec::new();
    if let Some(list) = object.get("headers").filter(|value| !value.is_null()) {
        for header in list.as_array().ok_or("headers: expected a list")? {
            let name = header.get("name").and_then(Value::as_str);
            let name = name.ok_or("headers: expected {\"name\": …, \"value\": …}")?;
            let value = header.get("value").unwrap_or(&Value::Null);
            headers.push((name.to_owned(), bytes("headers", value)?));
        }
    }
    let partition = number("partition")?.map(i32::try_from).transpose();
    Ok(InputRecord {
        key: field("key")?,
        value: field("value")?,
        headers,
        partition: partition.map_err(|_| "partition: expected a number of 32 bits")?,
        timestamp: number("timestamp")?,
    })
}

/// Reads `name=value`; a name alone has no value.
pub(crate) fn read_header(text: &str) -> Result<Header, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.as_bytes().to_vec())),
        None => (text, None),
    };
    if name.is_empty() {
        return Err("expected NAME=VALUE".to_owned());
    }
    Ok((name.to_owned(), value))
}

fn read_headers(bytes: &[u8]) -> Result<Vec<Header>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "headers must be UTF-8")?;
    text.split(',')
        .filter(|header| !header.is_empty())
        .map(read_header)
        .collect()
}

fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    if separator.is_empty() {
        return None;
    }
    let at = bytes
        .windows(separator.len())
        .position(|window| window == separator)?;
    Some((bytes.get(..at)?, bytes.get(at + separator.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: Option<&str>, value: Option<&str>) -> InputRecord {
        let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        InputRecord {
            key: bytes(key),
            value: bytes(value),
            ..InputRecord::default()
        }
    }

    #[test]
    fn lines_become_records() {
        let plain = LineForm::default();
        assert_eq!(plain.read(b"a=b"), Ok(record(None, Some("a=b"))));
        assert_eq!(plain.read(b""), Ok(record(None, Some(""))));
        let keyed = LineForm {
            key_separator: Some("=>".to_owned()),
            null: Some("NULL".to_owned()),
            ..LineForm::default()
        };
        assert_eq!(keyed.read(b"a=>b=>c"), Ok(record(Some("a"), Some("b=>c"))));
        assert_eq!(keyed.read(b"=>"), Ok(record(Some(""), Some(""))));
        assert_eq!(keyed.read(b"a=>NULL"), Ok(record(Some("a"), None)));
        assert_eq!(keyed.read(b"NULL=>a"), Ok(record(None, Some("a"))));
        assert!(keyed.read(b"a").unwrap_err().contains("'=>'"));
    }

    #[test]
    fn headers_stand_in_front() {
        let form = LineForm { with_headers: true, ..LineForm::default() };
        let read = form.read(b"a=1,b\tv").unwrap();
        assert_eq!(
            read.headers,
            [
                ("a".to_owned(), Some(b"1".to_vec())),
                ("b".to_owned(), None)
            ]
        );
        assert_eq!(read.value, Some(b"v".to_vec()));
        assert_eq!(form.read(b"\tv").unwrap().headers, []);
        assert!(form.read(b"v").is_err());
        assert!(form.read(b"=1\tv").is_err());
    }

    #[test]
    fn json_lines_are_those_that_consume_prints() {
        let shown = payload::Shown {
            topic: "t",
            partition: 3,
            offset: 9,
            timestamp: 77,
            key: Some(&[0xff]),
            value: None,
            headers: vec![(b"h", Some(b"1")), (b"h", None)],
        };
        let read = read_json(shown.to_json().to_string().as_bytes()).unwrap();
        assert_eq!(read.key, Some(vec![0xff]));
        assert_eq!(read.value, None);
        assert_eq!((read.partition, read.timestamp), (Some(3), Some(77)));
        assert_eq!(
            read.headers,
            [
                ("h".to_owned(), Some(b"1".to_vec())),
                ("h".to_owned(), None)
            ]
        );
        assert_eq!(read_json(b"{}"), Ok(InputRecord::default()));
        for bad in [
            "",
            "1",
            "[]",
            r#"{"key":1}"#,
            r#"{"partition":"x"}"#,
            r#"{"partition":9999999999}"#,
            r#"{"headers":{}}"#,
            r#"{"headers":[1]}"#,
        ] {
            assert!(read_json(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

//! Output templates: `%t-%p@%o %k=%v\n`.

use crate::moment;
use crate::payload::Shown;
use std::str::FromStr;

/// How a record is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    Field(char),
}

/// What a template can show.
const FIELDS: &str = "tpoTdkvKVh";

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match (
                c,
                if matches!(c, '%' | '\\') {
                    rest.next()
                } else {
                    None
                },
            ) {
                ('%', Some('%')) => literal.push('%'),
                ('%', Some(field)) if FIELDS.contains(field) => {
                    if !literal.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut literal).into_bytes()));
                    }
                    parts.push(Part::Field(field));
                }
                ('%', _) => return Err(format!("after % expected one of {FIELDS} or %")),
                ('\\', Some('n')) => literal.push('\n'),
                ('\\', Some('t')) => literal.push('\t'),
                ('\\', Some('0')) => literal.push('\0'),
                ('\\', Some('\\')) => literal.push('\\'),
                ('\\', _) => return Err("after \\ expected n, t, 0 or \\".to_owned()),
                (other, _) => literal.push(other),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal.into_bytes()));
        }
        Ok(Self { parts })
    }
}

impl Template {
    /// Appends a record in this form.
    pub(crate) fn write(&self, record: &Shown<'_>, out: &mut Vec<u8>) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Field('t') => out.extend_from_slice(record.topic.as_bytes()),
                Part::Field('p') => number(out, record.partition.into()),
                Part::Field('o') => number(out, record.offset),
                Part::Field('T') => number(out, record.timestamp),
                Part::Field('d') => {
                    out.extend_from_slice(moment::show(record.timestamp).as_bytes())
                }
                Part::Field('k') => out.extend_from_slice(record.key.unwrap_or_default()),
                Part::Field('v') => out.extend_from_slice(record.value.unwrap_or_default()),
                Part::Field('K') => number(out, length(record.key)),
                Part::Field('V') => number(out, length(record.value)),
                Part::Field(_) => headers(out, record),
            }
        }
    }
}

fn number(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(number.to_string().as_bytes());
}

/// A length; -1 for null, as on the wire.
fn length(bytes: Option<&[u8]>) -> i64 {
    bytes.map_or(-1, |bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX))
}

fn headers(out: &mut Vec<u8>, record: &Shown<'_>) {
    for (i, (name, value)) in record.headers.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(template: &str) -> String {
        let record = Shown {
            topic: "t",
            partition: 1,
            offset: 2,
            timestamp: 1000,
            key: None,
            value: Some(b"v"),
            headers: vec![(b"a", Some(b"1")), (b"b", None)],
        };
        let mut out = Vec::new();
        template
            .parse::<Template>()
            .unwrap()
            .write(&record, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_and_escapes_are_filled_in() {
        assert_eq!(
            shown("%t-%p@%o %T %d\\n"),
            "t-1@2 1000 1970-01-01T00:00:01.000Z\n"
        );
        assert_eq!(
            shown("[%k]%K [%v]%V {%h} %%\\t\\\\"),
            "[]-1 [v]1 {a=1,b=} %\t\\"
        );
        assert_eq!(shown(""), "");
    }

    #[test]
    fn bad_templates_say_what_is_known() {
        for bad in ["%x", "%", "\\x", "a\\"] {
            assert!(
                bad.parse::<Template>().unwrap_err().contains("expected"),
                "{bad}"
            );
        }
    }
}

//! Java's `.properties` text: comments, continued lines and escapes, as `java.util.Properties` reads them.

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// The name.
    pub name: String,
    /// The value; empty if there was none.
    pub value: String,
    /// The line on which it begins, from 1.
    pub line: usize,
}

/// Reads properties, in the order of the text. Any text is legal; a broken `\u` escape stays as it stands.
#[must_use]
pub fn parse_properties(text: &str) -> Vec<Property> {
    let mut found = Vec::new();
    let mut lines = text
        .split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
        .zip(1..);
    while let Some((first, line)) = lines.next() {
        let start = first.trim_start_matches(is_blank);
        if start.is_empty() || start.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = start.to_owned();
        while ends_with_open_backslash(&logical) {
            logical.pop();
            let Some((next, _)) = lines.next() else { break };
            logical.push_str(next.trim_start_matches(is_blank));
        }
        found.push(split_entry(&logical, line));
    }
    found
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

fn ends_with_open_backslash(line: &str) -> bool {
    line.bytes().rev().take_while(|c| *c == b'\\').count() % 2 == 1
}

/// Splits at the first `=`, `:` or blank that no backslash protects.
fn split_entry(logical: &str, line: usize) -> Property {
    let mut protected = false;
    let mut end = logical.len();
    for (position, c) in logical.char_indices() {
        if !protected && (c == '=' || c == ':' || is_blank(c)) {
            end = position;
            break;
        }
        protected = c == '\\' && !protected;
    }
    let (name, rest) = logical.split_at(end);
    let rest = rest.trim_start_matches(is_blank);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    Property {
        name: unescape(name),
        value: unescape(rest.trim_start_matches(is_blank)),
        line,
    }
}

fn unescape(text: &str) -> String {
    // In UTF-16, because one escape may be half of a surrogate pair.
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let plain = match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('t')) => '\t',
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('f')) => '\u{c}',
            ('\\', Some('u')) => match hex_of(rest.as_str()) {
                Some(unit) => {
                    units.push(unit);
                    rest = rest.as_str().get(4..).unwrap_or_default().chars();
                    continue;
                }
                None => {
                    units.push(u16::from(b'\\'));
                    'u'
                }
            },
            ('\\', Some(other)) => other,
            ('\\', None) => break,
            (other, _) => other,
        };
        units.extend_from_slice(plain.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16_lossy(&units)
}

fn hex_of(text: &str) -> Option<u16> {
    let digits = text.get(..4)?;
    if !digits.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests;

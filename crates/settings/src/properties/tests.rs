//! Tests of the properties reader, with `java.util.Properties` as the model.

use super::*;
use proptest::prelude::*;

fn pairs(text: &str) -> Vec<(String, String)> {
    let entries = parse_properties(text).into_iter();
    entries.map(|p| (p.name, p.value)).collect()
}

fn one(text: &str) -> (String, String) {
    let mut found = pairs(text);
    assert_eq!(found.len(), 1, "{text:?}: {found:?}");
    found.remove(0)
}

#[test]
fn separators_are_equals_colon_or_blank() {
    for text in [
        "a=b",
        "a:b",
        "a b",
        "a = b",
        "  a\t=\tb",
        "a   b",
        "a : b",
        "a=b\r\n",
    ] {
        assert_eq!(one(text), ("a".into(), "b".into()), "{text:?}");
    }
    assert_eq!(one("a"), ("a".into(), String::new()));
    assert_eq!(one("a="), ("a".into(), String::new()));
    assert_eq!(one("=b"), (String::new(), "b".into()));
    assert_eq!(one("a==b"), ("a".into(), "=b".into()));
    assert_eq!(one("a= b "), ("a".into(), "b ".into()));
    assert_eq!(one("a\\=b=c"), ("a=b".into(), "c".into()));
    assert_eq!(one("a\\ b c"), ("a b".into(), "c".into()));
}

#[test]
fn comments_and_empty_lines_are_skipped() {
    let text = "# one\n! two\n\n   # three\r\na=1 # not a comment\n";
    assert_eq!(
        pairs(text),
        [("a".to_owned(), "1 # not a comment".to_owned())]
    );
}

#[test]
fn a_backslash_continues_a_line() {
    assert_eq!(one("a=b\\\n   c"), ("a".into(), "bc".into()));
    assert_eq!(one("a=b\\\r\n   c\r\n"), ("a".into(), "bc".into()));
    assert_eq!(one("a=b\\\\"), ("a".into(), "b\\".into()));
    assert_eq!(one("a=b\\"), ("a".into(), "b".into()));
    // A comment sign on a continued line is text.
    assert_eq!(one("a=b\\\n#c"), ("a".into(), "b#c".into()));
    assert_eq!(pairs("a=b\\\\\nc=d").len(), 2);
}

#[test]
fn escapes_are_resolved() {
    assert_eq!(
        one("a=\\t\\n\\r\\f\\x\\:"),
        ("a".into(), "\t\n\r\u{c}x:".into())
    );
    assert_eq!(one("a=\\u00e4\\u20AC"), ("a".into(), "ä€".into()));
    assert_eq!(one("a=\\uD83D\\uDE00!"), ("a".into(), "😀!".into()));
    assert_eq!(one("a=\\uD83D"), ("a".into(), "\u{fffd}".into()));
    assert_eq!(one("a=\\u12"), ("a".into(), "\\u12".into()));
    assert_eq!(one("a=\\u+123"), ("a".into(), "\\u+123".into()));
}

#[test]
fn lines_are_counted() {
    let found = parse_properties("a=1\r\n# c\r\nb=2\\\n3\nc=4");
    let lines: Vec<_> = found.iter().map(|p| p.line).collect();
    assert_eq!(lines, [1, 3, 5]);
}

proptest! {
    #[test]
    fn any_text_is_read(text in ".*", ascii in "[a =:\\\\u\r\n#0-9]*") {
        let _ = parse_properties(&text);
        let _ = parse_properties(&ascii);
    }
}

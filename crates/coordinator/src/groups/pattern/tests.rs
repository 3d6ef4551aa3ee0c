//! What RE2 says about patterns, and what it refuses.

use super::*;
use proptest::prelude::*;

fn check(pattern: &str, yes: &[&str], no: &[&str]) {
    let pattern = Pattern::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    for text in yes {
        assert!(pattern.matches(text), "{pattern:?} matches {text:?}");
    }
    for text in no {
        assert!(
            !pattern.matches(text),
            "{pattern:?} does not match {text:?}"
        );
    }
}

#[test]
fn the_whole_text_matches_or_nothing() {
    check("foo", &["foo"], &["foobar", "xfoo", ""]);
    check("foo|bar.*", &["foo", "bar", "barn"], &["foo1", "a-bar"]);
    check("", &[""], &["a"]);
    check("foo.*$", &["foo", "foo-1"], &["afoo"]);
    // Alternatives that are prefixes of each other do not hide the longer one.
    check("a|ab", &["a", "ab"], &["abc"]);
    check("(?m)^a$", &["a"], &["a\n", "b\na"]);
}

#[test]
fn classes_of_one_letter_know_ascii_only() {
    check(r"\w+", &["abc_9"], &["é", "a-b"]);
    check(r"\W", &["é", "-"], &["a"]);
    check(r"[\w.-]+", &["orders.v-1"], &["orders/1", "é"]);
    check(r"\d", &["7"], &["٣"]);
    check(r"\s\S", &["\tx", " é"], &["\u{a0}x", "\u{b}x"]);
    check(r"[^\S]", &[" "], &["x"]);
    check(r".\b.*", &["é1"], &["é-"]);
    check(r"\bé\b", &[], &["é"]);
}

#[test]
fn what_only_the_engine_knows_is_literal() {
    check("[a[b]", &["a", "b", "["], &["]"]);
    check("[a&&b]", &["a", "&", "b"], &["&&"]);
    check("[a~~b]", &["~"], &[]);
    check("[]a]", &["]", "a"], &["[]a]"]);
    check("[^]a]", &["b"], &["]", "a"]);
    check("[-a]", &["-", "a"], &["b"]);
    check("[a-]", &["-", "a"], &["b"]);
    check("[a-c#]", &["b", "#"], &["-", "d"]);
    check("a{", &["a{"], &["a"]);
    check("a{,3}", &["a{,3}"], &["aaa"]);
    check("a{x}", &["a{x}"], &["a"]);
    check("a{2,3}", &["aa", "aaa"], &["a", "aaaa", "a{2,3}"]);
    check(r"\<a\>", &["<a>"], &["a"]);
    check(r"\Qa.*\E\d", &["a.*1"], &["ab1"]);
    check(r"\Qa.b", &["a.b"], &["axb"]);
    check("a #b", &["a #b"], &["a"]);
    check("[[:alpha:]_]+", &["ab_"], &["a1"]);
    check(r"\x41\x{42}\p{Greek}\pN", &["ABα1"], &["ABa1"]);
    check("(?i)Orders-(?P<n>[a-z]+)", &["ORDERS-X"], &["orders-1"]);
    check("(?i:a)b(?:c)?", &["Ab", "abc"], &["aB"]);
    check("a+?b*?", &["aab"], &["ba"]);
}

#[test]
fn what_re2_refuses_is_refused() {
    for pattern in [
        "a**",
        "a+*",
        "a{2}{3}",
        "*a",
        "(*a)",
        "a|*",
        "(?x)a b",
        "(?u)a",
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "(?<!a)b",
        r"(a)\1",
        r"\101",
        r"\C",
        r"\y",
        "(",
        ")",
        "(a",
        "[a",
        "[b-a]",
        r"a\",
        "a{1001}",
        "a{2,1}",
        "(?",
        "(?P<n",
        "[[:no:]]",
        r"\p{Nothing}",
        r"\x{110000}",
        "(?i",
        r"\Z",
    ] {
        let error = Pattern::new(pattern).expect_err(pattern);
        assert!(
            !error.to_string().is_empty() && !error.to_string().contains('\n'),
            "{error}"
        );
    }
}

#[test]
fn size_and_depth_are_bounded() {
    assert!(Pattern::new(&"a".repeat(Pattern::LENGTH_MAX)).is_ok());
    assert!(Pattern::new(&"a".repeat(Pattern::LENGTH_MAX + 1)).is_err());
    let error = Pattern::new("((a{1000}){1000}){1000}").expect_err("10^9 states");
    assert!(error.to_string().contains("bytes"), "{error}");
    assert!(Pattern::new(&format!("{}a{}", "(".repeat(5_000), ")".repeat(5_000))).is_err());
    assert!(Pattern::new(&"[".repeat(10_000)).is_err());
}

#[test]
fn a_pattern_that_explodes_elsewhere_takes_linear_time() {
    let pattern = Pattern::new("(a*)*b|(a|aa)+c|(.*)(.*)(.*)d").unwrap();
    let text = "a".repeat(249);
    for _ in 0..1_000 {
        assert!(!pattern.matches(&text));
    }
}

proptest! {
    #[test]
    fn any_text_is_answered_without_a_panic(pattern in r"[ab()\[\]{}|*+?^$.,0-9\\QEdwsSbBxp:<>!=P&~-]{0,40}") {
        if let Ok(pattern) = Pattern::new(&pattern) {
            let _ = pattern.matches("ab-1");
        }
    }

    #[test]
    fn a_quoted_text_matches_itself_only(text in "[ -~é]{0,20}", other in "[ -~é]{0,20}") {
        prop_assume!(!text.contains("\\E"));
        let pattern = Pattern::new(&format!("\\Q{text}\\E")).unwrap();
        prop_assert!(pattern.matches(&text) || text.ends_with('\\'));
        prop_assert_eq!(pattern.matches(&other), text == other);
    }
}

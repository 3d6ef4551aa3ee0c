//! Kafka's names in Rust's cases.

/// `ThrottleTimeMs` → `throttle_time_ms`.
pub(super) fn snake(name: &str) -> String {
    // One word, whatever its capitals say.
    let name = name.replace("KRaft", "Kraft");
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(i + 1);
        let starts_word = c.is_uppercase()
            && before.is_some_and(|b| {
                !b.is_uppercase() || after.is_some_and(|a| a.is_lowercase() && b.is_uppercase())
            });
        if starts_word {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The name of a field, escaped if it is a word of the language.
pub(super) fn field(name: &str) -> String {
    let name = snake(name);
    match name.as_str() {
        "type" | "match" | "ref" | "move" | "where" | "enum" | "struct" | "final" => {
            format!("r#{name}")
        }
        _ => name,
    }
}

//! The known name that a mistyped one most likely meant.

/// The nearest of `known` by edit distance, if it is near enough to be worth a hint.
#[must_use]
pub fn nearest_name<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer than any setting: no hint, and no work that grows with hostile input.
    if typed.len() > 128 {
        return None;
    }
    let typed = typed.to_lowercase().replace(['_', '-'], ".");
    let limit = typed.chars().count() / 4 + 1;
    let known = known.into_iter().map(|name| (distance(&typed, name), name));
    let (distance, name) = known.min()?;
    (distance <= limit).then_some(name)
}

/// Edits from one text to the other: insert, remove, replace or swap two neighbours.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut best = (above[j] + usize::from(from != to))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            let swapped = i > 0 && j > 0 && a[i - 1] == *to && b[j - 1] == *from;
            if swapped {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("log.dirs", "log.dris"), 1);
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["log.dirs", "log.segment.bytes", "node.id"];
        assert_eq!(nearest_name("log.dri", known), Some("log.dirs"));
        assert_eq!(
            nearest_name("LOG_SEGMENT_BYTES", known),
            Some("log.segment.bytes")
        );
        assert_eq!(nearest_name("node", known), None);
        assert_eq!(nearest_name("something.else", known), None);
        assert_eq!(nearest_name(&"log.dirs".repeat(1000), known), None);
        assert_eq!(nearest_name("a", []), None);
    }
}

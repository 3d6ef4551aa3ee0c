//! Patterns with RE2's syntax, bounded in size and time.
//!
//! Kafka matches subscriptions and listings with RE2/J, always against the whole text. The engine here is as linear as
//! RE2's, but its syntax differs in places; [`translate`](translate::translate) turns the one into the other, or
//! refuses.
//!
//! | RE2 | here |
//! |---|---|
//! | `\w \d \s \b` know ASCII only | the same |
//! | `[a[b]`, `&&` in a class, a lone `{`, `\Q…\E`, `\<` are literal | the same |
//! | `**`, `(?x)`, lookaround, back-references, counts over 1,000 | refused, as there |
//! | octal escapes such as `\101`, `\C` | refused: nobody names topics so |

mod translate;

#[cfg(test)]
mod tests;

use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{Hir, Look};
use std::fmt;

/// A compiled pattern. Matching takes time in proportion to pattern and text.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

/// Why a pattern is refused; the text is for the one who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl Pattern {
    /// The longest pattern, in bytes.
    pub const LENGTH_MAX: usize = 16 * 1024;
    /// What the compiled pattern may occupy, in bytes. Counted repetitions of repetitions meet this first.
    pub const COMPILED_BYTES_MAX: usize = 1024 * 1024;
    /// What remembering states while matching may occupy for each thread that matches, in bytes.
    const CACHE_BYTES_MAX: usize = 256 * 1024;
    /// How deep groups and classes nest.
    const NESTING_MAX: u32 = 100;

    /// Compiles a pattern.
    ///
    /// # Errors
    /// RE2 would refuse it, or it is longer, deeper or larger than this room allows.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.len() > Self::LENGTH_MAX {
            return Err(PatternError(format!(
                "a pattern has at most {} bytes, this one has {}",
                Self::LENGTH_MAX,
                text.len()
            )));
        }
        let translated = translate::translate(text).map_err(PatternError)?;
        let parsed = regex_syntax::ParserBuilder::new()
            .nest_limit(Self::NESTING_MAX)
            .build()
            .parse(&translated)
            .map_err(|error| PatternError(reason(&error)))?;
        let whole = Hir::concat(vec![Hir::look(Look::Start), parsed, Hir::look(Look::End)]);
        let config = Regex::config()
            .match_kind(MatchKind::LeftmostFirst)
            .nfa_size_limit(Some(Self::COMPILED_BYTES_MAX))
            .onepass(false)
            .hybrid_cache_capacity(Self::CACHE_BYTES_MAX);
        let regex = Regex::builder()
            .configure(config)
            .build_from_hir(&whole)
            .map_err(|error| {
                PatternError(match error.size_limit() {
                    Some(limit) => format!("compiled, the pattern takes more than {limit} bytes"),
                    None => error.to_string(),
                })
            })?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.regex
            .is_match(Input::new(text).anchored(Anchored::Yes))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The parser's reason in one line, without its drawing of the translated pattern.
fn reason(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        other => other.to_string(),
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

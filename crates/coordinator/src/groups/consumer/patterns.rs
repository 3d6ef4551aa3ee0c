//! Topics that a group reads by pattern (KIP-848): matched against all topics' names, and again when there are others.

use super::ConsumerGroup;
use super::kept::{Change, Resolved};
use crate::groups::classic::Step;
use crate::groups::command::GroupError;
use crate::groups::pattern::Pattern;
use klamm_codec::Str;

/// Patterns that are known are not matched more often than this, however fast topics come, in milliseconds.
const MATCH_AGAIN_MS: i64 = 10_000;

/// Whether a pattern can be read.
///
/// # Errors
/// [`GroupError::InvalidRegularExpression`].
pub(super) fn check(pattern: &str) -> Result<(), GroupError> {
    match Pattern::new(pattern) {
        Ok(_) => Ok(()),
        Err(_) => Err(GroupError::InvalidRegularExpression),
    }
}

impl ConsumerGroup {
    /// Matches a pattern that a member brought. Nothing happens if it is known.
    pub(super) fn resolve_new(&mut self, pattern: &Str, step: &mut Step<'_>) {
        if !self.kept.patterns.contains_key(&**pattern) {
            self.resolve(std::slice::from_ref(pattern), step);
        }
    }

    /// Forgets what nobody subscribes to any more.
    pub(super) fn drop_unused_patterns(&mut self, step: &mut Step<'_>) {
        let known = self.kept.patterns.keys();
        let unused: Vec<Str> = known
            .filter(|pattern| !self.kept.subscribed_patterns.contains_key(&***pattern))
            .cloned()
            .collect();
        for pattern in unused {
            self.change(Change::Pattern(pattern, None), step);
        }
    }

    /// The topics may be others than when they were last looked at. Whether the group has to follow.
    pub(super) fn look_at_topics(&mut self, step: &mut Step<'_>) -> bool {
        let version = step.around.version();
        if self.live.seen_version == Some(version) {
            return false;
        }
        let all: Vec<Str> = self.kept.subscribed_patterns.keys().cloned().collect();
        if !all.is_empty() {
            let now = step.now.monotonic;
            let is_early = self
                .live
                .matched_at
                .is_some_and(|at| now < at + MATCH_AGAIN_MS);
            if is_early {
                // Named topics are not made to wait.
                let is_hashed = self.live.hashed_version.replace(version) == Some(version);
                return !is_hashed && self.topics_hash(step.around) != self.kept.metadata_hash;
            }
            self.resolve(&all, step);
        }
        self.live.seen_version = Some(version);
        self.topics_hash(step.around) != self.kept.metadata_hash
    }

    fn resolve(&mut self, patterns: &[Str], step: &mut Step<'_>) {
        self.live.matched_at = Some(step.now.monotonic);
        let mut matchers = Vec::new();
        for text in patterns {
            let resolved = Resolved {
                version: step.around.version(),
                at_ms: step.now.wall,
                ..Resolved::default()
            };
            // A pattern that another broker took, and this one can't read, matches nothing.
            matchers.push((text.clone(), Pattern::new(text).ok(), resolved));
        }
        step.around.each_topic_name(&mut |name| {
            for (_, pattern, resolved) in &mut matchers {
                if pattern
                    .as_ref()
                    .is_some_and(|pattern| pattern.matches(name))
                {
                    resolved.topics.insert(Str::from(name));
                }
            }
        });
        for (text, _, resolved) in matchers {
            let known = self.kept.patterns.get(&*text);
            if known.is_none_or(|known| known.topics != resolved.topics) {
                self.change(Change::Pattern(text, Some(resolved)), step);
            }
        }
    }
}

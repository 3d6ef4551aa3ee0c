//! Topic names and partitions of topics.

use std::fmt;
use std::sync::Arc;

/// A topic name that passed Kafka's rules: 1 to 249 characters of `[a-zA-Z0-9._-]`, not `.` and not `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(Arc<str>);

/// Why a topic name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicNameError {
    /// No character at all.
    Empty,
    /// `.` or `..`, which a file system would take for a folder.
    Dots,
    /// More than 249 characters.
    TooLong,
    /// A character outside `[a-zA-Z0-9._-]`.
    IllegalCharacter,
}

impl TopicName {
    /// The longest name, in characters: `-` and a partition number still fit a file name of 255.
    pub const LENGTH_MAX: usize = 249;

    /// Checks a name.
    ///
    /// # Errors
    /// The first of Kafka's rules that the name breaks.
    pub fn new(name: &str) -> Result<Self, TopicNameError> {
        let legal = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
        if name.is_empty() {
            Err(TopicNameError::Empty)
        } else if name == "." || name == ".." {
            Err(TopicNameError::Dots)
        } else if name.len() > Self::LENGTH_MAX {
            Err(TopicNameError::TooLong)
        } else if !name.bytes().all(legal) {
            Err(TopicNameError::IllegalCharacter)
        } else {
            Ok(Self(name.into()))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Names that collide in metric names share this form: `.` and `_` are one character there.
    #[must_use]
    pub fn collision_key(&self) -> String {
        self.0.replace('.', "_")
    }
}

impl std::ops::Deref for TopicName {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for TopicName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TopicNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a topic name is not empty",
            Self::Dots => "a topic name is not '.' or '..'",
            Self::TooLong => "a topic name has at most 249 characters",
            Self::IllegalCharacter => {
                "a topic name has only ASCII letters, digits, '.', '_' and '-'"
            }
        })
    }
}

impl std::error::Error for TopicNameError {}

/// One partition of a topic, by name. Displays as its folder: `topic-0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicName,
    /// The partition's number, from 0.
    pub partition: i32,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        assert!(TopicName::new("a.b_c-9").is_ok());
        assert!(TopicName::new(&"x".repeat(249)).is_ok());
        assert_eq!(TopicName::new(""), Err(TopicNameError::Empty));
        assert_eq!(TopicName::new(".."), Err(TopicNameError::Dots));
        assert_eq!(
            TopicName::new(&"x".repeat(250)),
            Err(TopicNameError::TooLong)
        );
        for bad in ["a/b", "a\0b", "a b", "ä", "a/../b"] {
            assert_eq!(
                TopicName::new(bad),
                Err(TopicNameError::IllegalCharacter),
                "{bad:?}"
            );
        }
    }
}

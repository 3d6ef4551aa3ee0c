//! Where to begin and where to stop: `beginning`, `end`, an offset, a distance from the end, or a time.

use crate::moment;
use std::str::FromStr;

/// A place in each partition of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// The first record that is there.
    Beginning,
    /// After the last record that is there when the command starts.
    End,
    /// An offset.
    Offset(i64),
    /// This many records before the end.
    BeforeEnd(i64),
    /// The first record that is not older, in ms since the Unix epoch.
    Time(i64),
}

impl FromStr for Position {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse::<i64>().ok();
        match (text, number) {
            ("beginning" | "start" | "earliest", _) => Ok(Self::Beginning),
            ("end" | "latest", _) => Ok(Self::End),
            (_, Some(offset @ 0..)) => Ok(Self::Offset(offset)),
            (_, Some(back)) => Ok(Self::BeforeEnd(back.saturating_neg())),
            _ => match text.strip_prefix('@').map(str::parse) {
                Some(Ok(ms)) => Ok(Self::Time(ms)),
                _ => moment::parse(text).map(Self::Time).ok_or_else(|| {
                    "expected beginning, end, an offset, -N (N before the end), a time such as \
                     2026-01-31T12:00:00Z, or @MILLISECONDS"
                        .to_owned()
                }),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read() {
        for (text, position) in [
            ("beginning", Position::Beginning),
            ("earliest", Position::Beginning),
            ("end", Position::End),
            ("7", Position::Offset(7)),
            ("0", Position::Offset(0)),
            ("-7", Position::BeforeEnd(7)),
            ("1970-01-01T00:00:01Z", Position::Time(1000)),
            ("@1500", Position::Time(1500)),
        ] {
            assert_eq!(text.parse(), Ok(position), "{text}");
        }
        for bad in ["", "middle", "@x", "1e9"] {
            assert!(bad.parse::<Position>().is_err(), "{bad}");
        }
    }
}

//! One number for all that happened: two runs of a seed must end with the same.

use parking_lot::Mutex;
use std::sync::Arc;
use tokio::time::Instant;

/// A rolling hash of events. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Trace(Arc<Mutex<Rolling>>);

#[derive(Debug, Default)]
struct Rolling {
    hash: u64,
    events: u64,
    kept: Option<Vec<String>>,
    start: Option<Instant>,
}

impl Trace {
    /// Nothing happened yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the runtime's time to every event from now on.
    pub fn start_clock(&self) {
        self.0.lock().start = Some(Instant::now());
    }

    /// Adds an event: what it was, and the numbers that describe it.
    pub fn event(&self, kind: &str, parts: &[u64]) {
        let mut rolling = self.0.lock();
        let time = rolling.start.map_or(0, |start| {
            u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
        });
        let mut hash = mix(mix(rolling.hash, time), digest(kind.as_bytes()));
        for part in parts {
            hash = mix(hash, *part);
        }
        rolling.hash = hash;
        rolling.events += 1;
        if let Some(kept) = &mut rolling.kept {
            kept.push(format!("{} us: {kind} {parts:x?}", time / 1_000));
        }
    }

    /// The number for all events so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.0.lock().hash
    }

    /// How many events there were.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.0.lock().events
    }

    /// Keeps the events as text from now on, to find where two runs part.
    pub fn keep_text(&self) {
        self.0.lock().kept.get_or_insert_default();
    }

    /// The text kept since `keep_text`.
    #[must_use]
    pub fn text(&self) -> Vec<String> {
        self.0.lock().kept.clone().unwrap_or_default()
    }
}

/// A fast digest of bytes. Not for adversaries.
#[must_use]
pub fn digest(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = mix(hash, u64::from_le_bytes(word));
    }
    hash
}

fn mix(hash: u64, word: u64) -> u64 {
    let mixed = (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_content_of_events_change_the_hash() {
        let of = |events: &[(&str, u64)]| {
            let trace = Trace::new();
            for (kind, part) in events {
                trace.event(kind, &[*part]);
            }
            trace.hash()
        };
        assert_eq!(of(&[("a", 1), ("b", 2)]), of(&[("a", 1), ("b", 2)]));
        assert_ne!(of(&[("a", 1), ("b", 2)]), of(&[("b", 2), ("a", 1)]));
        assert_ne!(of(&[("a", 1)]), of(&[("a", 2)]));
    }
}

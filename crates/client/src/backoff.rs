//! Pauses between attempts: doubling, capped, and never the same for two clients.

use klamm_host::Entropy;
use std::time::Duration;

/// Part of a pause that is random, in either direction: 20 %, as in the Java client.
const JITTER_PERCENT: u64 = 20;

/// The pause before attempt `attempt` + 1, counting from 0.
pub(crate) fn pause(
    first: Duration,
    longest: Duration,
    attempt: u32,
    entropy: &dyn Entropy,
) -> Duration {
    let doubled = first.saturating_mul(1u32.checked_shl(attempt).unwrap_or(u32::MAX));
    let capped = u64::try_from(doubled.min(longest.max(first)).as_micros()).unwrap_or(u64::MAX);
    let spread = capped / 100 * JITTER_PERCENT;
    let jittered = capped - spread + entropy.next_u64() % (2 * spread + 1);
    Duration::from_micros(jittered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(u64);

    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            let bytes = self.0.to_be_bytes();
            buffer
                .iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = from);
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let ms = Duration::from_millis;
        let middle = Fixed(20_000);
        assert_eq!(pause(ms(100), ms(1000), 0, &middle), ms(100));
        let lowest = |attempt| pause(ms(100), ms(1000), attempt, &Fixed(0));
        assert_eq!(lowest(0), ms(80));
        assert_eq!(lowest(2), ms(320));
        assert_eq!(lowest(9), ms(800));
        assert_eq!(lowest(400), ms(800));
        assert_eq!(pause(Duration::ZERO, ms(1000), 3, &middle), Duration::ZERO);
    }
}

//! What a terminal that goes away means to this process.

/// Whether it was started to outlive its terminal (`nohup`): the signal was ignored before. Ask before anything handles it.
#[must_use]
pub fn ignores_hangup() -> bool {
    is_ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default())
}

/// The mask of ignored signals has the first one in its lowest bit.
fn is_ignored(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::is_ignored;

    #[test]
    fn the_lowest_bit_is_the_hangup() {
        assert!(is_ignored("Name:\tx\nSigIgn:\t0000000000001001\n"));
        assert!(!is_ignored(
            "SigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n"
        ));
        for bad in ["", "SigIgn:\tx", "SigIgn:"] {
            assert!(!is_ignored(bad), "{bad}");
        }
    }
}

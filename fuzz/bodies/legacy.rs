//! Message sets of magic 0 and 1.

use klamm_records::{InflateLimit, Inflater, legacy_entries};

/// Reads entries and what they wrap.
pub(crate) fn run(data: &[u8]) {
    let mut inflater = Inflater::new();
    for entry in legacy_entries(data).flatten() {
        let _ = entry.verify_crc();
        let bytes = entry.bytes().len();
        assert!(bytes <= data.len());
        if let Ok(messages) = entry.messages(&mut inflater, InflateLimit::bytes(1 << 20)) {
            // The smallest message takes 26 bytes.
            assert!(messages.len() <= bytes.max(1 << 20) / 26 + 1);
        }
    }
}

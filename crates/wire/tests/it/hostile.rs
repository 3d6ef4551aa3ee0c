//! Cut and changed bytes: refused or read, never a panic, never more memory than the budget grants.

use crate::fill::{Fill, fill};
use crate::{codec_of, for_each, messages};
use klamm_codec::{Budget, DecodeError};

/// A small generator: the same bytes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn every_cut_is_refused() {
    for_each(&messages(), |message, version| {
        let codec = codec_of(&message.name);
        let bytes = fill(message, version, Fill::Values).bytes;
        // Long messages repeat their structs: their first and last bytes show every cut.
        let cuts = (0..bytes.len()).filter(|cut| *cut < 200 || *cut + 20 > bytes.len());
        for cut in cuts {
            let result = (codec.reencode)(bytes[..cut].to_vec().into(), version, version);
            assert!(
                result.is_err(),
                "{} version {version} cut at {cut}",
                message.name
            );
        }
    });
}

#[test]
fn changed_bytes_never_panic_and_stay_within_the_budget() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut refused) = (0, 0);
    for_each(&messages(), |message, version| {
        let codec = codec_of(&message.name);
        let bytes = fill(message, version, Fill::Values).bytes;
        for _ in 0..60 {
            let mut bytes = bytes.clone();
            if bytes.is_empty() {
                continue;
            }
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len());
                bytes[at] = match random.below(4) {
                    0 => 0xff,
                    1 => 0,
                    2 => 0x7f,
                    _ => random.below(256) as u8,
                };
            }
            let granted = Budget::for_frame(bytes.len());
            let (result, left) = (codec.attempt)(bytes.clone().into(), version);
            assert!(left.elements <= granted.elements);
            assert!(left.allocated_bytes <= granted.allocated_bytes);
            // What was read can be written and read again.
            match result {
                Ok(()) => {
                    read += 1;
                    if let Ok(Ok(again)) = (codec.reencode)(bytes.into(), version, version) {
                        let third = (codec.reencode)(again.clone().into(), version, version);
                        assert_eq!(third, Ok(Ok(again)), "{} {version}", message.name);
                    }
                }
                Err(_) => refused += 1,
            }
        }
    });
    assert!(
        read > 1000 && refused > 1000,
        "{read} read, {refused} refused"
    );
}

#[test]
fn the_leanest_honest_frames_are_within_the_budget() {
    let mut dearest = 0;
    for_each(&messages(), |message, version| {
        for depth in 0..4 {
            let bytes = fill(message, version, Fill::Many { depth, count: 20_000 }).bytes;
            if bytes.len() < 20_000 {
                continue;
            }
            let granted = Budget::for_frame(bytes.len());
            let frame_bytes = bytes.len();
            let (result, left) = (codec_of(&message.name).attempt)(bytes.into(), version);
            assert_eq!(
                result,
                Ok(()),
                "{} version {version} depth {depth}",
                message.name
            );
            let taken = granted.allocated_bytes - left.allocated_bytes;
            dearest = dearest.max(taken / frame_bytes);
        }
    });
    // The budget is generous, but not by far.
    assert!(dearest < Budget::BYTES_PER_BYTE, "{dearest}");
    assert!(dearest > Budget::BYTES_PER_BYTE / 2, "{dearest}");
}

#[test]
fn nested_arrays_can_t_multiply() {
    // A count that the frame has room for, in an array inside an array: the outer elements run out of bytes.
    let mut bytes = vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend([0xff, 0xff, 0x03]);
    bytes.extend(vec![0x7f; 70_000]);
    let (result, left) = (codec_of("FetchRequest").attempt)(bytes.clone().into(), 13);
    assert!(result.is_err());
    assert!(left.elements <= Budget::for_frame(bytes.len()).elements);
    let (result, _) = (codec_of("MetadataRequest").attempt)(vec![0xff; 64].into(), 9);
    assert_eq!(result, Err(DecodeError::VarintTooLong));
}

//! Cut and changed bytes: refused or read, never a panic, never more memory than the budget grants.

use crate::{checks, codec_of, messages};
use klamm_codec::{Budget, DecodeError};

#[test]
fn every_cut_is_refused() {
    checks::every_cut_is_refused(&messages(), codec_of);
}

#[test]
fn changed_bytes_never_panic_and_stay_within_the_budget() {
    checks::changed_bytes_never_panic_and_stay_within_the_budget(&messages(), codec_of);
}

#[test]
fn the_leanest_honest_frames_are_within_the_budget() {
    let dearest = checks::the_leanest_honest_frames_are_within_the_budget(&messages(), codec_of);
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

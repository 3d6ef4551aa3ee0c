//! What a writer puts where.

use super::*;
use crate::{Dec, Str};
use klamm_host::{Disk, OpenMode, os::OsDisk};

fn bytes(enc: Enc) -> Bytes {
    enc.finish().into_bytes().unwrap()
}

#[test]
fn every_primitive_round_trips_in_both_forms() {
    for flexible in [false, true] {
        let mut enc = Enc::new();
        enc.i8(-3);
        enc.u16(65_000);
        enc.u32(4_000_000_000);
        enc.i64(i64::MIN);
        enc.f64(-0.5);
        enc.bool(true);
        enc.uuid(Uuid(77));
        enc.uvarlong(u64::MAX);
        enc.varint(-5);
        enc.varlong(i64::MIN);
        enc.string(flexible, "grüezi").unwrap();
        enc.nullable_string(flexible, None).unwrap();
        enc.nullable_bytes(flexible, None).unwrap();
        enc.bytes(flexible, &Bytes::from_static(&[1, 2])).unwrap();
        enc.records(flexible, None).unwrap();
        enc.array(flexible, &[1, 2, 3], |enc, item| {
            enc.i32(*item);
            Ok(())
        })
        .unwrap();
        enc.nullable_array(flexible, None::<&[i32]>, |_, _| Ok(()))
            .unwrap();
        enc.struct_marker(false);
        let mut dec = Dec::new(bytes(enc));
        assert_eq!(dec.i8(), Ok(-3));
        assert_eq!(dec.u16(), Ok(65_000));
        assert_eq!(dec.u32(), Ok(4_000_000_000));
        assert_eq!(dec.i64(), Ok(i64::MIN));
        assert_eq!(dec.f64(), Ok(-0.5));
        assert_eq!(dec.bool(), Ok(true));
        assert_eq!(dec.uuid(), Ok(Uuid(77)));
        assert_eq!(dec.uvarlong(), Ok(u64::MAX));
        assert_eq!(dec.varint(), Ok(-5));
        assert_eq!(dec.varlong(), Ok(i64::MIN));
        assert_eq!(dec.string(flexible), Ok(Str::from_static("grüezi")));
        assert_eq!(dec.nullable_string(flexible), Ok(None));
        assert_eq!(dec.nullable_bytes(flexible), Ok(None));
        assert_eq!(dec.bytes(flexible), Ok(Bytes::from_static(&[1, 2])));
        assert_eq!(dec.records(flexible), Ok(None));
        assert_eq!(dec.array(flexible, 4, Dec::i32), Ok(vec![1, 2, 3]));
        assert_eq!(dec.nullable_array(flexible, 4, Dec::i32), Ok(None));
        assert_eq!(dec.struct_marker(), Ok(false));
        assert_eq!(dec.finish(), Ok(()));
    }
}

#[test]
fn compact_lengths_are_one_more_and_null_is_zero() {
    let mut enc = Enc::new();
    enc.string(true, "a").unwrap();
    enc.string(true, "").unwrap();
    enc.nullable_string(true, None).unwrap();
    enc.string(false, "a").unwrap();
    enc.nullable_string(false, None).unwrap();
    assert_eq!(&bytes(enc)[..], [2, b'a', 1, 0, 0, 1, b'a', 0xff, 0xff]);
}

#[test]
fn long_text_needs_the_compact_form() {
    let long = "x".repeat(40_000);
    assert_eq!(
        Enc::new().string(false, &long),
        Err(EncodeError::TooLong(40_000))
    );
    assert_eq!(Enc::new().string(true, &long), Ok(()));
}

#[test]
fn long_bytes_and_files_become_segments_and_the_frame_knows_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("segment");
    std::fs::write(&path, b"0123456789").unwrap();
    let file = OsDisk.open(&path, OpenMode::Read).unwrap();
    let range = FileRange { file, position: 2, len: 3 };
    let long = Bytes::from(vec![7; COPIED_BYTES_MAX + 1]);

    let mut enc = Enc::framed();
    enc.records(true, Some(&Records::Bytes(long.clone())))
        .unwrap();
    enc.records(true, Some(&Records::File(range))).unwrap();
    enc.i8(1);
    let output = enc.finish_frame().unwrap();

    let lengths: Vec<_> = output.segments.iter().map(Segment::len).collect();
    assert_eq!(lengths, [6, long.len(), 1, 3, 1]);
    assert_eq!(output.len, lengths.iter().sum::<usize>());
    let Segment::Bytes(shared) = &output.segments[1] else {
        panic!("copied")
    };
    assert_eq!(shared.as_ptr(), long.as_ptr());
    assert!(matches!(output.segments[3], Segment::File(_)));
    let all = output.into_bytes().unwrap();
    assert_eq!(all[..4], (all.len() as i32 - 4).to_be_bytes());
    assert_eq!(all[all.len() - 5..], [4, b'2', b'3', b'4', 1]);
}

#[test]
fn tagged_fields_carry_count_tag_and_size() {
    let mut enc = Enc::new();
    enc.tagged_fields(|_| Ok(())).unwrap();
    enc.tagged_fields(|tags| {
        tags.field(1, |enc| enc.string(true, "ab"))?;
        tags.field(300, |enc| {
            enc.i16(9);
            Ok(())
        })
    })
    .unwrap();
    assert_eq!(
        &bytes(enc)[..],
        [0, 2, 1, 3, 3, b'a', b'b', 0xac, 2, 2, 0, 9]
    );
}

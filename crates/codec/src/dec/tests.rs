//! What a reader accepts, and what it refuses before it costs memory.

use super::*;

fn dec(bytes: &[u8]) -> Dec {
    Dec::new(Bytes::copy_from_slice(bytes))
}

#[test]
fn fixed_numbers_are_big_endian_and_end_with_the_frame() {
    let mut d = dec(&[1, 0xff, 0xfe, 0, 0, 1, 0, 7]);
    assert_eq!(d.u8(), Ok(1));
    assert_eq!(d.i16(), Ok(-2));
    assert_eq!(d.i32(), Ok(256));
    assert_eq!(
        d.i16(),
        Err(DecodeError::Truncated { needed: 2, remaining: 1 })
    );
    assert_eq!(d.finish(), Err(DecodeError::TrailingBytes(1)));
    assert_eq!(d.bool(), Ok(true));
    assert_eq!(d.finish(), Ok(()));
}

#[test]
fn text_shares_the_frame_and_must_be_utf8() {
    let frame = Bytes::from_static(b"\x00\x03abc\x04xyz\x00\xff\xff\x02\xff");
    let mut d = Dec::new(frame.clone());
    let abc = d.string(false).unwrap();
    assert_eq!(abc, "abc");
    assert_eq!(abc.as_bytes().as_ptr(), frame[2..].as_ptr());
    assert_ne!(abc.detached().as_bytes().as_ptr(), frame[2..].as_ptr());
    assert_eq!(d.string(true).unwrap(), "xyz");
    assert_eq!(d.nullable_string(true), Ok(None));
    assert_eq!(d.clone().string(false), Err(DecodeError::UnexpectedNull));
    assert_eq!(d.nullable_string(false), Ok(None));
    assert_eq!(d.string(true), Err(DecodeError::NotUtf8));
}

#[test]
fn announced_lengths_are_checked_against_what_arrived() {
    let truncated = |needed, remaining| DecodeError::Truncated { needed, remaining };
    assert_eq!(dec(&[0, 5, b'a']).string(false), Err(truncated(5, 1)));
    assert_eq!(
        dec(&[0xff, 0xfe]).string(false),
        Err(DecodeError::NegativeLength(-2))
    );
    assert_eq!(
        dec(&[0x7f, 0xff, 0xff, 0xff]).bytes(false),
        Err(truncated(0x7fff_ffff, 0))
    );
    assert_eq!(
        dec(&[0xff, 0xff, 0xff, 0xff, 0x0f]).bytes(true),
        Err(truncated(0xffff_fffe, 0))
    );
    let mut hundred = dec(&[0, 0, 0, 100, 0, 0, 0, 1]);
    assert_eq!(hundred.array(false, 4, Dec::i32), Err(truncated(400, 4)));
}

#[test]
fn elements_are_paid_for_from_the_budget() {
    let frame = Bytes::from_static(&[0, 0, 0, 3, 1, 2, 3]);
    let budget = Budget { elements: 3, allocated_bytes: 3 };
    let read = |budget| Dec::with_budget(frame.clone(), budget).array(false, 1, Dec::u8);
    assert_eq!(read(budget), Ok(vec![1, 2, 3]));
    let spent = Err(DecodeError::BudgetExceeded);
    assert_eq!(read(Budget { elements: 2, ..budget }), spent);
    assert_eq!(read(Budget { allocated_bytes: 2, ..budget }), spent);
    // Elements without bytes can't be bounded by the frame's length, only by the budget.
    let many = Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff]);
    assert_eq!(
        Dec::new(many).array(false, 0, |_| Ok(())),
        Err(DecodeError::BudgetExceeded)
    );
}

#[test]
fn tagged_fields_rise_and_fill_their_size() {
    let mut seen = Vec::new();
    let mut d = dec(&[3, 0, 1, 9, 5, 2, 7, 7, 6, 1, 8, 0xaa]);
    d.tagged_fields(|d, tag| {
        if tag == 5 {
            return Ok(false);
        }
        seen.push((tag, d.u8()?));
        Ok(true)
    })
    .unwrap();
    assert_eq!(seen, [(0, 9), (6, 8)]);
    assert_eq!(d.remaining(), 1);
    let known = |d: &mut Dec, _| d.u8().map(|_| true);
    assert_eq!(
        dec(&[2, 1, 1, 9, 1, 1, 9]).tagged_fields(known),
        Err(DecodeError::TagOrder(1))
    );
    assert_eq!(
        dec(&[1, 1, 2, 9, 9]).tagged_fields(known),
        Err(DecodeError::TagSize(1))
    );
    // A field can't read past its own end, even if the frame goes on.
    assert_eq!(
        dec(&[1, 1, 1, 9, 9]).tagged_fields(|d, _| d.i16().map(|_| true)),
        Err(DecodeError::Truncated { needed: 2, remaining: 1 })
    );
    assert_eq!(
        dec(&[1, 1, 9]).skip_tagged_fields(),
        Err(DecodeError::Truncated { needed: 9, remaining: 0 })
    );
    assert!(
        dec(&[0xff, 0xff, 0xff, 0xff, 0x0f])
            .skip_tagged_fields()
            .is_err()
    );
}

#[test]
fn memory_grows_with_the_elements_and_ends_at_their_count() {
    let count = 3 * Dec::CAPACITY_MAX + 1;
    let mut bytes = (count as i32).to_be_bytes().to_vec();
    bytes.resize(4 + count, 7);
    let items = dec(&bytes).array(false, 1, Dec::u8).unwrap();
    assert_eq!(items.len(), count);
    assert_eq!(items.capacity(), count);
}

#[test]
fn text_that_is_none_is_repaired_where_that_is_asked_for_and_costs() {
    let frame = Bytes::from_static(b"\x00\x03a\xffb\x00\x01\xfe");
    let mut d = Dec::new(frame.clone());
    d.repair_text();
    assert_eq!(d.string(false).unwrap(), "a\u{fffd}b");
    assert_eq!(d.string(false).unwrap(), "\u{fffd}");
    let mut poor = Dec::with_budget(frame, Budget { elements: 9, allocated_bytes: 6 });
    poor.repair_text();
    assert!(poor.string(false).is_ok());
    assert_eq!(poor.string(false), Err(DecodeError::BudgetExceeded));
}

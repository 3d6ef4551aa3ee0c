//! What is ours in Kafka's messages: it is there only if it was asked for.

use bytes::Bytes;
use klamm_codec::{DecodeError, Enc, Message};
use klamm_wire::messages::consumer_group_describe::{self, ConsumerGroupDescribeRequest};
use klamm_wire::messages::describe_groups::{self, DescribeGroupsRequest};
use klamm_wire::messages::member_standing::MemberStanding;

fn bytes(message: &impl Message, version: i16) -> Vec<u8> {
    let mut enc = Enc::new();
    message.encode(&mut enc, version).unwrap();
    enc.finish().into_bytes().unwrap().to_vec()
}

#[test]
fn who_does_not_ask_sends_and_gets_kafkas_bytes() {
    let plain = DescribeGroupsRequest { groups: vec!["g".into()], ..Default::default() };
    assert_eq!(bytes(&plain, 6), [2, 2, b'g', 0, 0]);
    let asks = DescribeGroupsRequest { asks_for_standing: true, ..plain };
    // Tag 10000, one byte: true.
    assert_eq!(bytes(&asks, 6), [2, 2, b'g', 0, 1, 0x90, 0x4e, 1, 1]);
    assert_eq!(bytes(&asks, 4), [0, 0, 0, 1, 0, 1, b'g', 0]);
    let plain = ConsumerGroupDescribeRequest::default();
    assert_eq!(bytes(&plain, 1), [1, 0, 0]);
    for version in 5..=6 {
        let member = bytes(&describe_groups::DescribedGroupMember::default(), version);
        assert_eq!(member.last(), Some(&0), "no tagged field");
    }
    let member = bytes(&consumer_group_describe::Member::default(), 1);
    assert_eq!(member.last(), Some(&0), "no tagged field");
}

#[test]
fn a_standing_comes_back_from_its_field() {
    let standing = MemberStanding { heard_ms: 7, wait: "to_join".into(), ..Default::default() };
    let field = standing.to_field().unwrap();
    assert_eq!(MemberStanding::from_field(field.clone()), Ok(standing));
    for cut in 0..field.len() {
        assert!(MemberStanding::from_field(field.slice(..cut)).is_err());
    }
    let newer = Bytes::from_static(&[0, 1]);
    let refused = MemberStanding::from_field(newer);
    assert!(matches!(
        refused,
        Err(DecodeError::UnsupportedVersion { version: 1, .. })
    ));
}

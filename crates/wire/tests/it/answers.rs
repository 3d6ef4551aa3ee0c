//! What all answers can do: show their error codes, carry a throttle time.

use klamm_wire::messages::{create_topics, describe_client_quotas, sasl_handshake, share_fetch};
use klamm_wire::{ErrorCode, Response};

fn errors(response: &impl Response) -> Vec<i16> {
    let mut seen = Vec::new();
    response.visit_errors(&mut |ErrorCode(code)| seen.push(code));
    seen
}

#[test]
fn every_error_code_is_seen_however_deep_it_stands() {
    let partition = |error_code, acknowledge_error_code| share_fetch::PartitionData {
        error_code,
        acknowledge_error_code,
        ..share_fetch::PartitionData::default()
    };
    let response = share_fetch::ShareFetchResponse {
        error_code: 1,
        responses: vec![share_fetch::ShareFetchableTopicResponse {
            partitions: vec![partition(0, 2), partition(3, 0), partition(0, 0)],
            ..share_fetch::ShareFetchableTopicResponse::default()
        }],
        ..share_fetch::ShareFetchResponse::default()
    };
    assert_eq!(errors(&response), [1, 2, 3]);
    let response = create_topics::CreateTopicsResponse {
        topics: vec![create_topics::CreatableTopicResult {
            error_code: 36,
            topic_config_error_code: 29,
            ..create_topics::CreatableTopicResult::default()
        }],
        ..create_topics::CreateTopicsResponse::default()
    };
    assert_eq!(errors(&response), [36, 29]);
    let none = describe_client_quotas::DescribeClientQuotasResponse::default();
    assert!(errors(&none).is_empty());
}

#[test]
fn a_throttle_time_is_set_where_there_is_a_place_for_it() {
    let mut response = create_topics::CreateTopicsResponse::default();
    response.set_throttle_time_ms(7);
    assert_eq!(response.throttle_time_ms(), 7);
    let mut response = sasl_handshake::SaslHandshakeResponse::default();
    response.set_throttle_time_ms(7);
    assert_eq!(response.throttle_time_ms(), 0);
    assert_eq!(response, sasl_handshake::SaslHandshakeResponse::default());
}

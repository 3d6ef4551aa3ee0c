//! Client quotas, through the program.

use crate::node::Node;
use serde_json::json;

#[test]
fn quotas_are_set_shown_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    assert_eq!(node.run(&["quota", "list"]), "no quotas are set\n");
    let set = ["quota", "set", "--client-id", "c"];
    node.run(
        &[
            &set[..],
            &["producer_byte_rate=1m", "request_percentage=12.5"],
        ]
        .concat(),
    );
    let defaults = ["--user", "u", "--default-client-id"];
    node.run(
        &[
            &["quota", "set"][..],
            &defaults,
            &["consumer_byte_rate=1000"],
        ]
        .concat(),
    );
    node.run(&[&set[..], &["consumer_byte_rate=7", "--validate-only"]].concat());

    let listed = node.json(&["quota", "list"]);
    let of_client = json!({
        "entity": { "client-id": "c" },
        "quotas": { "producer_byte_rate": 1048576.0, "request_percentage": 12.5 },
    });
    let of_user = json!({
        "entity": { "client-id": null, "user": "u" },
        "quotas": { "consumer_byte_rate": 1000.0 },
    });
    assert_eq!(listed, [of_user.clone(), of_client]);
    let described = node.json(&[&["quota", "describe"][..], &defaults].concat());
    assert_eq!(described, [of_user]);
    let text = node.run(&["quota", "list"]);
    assert!(
        text.contains("default client-id, user u  consumer_byte_rate"),
        "{text}"
    );

    node.run(&["quota", "remove", "--client-id", "c", "request_percentage"]);
    let text = node.run(&["quota", "describe", "--client-id", "c"]);
    assert!(
        text.contains("1048576") && !text.contains("request_percentage"),
        "{text}"
    );
    node.run(&["quota", "remove", "--client-id", "c"]);
    assert_eq!(node.json(&["quota", "list"]).len(), 1);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    let cases: [(&[&str], i32, &str); 6] = [
        (&["set", "producer_byte_rate=1"], 2, "--client-id"),
        (
            &["set", "--ip", "127.0.0.1", "--user", "u", "x=1"],
            2,
            "cannot be used",
        ),
        (
            &["set", "--user", "u", "producer_byte_rate=fast"],
            2,
            "producer_byte_rate",
        ),
        (&["set", "--user", "u", "nonsense=1"], 1, "nonsense"),
        (&["remove", "--user", "u"], 1, "no quotas"),
        (&["describe", "--user", "u"], 1, "no quotas"),
    ];
    for (arguments, code, said) in cases {
        let tried = node.try_run(&[&["quota"], arguments].concat(), b"");
        assert_eq!(tried.code, code, "{arguments:?}: {}", tried.err);
        assert!(tried.err.contains(said), "{arguments:?}: {}", tried.err);
    }
}

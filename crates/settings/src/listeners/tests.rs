//! Tests of listeners.

use super::*;

fn settings(text: &str) -> Settings {
    Settings::load(text, &[])
        .unwrap_or_else(|error| panic!("{error}"))
        .settings
}

fn refused(text: &str) -> String {
    Settings::load(text, &[])
        .expect_err("must be refused")
        .to_string()
}

fn shown(endpoints: Result<Vec<Endpoint>, String>) -> String {
    let texts: Vec<String> = endpoints.unwrap().iter().map(ToString::to_string).collect();
    texts.join(",")
}

#[test]
fn endpoints_are_read_and_written() {
    for (text, expected) in [
        (
            "PLAINTEXT://127.0.0.1:9092",
            Some(("PLAINTEXT", "127.0.0.1", 9092)),
        ),
        ("a://:0", Some(("a", "", 0))),
        ("A://[::1]:1", Some(("A", "::1", 1))),
        ("A://host-1.x:65535", Some(("A", "host-1.x", 65535))),
        ("A://h:65536", None),
        ("A://h:-1", None),
        ("A://h", None),
        ("://h:1", None),
        ("h:1", None),
        ("A://::1:1", None),
        ("A://[::1:1", None),
        ("A://h/x:1", None),
        ("", None),
    ] {
        let expected = expected.map(|(name, host, port)| (name, host.to_owned(), port));
        assert_eq!(split_endpoint(text), expected, "{text}");
    }
    let settings = settings("listeners=PLAINTEXT://[::1]:9092");
    assert_eq!(shown(settings.client_listeners()), "PLAINTEXT://[::1]:9092");
}

#[test]
fn controllers_have_listeners_of_their_own() {
    let settings = settings(
        "listeners=PLAINTEXT://h:1,CONTROLLER://h:2\nadvertised.listeners=PLAINTEXT://x:1,CONTROLLER://x:2\n\
         controller.listener.names=CONTROLLER",
    );
    assert_eq!(shown(settings.client_listeners()), "PLAINTEXT://h:1");
    assert_eq!(shown(settings.controller_listeners()), "CONTROLLER://h:2");
    assert_eq!(shown(settings.advertised_listeners()), "PLAINTEXT://x:1");
    assert_eq!(settings.inter_broker_listener(), "PLAINTEXT");
}

#[test]
fn what_cannot_work_is_refused() {
    for (text, part) in [
        ("listeners=SSL://h:1", "can't do TLS"),
        ("listeners=x", "not of the form"),
        ("listeners=FOO://h:1", "no entry for FOO"),
        ("listeners=PLAINTEXT://h:1,plaintext://h:2", "there twice"),
        ("listeners=CONTROLLER://h:1", "no listener is left"),
        ("listeners=PLAINTEXT://h:1,CONTROLLER://h:1", "there twice"),
        ("advertised.listeners=A://h:1", "no entry for A"),
        (
            "advertised.listeners=PLAINTEXT://0.0.0.0:1",
            "can't connect to 0.0.0.0",
        ),
        ("inter.broker.listener.name=B", "there is no listener B"),
        ("listener.security.protocol.map=PLAINTEXT", "NAME:PROTOCOL"),
        (
            "listener.security.protocol.map=PLAINTEXT:TLS",
            "is not one of",
        ),
        (
            "inter.broker.listener.name=PLAINTEXT\nsecurity.inter.broker.protocol=PLAINTEXT",
            "either this or",
        ),
    ] {
        let error = refused(text);
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn several_ports_zero_are_no_conflict() {
    let map = "listener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT,CONTROLLER:PLAINTEXT";
    let settings = settings(&format!(
        "listeners=A://h:0,B://h:0\n{map}\ninter.broker.listener.name=a"
    ));
    assert_eq!(shown(settings.client_listeners()), "A://h:0,B://h:0");
}

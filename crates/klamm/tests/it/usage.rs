//! Wrong usage and wrong settings: exit code 2, and a message that says what would be right.

use crate::node::run;

fn refused(arguments: &[&str]) -> String {
    let printed = run(arguments, b"");
    assert_eq!(
        printed.code, 2,
        "{arguments:?}: {}{}",
        printed.out, printed.err
    );
    assert_eq!(printed.out, "", "{arguments:?}");
    assert!(!printed.err.contains("panicked"), "{}", printed.err);
    printed.err
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [
        &["nope"][..],
        &["topic"],
        &["topic", "create"],
        &["topic", "create", "t", "--partitions", "x"],
        &["consume", "t", "--from", "middle"],
        &["consume", "t", "--format", "%x"],
        &["consume", "t", "--group", "g", "--until", "end"],
        &["group", "describe"],
        &["group", "reset-offsets", "g", "--topic", "t"],
        &["group", "reset-offsets", "g", "--to", "end", "--shift", "1"],
        &["group", "delete-offsets", "g"],
        &["txn", "abort"],
        &["txn", "abort", "--partition", "t:0"],
        &["log", "dump"],
        &["completion", "cobol"],
        &["bench", "produce", "--size", "1x"],
    ] {
        refused(arguments);
    }
}

#[test]
fn wrong_settings_are_exit_code_2_and_say_the_range() {
    let error = refused(&["server", "--set", "num.partitions=0"]);
    assert!(
        error.contains("num.partitions: '0' is not allowed"),
        "{error}"
    );
    assert!(error.contains("at least 1"), "{error}");
    assert!(refused(&["server", "--set", "x"]).contains("NAME=VALUE"));
    assert!(refused(&["server", "--config", "/nonexistent/klamm"]).contains("/nonexistent/klamm"));
    assert!(refused(&["server", "--set", "listeners=SSL://:1"]).contains("TLS"));
    assert!(refused(&["server", "--set", "klamm.log.level=a=b=c"]).contains("klamm.log.level"));
    assert!(refused(&["--set", "num.partitions=0"]).contains("num.partitions"));
}

#[test]
fn help_and_version_work_everywhere() {
    assert!(run(&["--version"], b"").out.starts_with("klamm "));
    for command in [
        &["server"][..],
        &["format"],
        &["topic", "create"],
        &["config", "alter"],
        &["produce"],
        &["consume"],
        &["offsets"],
        &["group", "reset-offsets"],
        &["cluster", "describe"],
        &["log", "dump"],
        &["bench", "latency"],
        &["completion"],
    ] {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let printed = run(&arguments, b"");
        assert_eq!(printed.code, 0, "{command:?}");
        assert!(printed.out.contains("Usage: klamm"), "{command:?}");
    }
}

#[test]
fn completion_scripts_are_printed() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let printed = run(&["completion", shell], b"");
        assert_eq!(printed.code, 0);
        assert!(printed.out.contains("klamm"), "{shell}");
    }
}

#[test]
fn without_a_broker_the_message_says_what_to_do() {
    // Port 1 is reserved and nobody listens there.
    let printed = run(
        &["topic", "list", "-b", "127.0.0.1:1", "--timeout", "300ms"],
        b"",
    );
    assert_eq!(printed.code, 1, "{}", printed.err);
    assert!(printed.err.contains("127.0.0.1:1"), "{}", printed.err);
    assert!(printed.err.contains("→"), "{}", printed.err);
}

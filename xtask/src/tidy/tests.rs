//! Each rule finds a planted violation, and leaves the tree alone without it.

use super::source::{bare, has_word, tests_begin_at};
use super::{Tree, check};

const ROOT: &str = "[workspace.dependencies]\n\
    klamm-model = { path = \"crates/model\" }\n\
    klamm-codec = { path = \"crates/codec\" }\n\
    bytes = \"1\"   # slices of a frame\n";
const MODEL: &str = "[package]\nname = \"klamm-model\"\n[dependencies]\nbytes.workspace = true\n";
const CODEC: &str = "[package]\nname = \"klamm-codec\"\n[dependencies]\nklamm-model.workspace = true\n\
    [dev-dependencies]\nklamm-codec.workspace = true\n";

/// A small tree that keeps every rule.
fn clean() -> Tree {
    let mut tree = Tree::default();
    for (path, text) in [
        ("Cargo.toml", ROOT),
        ("crates/model/Cargo.toml", MODEL),
        ("crates/codec/Cargo.toml", CODEC),
        (
            "crates/codec/src/lib.rs",
            "//! Bytes to values and back.\n\nfn f() {}\n",
        ),
        (
            "README.md",
            "# A title\n\nSee [codec](crates/codec) and [here](#a-title).\n",
        ),
    ] {
        put(&mut tree, path, text);
    }
    tree
}

fn put(tree: &mut Tree, path: &str, text: &str) {
    tree.files.insert(path.to_owned(), text.as_bytes().to_vec());
}

/// What tidy says once `text` stands at `path`.
fn complaints_with(path: &str, text: &str) -> Vec<String> {
    let mut tree = clean();
    put(&mut tree, path, text);
    check(&tree).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_complains(path: &str, text: &str, part: &str) {
    let found = complaints_with(path, text);
    assert!(
        found.iter().any(|line| line.contains(part)),
        "no complaint with {part:?} in {found:?}"
    );
}

#[track_caller]
fn assert_silent(path: &str, text: &str) {
    assert_eq!(complaints_with(path, text), Vec::<String>::new());
}

fn function_of(lines: usize) -> String {
    format!(
        "//! One long function.\n\nfn long() {{\n{}}}\n",
        "    step();\n".repeat(lines)
    )
}

#[test]
fn a_clean_tree_has_no_complaints() {
    assert_eq!(check(&clean()), Vec::new());
}

#[test]
fn an_arrow_may_not_point_up() {
    let up = format!("{MODEL}klamm-codec.workspace = true\n");
    assert_complains("crates/model/Cargo.toml", &up, "arrows point down");
}

#[test]
fn an_arrow_inside_a_layer_must_be_in_the_picture() {
    let records = "[package]\nname = \"klamm-records\"\n[dependencies]\n";
    let path = "crates/records/Cargo.toml";
    assert_silent(path, &format!("{records}klamm-codec.workspace = true\n"));
    let raft = "[package]\nname = \"klamm-raft\"\n[dependencies]\nklamm-storage.workspace = true\n";
    assert_complains("crates/raft/Cargo.toml", raft, "arrows point down");
}

#[test]
fn arrows_of_tests_are_free() {
    let text = format!("{MODEL}[dev-dependencies]\nklamm-codec.workspace = true\n");
    assert_silent("crates/model/Cargo.toml", &text);
}

#[test]
fn a_crate_must_be_in_the_picture() {
    let text = "[package]\nname = \"klamm-odds\"\n";
    assert_complains("crates/odds/Cargo.toml", text, "not in the picture");
}

#[test]
fn the_runtime_and_the_messages_are_reserved() {
    let raft = "[package]\nname = \"klamm-raft\"\n[dependencies]\n";
    let path = "crates/raft/Cargo.toml";
    assert_complains(
        path,
        &format!("{raft}tokio.workspace = true\n"),
        "know no runtime",
    );
    assert_complains(
        path,
        &format!("{raft}klamm-wire.workspace = true\n"),
        "their own types",
    );
}

#[test]
fn a_dependency_needs_a_reason_and_a_user() {
    assert_complains(
        "Cargo.toml",
        &format!("{ROOT}libc = \"0.2\"\n"),
        "what libc saves us",
    );
    assert_complains(
        "Cargo.toml",
        &format!("{ROOT}libc = \"0.2\" # calls to the kernel\n"),
        "uses libc",
    );
    let own = format!("{MODEL}snap = \"1\"\n");
    assert_complains(
        "crates/model/Cargo.toml",
        &own,
        "take snap from the workspace",
    );
}

#[test]
fn a_long_function_is_found_and_a_test_is_let_go() {
    assert_silent("crates/codec/src/a.rs", &function_of(70));
    assert_complains(
        "crates/codec/src/a.rs",
        &function_of(71),
        "a.rs::long has 71 lines",
    );
    assert_silent("crates/codec/src/a/tests.rs", &function_of(71));
    assert_silent("crates/codec/tests/it/main.rs", &function_of(71));
    let inline = format!(
        "//! A file with its tests inside.\n#[cfg(test)]\nmod tests {{\n{}}}\n",
        function_of(71)
    );
    assert_silent("crates/codec/src/a.rs", &inline);
}

#[test]
fn comments_and_blank_lines_are_not_code() {
    let mut text = function_of(70);
    text = text.replacen("    step();\n", "    // why\n\n    step();\n", 1);
    assert_silent("crates/codec/src/a.rs", &text);
}

#[test]
fn a_long_file_is_found_and_a_generated_one_is_let_go() {
    let long = format!("//! A long file.\n{}", "const A: u8 = 1;\n".repeat(600));
    assert_complains("crates/codec/src/a.rs", &long, "a.rs has 601 lines");
    let mark = concat!("//! A long file.\n// @", "generated by a program\n");
    assert_silent(
        "crates/codec/src/a.rs",
        &long.replacen("//! A long file.\n", mark, 1),
    );
}

#[test]
fn an_exception_is_the_exact_size_and_goes_when_not_needed() {
    let with_exception = |size: usize, lines: usize| {
        let mut tree = clean();
        put(&mut tree, "crates/codec/src/a.rs", &function_of(lines));
        let line = format!("# reasons\ncrates/codec/src/a.rs::long {size}\n");
        put(&mut tree, "xtask/tidy-exceptions.txt", &line);
        check(&tree)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(with_exception(80, 80), "");
    assert!(with_exception(80, 81).contains("grew from 80 to 81"));
    assert!(with_exception(80, 79).contains("lower 80 to 79"));
    assert!(with_exception(80, 10).contains("needs no exception"));
}

#[test]
fn vague_names_are_rejected() {
    let text = "//! A file with a poor name.\n";
    assert_complains("crates/codec/src/utils.rs", text, "`utils` says nothing");
    assert_complains(
        "crates/codec/src/common/a.rs",
        text,
        "`common` says nothing",
    );
    assert_silent("crates/codec/src/type_of.rs", text);
}

#[test]
fn strangers_and_blobs_are_rejected() {
    assert_complains("notes.txt", "notes", "does not belong in the root folder");
    assert_complains("docs/a.bin", &"x".repeat(256 * 1024 + 1), "keep blobs out");
}

#[test]
fn a_file_opens_with_a_sentence() {
    let path = "crates/codec/src/a.rs";
    assert_complains(path, "fn f() {}\n", "open the file with");
    assert_complains(path, "//! a title without an end\n", "must be a sentence");
    assert_silent(
        path,
        "//! A sentence that goes on\n//! in a second line.\n\nfn f() {}\n",
    );
}

#[test]
fn marks_of_unfinished_work_are_rejected() {
    let path = "crates/codec/src/a.rs";
    let text = concat!("//! A file with a mark.\n// TO", "DO: later\n");
    assert_complains(path, text, "finish it");
    assert_complains("docs/a.md", concat!("FIX", "ME\n"), "finish it");
}

#[test]
fn paths_of_one_machine_are_rejected() {
    let text = concat!("run `ls /wo", "rk/things`\n");
    assert_complains("docs/a.md", text, "one machine only");
    let inner = concat!("the folder crates/wo", "rk/a is fine\n");
    assert_silent("docs/a.md", inner);
}

#[test]
fn unsafe_code_is_for_the_host() {
    let text = "//! A file with a block.\nfn f() { unsafe { g() } }\n";
    assert_complains("crates/codec/src/a.rs", text, "crates/host only");
    assert_silent("crates/host/src/a.rs", text);
    assert_silent(
        "crates/codec/src/a.rs",
        "//! A file about unsafe.\n// unsafe\nconst A: &str = \"unsafe\";\n",
    );
}

#[test]
fn a_link_leads_to_a_file_and_a_heading() {
    assert_complains("docs/a.md", "[x](b.md)\n", "b.md leads nowhere");
    assert_complains(
        "docs/a.md",
        "[x](../README.md#nothing)\n",
        "no heading #nothing",
    );
    assert_silent(
        "docs/a.md",
        "[x](../README.md#a-title) [y](https://example.org/z)\n",
    );
    assert_silent("docs/a.md", "```\n[x](b.md)\n```\nand `[x](b.md)`\n");
}

#[test]
fn bare_source_keeps_lines_and_drops_text() {
    let text = "a(\"{ // \\\" \"); // {\n/* { /* } */ */ b('{', '\\'', 'x'); r#\"{ \" \"#; fn f<'a>() {}\n";
    let bare_text = bare(text);
    assert_eq!(bare_text.lines().count(), 2);
    assert_eq!(bare_text.matches('{').count(), 1);
    assert!(bare_text.contains("fn f<'a>() {}"));
}

#[test]
fn words_are_whole() {
    assert!(has_word("an unsafe block", "unsafe"));
    assert!(!has_word("unsafe_code", "unsafe"));
    assert_eq!(tests_begin_at("a\n#[cfg(test)]\nmod tests {\n}\n"), 1);
    assert_eq!(tests_begin_at("a\n#[cfg(test)]\nmod tests;\nb\n"), 4);
}

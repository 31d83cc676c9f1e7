//! The reference of the language: equal to what the interpreter has, and found by name.

use std::{fs, path::Path};

use crate::segue::Segue;

#[test]
fn the_page_of_the_language_is_what_the_interpreter_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/language.md");
    let page = Segue::new().line("doc --markdown").run().code(0).stdout;
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/language.md is not what `cargo run -- doc --markdown > docs/language.md` prints"
    );
}

#[test]
fn an_entry_is_found_by_its_name_and_a_typo_gets_the_nearest() {
    Segue::new()
        .line("doc run_task")
        .run()
        .code(0)
        .stdout_has("run_task(")
        .stdout_has("catch_errors");
    Segue::new()
        .line("doc run_tsk")
        .run()
        .code(2)
        .stderr_has("did you mean `run_task`?");
}

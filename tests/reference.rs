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

#[test]
fn the_standard_library_is_in_it_with_examples_that_are_valid() {
    let page = Segue::new().line("doc --markdown").run().code(0).stdout;
    let mut segue = Segue::new().inventory("groups:\n  - { name: web, targets: [web1, web2] }\n");
    let mut examples = 0;
    for part in page.split("\n## `").skip(1) {
        let (import, functions) = part.split_once('`').unwrap();
        for block in functions.split("```rhai\n").skip(1) {
            let example = block.split("```").next().unwrap();
            let imported = if example.contains("import ") {
                ""
            } else {
                import
            };
            let plan = format!("{imported}\n{example}");
            segue = segue.plan(&format!("example{examples}"), &plan);
            examples += 1;
        }
    }
    assert!(examples >= 6, "{examples} examples");
    segue
        .line("plan check")
        .run()
        .code(0)
        .stdout_has(&format!("{examples} plans checked"));
    Segue::new()
        .line("doc std::rolling")
        .run()
        .code(0)
        .stdout_has("batch_max_failures");
}

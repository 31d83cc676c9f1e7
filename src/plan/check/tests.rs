//! What must hold for every text: the check ends, says where, and says the same again.

use proptest::prelude::*;

use super::{CheckWorld, Lookup, TaskView, UnknownTargets, check_file};
use crate::plan::source::Source;

/// Knows one task that takes anything, and all targets.
struct OneTask;

impl CheckWorld for OneTask {
    fn task_names(&self) -> Vec<String> {
        vec!["service".to_owned()]
    }

    fn task(&self, name: &str) -> Result<Option<TaskView>, String> {
        Ok((name == "service").then(TaskView::default))
    }

    fn plan_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn plan(&self, _: &str) -> Result<Option<Source>, String> {
        Ok(None)
    }

    fn import(&self, _: &Source, _: &str) -> Result<Source, Lookup> {
        Ok(Source::new("lib", "fn f(a) { a }"))
    }

    fn file(&self, _: &str) -> Result<(), Lookup> {
        Ok(())
    }

    fn targets(&self, _: &str) -> Result<(), UnknownTargets> {
        Ok(())
    }
}

/// Pieces of plans, in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "let x = ",
        "const K = ",
        "x",
        "y",
        "K",
        "1",
        "-2.5",
        "\"te xt\"",
        "`a ${",
        "}`",
        "`b`",
        "'c'",
        "#{ a: ",
        "b:",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ";",
        ",",
        ".",
        "?.",
        "::",
        "|",
        "||",
        "|a| ",
        "|a, b| ",
        "if ",
        " else ",
        "for i in ",
        "while ",
        "loop ",
        "break",
        "continue",
        "return ",
        "throw ",
        "fn f(a) ",
        "private fn g() ",
        "import \"lib\" as l; ",
        "l::f(",
        "switch x { 1 => ",
        "_ => ",
        "try ",
        " catch (e) ",
        "run_task(\"service\", ",
        "parallel(",
        "x.map(",
        ".len",
        " + ",
        " - ",
        " == ",
        " && ",
        " ?? ",
        "!",
        " in ",
        " = ",
        " += ",
        "..",
        "\n",
        "// c\n",
        "/* c */",
        "/// d\n",
        "param p: String = ",
        "param q: Integer;\n",
        "this",
        "global::K",
        "é",
        "$",
        "graph(\"g\")",
        "x.step(\"s\", #{ after: \"s\" }, ",
        "do ",
        "until ",
        "export ",
        "print",
        "null",
        "0x",
        "1.",
        "\\",
        "\"",
        "`",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

fn holds(text: &str) -> Result<(), TestCaseError> {
    let source = Source::new("plans/a.rhai", text);
    let problems = check_file(&OneTask, &source);
    for problem in &problems {
        for label in &problem.labels {
            prop_assert!(text.get(label.span.range()).is_some(), "{problem:?}");
        }
    }
    let again = check_file(&OneTask, &source);
    let told = |problems: &[crate::plan::PlanDiagnostic]| {
        problems
            .iter()
            .map(|problem| format!("{problem:?}"))
            .collect::<Vec<_>>()
    };
    prop_assert_eq!(told(&problems), told(&again));
    Ok(())
}

proptest! {
    #[test]
    fn no_plan_is_too_odd(text in soup()) {
        holds(&text)?;
    }

    #[test]
    fn no_text_is_too_odd(text in "\\PC{0,60}") {
        holds(&text)?;
    }
}

#[test]
fn no_nesting_is_too_deep() {
    let deep = 20_000;
    for text in [
        "(".repeat(deep),
        "[".repeat(deep),
        format!("{}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("let x = {}1{};", "[".repeat(deep), "]".repeat(deep)),
        format!("{}{}", "{".repeat(deep), "}".repeat(deep)),
        format!("1{}", " + 1".repeat(deep)),
        format!("x{}", ".a".repeat(deep)),
        format!("x{}", "[0]".repeat(deep)),
        format!("x{}", ".f()".repeat(deep)),
        format!("if x {{ }} {}", "else if x { }".repeat(deep)),
        format!("{}1", "!".repeat(deep)),
        format!("{}1", "-".repeat(deep)),
        "`${".repeat(deep),
        format!("x({}", "|a| ".repeat(deep)),
        format!(
            "param a: {}String{};",
            "Array[".repeat(deep),
            "]".repeat(deep)
        ),
        format!("param a: Any = {}1{};", "(".repeat(deep), ")".repeat(deep)),
        "x;".repeat(deep),
    ] {
        let source = Source::new("plans/a.rhai", text);
        let _ = check_file(&OneTask, &source);
    }
}

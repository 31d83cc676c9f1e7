//! What people see when a plan does not parse, read as one who made the mistake.

use super::{parse_error, shown::shown};
use crate::plan::source::Source;

/// The reports of some plans, one after another.
fn reports(plans: &[&str]) -> String {
    let mut engine = rhai::Engine::new_raw();
    engine.disable_symbol("eval");
    plans
        .iter()
        .map(|text| {
            let source = Source::new("plans/a.rhai", *text);
            match engine.compile(source.script().as_ref()) {
                Ok(_) => panic!("this is a good plan:\n{text}"),
                Err(error) => shown(&parse_error(&source, &error)),
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn missing_and_wrong_brackets() {
    insta::assert_snapshot!(reports(&[
        "for node in nodes {\n    if node.ok {\n        print(node);\n}\nprint(\"done\");\n",
        "run_task(\"service\", nodes, #{ action: \"restart\" };\n",
        "let a = [1, 2;\nlet b = 3;\n",
        "let a = (1 + 2];\n",
        "if a { b() } }\n",
        "print(\"a\";\n",
        "let text = `a ${b;\n",
    ]));
}

#[test]
fn missing_semicolons_and_commas() {
    insta::assert_snapshot!(reports(&[
        "let a = 1\nlet b = 2;\n",
        "run_task(\"a\", nodes)\nrun_task(\"b\", nodes);\n",
        "let list = [1 2];\n",
        "run_task(\"a\" nodes);\n",
        "let map = #{ a: 1 b: 2 };\n",
        "let a = 1 2;\n",
        "let a = ;\n",
        "let b = 1 + ;\n",
        "print(1,, 2);\n",
    ]));
}

#[test]
fn strings() {
    insta::assert_snapshot!(reports(&[
        "run_task('service', nodes);\n",
        "print(\"hello);\nprint(\"you\");\n",
        "let pattern = \"\\d+\";\n",
        "print(f\"hello {name}\");\n",
        "let x = `never\nended",
        "print(\u{201c}hello\u{201d});\n",
        "print(\"it's\" + 'it);\n",
        "let e = '';\n",
    ]));
}

#[test]
fn words_of_other_languages() {
    insta::assert_snapshot!(reports(&[
        "let a = null;\n",
        "if a and b { c() }\n",
        "if not a { c() }\n",
        "if a { b() } elif c { d() }\n",
        "def restart(nodes) { }\n",
        "fn restart(nodes: TargetSpec) { }\n",
        "fn restart(nodes, times = 3) { }\n",
        "let count: Integer = 3;\n",
        "let mut count = 3;\n",
        "var count = 3;\n",
        "for (i = 0; i < 3; i++) { }\n",
        "for node of nodes { }\n",
        "foreach node in nodes { }\n",
        "if ready:\n    print(\"go\")\n",
        "try { a() } catch err { b() }\n",
        "try { a() } except { b() }\n",
        "try { a() }\nprint(1);\n",
        "match kind { 1 => 2 }\n",
        "await run_task(\"a\", nodes);\n",
        "let x = a ? 1 : 2;\n",
        "i++;\n",
        "if a === b { }\n",
        "$name = 3;\n",
        "# a comment\n",
        "print \"hello\";\n",
        "let f = fn(x) { x };\n",
        "eval(\"1\");\n",
    ]));
}

#[test]
fn maps_and_arguments() {
    insta::assert_snapshot!(reports(&[
        "run_task(\"service\", nodes, { action: \"restart\" });\n",
        "run_task(\"service\", nodes, #{ action => \"restart\" });\n",
        "run_task(\"service\", nodes, #{ action = \"restart\" });\n",
        "run_task(\"service\", nodes, action: \"restart\");\n",
        "let m = #{ a: 1, b: 2, a: 3 };\n",
        "let m = #{ match: 1 };\n",
        "let m = #{ a-b: 1 };\n",
        "let m = #{ log-level: 1 };\n",
        "sleep(10s);\n",
        "nodes.batches(25%);\n",
    ]));
}

#[test]
fn statements_in_wrong_places() {
    insta::assert_snapshot!(reports(&[
        "if a = b { c() }\n",
        "break;\n",
        "if a { fn f() { } }\n",
        "const A = 1;\nA = 2;\n",
        "f() = 3;\n",
        "fn f(a) { 1 }\nfn f(b) { 2 }\n",
        "fn f(a, a) { 1 }\n",
        "/// About nothing.\nlet a = 1;\n",
        "for in nodes { }\n",
        "let if = 3;\n",
        "else { }\n",
        "switch a { _ => 1, 2 => 3 }\n",
        "let a = 99999999999999999999999x;\n",
    ]));
}

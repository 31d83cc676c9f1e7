//! What people see when a plan fails while it runs.

use std::rc::Rc;

use rhai::{Dynamic, Engine, EvalAltResult, Position, Scope};

use super::{Ended, Interpreter, Thrown, runtime_error, shown::shown};
use crate::{
    model::{ActionKind, Failure, Map, Place, ResultSet, ResultValue, Status, TargetResult, kinds},
    plan::source::Source,
};

/// An interpreter of one file, with a few functions that fail as those of Segue do.
struct Fake {
    source: Source,
}

impl Interpreter for Fake {
    fn locate(&self, position: Position) -> Option<(Source, usize)> {
        Some((self.source.clone(), self.source.offset_at(position)?))
    }

    fn source(&self, file: &str) -> Option<Source> {
        (self.source.name() == file).then(|| self.source.clone())
    }

    fn thrown(&self, value: &Dynamic) -> Option<Thrown> {
        let thrown = value.clone().try_cast::<Rc<Thrown>>()?;
        Some((*thrown).clone())
    }

    fn ending(&self, token: &Dynamic) -> Option<Ended> {
        Some(Ended {
            code: "segue::plan::ended",
            message: token.to_string(),
            help: None,
        })
    }

    fn functions(&self) -> Vec<String> {
        ["run_task", "run_command", "print", "deploy", "push", "map"]
            .map(str::to_owned)
            .to_vec()
    }

    fn next_command(&self) -> Option<String> {
        Some("mend the cause, then `segue plan resume 01hx5c7k` goes on here".to_owned())
    }
}

fn results(count: usize) -> ResultSet {
    (0..count)
        .map(|number| {
            let failure = match number {
                0 => None,
                1..=7 => Some(Failure::new(kinds::CONNECT, "connection refused")),
                8 => Some(Failure::new(
                    kinds::TASK,
                    "the task ended with exit code 2\nand more lines",
                )),
                _ => Some(Failure::new(kinds::TASK, format!("reason {number}"))),
            };
            let mut value = Map::new();
            if number == 8 {
                value.insert(
                    "stderr".to_owned(),
                    "a\nb\nnginx: [emerg] unknown directive\nnginx: test failed\n".into(),
                );
            }
            TargetResult {
                target: format!("web{number}").into(),
                action: ActionKind::Task,
                object: "service".to_owned(),
                status: failure
                    .as_ref()
                    .map_or(Status::Succeeded, |_| Status::Failed),
                value: ResultValue::new(value),
                failure,
                duration_ms: 10,
                attempts: 1,
            }
        })
        .collect()
}

fn fail(count: i64, place: Option<Place>) -> Result<i64, Box<EvalAltResult>> {
    let results = results(usize::try_from(count).unwrap());
    let thrown = Thrown {
        failure: results.run_failure("task `service`"),
        results: Some(results),
        place,
    };
    Err(Box::new(EvalAltResult::ErrorRuntime(
        Dynamic::from(Rc::new(thrown)),
        Position::NONE,
    )))
}

fn report(text: &str) -> String {
    let source = Source::new("plans/a.rhai", text);
    let mut engine = Engine::new();
    engine.set_max_call_levels(8).set_max_operations(10_000);
    engine.register_fn(
        "run_task",
        |_: &str, count: i64| -> Result<i64, Box<EvalAltResult>> { fail(count, None) },
    );
    engine.register_fn(
        "rethrown",
        |line: i64, column: i64| -> Result<i64, Box<EvalAltResult>> {
            let place = Place {
                file: "plans/a.rhai".into(),
                line: u32::try_from(line).unwrap(),
                column: u32::try_from(column).unwrap(),
            };
            fail(2, Some(place))
        },
    );
    let mut scope = Scope::new();
    scope.push_constant("captured", rhai::Array::new());
    let error = engine
        .run_with_scope(&mut scope, source.script())
        .expect_err("these plans fail");
    shown(&runtime_error(&Fake { source }, &error))
}

fn reports(plans: &[&str]) -> String {
    plans
        .iter()
        .map(|text| report(text))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn failed_targets_are_told_once_each_with_the_calls_that_led_there() {
    insta::assert_snapshot!(reports(&[
        "run_task(\"service\", 3);\n",
        "fn deploy(what) {\n    let results = run_task(what, 14);\n    results\n}\n\n[1].for_each(|| deploy(\n    \"service\"\n));\n",
        "let f = || run_task(\"service\", 2);\nrethrown(1, 12);\n",
    ]));
}

#[test]
fn thrown_values() {
    insta::assert_snapshot!(reports(&[
        "throw \"the window is closed\";\n",
        "throw #{ message: \"no more nodes\" };\n",
        "throw;\n",
    ]));
}

#[test]
fn wrong_names_and_types() {
    insta::assert_snapshot!(reports(&[
        "let nodes = 1;\nprint(noeds);\n",
        "print(None);\n",
        "run_tsk(\"service\", 1);\n",
        "run_task(\"service\", \"web\", #{});\n",
        "let a = \"x\" - 1;\n",
        "let m = #{};\nlet a = m.count + 1;\n",
        "let a = 3;\na.foo;\n",
        "let a = [1, 2];\nprint(a[2]);\n",
        "let a = [];\nprint(a[0]);\n",
        "for x in 5 { }\n",
        "let a = 1 / 0;\n",
        "if 3 { }\n",
    ]));
}

#[test]
fn shared_and_read_only_values() {
    insta::assert_snapshot!(reports(&[
        "let r = #{ a: 1 };\nlet x = r.keys().map(|k| r[k]);\n",
        "let counts = [1];\ncaptured.push(3);\n",
        "captured = 3;\n",
        "const LIMIT = 3;\nLIMIT.push(3);\n",
    ]));
}

#[test]
fn limits() {
    insta::assert_snapshot!(reports(&["fn f(n) { f(n + 1) }\nf(0);\n", "loop { }\n",]));
}

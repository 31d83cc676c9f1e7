//! `segue lsp`: the real server, driven as an editor drives it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::segue::Segue;

/// How long an answer may take on a starved machine until the test has failed.
const DEADLINE: Duration = Duration::from_mins(1);

const DEPLOY: &str = r#"{"description": "Deploys a version.", "parameters": {
    "version": {"type": "String[1]", "description": "What to deploy"},
    "mode": {"type": "Enum['fast', 'safe']", "description": "How", "default": "safe"}}}"#;

/// An editor with the server that it has started.
struct Editor {
    segue: Segue,
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    next_id: i64,
    /// Notifications that came while something else was waited for.
    kept: Vec<Value>,
}

impl Editor {
    fn start(segue: Segue) -> Self {
        let segue = segue.line("lsp --stdio");
        let mut child = segue.command().spawn().unwrap();
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            while let Some(message) = read(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            segue,
            child,
            stdin,
            messages,
            next_id: 1,
            kept: Vec::new(),
        }
    }

    fn initialized(segue: Segue) -> Self {
        let mut editor = Self::start(segue);
        let answer = editor.ask(
            "initialize",
            &json!({ "processId": null, "rootUri": null, "capabilities": {
                "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } } }),
        );
        assert_eq!(answer["serverInfo"]["name"], "segue");
        assert_eq!(answer["capabilities"]["textDocumentSync"]["change"], 2);
        editor.tell("initialized", &json!({}));
        editor
    }

    fn send_raw(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.send_raw(&format!("Content-Length: {}\r\n\r\n{text}", text.len()));
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn receive(&mut self) -> Value {
        self.messages.recv_timeout(DEADLINE).unwrap_or_else(|_| {
            let _ = self.child.kill();
            let mut stderr = String::new();
            let _ = self
                .child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut stderr);
            panic!("the server says nothing; on stderr: {stderr}");
        })
    }

    fn answer(&mut self, method: &str, params: &Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == id {
                return message;
            }
            self.kept.push(message);
        }
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn uri(&self, path: &str) -> String {
        let path = self.segue.project().canonicalize().unwrap().join(path);
        format!("file://{}", path.display()).replace(' ', "%20")
    }

    fn open(&mut self, path: &str, text: &str) {
        let uri = self.uri(path);
        self.tell(
            "textDocument/didOpen",
            &json!({ "textDocument": { "uri": uri, "languageId": "rhai", "version": 1, "text": text } }),
        );
    }

    fn change(&mut self, path: &str, version: i32, changes: &Value) {
        let uri = self.uri(path);
        self.tell(
            "textDocument/didChange",
            &json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": changes }),
        );
    }

    /// Replaces the whole text.
    fn rewrite(&mut self, path: &str, version: i32, text: &str) {
        self.change(path, version, &json!([{ "text": text }]));
    }

    /// The next notification that fits.
    fn wait_for(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&fits) {
            return self.kept.remove(at);
        }
        loop {
            let message = self.receive();
            if fits(&message) {
                return message;
            }
            self.kept.push(message);
        }
    }

    /// What is told of a version of a file.
    fn problems_of(&mut self, path: &str, version: i32) -> Vec<Value> {
        let uri = self.uri(path);
        let told = self.wait_for(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri.as_str()
                && message["params"]["version"] == version
        });
        told["params"]["diagnostics"].as_array().unwrap().clone()
    }

    /// Asks at `^` in a text that the file is given first, without the mark.
    fn ask_at(&mut self, method: &str, path: &str, version: i32, marked: &str) -> Value {
        let at = marked.find('^').expect("a mark");
        let text = marked.replacen('^', "", 1);
        self.rewrite(path, version, &text);
        let before = &text[..at];
        let line = before.matches('\n').count();
        let column = before[before.rfind('\n').map_or(0, |at| at + 1)..]
            .encode_utf16()
            .count();
        let uri = self.uri(path);
        self.ask(
            method,
            &json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": column } }),
        )
    }

    fn labels_at(&mut self, path: &str, version: i32, marked: &str) -> Vec<String> {
        let items = self.ask_at("textDocument/completion", path, version, marked);
        let mut items = items
            .as_array()
            .unwrap_or_else(|| panic!("{items}"))
            .clone();
        items.sort_by_key(|item| item["sortText"].as_str().unwrap().to_owned());
        items
            .iter()
            .map(|item| item["label"].as_str().unwrap().to_owned())
            .collect()
    }

    fn shut_down(mut self) -> i32 {
        self.ask("shutdown", &Value::Null);
        self.tell("exit", &Value::Null);
        self.code()
    }

    fn code(mut self) -> i32 {
        drop(self.stdin.take());
        self.child.wait().unwrap().code().unwrap()
    }
}

fn read(stdout: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        // Nothing but the protocol may be there.
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
        assert_eq!(name, "Content-Length");
        length = value.parse().unwrap();
    }
    let mut body = vec![0; length];
    stdout.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap())
}

fn project() -> Segue {
    Segue::new()
        .task("deploy", DEPLOY, "echo ok\n")
        .plan(
            "release",
            "//! Releases.\n\n/// What to release\nparam version: String[1];\n\nprint(version);\n",
        )
        .file(
            "project/plans/lib.rhai",
            "/// Doubles a number.\nfn twice(x) { x * 2 }\n",
        )
        .file("project/scripts/clean.sh", "echo\n")
        .inventory("groups:\n  - name: web\n    targets: [web1, web2]\n")
}

const BAD: &str =
    "//! Bad.\r\n// é 😀\r\nlet t = \"😀\"; run_task(\"deploi\", \"web\", #{ version: t });\r\n";

#[test]
fn an_editor_sees_a_plan_grow_from_bad_to_good() {
    let mut editor = Editor::initialized(project());
    editor.open("plans/my plan.rhai", BAD);
    let problems = editor.problems_of("plans/my plan.rhai", 1);
    let [problem] = problems.as_slice() else {
        panic!("{problems:?}");
    };
    assert_eq!(problem["code"], "segue::plan::unknown_task");
    assert_eq!(problem["severity"], 1);
    assert_eq!(problem["source"], "segue");
    assert_eq!(
        problem["message"],
        "no task is called `deploi`\nhelp: did you mean `deploy`?"
    );
    assert_eq!(
        problem["range"],
        json!({ "start": { "line": 2, "character": 23 }, "end": { "line": 2, "character": 31 } })
    );

    let uri = editor.uri("plans/my plan.rhai");
    let actions = editor.ask(
        "textDocument/codeAction",
        &json!({ "textDocument": { "uri": uri }, "range": problem["range"], "context": { "diagnostics": problems } }),
    );
    let edit = &actions[0]["edit"]["changes"][&uri][0];
    assert_eq!(edit["newText"], "\"deploy\"");
    editor.change(
        "plans/my plan.rhai",
        2,
        &json!([{ "range": edit["range"], "text": edit["newText"] }]),
    );
    assert_eq!(
        editor.problems_of("plans/my plan.rhai", 2),
        [] as [Value; 0]
    );

    editor.change(
        "plans/my plan.rhai",
        3,
        &json!([{ "range": { "start": { "line": 2, "character": 9 }, "end": { "line": 2, "character": 11 } }, "text": "v" },
            { "range": { "start": { "line": 2, "character": 13 }, "end": { "line": 2, "character": 13 } }, "text": "rest();" }]),
    );
    let problems = editor.problems_of("plans/my plan.rhai", 3);
    assert_eq!(
        problems[0]["range"]["start"],
        json!({ "line": 2, "character": 13 }),
        "{problems:?}"
    );

    editor.tell(
        "textDocument/didClose",
        &json!({ "textDocument": { "uri": uri } }),
    );
    let cleared = editor.wait_for(|message| {
        message["params"]["uri"] == uri.as_str() && message["params"]["version"].is_null()
    });
    assert_eq!(cleared["params"]["diagnostics"], json!([]));
    assert_eq!(editor.shut_down(), 0);
}

/// An editor with one file in which completion is asked for.
struct Completing {
    editor: Editor,
    version: i32,
}

impl Completing {
    const PATH: &str = "plans/x.rhai";

    fn new() -> Self {
        let mut editor = Editor::initialized(project());
        editor.open(Self::PATH, "");
        Self { editor, version: 1 }
    }

    /// What is proposed at `^`, the best first.
    fn at(&mut self, marked: &str) -> Vec<String> {
        self.version += 1;
        self.editor.labels_at(Self::PATH, self.version, marked)
    }
}

#[track_caller]
fn assert_has(labels: &[String], wanted: &[&str]) {
    for name in wanted {
        assert!(
            labels.iter().any(|label| label == name),
            "{name} is missing: {labels:?}"
        );
    }
}

#[track_caller]
fn assert_has_not(labels: &[String], unwanted: &[&str]) {
    for name in unwanted {
        assert!(
            !labels.iter().any(|label| label == name),
            "{name} is there: {labels:?}"
        );
    }
}

#[test]
fn strings_are_completed_by_what_they_name() {
    let mut file = Completing::new();
    assert_has(
        &file.at("run_task(\"^"),
        &["deploy", "service", "http::check"],
    );
    assert_has(&file.at("let r = run_plan(\"re^\nlet x = 1;"), &["release"]);
    let targets = file.at("run_command(\"x\", \"web1, ^\"");
    assert_has(&targets, &["all", "web", "web1", "web2"]);
    assert_has_not(&targets, &["deploy"]);
    assert_has(&file.at("import \"^"), &["lib", "std/healthy", "release"]);
    assert_eq!(
        file.at("let g = graph(\"g\");\ng.step(\"fetch\", || 1);\ng.step(\"b\", #{ after: \"^\" }, || 2);"),
        ["fetch", "b"]
    );
    assert_eq!(file.at("print(\"plain ^"), [] as [&str; 0]);
    assert_has(&file.at("run_script(\"^"), &["clean.sh"]);
    assert_has(&file.at("run_task(^"), &["\"deploy\"", "targets"]);
    assert_eq!(
        file.at("run_task(\"deploy\", ^")[..2],
        ["\"all\"", "\"web\""]
    );
    assert_eq!(file.editor.shut_down(), 0);
}

#[test]
fn maps_are_completed_by_what_they_are_given_to() {
    let mut file = Completing::new();
    assert_eq!(
        file.at("let done = run_task(\"deploy\", \"web\", #{ ^"),
        ["version", "mode"]
    );
    assert_eq!(
        file.at("run_task(\"deploy\", \"web\", #{ version: \"1\", ^ });"),
        ["mode"]
    );
    assert_eq!(
        file.at("run_task(\"deploy\", \"web\", #{ mode: \"^"),
        ["fast", "safe"]
    );
    assert_eq!(
        file.at("run_task(\"deploy\", \"web\", #{ mode: ^ });")[..2],
        ["\"fast\"", "\"safe\""]
    );
    assert_eq!(
        file.at("run_task_with(\"deploy\", \"web\", |t| #{ ^"),
        ["version", "mode"]
    );
    assert_eq!(file.at("run_plan(\"release\", #{ ^"), ["version"]);
    assert_has(
        &file.at("run_task(\"deploy\", \"web\", #{}, #{ t^"),
        &["timeout", "catch_errors", "noop"],
    );
    assert_eq!(
        file.at("run_command(\"x\", \"web\", #{ on_failure: \"^"),
        ["stop", "survivors"]
    );
    assert_eq!(
        file.at("run_command(\"x\", \"web\", #{ retry: #{ ^"),
        ["attempts", "delay", "backoff"]
    );
    assert_eq!(file.editor.shut_down(), 0);
}

#[test]
fn members_are_those_of_the_type() {
    let mut file = Completing::new();
    let members = file.at(
        "let results = run_task(\"deploy\", \"web\");\nfor r in results {\n    print(results.^\n}\n",
    );
    assert_has(&members, &["ok", "failed", "names", "first"]);
    assert_has_not(&members, &["stdout", "batches"]);
    let members = file
        .at("let results = run_task(\"deploy\", \"web\");\nfor r in results {\n    if r.^\n}\n");
    assert_has(&members, &["stdout", "target", "exit_code"]);
    assert_has_not(&members, &["failed"]);
    let members = file.at("let words = \"a b\".split(\" \");\nwords.^");
    assert_has(&members, &["push", "len", "filter"]);
    assert_has(&file.at("something.^"), &["stdout", "failed", "batches"]);
    assert_has(&file.at("log::^"), &["info", "warn"]);
    assert_has(&file.at("import \"lib\" as lib;\nlib::^"), &["twice"]);
    assert_eq!(file.editor.shut_down(), 0);
}

#[test]
fn names_are_those_that_can_be_seen() {
    let mut file = Completing::new();
    let all = file.at(
        "//! A plan.\n/// The size\nparam size: Integer = 1;\nlet total = size;\nfn sum(a, b) { a + b }\nfor item in [1] {\n    ^\n}\n",
    );
    assert_has(
        &all,
        &[
            "size",
            "total",
            "item",
            "sum",
            "run_task",
            "log::info",
            "let",
            "for",
        ],
    );
    assert_has_not(&all, &["a", "b", "expect_task", "param"]);
    let place = |name: &str| all.iter().position(|label| label == name);
    assert!(place("item") < place("run_task"));
    let inner = file.at("param size: Integer = 1;\nfn sum(a, b) {\n    ^\n}\n");
    assert_has(&inner, &["a", "b", "sum"]);
    assert_has_not(&inner, &["size"]);
    assert_has(&file.at("//! A plan.\n^"), &["param"]);
    assert_has(
        &file.at("param size: Int^"),
        &["Integer", "Optional", "TargetSpec"],
    );
    assert_eq!(file.at("let new^"), [] as [&str; 0]);
    assert_eq!(file.at("// comment ^"), [] as [&str; 0]);
    assert_eq!(file.editor.shut_down(), 0);
}

#[test]
fn a_proposal_says_what_it_replaces_and_what_it_is() {
    let mut file = Completing::new();
    let items = file.editor.ask_at(
        "textDocument/completion",
        Completing::PATH,
        2,
        "let é = 1; run_ta^",
    );
    let mut items = items.as_array().unwrap().iter();
    let run_task = items.find(|item| item["label"] == "run_task").unwrap();
    assert_eq!(run_task["insertTextFormat"], 2);
    assert_eq!(
        run_task["textEdit"]["newText"],
        "run_task(\"${1:name}\", \"${2:targets}\")$0"
    );
    assert_eq!(
        run_task["textEdit"]["range"],
        json!({ "start": { "line": 0, "character": 11 }, "end": { "line": 0, "character": 17 } })
    );
    let told = run_task["documentation"]["value"].as_str().unwrap();
    assert!(told.contains("Runs a task on every target"), "{told}");
    assert_eq!(file.editor.shut_down(), 0);
}

#[test]
fn hover_tells_what_things_are() {
    let path = "plans/x.rhai";
    let mut editor = Editor::initialized(project());
    editor.open(path, "");
    let mut version = 1;
    for (text, wanted) in [
        (
            "run_^task(\"deploy\", \"web\");",
            "Runs a task on every target",
        ),
        (
            "run_task(\"dep^loy\", \"web\");",
            "| `version` | `String[1]` | *required* | What to deploy |",
        ),
        ("run_task(\"dep^loy\", \"web\");", "`tasks/deploy.json`"),
        ("run_task(\"service\", \"w^eb\");", "2 targets"),
        ("run_plan(\"rel^ease\");", "What to release"),
        (
            "run_task(\"deploy\", \"web\", #{ mo^de: 1 });",
            "Enum['fast', 'safe']",
        ),
        (
            "run_task(\"deploy\", \"web\", #{}, #{ ti^meout: 1 });",
            "it is ended and has failed",
        ),
        (
            "let r = run_command(\"x\", \"web\");\nprint(r.fai^led);",
            "ResultSet.failed: ResultSet",
        ),
        (
            "let r = run_command(\"x\", \"web\");\nprint(^r.ok);",
            "r: ResultSet",
        ),
        (
            "let ^r = run_command(\"x\", \"web\");\nprint(r.ok);",
            "r: ResultSet",
        ),
        ("let a = [1]; a.pu^sh(2);", "Add a new element"),
        (
            "/// The size\nparam si^ze: Integer[1] = 2;",
            "param size: Integer[1] = 2;",
        ),
        (
            "/// The size\nparam size: Integer[1] = 2;\nprint(si^ze);",
            "The size",
        ),
        ("/// Adds.\nfn add(a, b) { a + b }\nad^d(1, 2);", "Adds."),
        (
            "import \"lib\" as lib;\nprint(lib::twi^ce(2));",
            "Doubles a number.",
        ),
        (
            "import \"std/healthy\" as health;\nhealth::^until_healthy(1);",
            "",
        ),
        ("log::in^fo(\"x\");", "log::info("),
    ] {
        version += 1;
        let hover = editor.ask_at("textDocument/hover", path, version, text);
        let told = hover["contents"]["value"].as_str().unwrap_or_default();
        assert!(told.contains(wanted), "{text}: {hover}");
    }
    assert_eq!(editor.shut_down(), 0);
}

#[test]
fn definitions_are_found_where_they_are_in_files() {
    let path = "plans/x.rhai";
    let mut editor = Editor::initialized(project());
    editor.open(path, "");
    let mut version = 1;
    for (text, file, line) in [
        (
            "run_task(\"dep^loy\", \"web\");",
            Some("tasks/deploy.json"),
            0,
        ),
        ("run_plan(\"rel^ease\");", Some("plans/release.rhai"), 0),
        ("import \"li^b\" as lib;", Some("plans/lib.rhai"), 0),
        (
            "import \"lib\" as lib;\nlib::tw^ice(1);",
            Some("plans/lib.rhai"),
            1,
        ),
        ("let a = 1;\n\nprint(^a);", Some(path), 0),
        ("\nfn f() {}\nf^();", Some(path), 1),
        ("run_task(\"serv^ice\", \"web\");", None, 0),
        ("print(^);", None, 0),
    ] {
        version += 1;
        let found = editor.ask_at("textDocument/definition", path, version, text);
        match file {
            None => assert_eq!(found, Value::Null, "{text}"),
            Some(file) => {
                assert_eq!(found["uri"], editor.uri(file).as_str(), "{text}");
                assert_eq!(found["range"]["start"]["line"], line, "{text}: {found}");
            }
        }
    }
    assert_eq!(editor.shut_down(), 0);
}

#[test]
fn the_call_around_and_the_outline_are_told() {
    let path = "plans/x.rhai";
    let mut editor = Editor::initialized(project());
    editor.open(path, "");
    let help = editor.ask_at(
        "textDocument/signatureHelp",
        path,
        900,
        "run_task(\"a\", f(1, 2), ^",
    );
    assert_eq!(help["activeParameter"], 2);
    assert!(
        help["signatures"][0]["label"]
            .as_str()
            .unwrap()
            .starts_with("run_task(name: TaskName")
    );
    let uri = editor.uri(path);
    editor.rewrite(
        path,
        901,
        "param a: String;\nfn f(x) { x }\nlet g = graph(\"g\");\ng.step(\"fetch\", || f(a));\n",
    );
    let symbols = editor.ask(
        "textDocument/documentSymbol",
        &json!({ "textDocument": { "uri": uri } }),
    );
    let names: Vec<&str> = symbols
        .as_array()
        .unwrap()
        .iter()
        .map(|symbol| symbol["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a", "f", "fetch"]);
    assert_eq!(editor.shut_down(), 0);
}

#[test]
fn the_text_on_the_screen_wins_also_in_files_that_are_imported() {
    let mut editor = Editor::initialized(project());
    let main = "import \"lib\" as lib;\nprint(lib::thrice(2));\n";
    editor.open("plans/main.rhai", main);
    let problems = editor.problems_of("plans/main.rhai", 1);
    assert_eq!(
        problems[0]["code"], "segue::plan::unknown_function",
        "{problems:?}"
    );
    editor.open("plans/lib.rhai", "fn twice(x) { x * 2 }\n");
    editor.rewrite(
        "plans/lib.rhai",
        2,
        "fn twice(x) { x * 2 }\nfn thrice(x) { x * 3 }\n",
    );
    assert_eq!(editor.problems_of("plans/lib.rhai", 2), [] as [Value; 0]);
    let uri = editor.uri("plans/main.rhai");
    let mended = editor.wait_for(|message| {
        message["params"]["uri"] == uri.as_str() && message["params"]["diagnostics"] == json!([])
    });
    assert_eq!(mended["params"]["version"], 1);
    assert_eq!(editor.shut_down(), 0);
}

#[test]
fn tests_may_use_what_only_tests_can() {
    let text = "inventory(\"targets: [db1, db2]\");\ntest(\"deploys\", || {\n    expect_task(\"deploy\").with_targets(\"db*\").with_params(#{ version: \"1\" });\n    run_task(\"deploy\", \"db1\", #{ version: \"1\" });\n    assert_eq(1, 1);\n    run_plan(\"failover\", #{ from: \"db1\", to: \"db2\" });\n});\n";
    let segue = project().file("project/tests/deploy.rhai", text);
    segue
        .line("plan check tests/deploy.rhai")
        .run()
        .code(0)
        .stdout_has("1 plan checked, nothing is wrong");
    let mut editor = Editor::initialized(project());
    editor.open("tests/deploy.rhai", text);
    assert_eq!(editor.problems_of("tests/deploy.rhai", 1), [] as [Value; 0]);
    let labels = editor.labels_at("tests/deploy.rhai", 2, "test(\"x\", || { exp^ });");
    assert!(labels.iter().any(|label| label == "expect_task"));
    assert_eq!(
        editor.labels_at(
            "tests/deploy.rhai",
            3,
            "expect_task(\"deploy\").with_params(#{ ^"
        ),
        ["version", "mode"]
    );
    let wrong = "test(\"x\", || { expect_taks(\"deploy\"); });\n";
    editor.rewrite("tests/deploy.rhai", 4, wrong);
    assert_eq!(
        editor.problems_of("tests/deploy.rhai", 4)[0]["code"],
        "segue::plan::unknown_function"
    );
    editor.open("plans/no_test.rhai", "expect_task(\"deploy\");\n");
    assert_eq!(
        editor.problems_of("plans/no_test.rhai", 1)[0]["code"],
        "segue::plan::unknown_function"
    );
    assert_eq!(editor.shut_down(), 0);
}

#[test]
fn a_broken_project_is_told_at_its_file_and_plans_get_no_false_alarms() {
    let text = "run_task(\"mine\", \"web9\");\n";
    let mut editor = Editor::initialized(project().inventory("targets:\n  - nmae: web1\n"));
    editor.open("plans/x.rhai", text);
    let problems = editor.problems_of("plans/x.rhai", 1);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["code"], "segue::plan::unknown_task");
    let uri = editor.uri("inventory.yaml");
    let told = editor.wait_for(|message| message["params"]["uri"] == uri.as_str());
    let problem = &told["params"]["diagnostics"][0];
    assert_eq!(problem["code"], "segue::inventory::unknown_key");
    assert_eq!(problem["range"]["start"]["line"], 1);
    editor.wait_for(|message| message["method"] == "window/showMessage");

    std::fs::write(
        editor.segue.project().join("inventory.yaml"),
        "targets: [web9]\n",
    )
    .unwrap();
    std::fs::write(editor.segue.project().join("segue.yaml"), "nmae: x\n").unwrap();
    editor.tell(
        "textDocument/didSave",
        &json!({ "textDocument": { "uri": uri } }),
    );
    assert_eq!(editor.problems_of("plans/x.rhai", 1), [] as [Value; 0]);
    let uri = editor.uri("segue.yaml");
    let told = editor.wait_for(|message| message["params"]["uri"] == uri.as_str());
    assert_eq!(
        told["params"]["diagnostics"][0]["range"]["start"]["line"],
        0
    );
    assert_eq!(editor.shut_down(), 0);
}

#[test]
fn files_without_a_project_are_checked_all_the_same() {
    let mut editor = Editor::initialized(Segue::new());
    for uri in ["untitled:Untitled-1", "file:///nowhere/at%20all/x.rhai"] {
        editor.tell(
            "textDocument/didOpen",
            &json!({ "textDocument": { "uri": uri, "languageId": "rhai", "version": 7, "text": "let x = ;" } }),
        );
        let told = editor.wait_for(|message| message["params"]["uri"] == uri);
        assert_eq!(
            told["params"]["diagnostics"].as_array().unwrap().len(),
            1,
            "{told}"
        );
    }
    assert_eq!(editor.shut_down(), 0);
}

#[test]
fn what_an_editor_does_wrong_is_answered_and_ends_nothing() {
    let mut editor = Editor::start(project());
    assert_eq!(
        editor.answer("textDocument/hover", &json!({}))["error"]["code"],
        -32002
    );
    editor.ask("initialize", &json!({ "capabilities": 3 }));
    assert_eq!(
        editor.answer("initialize", &json!({}))["error"]["code"],
        -32600
    );
    assert_eq!(
        editor.answer("textDocument/foldingRange", &json!({}))["error"]["code"],
        -32601
    );
    assert_eq!(
        editor.answer("textDocument/hover", &json!({ "x": 1 }))["error"]["code"],
        -32602
    );
    editor.tell("textDocument/didOpen", &json!([1]));
    editor.tell("$/cancelRequest", &json!({ "id": 1 }));
    let unknown = json!({ "textDocument": { "uri": "file:///x" }, "position": { "line": 1, "character": 1 } });
    assert_eq!(editor.ask("textDocument/completion", &unknown), Value::Null);
    editor.send_raw("Content-Length: 9\r\n\r\n{\"jsonrpc");
    let broken =
        editor.wait_for(|message| message["id"].is_null() && message.get("error").is_some());
    assert_eq!(broken["error"]["code"], -32700);
    editor.open("plans/x.rhai", "let x = 1;");
    editor.change("plans/x.rhai", 2, &json!([{ "range": { "start": { "line": 99, "character": 9 }, "end": { "line": 0, "character": 0 } }, "text": "é" }]));
    assert!(!editor.problems_of("plans/x.rhai", 2).is_empty());
    editor.ask("shutdown", &Value::Null);
    assert_eq!(
        editor.answer("textDocument/hover", &json!({}))["error"]["code"],
        -32600
    );
    editor.tell("exit", &Value::Null);
    assert_eq!(editor.code(), 0);
}

#[test]
fn exit_without_shutdown_a_closed_stream_and_noise_end_with_one() {
    let mut editor = Editor::initialized(project());
    editor.tell("exit", &Value::Null);
    assert_eq!(editor.code(), 1);
    let editor = Editor::initialized(project());
    assert_eq!(editor.code(), 1);
    let mut editor = Editor::start(project());
    editor.send_raw("hello?\r\n\r\n");
    assert_eq!(editor.code(), 1);
}

#[test]
fn fast_typing_is_checked_once_it_pauses() {
    let mut editor = Editor::initialized(project());
    editor.open("plans/x.rhai", "");
    let text = "let x = run_taks(\"deploy\");";
    for (at, char) in text.char_indices() {
        let place = json!({ "line": 0, "character": at });
        let change =
            json!([{ "range": { "start": place, "end": place }, "text": char.to_string() }]);
        editor.change("plans/x.rhai", i32::try_from(at).unwrap() + 2, &change);
    }
    let last = i32::try_from(text.len()).unwrap() + 1;
    assert!(!editor.problems_of("plans/x.rhai", last).is_empty());
    let checks = editor
        .kept
        .iter()
        .filter(|message| message["method"] == "textDocument/publishDiagnostics")
        .count();
    assert!(
        checks < text.len() / 2,
        "{checks} checks of {} changes",
        text.len()
    );
    assert_eq!(editor.shut_down(), 0);
}

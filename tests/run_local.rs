//! Tasks and commands on the controller itself: the whole way from the command line to a result, without a network.

use std::fs::{self, File};

use crate::segue::Segue;

#[test]
fn a_command_prints_what_the_target_said() {
    Segue::new()
        .arguments([
            "command",
            "run",
            "echo hello; echo beside >&2",
            "-t",
            "localhost",
        ])
        .run()
        .code(0)
        .stdout_has("hello")
        .stdout_has("beside")
        .stdout_has("1 target, 1 ok");
}

#[test]
fn a_command_that_fails_ends_with_the_code_for_failed_targets() {
    let ran = Segue::new()
        .arguments([
            "command",
            "run",
            "echo out; exit 3",
            "-t",
            "localhost",
            "--format",
            "json",
        ])
        .run()
        .code(4);
    let document = ran.json();
    let item = &document["items"][0];
    assert_eq!(item["target"], "localhost");
    assert_eq!(item["action"], "command");
    assert_eq!(item["status"], "failure");
    assert_eq!(item["value"]["exit_code"], 3);
    assert_eq!(item["value"]["stdout"], "out\n");
    assert_eq!(
        item["value"]["_error"]["kind"],
        "puppetlabs.tasks/command-error"
    );
    assert_eq!(document["target_count"], 1);
    assert_eq!(document["status"], "some_failed");
}

#[test]
fn standard_input_of_a_command_is_closed() {
    Segue::new()
        .arguments(["command", "run", "cat", "-t", "localhost"])
        .stdin("words of the operator\n")
        .run()
        .code(0)
        .stdout_lacks("words of the operator");
}

const ECHO: &str = r#"{
    "description": "Says what it was given",
    "input_method": "both",
    "parameters": {
        "name": { "type": "String[1]", "description": "Whom to greet" },
        "count": { "type": "Integer[1]", "default": 1 },
        "flags": { "type": "Optional[Array[String]]" }
    }
}"#;

const ECHO_SCRIPT: &str = "#!/bin/sh\nprintf '{\"env\":\"%s\",\"count\":\"%s\",\"input\":%s}' \"$PT_name\" \"$PT_count\" \"$(cat)\"\n";

fn with_echo() -> Segue {
    Segue::new().task("echo", ECHO, ECHO_SCRIPT)
}

#[test]
fn a_task_gets_its_parameters_by_environment_and_by_input() {
    let ran = with_echo()
        .arguments([
            "task",
            "run",
            "echo",
            "name=it's me",
            "flags=[\"a\"]",
            "-t",
            "localhost",
            "--format",
            "json",
        ])
        .run()
        .code(0);
    let value = &ran.json()["items"][0]["value"];
    assert_eq!(value["env"], "it's me");
    assert_eq!(value["count"], "1");
    assert_eq!(value["input"]["flags"][0], "a");
    assert_eq!(value["input"]["_task"], "echo");
}

#[test]
fn parameters_are_checked_before_anything_is_run() {
    with_echo()
        .arguments([
            "task",
            "run",
            "echo",
            "nam=x",
            "count=none",
            "-t",
            "localhost",
        ])
        .run()
        .code(2)
        .stderr_has("has no parameter named `nam`")
        .stderr_has("did you mean `name`?")
        .stderr_has("count")
        .stderr_has("String[1]");
}

#[test]
fn an_unknown_task_is_told_with_the_nearest_one() {
    with_echo()
        .line("task run ecko name=x -t localhost")
        .run()
        .code(2)
        .stderr_has("`ecko`")
        .stderr_has("echo");
}

#[test]
fn an_unknown_target_is_told_with_the_nearest_one() {
    Segue::new()
        .inventory("targets:\n  - name: web1\n    uri: local://localhost\n")
        .arguments(["command", "run", "true", "-t", "wbe1"])
        .run()
        .code(6)
        .stderr_has("wbe1")
        .stderr_has("web1");
}

#[test]
fn a_broken_inventory_is_told_with_line_and_column() {
    Segue::new()
        .inventory("targets:\n  - name: web1\n     uri: x\n")
        .arguments(["command", "run", "true", "-t", "all"])
        .run()
        .code(2)
        .stderr_has("inventory.yaml")
        .stderr_has("3");
}

#[test]
fn a_task_that_runs_too_long_is_ended_with_its_children() {
    let segue = Segue::new();
    let marker = segue.root().join("children");
    let script = format!("sh -c 'echo $$ > {}; sleep 600' & wait", marker.display());
    let ran = segue
        .arguments([
            "command",
            "run",
            &script,
            "-t",
            "localhost",
            "--timeout",
            "1s",
            "--format",
            "json",
        ])
        .run()
        .code(4);
    assert_eq!(
        ran.json()["items"][0]["value"]["_error"]["kind"],
        "segue/timeout"
    );
}

#[test]
fn no_secret_of_a_task_is_printed() {
    let metadata = r#"{ "parameters": { "password": { "type": "String", "sensitive": true } } }"#;
    let script = "#!/bin/sh\necho \"got ${#PT_password} letters\"\n";
    for format in ["human", "json", "jsonl"] {
        let ran = Segue::new()
            .task("login", metadata, script)
            .arguments([
                "task",
                "run",
                "login",
                "password=hunter22",
                "-t",
                "localhost",
                "--format",
                format,
            ])
            .run()
            .code(0)
            .stdout_has("got 8 letters")
            .stdout_lacks("hunter22");
        assert!(!ran.stderr.contains("hunter22"));
    }
}

#[test]
fn the_next_command_names_the_inventory_that_was_named() {
    let segue = || {
        Segue::new().file(
            "project/other.yaml",
            "targets: [{name: here, uri: localhost}]\n",
        )
    };
    segue()
        .plan("fails", "run_command(\"false\", \"here\");")
        .line("plan run fails -i other.yaml")
        .run()
        .code(5)
        .stderr_has(" --inventory other.yaml");
    segue()
        .line("command run false -t here -i other.yaml")
        .run()
        .code(4)
        .stderr_has(" --inventory other.yaml --failed");
}

#[test]
fn a_timeout_of_nothing_is_refused() {
    for option in ["--timeout", "--connect-timeout"] {
        Segue::new()
            .arguments(["command", "run", "true", "-t", "localhost", option, "0"])
            .run()
            .code(2)
            .stderr_has("nothing can be done in `0`");
    }
}

#[test]
fn a_daemon_that_keeps_the_output_does_not_keep_the_task() {
    let segue = Segue::new()
        .task(
            "start",
            "{}",
            "#!/bin/sh\nsleep 3600 & echo $! >../daemon\necho started\n",
        )
        .line("task run start -t localhost --timeout 60s");
    segue.run().code(0).stdout_has("started");
    let daemon = std::fs::read_to_string(segue.root().join("daemon")).unwrap();
    let ended = std::process::Command::new("kill")
        .arg(daemon.trim())
        .status();
    assert!(ended.unwrap().success(), "it was ended with the task");
}

#[test]
fn who_runs_a_job_is_known_without_a_variable_for_it() {
    let segue = Segue::new()
        .environment("USER", "")
        .line("command run true -t localhost");
    segue.run().code(0);
    let list = segue.line("job list --format json").run().code(0).json();
    assert_ne!(list["items"][0]["user"], "");
}

#[test]
fn a_remote_task_runs_on_the_machine_that_stands_in_and_is_told_of_its_target() {
    let segue = || {
        Segue::new()
            .task(
                "device",
                r#"{"remote": true, "input_method": "stdin", "parameters": {"x": {"type": "Integer"}}}"#,
                "#!/bin/sh\ncat\n",
            )
            .task("plain", "{}", "#!/bin/sh\ntrue\n")
            .inventory(
                "targets:\n  - name: switch1\n    uri: 10.0.0.7:8443\n    config:\n      transport: remote\n      remote: {user: admin, password: hunter2, speed: 10}\n",
            )
    };
    let ran = segue()
        .line("task run device -t switch1 x=5 --format json")
        .run()
        .code(0);
    let target = &ran.json()["items"][0]["value"]["_target"];
    assert_eq!(target["host"], "10.0.0.7");
    assert_eq!(target["name"], "switch1");
    assert_eq!(target["port"], 8443);
    assert_eq!(target["user"], "admin");
    assert_eq!(target["password"], "hunter2");
    assert_eq!(target["speed"], 10);
    segue()
        .line("task run plain -t switch1")
        .run()
        .code(4)
        .stdout_has("is not a remote task");
    segue()
        .line("command run hostname -t switch1")
        .run()
        .code(4)
        .stdout_has("only tasks run on `switch1`");
}

#[test]
fn what_standard_output_cannot_take_is_told_and_is_no_success() {
    let segue = Segue::new();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for (line, code) in [
        ("doc", 1),
        ("inventory show --format json", 1),
        ("command run true -t localhost --format jsonl", 1),
        ("command run false -t localhost", 4),
    ] {
        let output = segue.command_of(line).stdout(full()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{line}: {told}");
        assert!(told.contains("standard output"), "{line}: {told}");
        assert!(told.contains("No space left"), "{line}: {told}");
    }
}

#[test]
fn a_line_of_megabytes_is_told_around_its_place() {
    let long = format!("[{}, 1: 2\n", "\"aaaaaaa\",".repeat(100_000));
    let ran = Segue::new()
        .inventory(&long)
        .line("inventory show")
        .run()
        .code(2)
        .stderr_has("inventory.yaml:1:");
    assert!(ran.stderr.len() < 2_000, "{}", ran.stderr);
}

#[test]
fn a_plan_that_cannot_be_read_is_told_with_the_reason() {
    let segue = Segue::new().plan("odd", "").line("plan run odd");
    fs::write(segue.project().join("plans/odd.rhai"), b"print(\"\xff\");").unwrap();
    segue
        .run()
        .code(2)
        .stderr_has("segue::project::read")
        .stderr_has("not UTF-8");
    Segue::new()
        .plan("outer", "run_plan(\"odd\");")
        .file("project/plans/odd.rhai", &"/".repeat(5_000_000))
        .line("plan run outer --no-check")
        .run()
        .code(5)
        .stderr_has("4194304 can be read");
}

#[test]
fn parameters_may_begin_with_a_byte_order_mark() {
    Segue::new()
        .plan("told", "param name: String[1];\nprint(name);")
        .file("project/params.json", "\u{feff}{\"name\": \"nginx\"}")
        .line("plan run told --params @params.json")
        .run()
        .code(0)
        .stdout_has("nginx");
}

#[test]
fn what_a_target_says_to_the_terminal_hides_nothing() {
    Segue::new()
        .task(
            "odd",
            "{}",
            "printf '\\033]0;title\\nsecond \\033[2Jline'; exit 1",
        )
        .line("task run test::odd -t localhost")
        .run()
        .code(4)
        .stdout_has("second line")
        .stdout_has("1 target, 1 failed")
        .stdout_lacks("\u{1b}");
}

#[test]
fn a_file_that_is_no_text_is_told_with_the_place_and_how_to_make_it_one() {
    let segue = Segue::new().task("greet", "{}", "echo hi");
    let latin = |path: &str, text: &str| {
        let path = segue.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let bytes = text.chars().map(|char| u8::try_from(char).unwrap());
        fs::write(path, bytes.collect::<Vec<u8>>()).unwrap();
    };
    latin("params.json", "{\n\"name\": \"grün\"}");
    latin("targets.txt", "web1\ngrün\n");
    latin("plans/green.rhai", "let a = 1;\nlet b = \"grün\";\n");
    latin("green.yaml", "targets:\n  - grün\n");
    latin("tasks/green.json", "{\n\"description\": \"grün\"}");
    latin("tasks/green.sh", "echo hi");
    latin("plans/old.yaml", "steps:\n- message: grün\n");
    latin("fleet.yaml", "grün\n");
    for (line, place) in [
        (
            "task run test::greet -t localhost --params @params.json",
            "byte 12 of line 2",
        ),
        ("command run true -t @targets.txt", "byte 3 of line 2"),
        ("plan run test::green", "byte 12 of line 2"),
        ("command run true -t all -i green.yaml", "byte 7 of line 2"),
        ("task run test::green -t localhost", "byte 19 of line 2"),
        ("plan convert plans/old.yaml", "byte 14 of line 2"),
        ("fleet --file fleet.yaml", "byte 3 of line 1"),
    ] {
        let output = segue.command_of(line).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
        let told = format!("it is not UTF-8 text: {place} is 0xfc");
        assert!(stderr.contains(&told), "{line}: {stderr}");
        assert!(stderr.contains("iconv -f LATIN1"), "{line}: {stderr}");
    }
}

#[test]
fn a_file_of_targets_that_is_not_there_is_the_fault_of_the_command_line() {
    Segue::new()
        .line("command run true -t @nosuch.txt")
        .run()
        .code(2)
        .stderr_has("failed to read targets from `nosuch.txt`")
        .stderr_has("check the path");
}

#[test]
fn a_password_that_nobody_types_is_the_fault_of_the_command_line() {
    Segue::new()
        .line("command run true -t localhost --password-prompt")
        .run()
        .code(2)
        .stderr_has("no password was given")
        .stderr_has("type it, give it on standard input");
}

#[test]
fn a_place_for_temporary_files_that_is_none_is_told_with_how_to_name_another() {
    Segue::new()
        .file("project/files/motd", "hello\n")
        .environment("TMPDIR", "/nosuch")
        .line("file upload motd /tmp/motd -t localhost")
        .run()
        .code(5)
        .stdout_has("there is no place for temporary files")
        .stdout_has("set `TMPDIR` to a directory that has room");
}

#[test]
fn what_standard_input_has_not_is_told_by_its_name() {
    Segue::new()
        .line("command run - -t -")
        .stdin("localhost\n")
        .run()
        .code(2)
        .stderr_has("standard input has nothing for ")
        .stderr_has("only the first gets it");
}

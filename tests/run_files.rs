//! Scripts and files from the command line: to targets, back, and again.

use std::fs;

use crate::segue::{Ran, Segue};

const INVENTORY: &str = r#"
targets:
  - { name: web1, uri: "local://localhost" }
  - { name: web2, uri: "local://localhost" }
"#;

const SCRIPT: &str =
    "#!/bin/sh\nfor one; do printf '[%s]' \"$one\"; done; echo \" FOO=$FOO\"; exit ${CODE:-0}\n";

fn project() -> Segue {
    Segue::new()
        .inventory(INVENTORY)
        .file("project/files/say.sh", SCRIPT)
        .file("project/files/site/deep/motd", "welcome\n")
}

/// The command with these words in place of those that it has.
fn run(segue: &Segue, line: &[&str]) -> Ran {
    let mut command = segue.command();
    let output = command.args(line).output().unwrap();
    Ran {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap_or(-1),
    }
}

#[test]
fn a_script_gets_its_arguments_and_variables_and_is_run_again_with_them() {
    let segue = project();
    let line = [
        "script",
        "run",
        "say.sh",
        "one",
        "it's 2",
        "--env-var",
        "FOO=b r",
        "-t",
        "all",
        "--",
        "--three",
        "$HOME",
    ];
    let expected = "[one][it's 2][--three][$HOME] FOO=b r";
    let ran = run(&segue, &line).code(0).stdout_has("2 targets, 2 ok");
    assert_eq!(ran.stdout.matches(expected).count(), 2, "{}", ran.stdout);
    run(&segue, &["job", "show"])
        .code(0)
        .stdout_has("script")
        .stdout_has("--three");
    let again = run(&segue, &["job", "rerun", "last"]).code(0);
    assert_eq!(
        again.stdout.matches(expected).count(),
        2,
        "{}",
        again.stdout
    );
}

#[test]
fn a_script_that_fails_is_run_again_where_it_failed() {
    let segue = project();
    let line = [
        "script",
        "run",
        "say.sh",
        "-t",
        "all",
        "--env-var",
        "CODE=3",
    ];
    run(&segue, &line).code(4).stderr_has("segue job rerun");
    fs::write(
        segue.project().join("files/say.sh"),
        "#!/bin/sh\necho mended\n",
    )
    .unwrap();
    run(&segue, &["job", "rerun", "last", "--failed"])
        .code(0)
        .stdout_has("mended")
        .stdout_has("2 ok");
}

#[test]
fn a_script_may_lie_beside_the_project() {
    let segue = project().file("beside/hello.sh", "#!/bin/sh\necho hello from beside\n");
    run(
        &segue,
        &["script", "run", "../beside/hello.sh", "-t", "web1"],
    )
    .code(0)
    .stdout_has("hello from beside");
    run(&segue, &["job", "rerun", "last"])
        .code(0)
        .stdout_has("hello from beside");
}

#[test]
fn what_is_no_script_is_told() {
    let segue = project();
    run(&segue, &["script", "run", "saay.sh", "-t", "all"])
        .code(2)
        .stderr_has("say.sh");
    run(&segue, &["script", "run", "files/site", "-t", "all"])
        .code(2)
        .stderr_has("is a directory");
    run(&segue, &["script", "run", "", "-t", "all"]).code(2);
}

#[test]
fn files_go_up_and_are_sent_again() {
    let segue = project();
    let place = segue.root().join("place");
    let destination = place.to_str().unwrap();
    let line = ["file", "upload", "files/site", destination, "-t", "web1"];
    run(&segue, &line).code(0).stdout_has("1 ok");
    let motd = place.join("deep/motd");
    assert_eq!(fs::read_to_string(&motd).unwrap(), "welcome\n");
    fs::write(segue.project().join("files/site/deep/motd"), "hello\n").unwrap();
    run(&segue, &["job", "rerun", "last"]).code(0);
    assert_eq!(fs::read_to_string(&motd).unwrap(), "hello\n");
    run(&segue, &["job", "list"]).code(0).stdout_has("upload");
    run(
        &segue,
        &["file", "upload", "files/nothing", "/x", "-t", "web1"],
    )
    .code(2)
    .stderr_has("files/nothing");
}

#[test]
fn files_come_down_into_a_directory_for_each_target() {
    let segue = project().file("there/motd", "of the target\n");
    let source = segue.root().join("there");
    let source = source.to_str().unwrap();
    let file = format!("{source}/motd");
    for (source, path) in [(source, "back/web2/there/motd"), (&*file, "back/web2/motd")] {
        let line = ["file", "download", source, "back", "-t", "all"];
        run(&segue, &line).code(0).stdout_has("2 ok");
        let path = segue.project().join(path);
        assert_eq!(fs::read_to_string(&path).unwrap(), "of the target\n");
        fs::remove_dir_all(segue.project().join("back")).unwrap();
        run(&segue, &["job", "rerun", "last"]).code(0);
        assert_eq!(fs::read_to_string(&path).unwrap(), "of the target\n");
    }
    let line = ["file", "download", "/no/such", "back", "-t", "web1"];
    run(&segue, &line).code(4).stdout_has("no such file");
    let line = ["file", "download", &file, "segue.yaml", "-t", "web1"];
    run(&segue, &line).code(2).stderr_has("is no directory");
}

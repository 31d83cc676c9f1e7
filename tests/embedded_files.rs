//! Files that travel in the binary are sent to targets as those of a project are.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::segue::Segue;

fn local() -> Segue {
    Segue::new().inventory("targets: [{ name: here, uri: 'local://localhost' }]\n")
}

#[test]
fn a_script_that_travels_in_the_binary_is_run_by_plans_and_from_the_command_line() {
    let plan = "let ran = run_script(\"exec/tasks/init.sh\", \"here\", #{ env: #{ PT_command: \"echo $((6 * 7))\" } });\nprint(ran.first.stdout);\n";
    let segue = local().plan("it", plan);
    let segue = segue.line("plan run it --ephemeral");
    segue.run().code(0).stdout_has("42");
    segue
        .arguments([
            "script",
            "run",
            "exec/tasks/init.sh",
            "--targets",
            "here",
            "--env-var",
            "PT_command=echo forty-two",
            "--ephemeral",
        ])
        .run()
        .code(0)
        .stdout_has("forty-two");
}

#[test]
fn a_file_that_travels_in_the_binary_is_uploaded_whole_and_under_its_own_name() {
    let segue = local();
    let place = segue.root().join("place");
    fs::create_dir(&place).unwrap();
    let plan = format!(
        "upload(\"facts/tasks/init.sh\", {place:?}, \"here\");\nupload(\"facts/tasks/init.json\", \"{}/copy.json\", \"here\");\n",
        place.display()
    );
    let segue = segue.plan("it", &plan).line("plan run it --ephemeral");
    segue.run().code(0);
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("modules/facts/tasks");
    for (name, original, mode) in [
        ("init.sh", "init.sh", 0o755),
        ("copy.json", "init.json", 0o644),
    ] {
        let sent = place.join(name);
        assert_eq!(
            fs::read(&sent).unwrap(),
            fs::read(shipped.join(original)).unwrap()
        );
        let found = fs::metadata(&sent).unwrap().permissions().mode() & 0o777;
        assert_eq!(found & 0o700, mode & 0o700, "{name}: {found:o}");
    }
}

#[test]
fn a_file_of_the_project_comes_before_one_of_the_same_name_that_travels() {
    local()
        .file(
            "project/modules/exec/tasks/init.sh",
            "#!/bin/sh\necho own\n",
        )
        .plan(
            "it",
            "print(run_script(\"exec/tasks/init.sh\", \"here\").first.stdout);\n",
        )
        .line("plan run it --ephemeral")
        .run()
        .code(0)
        .stdout_has("own");
}

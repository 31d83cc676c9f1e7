//! The payload of a task.

use std::sync::Arc;

use crate::{
    model::{Failure, Map, Payload, Secret, Target, Value, kinds},
    task::{Implementation, InputMethod, Task},
};

use super::{
    call::Call,
    carriage::Carriage,
    executable,
    interpreter::HELP_WITH_POWERSHELL,
    pack::Pack,
    script_text::{NoVariable, ScriptText, variable_text},
};

/// The payload that runs a task with parameters that were checked. `pack` has the files of that implementation.
///
/// # Errors
/// The failure for this target: a parameter can't be handed over in the way that the task asks for.
pub fn task_payload(
    task: &Task,
    implementation: &Implementation<'_>,
    pack: &Pack,
    params: &Map,
    call: &Call<'_>,
) -> Result<Payload, Failure> {
    if call.noop && !task.metadata().supports_noop {
        return Err(Failure::new(
            kinds::VALIDATION,
            format!("the task `{}` does not support noop", task.name()),
        ));
    }
    let input = Input {
        task,
        params,
        call,
        has_files: pack.has_files,
        method: input_method(task, implementation, call)?,
    };
    let mut script = ScriptText::new();
    input.export(&mut script)?;
    let stdin = input.stdin(&mut script);
    let file = format!("\"$d\"/{}", super::shell::quote(&pack.path));
    let start = executable::start(call, &file, &pack.file_name, &pack.nature)?;
    if let Some(check) = &start.check {
        script.line(check);
    }
    let stdin_file = match stdin {
        Some(_) => r#""$d"/.stdin"#,
        None => "/dev/null",
    };
    let run = script.running(&start.command, stdin_file);
    let own = Pack::own(&run, stdin.as_ref())?;
    Carriage::directory(Arc::clone(&pack.archive), own).payload(call)
}

/// What a remote task gets as its parameter `_target`: how the target is to be reached from the proxy.
#[must_use]
pub fn remote_target(target: &Target) -> Value {
    let mut map = target.config.clone();
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    map.insert("host".to_owned(), target.host.as_str().into());
    map.insert("name".to_owned(), target.name.as_str().into());
    map.insert("uri".to_owned(), text(target.uri.as_deref()));
    map.insert("protocol".to_owned(), target.transport.as_str().into());
    map.insert("user".to_owned(), text(target.user.as_deref()));
    map.entry("password".to_owned()).or_insert(Value::Null);
    map.insert(
        "port".to_owned(),
        target
            .port
            .map_or(Value::Null, |port| i64::from(port).into()),
    );
    Value::Map(map)
}

fn input_method(
    task: &Task,
    implementation: &Implementation<'_>,
    call: &Call<'_>,
) -> Result<InputMethod, Failure> {
    let method = implementation.input_method;
    let name = implementation.executable.file_name();
    if method == InputMethod::PowerShell && executable::interpreter(call, name)?.is_none() {
        return Err(Failure::new(
            kinds::NO_IMPLEMENTATION,
            format!(
                "the task `{}` has only a PowerShell implementation for this target, `{name}`",
                task.name()
            ),
        )
        .with_detail("help", HELP_WITH_POWERSHELL));
    }
    Ok(method)
}

/// What a task is told.
struct Input<'a> {
    task: &'a Task,
    params: &'a Map,
    call: &'a Call<'a>,
    has_files: bool,
    method: InputMethod,
}

impl Input<'_> {
    /// The parameters that Segue adds, but for the directory, which is known only on the target.
    fn own_params(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let noop = self.call.noop.then_some(("_noop", Value::Bool(true)));
        noop.into_iter()
            .chain([("_task", Value::from(self.task.told_name()))])
    }

    /// Sets the variables of a task that wants them.
    fn export(&self, script: &mut ScriptText) -> Result<(), Failure> {
        if !self.method.has_environment() {
            return Ok(());
        }
        let given = self
            .params
            .iter()
            .map(|(name, value)| (name.as_str(), value));
        let own: Vec<_> = self.own_params().collect();
        let own = own.iter().map(|(name, value)| (*name, value));
        for (name, value) in given.chain(own) {
            match script.export(&format!("PT_{name}"), &variable_text(value)) {
                Ok(()) => {}
                // It is on standard input as well, whole.
                Err(_) if self.method.has_stdin() => {}
                Err(wrong) => return Err(self.no_variable(name, wrong)),
            }
        }
        if self.has_files {
            script.line("PT__installdir=$d;export PT__installdir");
        }
        Ok(())
    }

    fn no_variable(&self, name: &str, wrong: NoVariable) -> Failure {
        Failure::new(
            kinds::VALIDATION,
            format!(
                "the parameter `{name}` of the task `{}` can't be handed over in the environment: {}",
                self.task.name(),
                wrong.reason()
            ),
        )
        .with_issue_code("ENVVAR_ERROR")
    }

    /// The JSON object for standard input. Its last entry is completed on the target.
    fn stdin(&self, script: &mut ScriptText) -> Option<Secret<String>> {
        if !self.method.has_stdin() {
            return None;
        }
        let mut object = serde_json::Map::new();
        for (name, value) in self.params {
            object.insert(name.clone(), value.to_revealed_json());
        }
        for (name, value) in self.own_params() {
            object.insert(name.to_owned(), value.to_revealed_json());
        }
        let mut json = serde_json::Value::Object(object).to_string();
        if self.has_files {
            json.pop();
            json.push_str(r#","_installdir":""#);
            // JSON has its own escapes, and a directory that needs them is nobody's.
            script.line(r#"case $d in *[\"\\]*) f tmpdir "$d has quotes in it";;esac"#);
            script.line(r#"printf "%s\"}" "$d" >>"$d/.stdin"||f tmpdir "$d can't be written to""#);
        }
        Some(Secret::new(json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{
        Attempt, FileSource, Metadata, TaskFile, TaskParts,
        payload::trial::{Ask, Trial, map, shells},
        task_result,
    };

    fn file(path: &str, content: &'static str) -> TaskFile {
        TaskFile {
            path: path.to_owned(),
            source: FileSource::Embedded(content.as_bytes()),
        }
    }

    fn task(metadata: &str, executable: TaskFile) -> Task {
        Task::new(TaskParts {
            name: "mod::t".to_owned(),
            module: "mod".to_owned(),
            metadata: Metadata::parse("mod::t", "t.json", metadata).unwrap(),
            executables: vec![executable],
            find: &|path| {
                let content = "helper() { echo helped; }\n";
                (path == "other/files/deep/help.sh").then(|| vec![file(path, content)])
            },
        })
        .unwrap()
    }

    fn run(trial: &Trial, task: &Task, params: &Map, ask: &Ask) -> crate::model::Output {
        let call = ask.call();
        let implementation = task.implementation_for(call.target).unwrap();
        let pack = Pack::of_task(task, &implementation).unwrap();
        let payload = task_payload(task, &implementation, &pack, params, &call).unwrap();
        trial.run(&payload)
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    const SHOW: &str = "#!/bin/sh\npwd; env | grep ^PT_ | sort; cat; echo; ls -ld \"${0%/*}\" \"$0\" | cut -c1-10; umask\n";

    #[test]
    fn task_gets_variables_and_input_as_the_contract_says() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let mut ask = Ask::new();
            ask.noop = true;
            let task = task(r#"{"supports_noop": true}"#, file("mod/tasks/t.sh", SHOW));
            let params = map([
                ("s", "it's".into()),
                ("a", vec![Value::Integer(1), "x".into()].into()),
                ("b", true.into()),
                ("n", Value::Null),
                ("p", Value::sensitive("hunter2".into())),
            ]);
            let output = run(&trial, &task, &params, &ask);
            let home = trial.home().canonicalize().unwrap();
            let expected = format!(
                "{}\nPT__noop=true\nPT__task=mod::t\nPT_a=[1,\"x\"]\nPT_b=true\nPT_n=null\nPT_p=hunter2\nPT_s=it's\n\
                 {{\"s\":\"it's\",\"a\":[1,\"x\"],\"b\":true,\"n\":null,\"p\":\"hunter2\",\"_noop\":true,\"_task\":\"mod::t\"}}\n\
                 drwx------\n-rwx------\n0022\n",
                home.display()
            );
            let stdout = text(&output.stdout).replace("\n022\n", "\n0022\n");
            assert_eq!(stdout, expected, "{shell:?}: {}", text(&output.stderr));
            assert_eq!(output.exit.code(), 0, "{shell:?}");
            assert_eq!(trial.leftovers(), Vec::<String>::new(), "{shell:?}");
        }
    }

    #[test]
    fn files_lie_under_the_installation_directory() {
        let script = "#!/bin/sh\n. \"$PT__installdir/other/files/deep/help.sh\"; helper; cat; echo; echo \"${0#$PT__installdir}\"\n";
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let task = task(
                r#"{"files": ["other/files/deep/help.sh"]}"#,
                file("mod/tasks/t.sh", script),
            );
            let output = run(&trial, &task, &Map::new(), &ask);
            let tmp = trial.directory.path().join("tmp");
            let expected = format!(
                "helped\n{{\"_task\":\"mod::t\",\"_installdir\":\"{}/segue.{}\"}}\n/mod/tasks/t.sh\n",
                tmp.display(),
                ask.run
            );
            assert_eq!(
                text(&output.stdout),
                expected,
                "{shell:?}: {}",
                text(&output.stderr)
            );
        }
    }

    #[test]
    fn input_ends_for_a_task_that_has_none() {
        let trial = Trial::new();
        let task = task(
            r#"{"input_method": "environment"}"#,
            file("mod/tasks/t.sh", "#!/bin/sh\ncat; echo end"),
        );
        let output = run(&trial, &task, &Map::new(), &Ask::new());
        assert_eq!(text(&output.stdout), "end\n");
    }

    #[test]
    fn long_parameter_goes_by_standard_input_only() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let script = "#!/bin/sh\necho \"${PT_x-unset} $PT_y\"; wc -c\n";
            let params = map([("x", "é".repeat(1 << 19).into()), ("y", "short".into())]);
            let both = task("{}", file("mod/tasks/t.sh", script));
            let output = run(&trial, &both, &params, &ask);
            let length = (1 << 20) + r#"{"x":"","y":"short","_task":"mod::t"}"#.len();
            let stdout = text(&output.stdout).replace(' ', "");
            assert_eq!(stdout, format!("unsetshort\n{length}\n"), "{shell:?}");
        }
        let environment = task(
            r#"{"input_method": "environment"}"#,
            file("mod/tasks/t.sh", SHOW),
        );
        let ask = Ask::new();
        let implementation = environment.implementation_for(&ask.target).unwrap();
        let params = map([("x", "x".repeat(1 << 20).into())]);
        let pack = Pack::of_task(&environment, &implementation).unwrap();
        let failure =
            task_payload(&environment, &implementation, &pack, &params, &ask.call()).unwrap_err();
        assert_eq!(failure.kind, kinds::VALIDATION);
        assert!(failure.message.contains("`x`"), "{failure}");
    }

    #[test]
    fn interpreter_of_the_target_runs_the_file() {
        let trial = Trial::new();
        let mut interpreters = Map::new();
        interpreters.insert(
            ".py".to_owned(),
            vec![Value::from("/bin/sh"), "-e".into()].into(),
        );
        let ask = Ask::new().setting("interpreters", interpreters);
        let task = task("{}", file("mod/tasks/t.py", "#!/no/such/python\necho $-"));
        let output = run(&trial, &task, &Map::new(), &ask);
        assert_eq!(text(&output.stdout), "e\n", "{}", text(&output.stderr));
    }

    #[test]
    fn interpreter_that_is_not_on_the_target_is_named_with_what_to_do() {
        for (script, missing) in [
            ("#!/no/such/bin/ruby\n:\n", Some("/no/such/bin/ruby")),
            ("#!/usr/bin/env no-such-ruby\n:\n", Some("no-such-ruby")),
            ("#!/usr/bin/env -S sh -e\n:\n", None),
            ("#!/usr/bin/env sh\n:\n", None),
        ] {
            let trial = Trial::new();
            let task = task("{}", file("mod/tasks/t.rb", script));
            let ask = Ask::new();
            let output = run(&trial, &task, &Map::new(), &ask);
            let attempt = Attempt {
                call: &ask.call(),
                object: "mod::t",
                duration_ms: 1,
                attempts: 1,
            };
            let failure = task_result(&attempt, &output).failure;
            let message = failure.map(|failure| failure.message);
            let expected =
                missing.map(|name| format!("the interpreter `{name}` is not on the target"));
            assert_eq!(message, expected, "{script}");
            assert_eq!(trial.leftovers(), Vec::<String>::new(), "{script}");
        }
    }

    #[test]
    fn ruby_on_this_machine_runs_with_the_ruby_in_the_path() {
        for (script, arguments) in [
            ("#!/no/such/puppet/bin/ruby\n", ""),
            ("#!/no/such/puppet/bin/ruby -w\n", "-w "),
            ("# frozen_string_literal: true\n", ""),
        ] {
            let mut trial = Trial::new();
            let tools = trial.directory.path().join("bin");
            std::fs::create_dir(&tools).unwrap();
            let ruby = "#!/bin/sh\nwhile [ $# -gt 1 ];do printf \"%s \" \"$1\";shift;done;basename \"$1\"\n";
            std::fs::write(tools.join("ruby"), ruby).unwrap();
            let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(tools.join("ruby"), executable).unwrap();
            trial.path = format!("{}:{}", tools.display(), trial.path);
            let task = task("{}", file("mod/tasks/t.rb", script));
            for (transport, own, runs) in [
                ("local", true, true),
                ("local", false, false),
                ("ssh", true, false),
            ] {
                let mut ask = Ask::new().setting("bundled-ruby", own);
                transport.clone_into(&mut ask.target.transport);
                let call = ask.call();
                let implementation = task.implementation_for(call.target).unwrap();
                let pack = Pack::of_task(&task, &implementation).unwrap();
                let told = match task_payload(&task, &implementation, &pack, &Map::new(), &call) {
                    Ok(payload) => trial.run(&payload).stdout,
                    Err(failure) => failure.message.into_bytes(),
                };
                let expected = format!("{arguments}t.rb\n");
                assert_eq!(
                    text(&told) == expected,
                    runs,
                    "{script:?} {transport} {own}"
                );
            }
        }
    }

    #[test]
    fn script_for_powershell_is_refused_with_what_to_do() {
        let task = task("{}", file("mod/tasks/t.ps1", "Write-Output 1"));
        let ask = Ask::new();
        let call = ask.call();
        let implementation = task.implementation_for(call.target).unwrap();
        let pack = Pack::of_task(&task, &implementation).unwrap();
        let failure = task_payload(&task, &implementation, &pack, &Map::new(), &call).unwrap_err();
        assert_eq!(failure.kind, kinds::NO_IMPLEMENTATION);
        assert_eq!(failure.details["help"], HELP_WITH_POWERSHELL.into());
    }

    #[test]
    fn line_endings_of_windows_are_found_before_anything_runs() {
        let task = task("{}", file("mod/tasks/t.sh", "#!/bin/sh\r\necho ran\r\n"));
        let ask = Ask::new();
        let call = ask.call();
        let implementation = task.implementation_for(call.target).unwrap();
        let pack = Pack::of_task(&task, &implementation).unwrap();
        let failure = task_payload(&task, &implementation, &pack, &Map::new(), &call).unwrap_err();
        assert_eq!(
            failure.message,
            "`t.sh` has the line endings of Windows, so its interpreter would be `/bin/sh\\r`"
        );
        assert!(failure.details.contains_key("help"));
    }

    #[test]
    fn file_without_extension_and_without_interpreter_is_a_shell_script() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let task = task("{}", file("mod/tasks/t", "echo plain; exit 3\n"));
            let output = run(&trial, &task, &Map::new(), &Ask::new());
            assert_eq!(text(&output.stdout), "plain\n", "{shell:?}");
            assert_eq!(output.exit.code(), 3, "{shell:?}");
        }
    }

    #[test]
    fn machine_without_tar_and_setsid_runs_tasks_too() {
        for shell in shells() {
            let mut trial = Trial::with_shell(&shell);
            let tools = trial.directory.path().join("bin");
            std::fs::create_dir(&tools).unwrap();
            for tool in ["cat", "chmod", "dd", "mkdir", "printf", "rm", "sleep", "tr"] {
                let real = ["/usr/bin", "/bin"]
                    .map(|directory| std::path::Path::new(directory).join(tool))
                    .into_iter()
                    .find(|path| path.exists())
                    .unwrap();
                std::os::unix::fs::symlink(real, tools.join(tool)).unwrap();
            }
            trial.path = tools.to_str().unwrap().to_owned();
            let script = "#!/bin/sh\n. \"$PT__installdir/other/files/deep/help.sh\"; helper; cat\n";
            let task = task(
                r#"{"files": ["other/files/deep/help.sh"]}"#,
                file("mod/tasks/t.sh", script),
            );
            let params = map([("x", "é".repeat(700).into())]);
            let output = run(&trial, &task, &params, &Ask::new());
            let stdout = text(&output.stdout);
            assert!(
                stdout.starts_with("helped\n{\"x\":\"éé") && stdout.ends_with("\"}"),
                "{shell:?}: {stdout} {}",
                text(&output.stderr)
            );
            assert_eq!(trial.leftovers(), Vec::<String>::new(), "{shell:?}");
        }
    }

    /// A directory where nothing may be executed, if this machine lets us have one.
    struct NoExec(tempfile::TempDir);

    impl NoExec {
        fn new() -> Option<Self> {
            let directory = tempfile::tempdir().unwrap();
            let mounted = std::process::Command::new("mount")
                .args(["-t", "tmpfs", "-o", "noexec,size=64k", "segue-trial"])
                .arg(directory.path())
                .output();
            mounted
                .is_ok_and(|mounted| mounted.status.success())
                .then_some(Self(directory))
        }
    }

    impl Drop for NoExec {
        fn drop(&mut self) {
            let _ = std::process::Command::new("umount")
                .arg(self.0.path())
                .output();
        }
    }

    #[test]
    fn directory_where_nothing_may_be_executed_or_written_is_told() {
        let Some(place) = NoExec::new() else { return };
        let path = place.0.path().to_str().unwrap();
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new().setting("tmpdir", path);
            let told = |task: &Task, params: &Map| {
                let call = ask.call();
                let output = run(&trial, task, params, &ask);
                let attempt = crate::task::Attempt {
                    call: &call,
                    object: task.name(),
                    duration_ms: 0,
                    attempts: 1,
                };
                crate::task::task_result(&attempt, &output)
            };
            let script = task("{}", file("mod/tasks/t.sh", "#!/bin/sh\necho ran\n"));
            let ran = told(&script, &Map::new());
            assert_eq!(ran.value.open_text(), r#"{"_output":"ran\n"}"#, "{shell:?}");
            // The rest of the archive finds no room.
            let full = told(&script, &map([("x", "x".repeat(100 << 10).into())]));
            let failure = full.failure.unwrap();
            assert_eq!(
                failure.issue_code.as_deref(),
                Some("WRITE_ERROR"),
                "{shell:?}: {failure}"
            );
            assert!(
                failure.message.contains("No space left"),
                "{shell:?}: {failure}"
            );
            let program = task("{}", file("mod/tasks/t", "\x7fELF\0\0"));
            let failure = told(&program, &Map::new()).failure.unwrap();
            let codes = ["EXEC_ERROR", "TASK_ERROR"];
            assert!(
                codes.contains(&failure.issue_code.as_deref().unwrap()),
                "{shell:?}: {failure}"
            );
            assert_eq!(std::fs::read_dir(path).unwrap().count(), 0, "{shell:?}");
        }
        let gone = Ask::new().setting("tmpdir", "/no/such/place");
        let output = run(
            &Trial::new(),
            &task("{}", file("mod/tasks/t", "")),
            &Map::new(),
            &gone,
        );
        assert_eq!(output.exit.code(), 97);
        assert!(
            text(&output.stderr).contains(":tmpdir:mkdir"),
            "{}",
            text(&output.stderr)
        );
    }

    #[test]
    fn noop_is_refused_by_a_task_that_does_not_know_it() {
        let mut ask = Ask::new();
        ask.noop = true;
        let task = task("{}", file("mod/tasks/t.sh", SHOW));
        let implementation = task.implementation_for(&ask.target).unwrap();
        let pack = Pack::of_task(&task, &implementation).unwrap();
        let failure =
            task_payload(&task, &implementation, &pack, &Map::new(), &ask.call()).unwrap_err();
        assert_eq!(failure.message, "the task `mod::t` does not support noop");
    }
}

//! The payload of a task.

use crate::{
    model::{Failure, Map, Payload, Secret, Target, Value, kinds},
    task::{Implementation, InputMethod, Task, TaskFile},
};

use super::{
    archive::Archive,
    call::Call,
    carriage::Carriage,
    executable,
    script_text::{NoVariable, ScriptText, variable_text},
};

/// The payload that runs a task with parameters that were checked.
///
/// # Errors
/// The failure for this target: a file of the task can't be read, or a parameter can't be handed over in the way that
/// the task asks for.
pub fn task_payload(
    task: &Task,
    implementation: &Implementation<'_>,
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
        has_files: !implementation.files.is_empty(),
        method: input_method(task, implementation, call)?,
    };
    let executable = implementation.executable;
    let content = read(task, executable)?;
    // Without files of its own, a task lies directly in the directory of the run.
    let path = if input.has_files {
        executable.path.as_str()
    } else {
        executable.file_name()
    };
    let mut script = ScriptText::new();
    input.export(&mut script)?;
    let stdin = input.stdin(&mut script);
    let file = format!("\"$d\"/{}", super::shell::quote(path));
    let start = executable::start(call, &file, executable.file_name(), &content)?;
    script.line(&start.check);
    let stdin_file = match stdin {
        Some(_) => r#""$d"/.stdin"#,
        None => "/dev/null",
    };
    let run = script.running(&start.command, stdin_file);

    let mut archive = Archive::new(Vec::new());
    let packed = (|| {
        archive.add(path, 0o700, &content)?;
        for file in implementation.files {
            archive.add(&file.path, 0o700, &file.read()?)?;
        }
        if let Some(json) = &stdin {
            archive.add(".stdin", 0o600, json.reveal().as_bytes())?;
        }
        archive.add(".run", 0o600, run.as_bytes())?;
        archive.finish()
    })()
    .map_err(|error: std::io::Error| unreadable(task, &error))?;
    Carriage::directory(packed).payload(call)
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
        ));
    }
    Ok(method)
}

fn read(task: &Task, file: &TaskFile) -> Result<std::borrow::Cow<'static, [u8]>, Failure> {
    file.read().map_err(|error| unreadable(task, &error))
}

fn unreadable(task: &Task, error: &std::io::Error) -> Failure {
    Failure::new(
        kinds::FILE,
        format!(
            "a file of the task `{}` can't be read: {error}",
            task.name()
        ),
    )
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
            .chain([("_task", Value::from(self.task.name()))])
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

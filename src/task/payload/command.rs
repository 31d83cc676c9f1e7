//! The payloads of commands and scripts.

use crate::model::{Failure, Payload, kinds};

use super::{
    archive::Archive,
    call::Call,
    carriage::Carriage,
    executable,
    script_text::{STRING_BYTES_MAX, ScriptText},
    shell,
};

/// The payload that runs a command line in the login shell; escalated or local, in `sh`.
///
/// # Errors
/// The command has a NUL in it, or a variable can't be set.
pub fn command_payload(command: &str, call: &Call<'_>) -> Result<Payload, Failure> {
    if command.contains('\0') {
        return Err(Failure::new(
            kinds::VALIDATION,
            "a command can't have a NUL in it",
        ));
    }
    let is_plain = call.escalates_to().is_some() || call.target.transport == "local";
    let login_shell = if is_plain {
        "/bin/sh"
    } else {
        r#""${SHELL:-/bin/sh}""#
    };
    let mut script = ScriptText::new();
    script.export_all(call.env)?;
    if command.len() < STRING_BYTES_MAX {
        let words = format!("{login_shell} -c {}", shell::quote(command));
        return Carriage::script(script.running(&words, "/dev/null")).payload(call);
    }
    // No single argument may be that long.
    let run = script.running(&format!(r#"{login_shell} "$d"/.command"#), "/dev/null");
    directory(&[(".command", command.as_bytes())], &run, call)
}

/// The payload that runs a script of the controller: its name, its content, its arguments.
///
/// # Errors
/// An argument has a NUL in it, a variable can't be set, or an interpreter of the target is no words.
pub fn script_payload(
    name: &str,
    content: &[u8],
    arguments: &[String],
    call: &Call<'_>,
) -> Result<Payload, Failure> {
    if let Some(argument) = arguments
        .iter()
        .find(|one| one.contains('\0') || one.len() >= STRING_BYTES_MAX)
    {
        return Err(Failure::new(
            kinds::VALIDATION,
            if argument.contains('\0') {
                "an argument of a script can't have a NUL in it".to_owned()
            } else {
                format!(
                    "an argument of {} bytes is longer than any target takes",
                    argument.len()
                )
            },
        ));
    }
    let file_name = name
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or("script");
    // Ours begin with a dot, and it must not be one of them.
    let file_name = file_name.trim_start_matches('.');
    let mut script = ScriptText::new();
    script.export_all(call.env)?;
    let file = format!("\"$d\"/{}", shell::quote(file_name));
    let start = executable::start(call, &file, file_name, content)?;
    script.line(&start.check);
    let words = format!(
        "{} {}",
        start.command,
        shell::join(arguments.iter().map(String::as_str))
    );
    let run = script.running(&words, "/dev/null");
    directory(&[(file_name, content)], &run, call)
}

fn directory(files: &[(&str, &[u8])], run: &str, call: &Call<'_>) -> Result<Payload, Failure> {
    let mut archive = Archive::new(Vec::new());
    let packed = (|| {
        for (path, content) in files {
            archive.add(path, 0o700, content)?;
        }
        archive.add(".run", 0o600, run.as_bytes())?;
        archive.finish()
    })()
    .map_err(|error: std::io::Error| {
        Failure::new(
            kinds::FILE,
            format!("the files of the run can't be packed: {error}"),
        )
    })?;
    Carriage::directory(packed).payload(call)
}

//! How a file is started on a target: by itself, by its interpreter, or by the shell.

use crate::model::{Failure, Value, kinds};

use super::{
    call::Call,
    interpreter::{is_ruby_here, no_shell_script},
    shell,
};

/// The shell words that start `file` (words already), which has this name and content.
///
/// The target's `interpreters` decide by extension. Without one the `#!` line does, with the very words that the
/// kernel would make of it: so that a task also runs where nothing in a directory for temporary files may be executed,
/// which not every shell can find out beforehand.
///
/// Ruby on this machine is the exception: Bolt runs such files with a Ruby of its own, whatever their first line says,
/// and published plugins count on it. Here it is the one in the path where there is none at the place that is named.
pub(super) fn start(
    call: &Call<'_>,
    file: &str,
    name: &str,
    nature: &Nature,
) -> Result<Start, Failure> {
    let started_by = |words: &[&str]| Start {
        check: program_of(words).map(|program| {
            let program = shell::quote(program);
            format!("command -v {program} >/dev/null 2>&1||f interpreter {program}")
        }),
        command: format!("{} {file}", shell::join(words.iter().copied())),
    };
    if let Some(words) = interpreter(call, name)? {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        return Ok(started_by(&words));
    }
    let is_ruby_here = is_ruby_here(call, name);
    Ok(match nature {
        Nature::Script(words) => {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if let Some(program) = program_of(&words).filter(|program| program.ends_with('\r')) {
                let message = format!(
                    "`{name}` has the line endings of Windows, so its interpreter would be `{}`",
                    program.escape_debug()
                );
                let help = format!("save it with those of Unix: `sed -i 's/\\r$//' {name}`");
                return Err(Failure::new(kinds::FILE, message)
                    .with_issue_code("EXEC_ERROR")
                    .with_detail("help", help));
            }
            match words.as_slice() {
                [ruby, arguments @ ..] if is_ruby_here && ruby.starts_with('/') => {
                    ruby_or_another(ruby, arguments, file)
                }
                words => started_by(words),
            }
        }
        Nature::Program => Start {
            check: Some(format!(
                r#"[ -x {file} ]||f exec "programs can't be executed in $b""#
            )),
            command: file.to_owned(),
        },
        Nature::Plain if is_ruby_here => started_by(&["ruby"]),
        Nature::Plain => match no_shell_script(call, name) {
            Some(failure) => return Err(failure),
            // What every shell does with such a file, and `setsid` of some systems does not.
            None => Start {
                check: None,
                command: format!("/bin/sh {file}"),
            },
        },
    })
}

/// The Ruby at the place that is named, or the one in the path.
fn ruby_or_another(ruby: &str, arguments: &[&str], file: &str) -> Start {
    let ruby = shell::quote(ruby);
    let words = shell::join(arguments.iter().copied());
    Start {
        check: Some(format!(
            r#"r={ruby};command -v "$r" >/dev/null 2>&1||r=ruby;command -v "$r" >/dev/null 2>&1||f interpreter {ruby}"#
        )),
        command: format!(r#""$r" {words} {file}"#),
    }
}

/// What kind of file it is, by its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// With the words of its `#!` line.
    Script(Vec<String>),
    Program,
    /// Neither of them.
    Plain,
}

impl Nature {
    pub(super) fn of(content: &[u8]) -> Self {
        if let Some(words) = shebang(content) {
            return Self::Script(words.into_iter().map(str::to_owned).collect());
        }
        if content.contains(&0) {
            return Self::Program;
        }
        Self::Plain
    }
}

/// The program that has to be there: what `env` looks for, where it is `env` that is asked.
fn program_of<'a>(words: &[&'a str]) -> Option<&'a str> {
    match words {
        [env, program] if env.ends_with("/env") => {
            (!program.starts_with('-') && !program.contains(['=', ' '])).then_some(*program)
        }
        [program, ..] => Some(program),
        [] => None,
    }
}

/// A line that comes before, if one has to, and the words of the command.
pub(super) struct Start {
    pub check: Option<String>,
    pub command: String,
}

/// The interpreter and its one argument, as Linux reads them.
fn shebang(content: &[u8]) -> Option<Vec<&str>> {
    let line = content.strip_prefix(b"#!")?;
    let end = line.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&line[..end])
        .ok()?
        .trim_matches([' ', '\t']);
    let (program, argument) = match line.split_once([' ', '\t']) {
        Some((program, argument)) => (program, argument.trim_start()),
        None => (line, ""),
    };
    if program.is_empty() || line.contains('\0') {
        return None;
    }
    Some(
        [program, argument]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect(),
    )
}

/// The words that the target's `interpreters` have for the extension of a file.
pub(super) fn interpreter(call: &Call<'_>, name: &str) -> Result<Option<Vec<String>>, Failure> {
    let Some(extension) = name.rsplit_once('.').map(|(_, extension)| extension) else {
        return Ok(None);
    };
    let Some(interpreters) = call.target.setting("interpreters").and_then(Value::as_map) else {
        return Ok(None);
    };
    let found = interpreters
        .iter()
        .find(|(key, _)| key.trim_start_matches('.') == extension);
    let Some((_, setting)) = found else {
        return Ok(None);
    };
    let words: Option<Vec<String>> = match setting {
        Value::String(path) => Some(vec![path.clone()]),
        Value::Array(words) => words
            .iter()
            .map(|word| word.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    };
    match words {
        Some(words) if !words.is_empty() => Ok(Some(words)),
        _ => Err(Failure::new(
            kinds::VALIDATION,
            format!("the interpreter of `{extension}` must be a path or a list of words"),
        )),
    }
}

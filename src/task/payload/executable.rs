//! How a file is started on a target: by itself, by its interpreter, or by the shell.

use crate::model::{Failure, Value, kinds};

use super::{call::Call, shell};

/// The shell words that start `file` (words already), which has this name and content.
///
/// The target's `interpreters` decide by extension. Without one the kernel does, as the contract has it. Where it
/// can't because temporary files may not be executed, its `#!` line does, and it gets exactly what the kernel would do.
pub(super) fn start(
    call: &Call<'_>,
    file: &str,
    name: &str,
    content: &[u8],
) -> Result<Start, Failure> {
    if let Some(words) = interpreter(call, name)? {
        return Ok(Start {
            check: String::new(),
            command: format!("{} {file}", shell::join(words.iter().map(String::as_str))),
        });
    }
    let is_program = content.starts_with(b"\x7fELF") || content.contains(&0);
    let Some(line) = shebang(content) else {
        return Ok(if is_program {
            Start {
                check: format!(r#"[ -x {file} ]||f exec "programs can't be executed in $b""#),
                command: file.to_owned(),
            }
        } else {
            // What every shell does with such a file, and `setsid` of some systems does not.
            Start {
                check: String::new(),
                command: format!("/bin/sh {file}"),
            }
        });
    };
    Ok(Start {
        check: format!(
            "if [ -x {file} ];then set -- {file};else set -- {} {file};fi",
            shell::join(line)
        ),
        command: r#""$@""#.to_owned(),
    })
}

/// A line that comes before, and the words of the command.
pub(super) struct Start {
    pub check: String,
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

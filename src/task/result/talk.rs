//! Tells what the program on the target said from what the task said: both use standard error.

use std::borrow::Cow;

use crate::{
    model::{Failure, Output, kinds},
    task::{
        Call,
        payload::{SETUP_EXIT, escalation_failure, help_with_interpreter},
    },
};

/// What the run itself wrote to standard error.
///
/// # Errors
/// The run never began: it could not be set up, or the other user could not be become.
pub(in crate::task) fn own_stderr<'a>(
    call: &Call<'_>,
    output: &'a Output,
) -> Result<Cow<'a, str>, Failure> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let code = output.exit.code();
    if code == SETUP_EXIT
        && let Some(failure) = setup_failure(call, &stderr)
    {
        return Err(failure);
    }
    let Some(user) = call.escalates_to() else {
        return Ok(stderr);
    };
    match after_start(call, &stderr) {
        Some(at) => Ok(Cow::Owned(stderr[at..].to_owned())),
        // Ended by us before it began, or so much was said that the line was left out.
        None if code == 0 || output.omitted > 0 => Ok(stderr),
        None => Err(escalation_failure(user, &stderr)),
    }
}

/// What of the standard error that has come so far is the run's own, and may be shown while it goes on.
///
/// An escalated run first says that it has begun, and before that sudo asks for the password. A run that can't be
/// set up says why, which its result tells better.
#[must_use]
pub fn open_stderr<'a>(call: &Call<'_>, so_far: &'a str) -> &'a str {
    let own = if call.escalates_to().is_none() {
        so_far
    } else {
        after_start(call, so_far).map_or("", |at| &so_far[at..])
    };
    let end = own.find(&format!("segue:{}:", call.run));
    &own[..end.unwrap_or(own.len())]
}

/// Where the words of an escalated run begin.
fn after_start(call: &Call<'_>, stderr: &str) -> Option<usize> {
    let line = format!("segue:{}:started\n", call.run);
    stderr.find(&line).map(|at| at + line.len())
}

/// What the program said of why it could not begin.
fn setup_failure(call: &Call<'_>, stderr: &str) -> Option<Failure> {
    let prefix = format!("segue:{}:", call.run);
    let said = stderr
        .rmatch_indices(&prefix)
        .map(|(at, _)| &stderr[at + prefix.len()..])
        .find(|said| !said.starts_with("started\n"))?;
    let (what, reason) = said.split_once(':')?;
    let reason = reason.trim();
    let (code, message) = match what {
        "tmpdir" => (
            "TMPDIR_ERROR",
            "no directory for the run could be made; the setting `tmpdir` names another place",
        ),
        "unpack" => ("WRITE_ERROR", "the files of the run could not be written"),
        "exec" => (
            "EXEC_ERROR",
            "the file can't be executed; the setting `tmpdir` names another place",
        ),
        "interpreter" => {
            let message = format!("the interpreter `{reason}` is not on the target");
            let help = help_with_interpreter(call, reason);
            return Some(
                Failure::new(kinds::FILE, message)
                    .with_issue_code("EXEC_ERROR")
                    .with_detail("help", help),
            );
        }
        "input" => ("WRITE_ERROR", "the run did not arrive whole"),
        "write" => ("WRITE_ERROR", "the destination could not be written"),
        "read" => ("DOWNLOAD_ERROR", "the source could not be read"),
        _ => ("EXEC_ERROR", "the run could not be set up"),
    };
    Some(Failure::new(kinds::FILE, format!("{message}: {reason}")).with_issue_code(code))
}

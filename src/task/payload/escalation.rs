//! Becoming another user on the target: the words before the command, the password before the header, and what it
//! means when the run did not begin.

use std::sync::Arc;

use crate::model::{Failure, Value, kinds};

use super::{call::Call, preamble, shell};

// What sudo is told to ask with. Counting it tells a wrong password from a missing one in every language.
const PROMPT: &str = "segue-password:";

/// How a run becomes another user.
pub(super) struct Escalation {
    pub command: Arc<str>,
    /// The line that goes first on standard input.
    pub password_line: String,
}

impl Escalation {
    /// The escalation that a call asks for, if it does.
    pub(super) fn of(call: &Call<'_>) -> Result<Option<Self>, Failure> {
        let Some(user) = call.escalates_to() else {
            return Ok(None);
        };
        if user.starts_with('-') || user.contains('\0') {
            return Err(Failure::new(
                kinds::VALIDATION,
                format!("`{user}` is no name of a user to run as"),
            ));
        }
        let plain = preamble::command();
        if let Some(words) = own_command(call)? {
            let words = words.iter().map(String::as_str).chain([user]);
            return Ok(Some(Self {
                command: Arc::from(format!("{} {plain}", shell::join(words))),
                password_line: String::new(),
            }));
        }
        let sudo = shell::join([call.text_setting("sudo-executable").unwrap_or("sudo")]);
        let user = shell::quote(user);
        let password = call
            .text_setting("sudo-password")
            .or_else(|| call.text_setting("password"));
        let Some(password) = password else {
            return Ok(Some(Self {
                command: Arc::from(format!("{sudo} -n -H -u {user} {plain}")),
                password_line: String::new(),
            }));
        };
        // A line of this form would be taken for the header if sudo did not need the password.
        if password.contains(['\n', '\0']) || password.starts_with("segue:") {
            return Err(escalate_failure(
                "the password can't be given to sudo: it begins with `segue:` or has a line break in it".to_owned(),
                "BAD_PASSWORD",
            ));
        }
        Ok(Some(Self {
            command: Arc::from(format!("{sudo} -S -H -u {user} -p {PROMPT} {plain}")),
            password_line: format!("{password}\n"),
        }))
    }
}

/// The `run-as-command` of a target.
fn own_command(call: &Call<'_>) -> Result<Option<Vec<String>>, Failure> {
    let Some(setting) = call.target.setting("run-as-command") else {
        return Ok(None);
    };
    let words: Option<Vec<String>> = setting.as_array().map(|words| {
        words
            .iter()
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect()
    });
    match words {
        Some(words) if !words.is_empty() => Ok(Some(words)),
        _ if *setting == Value::Null => Ok(None),
        _ => Err(Failure::new(
            kinds::VALIDATION,
            "`run-as-command` must be a list of words, such as [\"doas\", \"-u\"]",
        )),
    }
}

/// Why an escalated run never began, from all that was said in its place.
pub(in crate::task) fn failure(user: &str, stderr: &str) -> Failure {
    let asked = stderr.matches(PROMPT).count();
    let said = stderr.replace(PROMPT, "");
    let said = said.trim();
    let (code, what) = if asked >= 2 || said.contains("incorrect password") {
        (
            "BAD_PASSWORD",
            format!("sudo did not accept the password to become `{user}`"),
        )
    } else if said.contains("password is required") || said.contains("no password was provided") {
        (
            "NO_PASSWORD",
            format!("sudo needs a password to become `{user}`, and none is configured"),
        )
    } else {
        ("SUDO_DENIED", format!("becoming `{user}` was denied"))
    };
    let message = if said.is_empty() {
        what
    } else {
        format!("{what}: {said}")
    };
    escalate_failure(message, code)
}

fn escalate_failure(message: String, code: &str) -> Failure {
    Failure::new(kinds::ESCALATE, message).with_issue_code(code)
}

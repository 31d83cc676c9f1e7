//! The script that a run evaluates on its target: variables, the home directory, and the one command.

use crate::model::{Failure, Value, kinds};

use super::shell;

// Linux takes no single string longer than this in an argument or a variable (MAX_ARG_STRLEN), and 2 MiB in all with
// the usual stack limit; half of that leaves room for what is there already.
pub(super) const STRING_BYTES_MAX: usize = 128 << 10;
const ENVIRONMENT_BYTES_MAX: usize = 1 << 20;

/// The script of a run, as it grows.
pub(super) struct ScriptText {
    text: String,
    environment_bytes: usize,
}

/// Why a variable can't be in the environment of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoVariable {
    Name,
    Nul,
    TooLong,
}

impl NoVariable {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Name => "no environment variable can have that name",
            Self::Nul => "a NUL can't be in an environment variable",
            Self::TooLong => "it is longer than an environment variable can be",
        }
    }
}

impl ScriptText {
    /// An empty one. It is one group, so that a shell which gets only half of it does nothing of it.
    pub(super) fn new() -> Self {
        Self {
            text: "{\n".to_owned(),
            environment_bytes: 0,
        }
    }

    /// Sets a variable for the command.
    pub(super) fn export(&mut self, name: &str, value: &str) -> Result<(), NoVariable> {
        if !shell::is_variable_name(name) {
            return Err(NoVariable::Name);
        }
        if value.contains('\0') {
            return Err(NoVariable::Nul);
        }
        let bytes = name.len() + value.len() + 2;
        if bytes > STRING_BYTES_MAX || self.environment_bytes + bytes > ENVIRONMENT_BYTES_MAX {
            return Err(NoVariable::TooLong);
        }
        self.environment_bytes += bytes;
        self.line(&format!("{name}={};export {name}", shell::quote(value)));
        Ok(())
    }

    /// Sets the variables that a plan asks for: strings as they are, everything else as JSON.
    pub(super) fn export_all<'a>(
        &mut self,
        variables: impl IntoIterator<Item = (&'a String, &'a Value)>,
    ) -> Result<(), Failure> {
        for (name, value) in variables {
            self.export(name, &variable_text(value)).map_err(|wrong| {
                Failure::new(
                    kinds::VALIDATION,
                    format!("the variable `{name}` can't be set: {}", wrong.reason()),
                )
                .with_issue_code("ENVVAR_ERROR")
            })?;
        }
        Ok(())
    }

    /// A line of shell.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// The whole script, which ends in `command`: shell words, of which the first is a program.
    pub(super) fn running(mut self, command: &str, stdin: &str) -> String {
        // Where there is no home, it stays where the login put it.
        self.line("cd 2>/dev/null");
        self.line(&format!("exec $x {command} <{stdin}"));
        self.text.push_str("}\n");
        self.text
    }
}

/// The text of a value in a variable.
pub(super) fn variable_text(value: &Value) -> String {
    match value.revealed() {
        Value::String(text) => text.clone(),
        other => other.to_revealed_json().to_string(),
    }
}

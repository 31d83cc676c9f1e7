//! Puts the parts of a run together: command line, header, password, content.

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use crate::model::{Failure, OutputCap, Payload, Secret, Stdin, Stdout, Value, kinds};

use super::{
    call::Call,
    escalation::Escalation,
    preamble::{self, Header, Mode},
    shell,
};

/// What follows the header on standard input.
pub(super) enum Content {
    Bytes(Vec<u8>),
    /// What all targets share, and what is this target's own.
    Shared {
        shared: Arc<Secret<Vec<u8>>>,
        own: Vec<u8>,
    },
    File(Arc<PathBuf>),
}

/// What is particular about a payload.
pub(super) struct Carriage {
    pub mode: Mode,
    pub content: Content,
    /// For [`Mode::Stream`].
    pub script: String,
    pub stdout: Stdout,
}

impl Carriage {
    /// A run in a directory of its own, out of an archive in two pieces.
    pub(super) fn directory(shared: Arc<Secret<Vec<u8>>>, own: Vec<u8>) -> Self {
        Self::of(
            Mode::Directory,
            Content::Shared { shared, own },
            String::new(),
        )
    }

    /// A run of a script that needs no directory.
    ///
    /// The id of the run ends it, so that half of it is known for half.
    pub(super) fn script(mut script: String, call: &Call<'_>) -> Self {
        let _ = writeln!(script, "#{}", call.run);
        Self::of(
            Mode::Script,
            Content::Bytes(script.into_bytes()),
            String::new(),
        )
    }

    /// A run of a script of one line that reads `content`.
    pub(super) fn stream(script: String, content: Content) -> Self {
        Self::of(Mode::Stream, content, script)
    }

    fn of(mode: Mode, content: Content, script: String) -> Self {
        Self {
            mode,
            content,
            script,
            stdout: Stdout::Keep(OutputCap::default()),
        }
    }

    /// The payload for a transport.
    pub(super) fn payload(self, call: &Call<'_>) -> Result<Payload, Failure> {
        let escalation = Escalation::of(call)?;
        let base = base(call, escalation.is_some())?;
        let header = Header {
            run: call.run,
            mode: self.mode,
            timeout: call.timeout,
            base: &base,
            is_escalated: escalation.is_some(),
            keeps_directory: call.target.setting("cleanup").and_then(Value::as_bool) == Some(false),
            keeping: call.keeping.filter(|_| self.mode != Mode::Stream),
            script: &self.script,
        };
        let (command, mut head) = match escalation {
            Some(escalation) => (escalation.command, escalation.password_line),
            None => (preamble::command(), String::new()),
        };
        head.push_str(&header.line());
        let head = head.into_bytes();
        let secret = |bytes: Vec<u8>| Arc::new(Secret::new(bytes));
        let stdin = match self.content {
            Content::Bytes(content) => Stdin::Bytes(secret([head, content].concat())),
            Content::Shared { shared, own } => Stdin::Around {
                head: secret(head),
                shared,
                tail: secret(own),
            },
            Content::File(file) => Stdin::Prefixed {
                head: secret(head),
                file,
            },
        };
        Ok(Payload {
            command,
            stdin,
            stdout: self.stdout,
            timeout: call.timeout,
            end: Some(preamble::end(call.run, &base)),
        })
    }
}

/// Where directories of runs are made: an expression for the shell.
pub(super) fn base(call: &Call<'_>, is_escalated: bool) -> Result<String, Failure> {
    match call.text_setting("tmpdir") {
        Some(path) if path.starts_with('/') && !path.contains(['\n', '\0']) => {
            Ok(shell::quote(path))
        }
        Some(path) => Err(Failure::new(
            kinds::VALIDATION,
            format!("the setting `tmpdir` must be an absolute path, not `{path}`"),
        )),
        // What runs while the target goes down and comes up again: /tmp may be empty then.
        None if call.keeping.is_some_and(|keeping| keeping.is_detached) => {
            Ok("/var/tmp".to_owned())
        }
        // The other user has other variables, and the two have to meet in the same place.
        None if is_escalated => Ok("/tmp".to_owned()),
        None => Ok(r#""${TMPDIR:-/tmp}""#.to_owned()),
    }
}

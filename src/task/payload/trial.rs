//! Runs payloads on this machine, for tests: what a transport does, without one.

use std::{
    collections::BTreeMap,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::model::{Exit, Map, Output, Payload, Target, Value};

use super::call::{Call, RunId};

/// A machine to try things on: a shell, a home, a directory for temporary files.
pub(in crate::task) struct Trial {
    pub shell: Vec<String>,
    pub directory: tempfile::TempDir,
    pub path: String,
    /// Makes it a target of the embedded fleet.
    pub fleet_state: Option<PathBuf>,
}

impl Trial {
    pub(in crate::task) fn new() -> Self {
        Self::with_shell(&["/bin/sh"])
    }

    /// A machine whose `/bin/sh` is another shell.
    pub(in crate::task) fn with_shell(shell: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("home")).unwrap();
        std::fs::create_dir(directory.path().join("tmp")).unwrap();
        Self {
            shell: shell.iter().map(|&word| word.to_owned()).collect(),
            directory,
            path: std::env::var("PATH").unwrap(),
            fleet_state: None,
        }
    }

    pub(in crate::task) fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// What is left of runs.
    pub(in crate::task) fn leftovers(&self) -> Vec<String> {
        std::fs::read_dir(self.directory.path().join("tmp"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    pub(in crate::task) fn command(&self, line: &str) -> Command {
        // The line begins with `/bin/sh -c`, which stands for the shell that is tried.
        let words = shell_words::split(line).unwrap();
        assert_eq!(words[0], "/bin/sh");
        self.program(&words[1..])
    }

    /// The shell with more arguments.
    fn program(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.shell[0]);
        command
            .args(&self.shell[1..])
            .args(arguments)
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.home())
            .envs(
                self.fleet_state
                    .iter()
                    .map(|state| ("SEGUE_FLEET_STATE", state)),
            )
            .env("TMPDIR", self.directory.path().join("tmp"))
            .current_dir("/")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a payload to its end, with the shell in place of `/bin/sh`.
    pub(in crate::task) fn run(&self, payload: &Payload) -> Output {
        feed(self.command(&payload.command), payload)
    }

    /// Runs a payload to its end, with the shell as the login shell.
    pub(in crate::task) fn run_through(&self, payload: &Payload) -> Output {
        feed(self.login(&payload.command), payload)
    }

    /// The command line as a login shell gets it.
    pub(in crate::task) fn login(&self, line: &str) -> Command {
        let is_login_shell = self.shell.last().is_some_and(|word| word == "-c");
        if is_login_shell {
            self.program(&[line.to_owned()])
        } else {
            self.program(&["-c".to_owned(), line.to_owned()])
        }
    }
}

fn feed(mut command: Command, payload: &Payload) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut bytes = payload.stdin.pieces().concat();
    if let Some(file) = payload.stdin.file() {
        bytes.extend(std::fs::read(file).unwrap());
    }
    let writer = thread::spawn(move || {
        // A run that failed early does not read all of it.
        let _ = stdin.write_all(&bytes);
    });
    let done = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Output {
        stdout: done.stdout,
        stderr: done.stderr,
        exit: done
            .status
            .code()
            .map_or_else(|| Exit::Signal("KILL".to_owned()), Exit::Code),
        omitted: 0,
    }
}

/// A target, a run and no options.
pub(in crate::task) struct Ask {
    pub target: Target,
    pub run: RunId,
    pub env: BTreeMap<String, Value>,
    pub timeout: Duration,
    pub noop: bool,
}

impl Ask {
    pub(in crate::task) fn new() -> Self {
        Self {
            target: Target::new("web1", "ssh"),
            run: RunId::new(rand::random()),
            env: BTreeMap::new(),
            timeout: Duration::from_mins(1),
            noop: false,
        }
    }

    pub(in crate::task) fn setting(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.target.config.insert(key.to_owned(), value.into());
        self
    }

    pub(in crate::task) fn call(&self) -> Call<'_> {
        Call {
            target: &self.target,
            run: &self.run,
            run_as: None,
            noop: self.noop,
            timeout: self.timeout,
            env: &self.env,
            keeping: None,
        }
    }
}

/// Shells that can be `/bin/sh` somewhere and are on this machine.
pub(in crate::task) fn shells() -> Vec<Vec<&'static str>> {
    let candidates: [&[&str]; 6] = [
        &["/bin/sh"],
        &["/bin/dash"],
        &["/bin/bash", "--posix"],
        &["/bin/busybox", "sh"],
        &["/bin/ksh93"],
        &["/bin/mksh"],
    ];
    candidates
        .iter()
        .filter(|words| std::path::Path::new(words[0]).exists())
        .map(|words| words.to_vec())
        .collect()
}

pub(in crate::task) fn map<const N: usize>(entries: [(&str, Value); N]) -> Map {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

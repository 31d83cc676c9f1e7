//! The builder that every test of the command reads like: a project, a command line, and all that must come of it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A project in a directory of its own, and one run of `segue` in it.
///
/// Hermetic: the environment is cleared, HOME is the test's own, nothing of the machine's configuration is read.
#[must_use]
pub(crate) struct Segue {
    directory: TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    stdin: String,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Segue {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("home")).unwrap();
        let segue = Self {
            directory,
            arguments: Vec::new(),
            environment: Vec::new(),
            stdin: String::new(),
        };
        segue.file("project/segue.yaml", "name: test\n")
    }

    /// The directory of the project.
    pub(crate) fn project(&self) -> PathBuf {
        self.directory.path().join("project")
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    /// A file beside the project, or in it (`project/...`).
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A plan of the project.
    pub(crate) fn plan(self, name: &str, text: &str) -> Self {
        self.file(&format!("project/plans/{name}.rhai"), text)
    }

    /// A task of the project's `tasks/`, in POSIX sh, with its metadata.
    pub(crate) fn task(self, name: &str, metadata: &str, script: &str) -> Self {
        self.file(&format!("project/tasks/{name}.json"), metadata)
            .file(&format!("project/tasks/{name}.sh"), script)
    }

    pub(crate) fn inventory(self, text: &str) -> Self {
        self.file("project/inventory.yaml", text)
    }

    pub(crate) fn arguments<I: IntoIterator<Item = S>, S: Into<String>>(
        mut self,
        arguments: I,
    ) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Arguments in one line, split at spaces.
    pub(crate) fn line(self, line: &str) -> Self {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        self.arguments(words)
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    /// The command, ready to be started by a test that wants to watch or kill it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_segue"));
        command
            .args(&self.arguments)
            .current_dir(self.project())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory.path().join("home"))
            .env("USER", "tester")
            .env("NO_COLOR", "1")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Another command in the same project, as one line.
    pub(crate) fn command_of(&self, line: &str) -> Command {
        let own = self.command();
        let environment = own.get_envs();
        let mut command = Command::new(own.get_program());
        command
            .args(line.split_whitespace())
            .current_dir(self.project())
            .env_clear()
            .envs(environment.filter_map(|(name, value)| Some((name, value?))))
            .stdin(Stdio::null());
        command
    }

    /// Runs the command to its end.
    #[track_caller]
    pub(crate) fn run(&self) -> Ran {
        let mut child = self.command().spawn().unwrap();
        // A command that does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(self.stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

impl Ran {
    /// Checks the exit code; shows everything when it is another.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "exit code\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn stdout_has(self, part: &str) -> Self {
        assert!(
            self.stdout.contains(part),
            "{part:?} is not in\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn stdout_lacks(self, part: &str) -> Self {
        assert!(
            !self.stdout.contains(part),
            "{part:?} is in\n--- stdout\n{}",
            self.stdout
        );
        self
    }

    #[track_caller]
    pub(crate) fn stderr_has(self, part: &str) -> Self {
        assert!(
            self.stderr.contains(part),
            "{part:?} is not in\n--- stderr\n{}\n--- stdout\n{}",
            self.stderr,
            self.stdout
        );
        self
    }

    #[track_caller]
    pub(crate) fn stderr_lacks(self, part: &str) -> Self {
        assert!(
            !self.stderr.contains(part),
            "{part:?} is in\n--- stderr\n{}",
            self.stderr
        );
        self
    }

    /// The JSON document on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in\n{}\n{}", self.stdout, self.stderr))
    }
}

//! A project whose targets are all this machine, and whose task counts how often it was run on each.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    segue::{Ran, Segue},
    sshd::Sshd,
};

/// How long a condition may take on a machine that does a lot of other things.
const DEADLINE: Duration = Duration::from_mins(1);

/// Three names for this machine.
const INVENTORY: &str = r#"
targets:
  - { name: a, uri: "local://localhost" }
  - { name: b, uri: "local://localhost" }
  - { name: c, uri: "local://localhost" }
"#;

const METADATA: &str = r#"{
    "parameters": {
        "name": { "type": "String[1]" },
        "me": { "type": "String[1]" },
        "secret": { "type": "Optional[String]", "sensitive": true }
    }
}"#;

/// The function that plans count with.
const COUNT: &str = r#"
fn count(name, targets) {
    run_task_with("test::count", targets, |t| #{ name: name, me: t.name })
}
"#;

/// A project, and files that say what its task has done and what it shall do.
pub(super) struct Project {
    pub(super) segue: Segue,
    room: PathBuf,
}

impl Project {
    /// A project with one plan. The plan may call `count(name, targets)`.
    pub(super) fn new(plan: &str) -> Self {
        Self::with_inventory(INVENTORY, plan)
    }

    /// The same, with each of its targets an address of a real server.
    pub(super) fn over_ssh(sshd: &Sshd, plan: &str) -> Self {
        let mut inventory = "targets:\n".to_owned();
        for (index, name) in ["a", "b", "c"].iter().enumerate() {
            let (address, port, user) = (Sshd::address(index), sshd.port, &sshd.user);
            let _ = writeln!(
                inventory,
                "  - {{ name: {name}, uri: 'ssh://{user}@{address}:{port}' }}"
            );
        }
        let _ = write!(
            inventory,
            "config:\n  ssh:\n    private-key: '{}'\n    known-hosts: '{}'\n",
            sshd.key().display(),
            sshd.known_hosts().display()
        );
        Self::with_inventory(&inventory, plan)
    }

    fn with_inventory(inventory: &str, plan: &str) -> Self {
        let segue = Segue::new();
        let room = segue.root().join("room");
        fs::create_dir(&room).unwrap();
        let script = format!(
            "#!/bin/sh\n\
             key=\"$PT_name.$PT_me\"\n\
             echo ran >> '{room}/ran.'$key\n\
             while [ -e '{room}/hold.'$key ]; do sleep 0.05; done\n\
             if [ -e '{room}/bad.'$key ]; then echo broken >&2; exit 3; fi\n\
             printf '{{\"counted\":\"%s\"}}' \"$key\"\n",
            room = room.display()
        );
        let temporary = segue.root().join("tmp");
        fs::create_dir(&temporary).unwrap();
        let segue = segue
            .inventory(inventory)
            .task("count", METADATA, &script)
            .environment("TMPDIR", temporary.to_str().unwrap());
        let project = Self { segue, room };
        project.mend(plan)
    }

    /// Changes the plan.
    pub(super) fn mend(self, plan: &str) -> Self {
        let text = match plan.find("//body") {
            Some(at) => format!("{}{COUNT}{}", &plan[..at], &plan[at + 6..]),
            None => format!("{COUNT}{plan}"),
        };
        Self {
            segue: self.segue.plan("work", &text),
            room: self.room,
        }
    }

    /// `hold` keeps a task from ending, `bad` makes it fail.
    pub(super) fn mark(&self, what: &str) {
        fs::write(self.room.join(what), "").unwrap();
    }

    pub(super) fn unmark(&self, what: &str) {
        fs::remove_file(self.room.join(what)).unwrap();
    }

    pub(super) fn exists(&self, what: &str) -> bool {
        self.room.join(what).exists()
    }

    /// How often each was run: `one.a` 1, `one.b` 2.
    pub(super) fn counts(&self) -> BTreeMap<String, usize> {
        let files = fs::read_dir(&self.room).unwrap();
        files
            .filter_map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name()?.to_str()?.strip_prefix("ran.")?.to_owned();
                Some((name, fs::read_to_string(&path).unwrap().lines().count()))
            })
            .collect()
    }

    /// The counts as one line.
    pub(super) fn counted(&self) -> String {
        let counts = self.counts();
        let parts: Vec<String> = counts
            .iter()
            .map(|(name, count)| format!("{name}={count}"))
            .collect();
        parts.join(" ")
    }

    pub(super) fn forget_counts(&self) {
        for name in self.counts().into_keys() {
            fs::remove_file(self.room.join(format!("ran.{name}"))).unwrap();
        }
    }

    /// Where the outcomes are that runs have left.
    pub(super) fn outcomes(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.segue.root().join("tmp")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|end| end == "kept"))
            .collect()
    }

    /// Makes it impossible to say what became of runs.
    pub(super) fn hide_outcomes(&self) {
        for path in self.outcomes() {
            fs::remove_dir_all(&path).unwrap();
            fs::write(&path, "").unwrap();
        }
    }

    pub(super) fn store(&self) -> PathBuf {
        self.segue.project().join(".segue/jobs.db")
    }

    fn command(&self, line: &str) -> Command {
        let mut command = self.segue.command();
        command.args(line.split_whitespace());
        command
    }

    /// Runs a command to its end.
    #[track_caller]
    pub(super) fn run(&self, line: &str) -> Ran {
        let output = self.command(line).stdin(Stdio::null()).output().unwrap();
        Ran {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// Starts a command that is watched, stopped or killed.
    pub(super) fn start(&self, line: &str) -> Running {
        let child = self.command(line).stdin(Stdio::null()).spawn().unwrap();
        Running { child }
    }

    /// The state of the last job, from its list.
    pub(super) fn state(&self) -> String {
        let list = self.run("job list --format json --limit 1").code(0).json();
        list["items"][0]["state"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The events of the last job.
    pub(super) fn events(&self) -> Vec<serde_json::Value> {
        let document = self.run("job events --format json").code(0).json();
        document["events"].as_array().unwrap().clone()
    }
}

/// A command that runs.
pub(super) struct Running {
    child: Child,
}

impl Running {
    pub(super) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.unwrap().success());
    }

    /// Reads so many lines of its standard output. Gives how many there were.
    pub(super) fn read_lines(&mut self, count: usize) -> usize {
        let lines = BufReader::new(self.child.stdout.as_mut().unwrap()).lines();
        lines.take(count).map_while(Result::ok).count()
    }

    /// Ends it as nothing can be caught.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(super) fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub(super) fn end(self) -> Ran {
        let output = self.child.wait_with_output().unwrap();
        Ran {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

/// Waits for a condition.
#[track_caller]
pub(super) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "{what} did not come to be");
        #[expect(
            clippy::disallowed_methods,
            reason = "this is how a condition is waited for"
        )]
        std::thread::sleep(Duration::from_millis(10));
    }
}

//! A connection that breaks in mid-task costs nothing: the outcome is fetched, and nothing is run twice.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{segue::Segue, sshd::Sshd};
use ::segue::fleet::{Fleet, FleetSpec, Happening};

/// How long a condition may take on a machine that does a lot of other things.
const DEADLINE: Duration = Duration::from_mins(1);

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "{what} did not come to be");
        std::thread::yield_now();
    }
}

/// What runs have left below a directory, without the places of runs that never began.
fn leftovers(directory: &Path) -> Vec<PathBuf> {
    let mut found = left(directory);
    found.retain(|path| !is_taken_place(path));
    found
}

/// Whether it is the empty directory that whoever asked after a run has made in its stead.
fn is_taken_place(path: &Path) -> bool {
    path.extension() == Some("kept".as_ref())
        && fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

fn left(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("segue.") && name != "segue.yaml" {
            found.push(path);
        } else if path.is_dir() && !path.is_symlink() {
            found.extend(left(&path));
        }
    }
    found
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

fn fleet_inventory(fleet: &Fleet) -> String {
    let mut text = "targets:\n".to_owned();
    for number in 1..=fleet.target_count() {
        let port = fleet.port();
        writeln!(
            text,
            "  - {{ name: web{number}, uri: 'ssh://web{number}@127.0.0.1:{port}' }}"
        )
        .unwrap();
    }
    write!(
        text,
        "config:\n  ssh:\n    private-key: '{}'\n    known-hosts: '{}'\n",
        fleet.private_key().display(),
        fleet.known_hosts().display()
    )
    .unwrap();
    text
}

fn fleet(runtime: &tokio::runtime::Runtime, targets: usize, fault: Option<&str>) -> Fleet {
    let tier = format!("web={targets}").parse().unwrap();
    let mut spec = FleetSpec::of([tier]);
    spec.faults
        .extend(fault.map(|fault| fault.parse().unwrap()));
    runtime.block_on(Fleet::start(spec)).unwrap()
}

/// A server whose user's temporary files are in a directory of their own.
fn server() -> (Sshd, PathBuf) {
    let temporary = tempfile::tempdir().unwrap().keep();
    let line = format!("SetEnv TMPDIR={}", temporary.display());
    (Sshd::with(1).option(&line).start(), temporary)
}

fn server_inventory(sshd: &Sshd) -> String {
    format!(
        "targets:\n  - {{ name: web1, uri: 'ssh://{}@127.0.0.1:{}' }}\n\
         config:\n  ssh:\n    private-key: '{}'\n    known-hosts: '{}'\n",
        sshd.user,
        sshd.port,
        sshd.key().display(),
        sshd.known_hosts().display()
    )
}

/// Finds the process of the server that serves this connection.
const SERVER: &str = "p=$$; while :; do read -r a b c p d </proc/$p/stat; read -r n </proc/$p/comm; \
                      case $n in sshd*) break;; esac; done;";
/// Kills it, by a signal.
const CUT: &str = "kill -$S $p; while kill -0 $p 2>/dev/null; do sleep 0.05; done; ";

#[test]
fn a_server_that_drops_the_connection_in_mid_task_is_asked_for_the_outcome() {
    for signal in ["KILL", "TERM"] {
        let (sshd, temporary) = server();
        let segue = Segue::new();
        let runs = segue.root().join("runs");
        let script = format!(
            "#!/bin/sh\nS={signal}; echo run >>'{}'; echo before >&2; {SERVER} {CUT} echo after >&2\n\
             head -c 100000 /dev/zero | tr '\\0' x >&2\n\
             printf '{{\"runs\":%s}}' \"$(wc -l <'{}')\"\n",
            runs.display(),
            runs.display()
        );
        let segue = segue
            .inventory(&server_inventory(&sshd))
            .task("cut", r#"{ "input_method": "stdin" }"#, &script)
            .plan(
                "it",
                r#"
                let first = run_task("cut", "web1").first;
                print(`ran ${first["runs"]} times`);
                print(run_command("echo still here", "web1").first.stdout);
                "#,
            )
            .line("plan run it");
        segue
            .run()
            .code(0)
            .stdout_has("ran 1 times")
            .stdout_has("still here");
        assert_eq!(fs::read_to_string(&runs).unwrap(), "run\n", "{signal}");
        until("a clean server", || leftovers(&temporary).is_empty());
        fs::remove_dir_all(temporary).unwrap();
    }
}

#[test]
fn a_detached_action_may_cut_the_connection_and_is_collected() {
    let (sshd, temporary) = server();
    let segue = Segue::new();
    let runs = segue.root().join("runs");
    let script = format!(
        "#!/bin/sh\necho run >>'{}'; kill -KILL $PT_server\n\
         while kill -0 $PT_server 2>/dev/null; do sleep 0.05; done; sleep 0.3; echo '{{\"is\":\"back\"}}'\n",
        runs.display()
    );
    let plan = format!(
        "let server = run_command(`{SERVER} echo $p`, \"web1\").first.stdout;\n\
         let went = run_task(\"cut\", \"web1\", #{{ server: server }}, #{{ detach: true }});\n\
         print(`it has ${{went.first[\"_output\"]}}`);\n\
         wait_until_available(\"web1\");\n\
         let results = collect(went, #{{ timeout: \"50s\" }});\n\
         print(`it is ${{results.first[\"is\"]}}`);\n\
         print(`it is still ${{collect(went).first[\"is\"]}}`);"
    );
    let segue = segue
        .inventory(&server_inventory(&sshd))
        .task("cut", "{}", &script)
        .plan("it", &plan)
        .line("plan run it");
    segue
        .run()
        .code(0)
        .stdout_has("it has started")
        .stdout_has("it is back")
        .stdout_has("it is still back");
    assert_eq!(fs::read_to_string(&runs).unwrap(), "run\n");
    until("a clean server", || leftovers(&temporary).is_empty());
    fs::remove_dir_all(temporary).unwrap();
}

#[test]
fn a_job_that_was_killed_collects_what_it_had_started() {
    let (sshd, temporary) = server();
    let segue = Segue::new();
    let room = segue.root().to_path_buf();
    let plan = format!(
        "let went = run_command(`cd '{}'; echo run >>runs; while [ ! -e go ]; do sleep 0.05; done; echo out; exit 3`, \"web1\", #{{ detach: true }});\n\
         let results = collect(went, #{{ catch_errors: true }});\n\
         print(`${{results.first.exit_code}} ${{results.first.stdout}}`);",
        room.display()
    );
    let segue = segue
        .inventory(&server_inventory(&sshd))
        .plan("it", &plan)
        .line("plan run it");
    let mut child = segue.command().spawn().unwrap();
    let collecting = |segue: &Segue| {
        let list = segue.command_of("job events last --format jsonl").output();
        String::from_utf8_lossy(&list.unwrap().stdout).contains("\"collect\"")
    };
    until("the collecting", || collecting(&segue));
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(room.join("go"), "").unwrap();
    let resumed = segue.command_of("plan resume last").output().unwrap();
    let stdout = String::from_utf8(resumed.stdout).unwrap();
    assert!(stdout.contains("3 out"), "{stdout}");
    assert_eq!(fs::read_to_string(room.join("runs")).unwrap(), "run\n");
    until("a clean server", || leftovers(&temporary).is_empty());
    fs::remove_dir_all(temporary).unwrap();
}

#[test]
fn a_target_that_is_cut_off_while_it_works_alone_is_waited_for() {
    let runtime = runtime();
    let fleet = fleet(&runtime, 2, Some("web1:reset=1x"));
    let segue = Segue::new().inventory(&fleet_inventory(&fleet)).plan(
        "it",
        "let went = run_command(\"echo run >>$HOME/runs; sleep 0.5; wc -l <$HOME/runs\", \"all\", #{ detach: true });\n\
         for result in collect(went) { print(`${result.target.name} ran ${result.stdout}`); }",
    );
    let ran = segue.line("plan run it").run().code(0);
    ran.stdout_has("web1 ran 1\n").stdout_has("web2 ran 1\n");
    until("a clean fleet", || leftovers(fleet.root()).is_empty());
    drop(fleet);
    runtime.shutdown_background();
}

#[test]
fn a_connection_that_is_cut_from_outside_is_made_again_and_the_task_goes_on() {
    let runtime = runtime();
    let fleet = fleet(&runtime, 1, None);
    let segue = Segue::new().inventory(&fleet_inventory(&fleet));
    let room = segue.root().to_path_buf();
    let command = format!(
        "cd '{}'; echo run >>runs; while [ ! -e go ]; do sleep 0.05; done; echo done",
        room.display()
    );
    let segue = segue.arguments(["command", "run", &command, "--targets", "web1"]);
    let ran = std::thread::scope(|scope| {
        let running = scope.spawn(|| segue.run());
        until("the command", || room.join("runs").exists());
        fleet.cut("web1");
        fs::write(room.join("go"), "").unwrap();
        running.join().unwrap()
    });
    ran.code(0)
        .stdout_has("done")
        .stdout_has("lost web1")
        .stdout_has("web1 is back with the outcome");
    assert_eq!(fs::read_to_string(room.join("runs")).unwrap(), "run\n");
    until("a clean fleet", || leftovers(fleet.root()).is_empty());
    drop(fleet);
    runtime.shutdown_background();
}

#[test]
fn every_connection_of_a_fleet_may_be_reset_once() {
    let runtime = runtime();
    let fleet = fleet(&runtime, 20, Some("reset=1x"));
    let segue = Segue::new().inventory(&fleet_inventory(&fleet)).arguments([
        "command",
        "run",
        "echo run >>$HOME/runs; sleep 0.2; wc -l <$HOME/runs",
        "--targets",
        "all",
    ]);
    segue.run().code(0);
    for number in 1..=20 {
        let home = fleet.directory(&format!("web{number}")).unwrap();
        let runs = fs::read_to_string(home.join("runs")).unwrap();
        assert_eq!(runs, "run\n", "web{number}");
    }
    until("a clean fleet", || leftovers(fleet.root()).is_empty());
    drop(fleet);
    runtime.shutdown_background();
}

#[test]
fn what_never_began_is_sent_again() {
    let runtime = runtime();
    // The command is taken, and nothing comes of it.
    let fleet = fleet(&runtime, 1, Some("hang=1x"));
    let line = "command run --targets web1 --format jsonl";
    let mut arguments: Vec<&str> = line.split(' ').collect();
    arguments.insert(2, "echo run >>$HOME/runs; cat $HOME/runs");
    let segue = Segue::new()
        .inventory(&fleet_inventory(&fleet))
        .arguments(arguments);
    let mut child = segue.command().spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let mut started = 0;
    for line in stdout.lines().map_while(Result::ok) {
        if line.contains("\"target_started\"") {
            started += 1;
            if started == 1 {
                until("the fault", || is_hanging(&fleet));
                fleet.cut("web1");
            }
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(started, 2);
    let home = fleet.directory("web1").unwrap();
    assert_eq!(fs::read_to_string(home.join("runs")).unwrap(), "run\n");
    // The place of the run that never began stays taken: it may still come.
    until("a clean fleet", || leftovers(fleet.root()).is_empty());
    let left = left(fleet.root());
    assert!(left.len() == 1 && is_taken_place(&left[0]), "{left:?}");
    drop(fleet);
    runtime.shutdown_background();
}

/// Whether the fault has struck, as the log of the fleet has it.
fn is_hanging(fleet: &Fleet) -> bool {
    fleet
        .log()
        .entries()
        .iter()
        .any(|entry| matches!(entry.what, Happening::FaultStruck { .. }))
}

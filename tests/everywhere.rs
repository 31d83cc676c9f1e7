//! The same plans on every ground: the embedded fleet, a real OpenSSH server, and the controller itself.

use std::{fmt::Write as _, fs, path::Path};

use crate::{
    segue::{Ran, Segue},
    sshd::Sshd,
};
use ::segue::fleet::{Fleet, FleetSpec};

/// Three targets `web1` to `web3` in the group `web`, each with a directory of its own as the variable `place`.
#[expect(clippy::large_enum_variant, reason = "there are three of them")]
enum Ground {
    Fleet {
        fleet: Fleet,
        runtime: tokio::runtime::Runtime,
    },
    OpenSsh(Sshd),
    Local,
}

impl Ground {
    fn fleet() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let tiers = ["web=3".parse().unwrap()];
        let fleet = runtime
            .block_on(Fleet::start(FleetSpec::of(tiers)))
            .unwrap();
        Self::Fleet { fleet, runtime }
    }

    fn open_ssh() -> Self {
        Self::OpenSsh(Sshd::with(4).start())
    }

    fn inventory(&self, places: &Path) -> String {
        let mut text = "groups:\n  - name: web\n    targets:\n".to_owned();
        for number in 1..=3 {
            let place = places.join(format!("web{number}"));
            fs::create_dir_all(&place).unwrap();
            let name = format!("web{number}");
            let uri = match self {
                Self::Fleet { fleet, .. } => format!("ssh://{name}@127.0.0.1:{}", fleet.port()),
                Self::OpenSsh(sshd) => {
                    format!(
                        "ssh://{}@{}:{}",
                        sshd.user,
                        Sshd::address(number),
                        sshd.port
                    )
                }
                Self::Local => "local://localhost".to_owned(),
            };
            writeln!(
                text,
                "      - name: {name}\n        uri: {uri}\n        vars: {{ place: '{}' }}",
                place.display()
            )
            .unwrap();
        }
        let (key, known_hosts) = match self {
            Self::Fleet { fleet, .. } => (fleet.private_key(), fleet.known_hosts()),
            Self::OpenSsh(sshd) => (sshd.key(), sshd.known_hosts()),
            Self::Local => return text,
        };
        write!(
            text,
            "config:\n  ssh:\n    private-key: '{}'\n    known-hosts: '{}'\n",
            key.display(),
            known_hosts.display()
        )
        .unwrap();
        text
    }
}

/// Runs a plan of this text on every ground, and looks at what came of each.
#[track_caller]
fn everywhere(prepare: impl Fn(Segue) -> Segue, plan: &str, look: impl Fn(Ran)) {
    for ground in [Ground::Local, Ground::fleet(), Ground::open_ssh()] {
        let segue = prepare(Segue::new().plan("it", plan));
        let inventory = ground.inventory(&segue.root().join("places"));
        look(segue.inventory(&inventory).line("plan run it").run());
        if let Ground::Fleet { fleet, runtime } = ground {
            // A fleet ends its connections on its runtime.
            drop(fleet);
            runtime.shutdown_background();
        }
    }
}

const COUNT: &str = r#"{
    "input_method": "both",
    "parameters": {
        "place": { "type": "String[1]" },
        "fail_on": { "type": "Optional[String]" }
    }
}"#;

/// Says how many times it ran in that place.
const COUNT_SCRIPT: &str = r#"#!/bin/sh
cat >/dev/null
echo run >>"$PT_place/runs"
case $PT_place in *"${PT_fail_on:-nothing}") echo "it is $PT_fail_on" >&2; exit 3;; esac
printf '{"runs":%s,"home":"%s"}' "$(wc -l <"$PT_place/runs")" "$HOME"
"#;

#[test]
fn a_plan_runs_tasks_side_by_side_and_reads_their_results() {
    everywhere(
        |segue| segue.task("count", COUNT, COUNT_SCRIPT),
        r#"
            let first = run_task_with("count", "web", |t| #{ place: t.vars["place"] });
            let second = run_task_with("count", first.targets, |t| #{ place: t.vars["place"] });
            for r in second { print(`${r.name} ran ${r["runs"]} times`); }
            print(`all well: ${second.ok}`);
        "#,
        |ran| {
            ran.code(0)
                .stdout_has("web1 ran 2 times\nweb2 ran 2 times\nweb3 ran 2 times\n")
                .stdout_has("all well: true");
        },
    );
}

#[test]
fn a_plan_branches_on_the_targets_that_failed() {
    everywhere(
        |segue| segue.task("count", COUNT, COUNT_SCRIPT),
        r#"
            let tried = run_task_with("count", "web", |t| #{ place: t.vars["place"], fail_on: "web2" },
                                      #{ catch_errors: true });
            print(`failed: ${tried.failed.names}, well: ${tried.succeeded.names}`);
            let error = tried["web2"].error;
            print(`${error.kind}: ${error.message}`);
        "#,
        |ran| {
            ran.code(0)
                .stdout_has(r#"failed: ["web2"], well: ["web1", "web3"]"#)
                .stdout_has("puppetlabs.tasks/task-error: The task failed with exit code 3")
                .stdout_has("it is web2");
        },
    );
}

#[test]
fn a_failure_that_nobody_catches_ends_the_plan_at_its_line() {
    everywhere(
        |segue| segue,
        "run_command(\"true\", \"web\");\nrun_command(\"exit 7\", \"web2\");\nprint(\"never\");\n",
        |ran| {
            ran.code(5)
                .stdout_lacks("never")
                .stderr_has("plans/it.rhai:2:1")
                .stderr_has("exit 7")
                .stderr_has("web2");
        },
    );
}

#[test]
fn branches_run_side_by_side_and_give_their_values_in_order() {
    everywhere(
        |segue| segue,
        r#"
            let names = parallel(targets("web"), |t| run_command(`printf ${t.name}`, t).first.stdout);
            print(names);
        "#,
        |ran| {
            ran.code(0).stdout_has(r#"["web1", "web2", "web3"]"#);
        },
    );
}

#[test]
fn files_go_up_and_come_down() {
    everywhere(
        |segue| segue.file("project/files/site.conf", "port 80\n"),
        r#"
            for t in targets("web") {
                let place = t.vars["place"];
                upload("files/site.conf", `${place}/site.conf`, t);
                write_file("it is \"quoted\" and 'quoted'\n", `${place}/words`, t);
                print(run_command(`cat ${place}/site.conf ${place}/words`, t).first.stdout);
                download(`${place}/words`, "back", t);
            }
        "#,
        |ran| {
            let ran = ran.code(0);
            let seen = ran
                .stdout
                .matches("port 80\nit is \"quoted\" and 'quoted'\n");
            assert_eq!(seen.count(), 3, "{}", ran.stdout);
        },
    );
}

#[test]
fn nothing_is_left_in_the_temporary_directory() {
    let segue = Segue::new().task("count", COUNT, COUNT_SCRIPT);
    let sshd = Ground::open_ssh();
    let inventory = sshd.inventory(&segue.root().join("places"));
    let temporary = segue.root().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let inventory = inventory.replace(
        "config:\n  ssh:\n",
        &format!("config:\n  ssh:\n    tmpdir: '{}'\n", temporary.display()),
    );
    let segue = segue
        .inventory(&inventory)
        .line("task run count place=/nowhere/web9 fail_on=web9 -t web");
    segue.run().code(4);
    let left: Vec<_> = fs::read_dir(&temporary).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn one_connection_serves_a_target_for_the_whole_job() {
    let Ground::Fleet { fleet, runtime } = Ground::fleet() else {
        unreachable!()
    };
    let ground = Ground::Fleet { fleet, runtime };
    let segue = Segue::new().plan(
        "ten",
        "for i in 0..10 { run_command(`echo ${i}`, \"web\"); }",
    );
    let inventory = ground.inventory(&segue.root().join("places"));
    segue
        .inventory(&inventory)
        .line("plan run ten")
        .run()
        .code(0);
    let Ground::Fleet { fleet, runtime } = ground else {
        unreachable!()
    };
    let counts = fleet.log().total();
    // One more at the end of the job: what the last command has left is removed.
    assert_eq!(
        (counts.connections, counts.channels, counts.runs),
        (3, 33, 33)
    );
    drop(fleet);
    runtime.shutdown_background();
}

#[test]
fn an_unreachable_target_hides_nothing_of_the_others() {
    let ground = Ground::open_ssh();
    let segue = Segue::new();
    let inventory = ground.inventory(&segue.root().join("places"));
    let Ground::OpenSsh(sshd) = &ground else {
        unreachable!()
    };
    // Nobody listens on that address.
    let inventory = inventory.replace(
        &format!("{}:{}", Sshd::address(2), sshd.port),
        &format!("127.0.99.1:{}", sshd.port),
    );
    let ran = segue
        .inventory(&inventory)
        .line("command run hostname -t web --format json")
        .run()
        .code(4);
    let document = ran.json();
    let status = |at: usize| document["items"][at]["status"].as_str().unwrap().to_owned();
    assert_eq!(
        [status(0), status(1), status(2)],
        ["success", "failure", "success"]
    );
    let error = &document["items"][1]["value"]["_error"];
    assert_eq!(error["kind"], "puppetlabs.tasks/connect-error");
    assert_eq!(error["issue_code"], "CONNECT_ERROR");
}

#[test]
fn a_host_key_that_is_not_known_is_refused_with_what_to_do() {
    let ground = Ground::open_ssh();
    let segue = Segue::new();
    let inventory = ground.inventory(&segue.root().join("places"));
    let lines: Vec<&str> = inventory
        .lines()
        .filter(|line| !line.contains("known-hosts"))
        .collect();
    segue
        .inventory(&lines.join("\n"))
        .line("command run true -t web1")
        .run()
        .code(4)
        .stdout_has("help:")
        .stdout_has("SHA256:");
}

#[test]
fn parameters_and_secrets_are_on_no_command_line_of_the_target() {
    let metadata = r#"{ "parameters": { "token": { "type": "String", "sensitive": true } } }"#;
    // The task looks at every process of the machine, itself and its parents among them.
    let script = "#!/bin/sh\nd=$(mktemp -d)\ntrap 'rm -rf \"$d\"' EXIT\ncd \"$d\"\nprintf '%s' \"$PT_token\" >token\ncat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >lines\n\
                  if grep -c -f token lines; then exit 9; fi\n";
    let ground = Ground::open_ssh();
    let segue = Segue::new()
        .task("look", metadata, script)
        .stdin(r#"{"token": "only-on-standard-input"}"#);
    let inventory = ground.inventory(&segue.root().join("places"));
    segue
        .inventory(&inventory)
        .line("task run look --params - -t web1")
        .run()
        .code(0);
}

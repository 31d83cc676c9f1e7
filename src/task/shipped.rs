//! Tries the tasks of `modules/` on the state of a target of the embedded fleet.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    thread,
};

use crate::model::{Map, TargetResult, Value};

use super::{
    Attempt, FileSource, Metadata, Task, TaskFile, TaskParts,
    payload::{
        Pack, task_payload,
        trial::{Ask, Trial, map, shells},
    },
    task_result,
};

fn modules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("modules")
}

/// The tasks of every module, by name.
fn shipped() -> BTreeMap<String, Task> {
    let mut tasks = BTreeMap::new();
    for module in fs::read_dir(modules()).unwrap() {
        let module = module.unwrap();
        let module_name = module.file_name().into_string().unwrap();
        for file in fs::read_dir(module.path().join("tasks")).unwrap() {
            let path = file.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let stem = path.file_stem().unwrap().to_str().unwrap();
                let name = match stem {
                    "init" => module_name.clone(),
                    stem => format!("{module_name}::{stem}"),
                };
                let task = task(&name, &module_name, stem, &path);
                tasks.insert(name, task);
            }
        }
    }
    tasks
}

fn task(name: &str, module: &str, stem: &str, path: &Path) -> Task {
    let text = fs::read_to_string(path).unwrap();
    let found = |name: &str, path: PathBuf| {
        path.exists().then(|| TaskFile {
            path: name.to_owned(),
            source: FileSource::Disk(path),
        })
    };
    let own = found(
        &format!("{module}/tasks/{stem}.sh"),
        path.with_extension("sh"),
    );
    Task::new(TaskParts {
        name: name.to_owned(),
        module: module.to_owned(),
        metadata: Metadata::parse(name, path.to_str().unwrap(), &text).unwrap(),
        executables: own.into_iter().collect(),
        find: &|name| found(name, modules().join(name)).map(|file| vec![file]),
    })
    .unwrap()
}

/// A target of the fleet: a directory.
struct Fleet {
    trial: Trial,
    tasks: BTreeMap<String, Task>,
}

impl Fleet {
    fn new() -> Self {
        Self::with_shell(&["/bin/sh"])
    }

    fn with_shell(shell: &[&str]) -> Self {
        let mut trial = Trial::with_shell(shell);
        let state = trial.directory.path().join("state");
        fs::create_dir(&state).unwrap();
        trial.fleet_state = Some(state);
        Self {
            trial,
            tasks: shipped(),
        }
    }

    fn state(&self) -> PathBuf {
        self.trial.fleet_state.clone().unwrap()
    }

    fn put(&self, file: &str, text: &str) {
        let path = self.state().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn get(&self, file: &str) -> String {
        fs::read_to_string(self.state().join(file)).unwrap_or_default()
    }

    fn run<const N: usize>(&self, task: &str, params: [(&str, Value); N]) -> TargetResult {
        self.run_with(task, params, false)
    }

    fn run_with<const N: usize>(
        &self,
        task: &str,
        params: [(&str, Value); N],
        noop: bool,
    ) -> TargetResult {
        let task = &self.tasks[task];
        // The scripts themselves are tried in that shell too.
        let shell = self
            .trial
            .shell
            .iter()
            .map(|word| word.as_str().into())
            .collect();
        let mut ask = Ask::new().setting("interpreters", map([("sh", Value::Array(shell))]));
        ask.noop = noop;
        let call = ask.call();
        let params: Map = task.check_params(&map(params)).unwrap();
        let implementation = task.implementation_for(call.target).unwrap();
        let pack = Pack::of_task(task, &implementation).unwrap();
        let payload = task_payload(task, &implementation, &pack, &params, &call).unwrap();
        let output = self.trial.run(&payload);
        let attempt = Attempt {
            call: &call,
            object: task.name(),
            duration_ms: 0,
            attempts: 1,
        };
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        task_result(&attempt, &output)
    }
}

fn json(result: &TargetResult) -> String {
    result.value.open_text().to_owned()
}

fn message(result: &TargetResult) -> &str {
    &result.failure.as_ref().unwrap().message
}

#[test]
fn metadata_is_complete() {
    let tasks = shipped();
    assert!(tasks.len() >= 13, "{:?}", tasks.keys());
    for (name, task) in &tasks {
        let metadata = task.metadata();
        assert_eq!(metadata.warnings, [], "{name}");
        assert!(!metadata.description.is_empty(), "{name}");
        for (parameter, about) in metadata.parameters.as_ref().unwrap() {
            assert!(!about.description.is_empty(), "{name}: {parameter}");
        }
    }
}

#[test]
fn service_is_started_stopped_and_restarted() {
    for shell in shells() {
        let fleet = Fleet::with_shell(&shell);
        fleet.put("services/nginx", "stopped enabled 1.24.0\n");
        fleet.put("packages/nginx", "1.26.1\n");
        let service = |action: &str| {
            fleet.run(
                "service",
                [("action", action.into()), ("name", "nginx".into())],
            )
        };
        assert_eq!(
            json(&service("start")),
            r#"{"name":"nginx","status":"running","enabled":true,"changed":true,"version":"1.26.1"}"#,
            "{shell:?}"
        );
        assert!(json(&service("start")).contains(r#""changed":false"#));
        assert!(json(&service("restart")).contains(r#""changed":true"#));
        assert!(json(&service("stop")).contains(r#""status":"stopped""#));
        assert!(json(&service("disable")).contains(r#""enabled":false"#));
        assert_eq!(
            fleet.get("services/nginx").trim(),
            "stopped\ndisabled\n1.26.1"
        );
        assert!(json(&service("status")).contains(r#""changed":false"#));
    }
}

#[test]
fn broken_service_does_not_start_until_it_is_mended() {
    let fleet = Fleet::new();
    fleet.put("services/app", "running 1.0.0");
    fleet.run("demo::break", [("service", "app".into())]);
    let restart = [("action", "restart".into()), ("name", "app".into())];
    let failed = fleet.run("service", restart.clone());
    assert_eq!(
        message(&failed),
        "`restart` failed for the service `app`: the process exited with code 1"
    );
    assert!(!fleet.run("http::check", []).is_ok());
    fleet.run(
        "demo::break",
        [("service", "app".into()), ("mend", true.into())],
    );
    assert!(fleet.run("service", restart).is_ok());
    assert!(fleet.run("http::check", []).is_ok());
}

#[test]
fn unknown_service_is_a_failure_with_its_name() {
    let failed = Fleet::new().run(
        "service",
        [("action", "start".into()), ("name", "nope".into())],
    );
    assert_eq!(message(&failed), "there is no service `nope`");
    assert_eq!(failed.failure.unwrap().kind, "service/unknown");
}

#[test]
fn noop_changes_nothing() {
    let fleet = Fleet::new();
    fleet.put("services/nginx", "running\n");
    let stop = [("action", "stop".into()), ("name", "nginx".into())];
    let told = json(&fleet.run_with("service", stop, true));
    assert!(
        told.contains(r#""changed":true"#) && told.contains(r#""noop":true"#),
        "{told}"
    );
    let install = [("action", "install".into()), ("name", "app".into())];
    let told = json(&fleet.run_with("package", install, true));
    assert!(
        told.contains(r#""changed":true"#) && told.contains(r#""noop":true"#),
        "{told}"
    );
    assert_eq!(fleet.get("services/nginx"), "running\n");
    assert!(!fleet.state().join("packages").exists());
}

#[test]
fn package_is_installed_upgraded_and_removed() {
    for shell in shells() {
        let fleet = Fleet::with_shell(&shell);
        let package = |action: &str, version: Value| {
            let result = fleet.run(
                "package",
                [
                    ("action", action.into()),
                    ("name", "app".into()),
                    ("version", version),
                ],
            );
            (result.is_ok(), json(&result))
        };
        let (ok, told) = package("upgrade", Value::Null);
        assert!(!ok && told.contains("is not installed"), "{told}");
        assert_eq!(
            package("install", "1.2.0".into()).1,
            r#"{"name":"app","status":"installed","version":"1.2.0","changed":true}"#,
            "{shell:?}"
        );
        assert_eq!(fleet.get("services/app"), "stopped enabled\n");
        assert!(
            package("install", Value::Null)
                .1
                .contains(r#""changed":false"#)
        );
        fleet.put("repository/app", "1.3.0\n");
        assert_eq!(
            package("upgrade", Value::Null).1,
            r#"{"name":"app","status":"installed","version":"1.3.0","previous":"1.2.0","changed":true}"#
        );
        assert!(
            package("upgrade", Value::Null)
                .1
                .contains(r#""changed":false"#)
        );
        assert_eq!(
            package("uninstall", Value::Null).1,
            r#"{"name":"app","status":"uninstalled","previous":"1.3.0","changed":true}"#
        );
        assert!(package("status", Value::Null).1.contains("uninstalled"));
    }
}

#[test]
fn check_asks_the_service_behind_the_port() {
    let fleet = Fleet::new();
    let check = || fleet.run("http::check", [("port", 8080.into())]);
    assert!(message(&check()).ends_with("nothing listens on port 8080"));
    fleet.put("services/app", "running enabled 2.0.0\n");
    fleet.put("services/other", "stopped\n");
    assert!(message(&check()).contains("other is stopped"));
    fleet.put("ports/8080", "app\n");
    assert_eq!(
        json(&check()),
        r#"{"url":"http://localhost:8080/","status":200,"healthy":true,"version":"2.0.0"}"#
    );
    let wrong = fleet.run(
        "http::check",
        [("port", 8080.into()), ("status", 204.into())],
    );
    assert!(message(&wrong).ends_with("answers with status 200 instead of 204"));
}

#[test]
fn balancer_remembers_who_is_out() {
    for shell in shells() {
        let fleet = Fleet::with_shell(&shell);
        fleet.put("pool/web1", "in\n");
        fleet.put("pool/web2", "in\n");
        let nodes = |names: &[&str]| -> Value {
            Value::Array(names.iter().map(|&name| name.into()).collect())
        };
        assert_eq!(
            json(&fleet.run("demo::drain", [("nodes", nodes(&["web1", "web2"]))])),
            r#"{"pool":"out","nodes":["web1","web2"]}"#,
            "{shell:?}"
        );
        assert_eq!(
            json(&fleet.run("demo::enable", [("nodes", nodes(&["web2"]))])),
            r#"{"pool":"in","nodes":["web2"]}"#
        );
        assert_eq!(fleet.get("pool/web1"), "out\n");
        assert_eq!(fleet.get("pool/web2"), "in\n");
        let unknown = fleet.run("demo::drain", [("nodes", nodes(&["web1", "web9"]))]);
        assert_eq!(message(&unknown), "web9 is not in the pool");
    }
}

#[test]
fn databases_change_their_roles() {
    let fleet = Fleet::new();
    assert_eq!(
        message(&fleet.run("demo::promote", [])),
        "there is no database here"
    );
    fleet.put("roles/database", "replica\n");
    assert_eq!(
        json(&fleet.run("demo::promote", [])),
        r#"{"role":"primary","previous":"replica"}"#
    );
    assert_eq!(fleet.get("roles/database"), "primary\n");
    assert_eq!(
        json(&fleet.run("demo::migrate", [("version", "2.4.1".into())])),
        r#"{"version":"2.4.1","previous":"none"}"#
    );
}

#[test]
fn demo_tasks_refuse_real_machines() {
    let mut fleet = Fleet::new();
    fleet.trial.fleet_state = None;
    let failed = fleet.run("demo::promote", []);
    assert_eq!(failed.failure.unwrap().kind, "demo/no-fleet");
}

#[test]
fn facts_tell_of_this_machine() {
    for shell in shells() {
        let fleet = Fleet::with_shell(&shell);
        fleet.put("hostname", "web1.example.net\n");
        let facts = fleet.run("facts", []);
        assert!(facts.is_ok(), "{shell:?}: {facts:?}");
        let get =
            |key: &str, inner: &str| facts.value.get(key).unwrap().as_map().unwrap()[inner].clone();
        assert_eq!(get("networking", "hostname").as_str(), Some("web1"));
        assert_eq!(get("networking", "domain").as_str(), Some("example.net"));
        assert_eq!(get("kernel", "name").as_str(), Some("Linux"));
        assert!(get("processors", "count").as_integer() > Some(0));
        assert!(get("memory", "total_bytes").as_integer() > Some(1 << 20));
        assert!(!get("os", "family").as_str().unwrap().is_empty());
    }
}

#[test]
fn exec_passes_output_and_code_on() {
    let fleet = Fleet::new();
    let done = fleet.run("exec", [("command", r#"echo "it's $((6 * 7))""#.into())]);
    assert_eq!(json(&done), r#"{"_output":"it's 42\n"}"#);
    let failed = fleet.run("exec", [("command", "echo no; exit 9".into())]);
    assert_eq!(message(&failed), "The task failed with exit code 9");
    let borne = fleet.run(
        "exec",
        [
            ("command", "exit 9".into()),
            ("fail_on_error", false.into()),
        ],
    );
    assert!(borne.is_ok());
}

/// Answers one request for each status.
fn serve(statuses: &'static [u16]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).unwrap();
            let answer = format!(
                "HTTP/1.1 {status} Said\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    port
}

#[test]
fn check_asks_a_real_server_with_whatever_client_there_is() {
    for client in ["curl", "wget", "python3"] {
        let found = ["/usr/bin", "/bin", "/usr/local/bin"]
            .map(|directory| Path::new(directory).join(client))
            .into_iter()
            .find(|path| path.exists());
        let Some(found) = found else { continue };
        let mut fleet = Fleet::new();
        fleet.trial.fleet_state = None;
        let tools = fleet.trial.directory.path().join("bin");
        fs::create_dir(&tools).unwrap();
        for tool in ["sed", "tail", "tr", "mkdir", "rm", "sleep", "tar", "cat"] {
            let real = if Path::new("/usr/bin").join(tool).exists() {
                "/usr/bin"
            } else {
                "/bin"
            };
            std::os::unix::fs::symlink(Path::new(real).join(tool), tools.join(tool)).unwrap();
        }
        std::os::unix::fs::symlink(found.canonicalize().unwrap(), tools.join(client)).unwrap();
        fleet.trial.path = tools.to_str().unwrap().to_owned();
        let port = i64::from(serve(&[200, 503, 404]));
        let host = ("host", Value::from("127.0.0.1"));
        let check = |status: Value| {
            fleet.run(
                "http::check",
                [host.clone(), ("port", port.into()), ("status", status)],
            )
        };
        let well = check(Value::Null);
        assert_eq!(
            well.value.get("status").and_then(Value::as_integer),
            Some(200),
            "{client}: {well:?}"
        );
        let ill = check(Value::Null);
        assert!(
            message(&ill).ends_with("answers with status 503"),
            "{client}: {ill:?}"
        );
        let wanted = check(404.into());
        assert!(wanted.is_ok(), "{client}: {wanted:?}");
        let gone = check(Value::Null);
        assert_eq!(gone.failure.unwrap().kind, "http/no-answer", "{client}");
    }
}

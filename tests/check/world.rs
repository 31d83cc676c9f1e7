//! A small world that never changes: some tasks, some plans, some targets.

use std::{collections::BTreeMap, fs, path::Path};

use segue::{
    model::nearest,
    plan::{CheckWorld, Lookup, Source, TaskView, UnknownTargets},
    task::Metadata,
};

pub(super) struct FixedWorld {
    tasks: BTreeMap<&'static str, Metadata>,
}

const TASKS: [(&str, &str); 6] = [
    (
        "service",
        r#"{"supports_noop": true, "parameters": {
            "action": {"type": "Enum['start', 'stop', 'restart', 'status']"},
            "name": {"type": "String[1]"},
            "force": {"type": "Boolean", "default": false}
        }}"#,
    ),
    (
        "package",
        r#"{"parameters": {
            "action": {"type": "Enum[install, remove]"},
            "name": {"type": "String[1]"},
            "version": {"type": "Optional[Pattern[/^\\d+(\\.\\d+)*$/]]"},
            "flags": {"type": "Optional[Array[String]]"}
        }}"#,
    ),
    (
        "lb::drain",
        r#"{"parameters": {
            "nodes": {"type": "Array[String]"},
            "grace": {"type": "Optional[Integer[0]]"}
        }}"#,
    ),
    (
        "http::check",
        r#"{"parameters": {
            "port": {"type": "Integer[1, 65535]"},
            "options": {"type": "Optional[Struct[{'path' => String, Optional['tls'] => Boolean}]]"}
        }}"#,
    ),
    ("uptime", r#"{"parameters": {}}"#),
    ("legacy", "{}"),
];

const TARGETS: [&str; 12] = [
    "all",
    "web",
    "app",
    "db",
    "balancers",
    "web1",
    "web2",
    "web3",
    "app1",
    "db1",
    "db2",
    "lb1",
];

impl Default for FixedWorld {
    fn default() -> Self {
        let tasks = TASKS
            .iter()
            .map(|(name, text)| {
                (
                    *name,
                    Metadata::parse(name, "tasks.json", text).expect("good metadata"),
                )
            })
            .collect();
        Self { tasks }
    }
}

fn file(directory: &str, name: &str) -> Option<Source> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/check")
        .join(directory)
        .join(format!("{name}.rhai"));
    let text = fs::read_to_string(path).ok()?;
    Some(Source::new(format!("{directory}/{name}.rhai"), text))
}

impl CheckWorld for FixedWorld {
    fn task_names(&self) -> Vec<String> {
        self.tasks.keys().map(ToString::to_string).collect()
    }

    fn task(&self, name: &str) -> Result<Option<TaskView>, String> {
        if name == "broken" {
            return Err("expected `,` or `}` at line 3 of tasks/broken.json".to_owned());
        }
        Ok(self.tasks.get(name).map(|metadata| TaskView {
            parameters: metadata.parameters.clone(),
            supports_noop: metadata.supports_noop,
        }))
    }

    fn plan_names(&self) -> Vec<String> {
        vec!["deploy".to_owned(), "rollback".to_owned()]
    }

    fn plan(&self, name: &str) -> Result<Option<Source>, String> {
        Ok(file("plans", name))
    }

    fn file(&self, name: &str) -> Result<(), Lookup> {
        if name == "deploy.sh" {
            return Ok(());
        }
        Err(Lookup {
            message: format!("no file of the project or of a module is called `{name}`"),
            help: nearest(name, ["deploy.sh"]).map(|meant| format!("did you mean `{meant}`?")),
        })
    }

    fn import(&self, _from: &Source, path: &str) -> Result<Source, Lookup> {
        file("lib", path).ok_or_else(|| Lookup {
            message: format!("there is no file `{path}` to import"),
            help: nearest(path, ["helpers"]).map(|meant| format!("did you mean `{meant}`?")),
        })
    }

    fn targets(&self, expression: &str) -> Result<(), UnknownTargets> {
        let mut at = 0;
        for part in expression.split(',') {
            let name = part.trim().trim_start_matches('!');
            let start = at + part.find(name).unwrap_or(0);
            at += part.len() + 1;
            let known = TARGETS.contains(&name)
                || name.contains("://")
                || name
                    .split_once(['*', '['])
                    .map(|(start, _)| start)
                    .is_some_and(|start| TARGETS.iter().any(|target| target.starts_with(start)));
            if !known {
                return Err(UnknownTargets {
                    span: start..start + name.len(),
                    message: format!("no target, alias or group is called `{name}`"),
                    help: nearest(name, TARGETS).map(|meant| format!("did you mean `{meant}`?")),
                });
            }
        }
        Ok(())
    }
}

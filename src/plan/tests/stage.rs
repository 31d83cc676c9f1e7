//! A stage for plans: a world of a few names, and a performer that answers as the test says and writes down what was asked.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    inventory::Inventory,
    model::{
        Failure, Map, ResultSet, ResultValue, Status, Target, TargetName, TargetResult, Value,
        kinds,
    },
    plan::{
        Effect, IdentityKey, Interpreter, Limits, Outcome, Perform, Performer, PlanEnd,
        PlanOutcome, PlanStop, Program, Request, World,
    },
    project::PlanFile,
    task::{FileSource, Metadata, Task, TaskFile, TaskParts},
};

/// A plan, and what it runs against.
pub(super) struct Stage {
    text: String,
    params: Map,
    limits: Limits,
    stop: PlanStop,
    answer: Answer,
    files: Vec<(String, String)>,
    inventory: Inventory,
}

type Answer = Arc<dyn Fn(&Request) -> Option<Outcome> + Send + Sync>;

/// What came of it.
pub(super) struct Played {
    pub(super) outcome: PlanOutcome,
    pub(super) requests: Vec<Request>,
}

impl Stage {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            params: Map::new(),
            limits: Limits::default(),
            stop: PlanStop::default(),
            answer: Arc::new(|_| None),
            files: Vec::new(),
            inventory: Inventory::parse("inventory.yaml", INVENTORY).unwrap(),
        }
    }

    pub(super) fn run(self) -> Played {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let script = Arc::new(Script {
            answer: self.answer,
            requests: Mutex::default(),
        });
        let world = Arc::new(Small { files: self.files });
        let interpreter = Interpreter {
            world,
            performer: Arc::clone(&script) as Arc<dyn Performer>,
            handle: runtime.handle().clone(),
            limits: self.limits,
            stop: self.stop,
            key: IdentityKey::default(),
            inventory: self.inventory,
            next_command: None,
        };
        let program = Program::parse(source("plan", &self.text)).unwrap();
        let outcome = runtime.block_on(interpreter.run(program, self.params));
        let requests = script
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Played { outcome, requests }
    }
}

impl Played {
    /// The value of a plan that came to its end.
    pub(super) fn value(&self) -> Value {
        match &self.outcome.end {
            PlanEnd::Finished(value) => value.clone(),
            other => panic!("the plan did not finish: {other:?}"),
        }
    }

    /// What was asked, in order.
    pub(super) fn asked(&self) -> Vec<String> {
        self.requests.iter().map(described).collect()
    }
}

fn described(request: &Request) -> String {
    match &request.effect {
        Effect::Run(run) => {
            let names: Vec<&str> = run.targets.iter().map(|t| t.name.as_str()).collect();
            format!(
                "{} {} on {}",
                request.effect.function(),
                run.action.object(),
                names.join(",")
            )
        }
        Effect::Print { text, .. } => format!("print {text}"),
        Effect::Sleep { duration } => format!("sleep {duration:?}"),
        other => other.function().to_owned(),
    }
}

struct Script {
    answer: Answer,
    requests: Mutex<Vec<Request>>,
}

impl Performer for Script {
    fn perform(&self, request: Request) -> Perform {
        let outcome = (self.answer)(&request).unwrap_or_else(|| usual(&request.effect));
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        Box::pin(async move { outcome })
    }
}

/// What a friendly world answers.
fn usual(effect: &Effect) -> Outcome {
    match effect {
        Effect::Run(run) => Outcome::Results {
            results: run
                .targets
                .iter()
                .map(|target| TargetResult {
                    target: target.name.clone(),
                    action: run.action.kind(),
                    object: run.action.object().to_owned(),
                    status: Status::Succeeded,
                    value: ResultValue::default(),
                    failure: None,
                    duration_ms: 1,
                    attempts: 1,
                })
                .collect::<ResultSet>(),
        },
        Effect::Now => Outcome::Value {
            value: 1_000.into(),
        },
        _ => Outcome::Done,
    }
}

fn source(name: &str, text: &str) -> PlanFile {
    PlanFile {
        name: name.to_owned(),
        path: format!("plans/{name}.rhai").into(),
        text: text.into(),
        module: None,
    }
}

/// Four web servers, two of them old, a database and a balancer, in tiers.
const INVENTORY: &str = "
groups:
  - name: balancers
    targets: [lb1]
    depends_on: [web]
  - name: web
    targets: [web1, web2, web3, web4]
    depends_on: [db]
    groups:
      - name: old
        targets: [web1, web2]
  - name: db
    targets: [{ name: db1, vars: { role: primary } }]
";

/// A task that takes anything.
fn task(name: &str) -> Task {
    Task::new(TaskParts {
        name: name.to_owned(),
        module: name.to_owned(),
        metadata: Metadata::default(),
        executables: vec![TaskFile {
            path: format!("{name}/tasks/init.sh"),
            source: FileSource::Embedded(b"#!/bin/sh\n"),
        }],
        find: &|_| None,
    })
    .unwrap()
}

/// Knows the tasks `service` and `package`, and the files of the stage.
struct Small {
    files: Vec<(String, String)>,
}

impl World for Small {
    fn task(&self, name: &str) -> Result<Arc<Task>, Failure> {
        if ["service", "package"].contains(&name) {
            Ok(Arc::new(task(name)))
        } else {
            Err(unknown("task", name))
        }
    }

    fn plan(&self, name: &str) -> Result<PlanFile, Failure> {
        let found = self.files.iter().find(|(known, _)| known == name);
        found
            .map(|(name, text)| source(name, text))
            .ok_or_else(|| unknown("plan", name))
    }

    fn import(&self, _from: &PlanFile, path: &str) -> Result<PlanFile, Failure> {
        self.plan(path)
    }

    fn file(&self, name: &str) -> Result<PathBuf, Failure> {
        Ok(PathBuf::from("/project").join(name))
    }

    fn download_directory(&self, name: &str) -> Result<PathBuf, Failure> {
        Ok(PathBuf::from("/project/downloads").join(name))
    }
}

fn unknown(what: &str, name: &str) -> Failure {
    Failure::new(kinds::VALIDATION, format!("no {what} is called `{name}`"))
}

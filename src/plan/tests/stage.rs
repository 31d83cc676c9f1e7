//! A stage for plans: a world of a few names, and a performer that answers as the test says and writes down what was asked.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    inventory::Inventory,
    model::{Failure, Map, ResultSet, ResultValue, Status, TargetName, TargetResult, Value, kinds},
    plan::{
        Action, Effect, IdentityKey, Interpreter, Limits, Outcome, Perform, Performer, PlanEnd,
        PlanError, PlanOutcome, PlanStop, Problem, Program, Rehearsal, Request, World,
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
    patience: Patience,
    files: Vec<(String, String)>,
    inventory: Inventory,
    is_test: bool,
}

type Answer = Arc<dyn Fn(&Request) -> Option<Outcome> + Send + Sync>;
type Patience = Arc<dyn Fn(&Request) -> usize + Send + Sync>;

/// What came of it.
pub(super) struct Played {
    pub(super) outcome: PlanOutcome,
    pub(super) requests: Vec<Request>,
    /// What a test found.
    pub(super) problems: Vec<Problem>,
}

impl Stage {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            params: Map::new(),
            limits: Limits::default(),
            stop: PlanStop::default(),
            answer: Arc::new(|_| None),
            // A sleep of half a minute or more is a time limit, which nothing here reaches.
            patience: Arc::new(|request| match &request.effect {
                Effect::Sleep { duration } if duration.as_secs() >= 30 => usize::MAX,
                _ => 0,
            }),
            files: Vec::new(),
            inventory: Inventory::parse("inventory.yaml", INVENTORY).unwrap(),
            is_test: false,
        }
    }

    /// Gives a parameter.
    pub(super) fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Answers some requests; the others are answered by a friendly world.
    pub(super) fn answer(
        mut self,
        answer: impl Fn(&Request) -> Option<Outcome> + Send + Sync + 'static,
    ) -> Self {
        self.answer = Arc::new(answer);
        self
    }

    /// These targets fail, whatever is done on them.
    pub(super) fn failing(self, names: &'static [&'static str]) -> Self {
        self.answer(move |request| match &request.effect {
            Effect::Run(run) => Some(Outcome::Results {
                results: run
                    .targets
                    .iter()
                    .map(|target| {
                        result(
                            request,
                            &target.name,
                            !names.contains(&target.name.as_str()),
                        )
                    })
                    .collect(),
            }),
            _ => None,
        })
    }

    /// How many times the performer looks away before it answers.
    pub(super) fn patience(
        mut self,
        patience: impl Fn(&Request) -> usize + Send + Sync + 'static,
    ) -> Self {
        self.patience = Arc::new(patience);
        self
    }

    /// Another plan, or a file to import.
    pub(super) fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// The text is a file of tests, of which the first is run.
    pub(super) fn tested(mut self) -> Self {
        self.is_test = true;
        self
    }

    pub(super) fn stop(&self) -> PlanStop {
        self.stop.clone()
    }

    pub(super) fn run(self) -> Played {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let script = Arc::new(Script {
            answer: self.answer,
            patience: self.patience,
            requests: Mutex::default(),
        });
        let friendly = Arc::clone(&script) as Arc<dyn Performer>;
        let rehearsal = self
            .is_test
            .then(|| Rehearsal::new(Some(0), Arc::clone(&friendly)));
        let interpreter = Interpreter {
            world: Arc::new(Small { files: self.files }),
            performer: match &rehearsal {
                Some(rehearsal) => Arc::new(rehearsal.clone()),
                None => friendly,
            },
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
        Played {
            outcome,
            requests,
            problems: rehearsal.map_or_else(Vec::new, |rehearsal| rehearsal.problems()),
        }
    }

    /// The value of a plan that comes to its end.
    pub(super) fn value(self) -> Value {
        self.run().value()
    }

    /// The error of a plan that fails.
    pub(super) fn error(self) -> PlanError {
        self.run().error()
    }
}

impl Played {
    pub(super) fn value(&self) -> Value {
        match &self.outcome.end {
            PlanEnd::Finished(value) => value.clone(),
            other => panic!("the plan did not finish: {other:?}"),
        }
    }

    pub(super) fn error(&self) -> PlanError {
        match &self.outcome.end {
            PlanEnd::Failed(error) => (**error).clone(),
            other => panic!("the plan did not fail: {other:?}"),
        }
    }

    /// What was asked, in order.
    pub(super) fn asked(&self) -> Vec<String> {
        self.requests.iter().map(described).collect()
    }

    /// The ids of what was asked, sorted.
    pub(super) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self
            .requests
            .iter()
            .map(|request| request.id.to_string())
            .collect();
        ids.sort();
        ids
    }
}

/// JSON as a value.
pub(super) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
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
        Effect::StartStep { name } => format!("start {name}"),
        Effect::FinishStep { name, status, .. } => format!("finish {name}: {status:?}"),
        other => other.function().to_owned(),
    }
}

struct Script {
    answer: Answer,
    patience: Patience,
    requests: Mutex<Vec<Request>>,
}

impl Performer for Script {
    fn perform(&self, request: Request) -> Perform {
        let outcome = (self.answer)(&request).unwrap_or_else(|| usual(&request));
        let patience = (self.patience)(&request);
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        Box::pin(async move {
            if patience == usize::MAX {
                std::future::pending::<()>().await;
            }
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
            outcome
        })
    }
}

/// The result of one target.
pub(super) fn result(request: &Request, target: &TargetName, ok: bool) -> TargetResult {
    let Effect::Run(run) = &request.effect else {
        panic!("no action was asked for")
    };
    let mut value = Map::new();
    value.insert("stdout".to_owned(), format!("{target} says hello").into());
    value.insert("exit_code".to_owned(), i64::from(!ok).into());
    TargetResult {
        target: target.clone(),
        action: run.action.kind(),
        object: run.action.object().to_owned(),
        status: if ok {
            Status::Succeeded
        } else {
            Status::Failed
        },
        value: ResultValue::new(value),
        failure: (!ok).then(|| Failure::new(kinds::COMMAND, "it did not go well")),
        duration_ms: 1500,
        attempts: 1,
    }
}

/// What a friendly world answers.
fn usual(request: &Request) -> Outcome {
    let value = |value: Value| Outcome::Value { value };
    match &request.effect {
        Effect::Run(run) => {
            // The command `false` fails everywhere.
            let ok = !matches!(&run.action, Action::Command { command } if command == "false");
            let results = run.targets.iter();
            Outcome::Results {
                results: results
                    .map(|target| result(request, &target.name, ok))
                    .collect::<ResultSet>(),
            }
        }
        Effect::Now => value(1_000.into()),
        Effect::Random { low, .. } => value((*low).into()),
        Effect::Environment { .. } => value(Value::Null),
        Effect::ReadFile { .. } => value("welcome".into()),
        Effect::FileExists { .. } => value(true.into()),
        Effect::ListFiles { .. } => value(json(r#"["motd", "site.conf"]"#)),
        Effect::Prompt { default, .. } => {
            value(default.clone().unwrap_or_else(|| "typed".to_owned()).into())
        }
        Effect::Menu { choices, .. } => value(choices[0].as_str().into()),
        Effect::Approve { .. } => value(json(r#"{"approved":true,"by":"ada","comment":""}"#)),
        Effect::Sleep { .. }
        | Effect::Print { .. }
        | Effect::StartStep { .. }
        | Effect::FinishStep { .. } => Outcome::Done,
    }
}

fn source(name: &str, text: &str) -> PlanFile {
    PlanFile::from_text(name, &format!("plans/{name}.rhai"), text)
}

/// Four web servers, two of them old, a database and a balancer, in tiers.
const INVENTORY: &str = "
groups:
  - name: balancers
    targets: [lb1]
    depends_on: [web]
  - name: web
    targets: [web3, web4]
    depends_on: [db]
    groups:
      - name: old
        targets: [web1, web2]
  - name: db
    targets:
      - { name: db1, vars: { role: primary } }
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

/// Knows the tasks `service`, `package` and `facts`, and the files of the stage. Looking for the task `bang` panics.
struct Small {
    files: Vec<(String, String)>,
}

impl World for Small {
    fn task(&self, name: &str) -> Result<Arc<Task>, Box<Failure>> {
        assert_ne!(name, "bang", "a wheel came off");
        if ["service", "package", "facts"].contains(&name) {
            Ok(Arc::new(task(name)))
        } else {
            Err(unknown("task", name))
        }
    }

    fn plan(&self, name: &str) -> Result<PlanFile, Box<Failure>> {
        let found = self.files.iter().find(|(known, _)| known == name);
        found
            .map(|(name, text)| source(name, text))
            .ok_or_else(|| unknown("plan", name))
    }

    fn import(&self, _from: &PlanFile, path: &str) -> Result<PlanFile, Box<Failure>> {
        self.plan(path)
    }

    fn file(&self, name: &str) -> Result<FileSource, Box<Failure>> {
        Ok(FileSource::Disk(PathBuf::from("/project").join(name)))
    }

    fn download_directory(&self, name: &str) -> Result<PathBuf, Box<Failure>> {
        Ok(PathBuf::from("/project/downloads").join(name))
    }
}

fn unknown(what: &str, name: &str) -> Box<Failure> {
    let message = format!("no {what} is called `{name}`");
    Box::new(Failure::new(kinds::VALIDATION, message))
}

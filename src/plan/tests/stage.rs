//! A stage for plans: a world of a few names, and a performer that answers as the test says and writes down what was asked.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    model::{
        Failure, Map, ResultSet, ResultValue, Status, Target, TargetName, TargetResult, Value,
        kinds,
    },
    plan::{
        Effect, IdentityKey, Interpreter, Limits, Outcome, Perform, Performer, PlanEnd, PlanError,
        PlanOutcome, Program, Request, SourceFile, StopSignal, World,
    },
    task::Task,
};

/// A plan, and what it runs against.
pub(super) struct Stage {
    text: String,
    params: Map,
    limits: Limits,
    stop: StopSignal,
    answer: Answer,
    files: Vec<(String, String)>,
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
            stop: StopSignal::default(),
            answer: Arc::new(|_| None),
            files: Vec::new(),
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

fn source(name: &str, text: &str) -> SourceFile {
    SourceFile {
        name: name.to_owned(),
        path: format!("plans/{name}.rhai").into(),
        text: text.into(),
        module: None,
    }
}

/// Knows the tasks `service` and `package`, the files of the stage, and any target that is not called `nobody`.
struct Small {
    files: Vec<(String, String)>,
}

impl World for Small {
    fn task(&self, name: &str) -> Result<Arc<Task>, Failure> {
        if ["service", "package"].contains(&name) {
            Ok(Arc::new(Task::named(name)))
        } else {
            Err(unknown("task", name))
        }
    }

    fn check_params(&self, _task: &Task, params: Map) -> Result<Arc<Map>, Failure> {
        Ok(Arc::new(params))
    }

    fn resolve(&self, expression: &str) -> Result<Vec<Arc<Target>>, Failure> {
        expression
            .split(',')
            .map(|name| {
                self.target(&name.into())
                    .ok_or_else(|| unknown("target", name))
            })
            .collect()
    }

    fn target(&self, name: &TargetName) -> Option<Arc<Target>> {
        (name.as_str() != "nobody").then(|| Arc::new(Target::new(name.clone(), "ssh")))
    }

    fn plan(&self, name: &str) -> Result<SourceFile, Failure> {
        let found = self.files.iter().find(|(known, _)| known == name);
        found
            .map(|(name, text)| source(name, text))
            .ok_or_else(|| unknown("plan", name))
    }

    fn import(&self, _from: &SourceFile, path: &str) -> Result<SourceFile, Failure> {
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

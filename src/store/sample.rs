//! Events for tests.

use std::str::FromStr as _;

use crate::{
    event::{Asked, EventKind, JobKind, JobOrigin, JobStatus, Reply, StopReason},
    model::{
        ActionKind, BranchPath, ContentHash, EffectId, Failure, Map, MessageLevel, OutputStream,
        Place, ResultValue, Status, StepStatus, TargetName, TargetResult, Value,
    },
};

/// The effect that asks `number` in a branch.
pub(crate) fn effect_id(branch: &str, number: u32) -> EffectId {
    let branch = branch
        .split('/')
        .filter(|name| !name.is_empty())
        .fold(BranchPath::root(), |path, name| path.child(name));
    EffectId {
        branch,
        content: ContentHash::of(&number.to_be_bytes()),
        occurrence: 0,
    }
}

pub(crate) fn origin() -> JobOrigin {
    JobOrigin {
        user: "ada".to_owned(),
        host: "engine".to_owned(),
        process: 42,
        segue: "0.1.0".to_owned(),
        plan_hash: ContentHash::from_str("ff").unwrap().to_string(),
        project: "/srv/site".to_owned(),
    }
}

pub(crate) fn started(object: &str) -> EventKind {
    EventKind::JobStarted {
        what: JobKind::Plan,
        object: object.to_owned(),
        params: Map::from_iter([
            ("service".to_owned(), "nginx".into()),
            ("token".to_owned(), Value::sensitive("hunter2".into())),
        ]),
        targets: vec!["web1".into(), "web2".into()],
        origin: origin(),
    }
}

pub(crate) fn asked(targets: &[&str]) -> Asked {
    Asked {
        function: "run_task".to_owned(),
        action: Some(ActionKind::Task),
        object: "service".to_owned(),
        description: Some("restart".to_owned()),
        params: Map::from_iter([("action".to_owned(), "restart".into())]),
        targets: targets.iter().map(|name| TargetName::from(*name)).collect(),
        place: Some(Place {
            file: "plans/restart.rhai".into(),
            line: 12,
            column: 5,
        }),
        idempotent: true,
        cleanup: false,
    }
}

pub(crate) fn result(target: &str, status: Status) -> TargetResult {
    let failure = Failure::new("puppetlabs.tasks/task-error", "no such service")
        .with_detail("exit_code", 3_i64);
    TargetResult {
        target: target.into(),
        action: ActionKind::Task,
        object: "service".to_owned(),
        status,
        value: ResultValue::new(Map::from_iter([
            ("status".to_owned(), "running".into()),
            ("password".to_owned(), Value::sensitive("hunter2".into())),
        ])),
        failure: (!status.is_ok()).then_some(failure),
        duration_ms: 850,
        attempts: 1,
    }
}

pub(crate) fn output(effect: &EffectId, target: &str, text: &str) -> EventKind {
    EventKind::OutputChunk {
        effect: effect.clone(),
        target: target.into(),
        stream: OutputStream::Stdout,
        text: text.to_owned(),
    }
}

pub(crate) fn finished(status: JobStatus) -> EventKind {
    EventKind::JobFinished {
        status,
        failure: None,
        value: Value::Null,
        failed_effects: Vec::new(),
    }
}

/// One event of every kind, in an order that a job might have.
pub(crate) fn every_kind() -> Vec<EventKind> {
    let effect = effect_id("release/web", 1);
    let approval = effect_id("", 2);
    let branch = BranchPath::root().child("release");
    let failure = Failure::new("segue/timeout", "it took too long").with_issue_code("TIMEOUT");
    vec![
        started("restart"),
        EventKind::StepStarted {
            branch: branch.clone(),
            name: "web".to_owned(),
            place: asked(&[]).place,
            after: vec!["db".to_owned()],
        },
        EventKind::EffectStarted {
            effect: effect.clone(),
            asked: asked(&["web1", "web2"]),
        },
        EventKind::TargetStarted {
            effect: effect.clone(),
            target: "web1".into(),
            attempt: 1,
            run: "0123456789abcdef0123456789abcdef".to_owned(),
        },
        output(&effect, "web1", "stopping\n"),
        EventKind::TargetRetrying {
            effect: effect.clone(),
            target: "web1".into(),
            failure: failure.clone(),
            delay_ms: 3000,
        },
        EventKind::TargetFinished {
            effect: effect.clone(),
            result: result("web1", Status::Succeeded).into(),
        },
        EventKind::TargetFinished {
            effect: effect.clone(),
            result: result("web2", Status::Failed).into(),
        },
        EventKind::EffectFinished {
            effect: effect.clone(),
            reply: Reply::Results,
        },
        EventKind::StepFinished {
            branch: branch.clone(),
            name: "web".to_owned(),
            status: StepStatus::Failed,
            failure: Some(failure.clone()),
            after: Vec::new(),
        },
        EventKind::StepSkipped {
            branch,
            name: "docs".to_owned(),
            because: "web".to_owned(),
            after: vec!["web".to_owned()],
        },
        EventKind::MessagePrinted {
            effect: None,
            level: MessageLevel::Print,
            text: "half of it is done".to_owned(),
        },
        EventKind::ApprovalAsked {
            effect: approval.clone(),
            message: "go on?".to_owned(),
            by: vec!["grace".to_owned()],
        },
        finished(JobStatus::Suspended),
        EventKind::ApprovalGiven {
            effect: approval.clone(),
            who: "grace".to_owned(),
            approved: true,
            comment: "with care".to_owned(),
        },
        EventKind::JobResumed {
            origin: origin(),
            flags: Vec::new(),
        },
        EventKind::EffectReplayed { effect },
        EventKind::EffectFinished {
            effect: approval,
            reply: Reply::Value {
                value: Value::sensitive("hunter2".into()),
            },
        },
        EventKind::JobStopping {
            reason: StopReason::Asked {
                by: "ada".to_owned(),
            },
        },
        EventKind::JobFinished {
            status: JobStatus::Stopped,
            failure: Some(failure),
            value: Value::Integer(7),
            failed_effects: vec![effect_id("release/web", 1)],
        },
    ]
}

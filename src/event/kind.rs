//! The event and its kinds. They are stored: a field may be added with a default, none may change its meaning.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    ActionKind, BranchPath, EffectId, Failure, JobId, Map, MessageLevel, OutputStream, Place,
    StepStatus, TargetName, TargetResult, Value,
};

/// One fact about a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counted from 1 in each job, without gaps for what is stored. [`super::Stream`] alone gives it.
    pub seq: u64,
    pub at: Timestamp,
    pub job: JobId,
    #[serde(flatten)]
    pub kind: EventKind,
}

/// How an event is treated when there are too many of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventClass {
    /// Never dropped, and stored before what it allows happens.
    Lifecycle,
    /// Capped, and stored apart.
    Output,
    /// Never stored; drawn when there is time.
    Progress,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    JobStarted {
        what: JobKind,
        /// The name of the plan or task, the command, or the path.
        object: String,
        /// As given, with secrets redacted.
        params: Map,
        /// The targets that were named on the command line; a plan may name its own.
        targets: Vec<TargetName>,
        origin: JobOrigin,
    },
    JobResumed {
        origin: JobOrigin,
        /// What was to be done again, or decided beforehand, as it was typed: `--redo deploy`, `--rerun-lost`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        flags: Vec<String>,
    },
    JobStopping {
        reason: StopReason,
    },
    JobFinished {
        status: JobStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        /// What the plan returned.
        #[serde(default)]
        value: Value,
        /// The effects whose failures the plan did not catch: a resume performs them again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed_effects: Vec<EffectId>,
    },
    StepStarted {
        branch: BranchPath,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
        /// The steps that it comes after.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        after: Vec<String>,
    },
    StepFinished {
        branch: BranchPath,
        name: String,
        status: StepStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        /// The steps that it comes after, if it was never begun.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        after: Vec<String>,
    },
    StepSkipped {
        branch: BranchPath,
        name: String,
        /// The step that failed or was skipped before it, or the condition that was false.
        because: String,
        /// The steps that it comes after, if it was never begun.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        after: Vec<String>,
    },
    EffectStarted {
        effect: EffectId,
        asked: Asked,
    },
    /// The journal answered; nothing was done.
    EffectReplayed {
        effect: EffectId,
    },
    EffectFinished {
        effect: EffectId,
        reply: Reply,
    },
    TargetStarted {
        effect: EffectId,
        target: TargetName,
        /// Counted from 1.
        attempt: u32,
        /// What the target keeps the outcome under, if it keeps it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        run: String,
    },
    TargetFinished {
        effect: EffectId,
        /// Shared by all who read the event: there may be ten thousand, of a megabyte each.
        result: Arc<TargetResult>,
    },
    TargetRetrying {
        effect: EffectId,
        target: TargetName,
        failure: Failure,
        delay_ms: u64,
    },
    OutputChunk {
        effect: EffectId,
        target: TargetName,
        stream: OutputStream,
        text: String,
    },
    MessagePrinted {
        /// The effect that asked for it, which is thereby done; absent for words that are Segue's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effect: Option<EffectId>,
        level: MessageLevel,
        text: String,
    },
    ApprovalAsked {
        effect: EffectId,
        message: String,
        /// Who may answer; empty for anybody.
        by: Vec<String>,
    },
    ApprovalGiven {
        effect: EffectId,
        who: String,
        approved: bool,
        #[serde(default)]
        comment: String,
    },
    /// A kind that a later version of Segue knows. It is kept, and takes no part in the fold.
    #[serde(other)]
    Unknown,
}

impl EventKind {
    #[must_use]
    pub const fn class(&self) -> EventClass {
        match self {
            Self::OutputChunk { .. } => EventClass::Output,
            _ => EventClass::Lifecycle,
        }
    }
}

/// What an effect asks for, as far as others need to know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The kind of the effect as the language names it: `run_task`, `sleep`, `prompt`, ...
    pub function: String,
    /// The kind of action, for an effect that has targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionKind>,
    /// The name of the task, the command, the path, the message.
    #[serde(default)]
    pub object: String,
    /// The author's words for it, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// With secrets redacted.
    #[serde(default)]
    pub params: Map,
    #[serde(default)]
    pub targets: Vec<TargetName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Run again without harm when it was lost, as the task's metadata says.
    #[serde(default)]
    pub idempotent: bool,
    /// It belongs to what is done also when the job is being stopped: an `undo`, a `finally`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cleanup: bool,
}

/// What came of an effect, as the journal keeps it.
///
/// The results of targets are not repeated here: they are in the `TargetFinished` events of the effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Reply {
    /// Every target has its result, whatever it is.
    Results,
    Value {
        value: Value,
    },
    Done,
    Failed {
        failure: Failure,
    },
    /// The job was stopped before it was done.
    Stopped,
}

/// What kind of thing a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    Plan,
    Task,
    Command,
    Script,
    Upload,
    Download,
}

impl JobKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Task => "task",
            Self::Command => "command",
            Self::Script => "script",
            Self::Upload => "upload",
            Self::Download => "download",
        }
    }
}

/// Who started a job, from where, with what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOrigin {
    pub user: String,
    pub host: String,
    pub process: u32,
    pub segue: String,
    /// SHA-256 of the plan's text and of all that it imports, in hexadecimal; empty for other jobs.
    #[serde(default)]
    pub plan_hash: String,
    /// The directory of the project.
    #[serde(default)]
    pub project: String,
}

/// How a job stands or ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    #[default]
    Running,
    Stopping,
    /// Everything succeeded.
    Finished,
    /// The plan came to its end, or the action to its, but some targets failed.
    SomeFailed,
    /// The plan failed.
    Failed,
    /// Too many targets failed, so it was ended.
    OverBudget,
    Stopped,
    /// It waits for an approval; its process is gone.
    Suspended,
}

/// Why a job was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    Interrupted,
    Terminated,
    /// `job stop` by this user.
    Asked {
        by: String,
    },
}

//! What a plan asks of the world, and what comes of it. The interpreter knows nothing else of either.

use std::{
    collections::BTreeMap, future::Future, num::NonZeroUsize, path::PathBuf, pin::Pin, sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize, Serializer};

use super::rehearsal::Rehearsal;
use crate::{
    model::{
        ActionKind, BranchPath, EffectId, Failure, Map, MessageLevel, Place, ResultSet, StepStatus,
        Target, TargetResult, Value,
    },
    schedule::{BatchSpec, FailureBudget},
    task::{FileSource, Left, Task},
};

/// One wish of a plan. Everything that is not a pure function of its arguments is one of these.
///
/// The serialised form is canonical: its hash is the content of the [`EffectId`], so it holds what is asked
/// and nothing of how (no timeout, no limit, no description), and redacted secrets count by their digest.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// An action on targets. Answered by [`Outcome::Results`] with one result for each, in their order.
    Run(Run),
    /// Answered by [`Outcome::Done`].
    Sleep { duration: Duration },
    /// Milliseconds since 1970, as [`Value::Integer`].
    Now,
    /// An integer from `low` to `high`, both included.
    Random { low: i64, high: i64 },
    /// The value of a variable of the controller's environment, or null.
    Environment { name: String },
    /// The text of a file of the project, as [`Value::String`].
    ReadFile { path: String },
    /// Whether a file of the project exists.
    FileExists { path: String },
    /// The names of what lies in a directory of the project, sorted, as an array.
    ListFiles { path: String },
    /// A line typed by the user.
    Prompt {
        message: String,
        sensitive: bool,
        default: Option<String>,
    },
    /// One of `choices`, as [`Value::String`].
    Menu {
        message: String,
        choices: Vec<String>,
        default: Option<String>,
    },
    /// A yes or no of somebody who may give it: a map with `approved`, `by`, `comment`.
    Approve { message: String, by: ApproveBy },
    /// Something to tell the user. Answered by [`Outcome::Done`].
    Print { level: MessageLevel, text: String },
    /// A step of a graph begins. Answered by [`Outcome::Done`].
    StartStep {
        name: String,
        /// The steps that it comes after.
        #[serde(skip)]
        after: Vec<String>,
    },
    /// A step of a graph ended, or was never begun.
    FinishStep {
        name: String,
        status: StepStatus,
        failure: Option<Failure>,
        /// For [`StepStatus::Skipped`]: the step or the condition that is the reason.
        because: Option<String>,
        /// The steps that it comes after, if it was never begun.
        #[serde(skip)]
        after: Vec<String>,
    },
}

/// An action on targets.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub action: Action,
    /// Serialised as their names.
    #[serde(serialize_with = "target_names")]
    pub targets: Vec<Arc<Target>>,
    #[serde(flatten)]
    pub options: RunOptions,
}

/// What is done on each target.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    Task {
        /// Serialised as its name.
        #[serde(serialize_with = "task_name")]
        task: Arc<Task>,
        params: Params,
    },
    Command {
        command: String,
    },
    Script {
        /// As the plan named it: a path in the project, or `module/file`.
        script: String,
        /// Where it was found.
        #[serde(skip)]
        file: FileSource,
        arguments: Vec<String>,
    },
    /// Copies a file or a directory of the controller to every target.
    Upload {
        source: String,
        #[serde(skip)]
        file: FileSource,
        destination: String,
    },
    /// Copies a file or a directory of every target into `<destination>/<target>/` on the controller.
    Download {
        source: String,
        destination: String,
        #[serde(skip)]
        path: PathBuf,
    },
    WriteFile {
        content: String,
        destination: String,
    },
    /// Connects again and again until each target answers or `wait` is over.
    WaitUntilAvailable {
        wait: Duration,
        interval: Duration,
    },
    /// Waits for the end of what was started and left (`detach`), and brings its outcome.
    Collect {
        /// What starting it gave, for each target in their order. Serialised as the runs.
        #[serde(serialize_with = "runs_left")]
        started: Vec<Arc<TargetResult>>,
    },
    /// Runs the `facts` task and keeps what it gives.
    CollectFacts {
        #[serde(serialize_with = "task_name")]
        task: Arc<Task>,
    },
}

impl Action {
    #[must_use]
    pub fn kind(&self) -> ActionKind {
        match self {
            // It brings the results of that action.
            Self::Collect { started } => started
                .first()
                .map_or(ActionKind::Task, |result| result.action),
            Self::Task { .. } => ActionKind::Task,
            Self::Command { .. } => ActionKind::Command,
            Self::Script { .. } => ActionKind::Script,
            Self::Upload { .. } => ActionKind::Upload,
            Self::Download { .. } => ActionKind::Download,
            Self::WriteFile { .. } => ActionKind::WriteFile,
            Self::WaitUntilAvailable { .. } => ActionKind::WaitUntilAvailable,
            Self::CollectFacts { .. } => ActionKind::CollectFacts,
        }
    }

    /// The name of the task, the command or the path: what a result calls its `object`.
    #[must_use]
    pub fn object(&self) -> &str {
        match self {
            Self::Task { task, .. } | Self::CollectFacts { task } => task.name(),
            Self::Command { command } => command,
            Self::Script { script, .. } => script,
            Self::Upload { destination, .. } | Self::WriteFile { destination, .. } => destination,
            Self::Download { source, .. } => source,
            Self::WaitUntilAvailable { .. } => "",
            Self::Collect { started } => started.first().map_or("", |result| &result.object),
        }
    }
}

/// The parameters of a task: the same for all targets, or a map for each in the order of the targets.
///
/// They are checked, coerced and completed with defaults before they get here. A target whose own map was
/// wrong (`run_task_with`) has the failure in place of it, which becomes its result.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Params {
    Same(Arc<Map>),
    Each(Vec<Result<Arc<Map>, Failure>>),
}

/// How an action is done. Only what changes *what* is done is part of the serialised form.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunOptions {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub noop: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as: Option<String>,
    /// Environment of commands and scripts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Value>,
    #[serde(skip)]
    pub timeout: Option<Duration>,
    #[serde(skip)]
    pub retry: Option<Retry>,
    /// How many targets are worked on at the same time by this action.
    #[serde(skip)]
    pub limit: Option<usize>,
    /// The limits of the steps that the action is part of, the outermost first.
    #[serde(skip)]
    pub step_limits: Vec<StepLimit>,
    #[serde(skip)]
    pub on_failure: OnFailure,
    /// The targets are worked on batch by batch. Without a budget the first failure is the last that is borne.
    #[serde(skip)]
    pub batch: Option<BatchSpec>,
    /// How long is waited between batches.
    #[serde(skip)]
    pub pause: Option<Duration>,
    #[serde(skip)]
    pub description: Option<String>,
    /// The plan deals with failed targets itself, so their failures end nothing.
    #[serde(skip)]
    pub catch_errors: bool,
    /// It may take the target or its network down: it is started and left, and its result says so. [`Action::Collect`]
    /// brings what came of it.
    #[serde(skip)]
    pub detach: bool,
    /// What a preview answers in its place.
    #[serde(skip)]
    pub preview: Option<Map>,
}

/// How many targets the actions of a step work on at the same time, all of them together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StepLimit {
    /// The branch of the step.
    pub step: BranchPath,
    pub targets: NonZeroUsize,
}

/// Tries an action again on the targets where it failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// How many times in all, the first included.
    pub attempts: u32,
    pub delay: Duration,
    /// What the delay is multiplied by after each failure.
    pub backoff: f64,
}

/// What the failure of some targets does to the action, and to the plan that did not catch it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Any failure ends the plan when the action is over.
    #[default]
    Stop,
    /// The plan goes on with those that are well.
    Survivors,
    /// As `Survivors` until more than this many have failed; then no further target is started, and the plan ends.
    Budget(FailureBudget),
}

/// Who may approve, and how long is waited.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ApproveBy {
    pub names: Vec<String>,
    #[serde(skip)]
    pub timeout: Option<Duration>,
}

/// What came of an effect.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// One result for every target.
    Results {
        results: ResultSet,
    },
    Value {
        value: Value,
    },
    Done,
    /// It could not be done: the plan gets an error that it can catch.
    Failed {
        failure: Failure,
    },
    /// The job is being stopped. The plan can't catch it.
    Stopped,
    /// The answer comes after this process is gone. The plan can't catch it.
    Suspended,
}

/// One effect, asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: EffectId,
    /// The call in the plan, if it has one.
    pub place: Option<Place>,
    pub effect: Effect,
    pub urgency: Urgency,
}

/// What becomes of an effect when the job is being stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Urgency {
    /// It is not begun any more.
    #[default]
    Usual,
    /// It belongs to an `undo` or a clean-up: it is still done, until what runs is ended.
    Cleanup,
}

/// An outcome that is on its way.
pub type Perform = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Whoever performs effects: on targets, out of a journal, as a preview, as a mock.
///
/// `perform` itself returns at once; the future is driven by tokio and may take as long as it likes.
pub trait Performer: Send + Sync {
    fn perform(&self, request: Request) -> Perform;

    /// What stands for an entry that a result does not have, if the result is one that nobody knows yet.
    ///
    /// Asked only about entries that are not there, when the plan looks at them.
    fn unknown(&self, _look: &Look<'_>) -> Option<Value> {
        None
    }

    /// Whether it is asked which way to go where the plan decides on what nobody knows.
    fn decides(&self) -> bool {
        false
    }

    /// The number of the way that the plan takes.
    fn decide(&self, choice: &Choice<'_>) -> usize {
        choice.usual
    }

    /// The test that is run, if this is one.
    fn rehearsal(&self) -> Option<Rehearsal> {
        None
    }
}

/// The plan decides on something that nobody knows.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    pub kind: ChoiceKind,
    pub place: &'a Place,
    /// What it decides on, as it is written.
    pub text: &'a str,
    /// The ways that there are, in words. At least two.
    pub ways: &'a [String],
    /// The way that comes of what stands for the unknown.
    pub usual: usize,
}

/// What decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceKind {
    If,
    While,
    Switch,
    For,
}

/// The plan looks at an entry of a result.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub result: &'a Arc<TargetResult>,
    /// The name of the entry, such as `stdout`.
    pub entry: &'a str,
    pub place: Option<&'a Place>,
}

impl<P: Performer + ?Sized> Performer for Arc<P> {
    fn perform(&self, request: Request) -> Perform {
        (**self).perform(request)
    }

    fn unknown(&self, look: &Look<'_>) -> Option<Value> {
        (**self).unknown(look)
    }

    fn decides(&self) -> bool {
        (**self).decides()
    }

    fn decide(&self, choice: &Choice<'_>) -> usize {
        (**self).decide(choice)
    }

    fn rehearsal(&self) -> Option<Rehearsal> {
        (**self).rehearsal()
    }
}

impl Effect {
    /// The name of the function that asks for it, as the language has it.
    #[must_use]
    pub fn function(&self) -> &'static str {
        match self {
            Self::Run(Run {
                action: Action::Collect { .. },
                ..
            }) => "collect",
            Self::Run(run) => match run.action.kind() {
                ActionKind::Task => "run_task",
                ActionKind::Command => "run_command",
                ActionKind::Script => "run_script",
                ActionKind::Upload => "upload",
                ActionKind::Download => "download",
                ActionKind::WriteFile => "write_file",
                ActionKind::WaitUntilAvailable => "wait_until_available",
                ActionKind::CollectFacts => "collect_facts",
            },
            Self::Sleep { .. } => "sleep",
            Self::Now => "now",
            Self::Random { .. } => "random",
            Self::Environment { .. } => "env",
            Self::ReadFile { .. } => "read_file",
            Self::FileExists { .. } => "file_exists",
            Self::ListFiles { .. } => "list_files",
            Self::Prompt { .. } => "prompt",
            Self::Menu { .. } => "menu",
            Self::Approve { .. } => "approve",
            Self::Print { .. } => "print",
            Self::StartStep { .. } | Self::FinishStep { .. } => "step",
        }
    }
}

fn target_names<S: Serializer>(targets: &[Arc<Target>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(targets.iter().map(|target| &target.name))
}

fn runs_left<S: Serializer>(
    started: &[Arc<TargetResult>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let runs = started.iter().map(|result| result.value.get(Left::KEY));
    serializer.collect_seq(runs)
}

fn task_name<S: Serializer>(task: &Arc<Task>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(task.name())
}

//! A plan and a world for tests: the plan asks as the interpreter does, the world counts what is done in it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use futures_util::future::join;

use super::{
    Finding, Found, Inquiry, Journal, JournalParts, JournalPerformer, LostRule, NoInquiry,
    ResumeRules, Started,
};
use crate::{
    clock::Clock,
    event::{Event, EventKind, JobStatus, Stream},
    model::{
        ActionKind, BranchPath, ContentHash, EffectId, Failure, JobId, Map, MessageLevel,
        ResultSet, ResultValue, Status, StepStatus, Target, TargetName, TargetResult, Value, kinds,
    },
    plan::{
        Action, ApproveBy, Effect, Outcome, Perform, Performer, Request, Run, RunOptions, Urgency,
    },
};

/// What happens when something is done: by what it is, the target (empty for none), and how many times it was done.
pub(super) type Script = fn(&str, &str, u32) -> Status;

/// The machines. It outlives the processes that work on them.
pub(super) struct World {
    script: Script,
    /// How many times something was done.
    pub(super) done: Mutex<BTreeMap<(String, String), u32>>,
    /// What targets keep of what they did, by the start; nothing if they keep nothing.
    pub(super) outcomes: Option<Mutex<HashMap<u64, Status>>>,
}

impl World {
    pub(super) fn new(script: Script, remembers: bool) -> Self {
        Self {
            script,
            done: Mutex::default(),
            outcomes: remembers.then(Mutex::default),
        }
    }

    /// Does something on a target, and keeps the outcome.
    pub(super) fn act_on(&self, what: &str, target: &str, seq: u64) -> Status {
        let status = self.act(what, target);
        if let Some(outcomes) = &self.outcomes {
            outcomes.lock().unwrap().insert(seq, status);
        }
        status
    }

    fn act(&self, what: &str, target: &str) -> Status {
        let mut done = self.done.lock().unwrap();
        let count = done
            .entry((what.to_owned(), target.to_owned()))
            .or_default();
        *count += 1;
        (self.script)(what, target, *count)
    }

    pub(super) fn result(run: &Run, target: &str, status: Status) -> TargetResult {
        let failure = match status {
            Status::Succeeded => None,
            Status::Lost => Some(Failure::new(kinds::LOST, "the connection broke")),
            _ => Some(Failure::new(kinds::COMMAND, "exit code 1")),
        };
        TargetResult {
            target: target.into(),
            action: ActionKind::Command,
            object: run.action.object().to_owned(),
            status,
            value: ResultValue::new(Map::from_iter([("on".to_owned(), target.into())])),
            failure,
            duration_ms: 1,
            attempts: 1,
        }
    }
}

/// Performs in the world, and tells of targets as the dispatcher does.
struct Live {
    world: Arc<World>,
    stream: Stream,
}

impl Performer for Live {
    fn perform(&self, request: Request) -> Perform {
        let (world, stream) = (Arc::clone(&self.world), self.stream.clone());
        Box::pin(async move {
            tokio::task::yield_now().await;
            let Effect::Run(run) = &request.effect else {
                if matches!(request.effect, Effect::Approve { .. }) {
                    return Outcome::Suspended;
                }
                world.act(request.effect.function(), "");
                return match request.effect {
                    Effect::Sleep { .. } => Outcome::Done,
                    _ => Outcome::Value {
                        value: 7_i64.into(),
                    },
                };
            };
            let mut results = Vec::new();
            for target in &run.targets {
                let effect = request.id.clone();
                let seq = stream.emit(EventKind::TargetStarted {
                    effect: effect.clone(),
                    target: target.name.clone(),
                    attempt: 1,
                    run: String::new(),
                });
                tokio::task::yield_now().await;
                let status = world.act_on(run.action.object(), target.name.as_str(), seq);
                let result = World::result(run, target.name.as_str(), status);
                let result = Arc::new(result);
                results.push(Arc::clone(&result));
                stream.emit(EventKind::TargetFinished { effect, result });
            }
            Outcome::Results {
                results: results.into_iter().collect(),
            }
        })
    }
}

impl Inquiry for World {
    fn find(&self, _: &EffectId, run: &Run, target: &Arc<Target>, started: Started) -> Finding {
        let found =
            match &self.outcomes {
                None => Found::Unknown,
                Some(outcomes) => outcomes.lock().unwrap().get(&started.seq).map_or(
                    Found::NeverStarted,
                    |status| {
                        Found::Finished(Box::new(Self::result(run, target.name.as_str(), *status)))
                    },
                ),
            };
        Box::pin(std::future::ready(found))
    }
}

/// The interpreter's side: ids are made of what is asked.
pub(super) struct Asker {
    performer: JournalPerformer,
    asked: Mutex<HashMap<(BranchPath, ContentHash), u32>>,
}

/// Why the plan went no further.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    Failed(EffectId),
    Stopped,
    Suspended,
}

impl Asker {
    pub(super) fn new(performer: JournalPerformer) -> Self {
        Self {
            performer,
            asked: Mutex::default(),
        }
    }

    fn id(&self, branch: &BranchPath, effect: &Effect) -> EffectId {
        let content = ContentHash::of(&serde_json::to_vec(effect).unwrap());
        let mut asked = self.asked.lock().unwrap();
        let count = asked.entry((branch.clone(), content)).or_default();
        *count += 1;
        EffectId {
            branch: branch.clone(),
            content,
            occurrence: *count - 1,
        }
    }

    pub(super) async fn ask(&self, branch: &BranchPath, effect: Effect) -> Result<Outcome, End> {
        let id = self.id(branch, &effect);
        let outcome = self.performer.perform(Request {
            id: id.clone(),
            place: None,
            effect,
            urgency: Urgency::Usual,
        });
        match outcome.await {
            Outcome::Stopped => Err(End::Stopped),
            Outcome::Suspended => Err(End::Suspended),
            Outcome::Failed { .. } => Err(End::Failed(id)),
            other => Ok(other),
        }
    }

    pub(super) async fn run(
        &self,
        branch: &BranchPath,
        what: &str,
        targets: &[&str],
        catch_errors: bool,
    ) -> Result<ResultSet, End> {
        let effect = command(what, targets, catch_errors);
        let id = EffectId {
            occurrence: 0,
            branch: branch.clone(),
            content: ContentHash::of(&serde_json::to_vec(&effect).unwrap()),
        };
        match self.ask(branch, effect).await? {
            Outcome::Results { results } if results.is_ok() || catch_errors => Ok(results),
            Outcome::Results { .. } => Err(End::Failed(id)),
            other => panic!("no results: {other:?}"),
        }
    }

    pub(super) async fn say(&self, branch: &BranchPath, effect: Effect) -> Result<(), End> {
        self.ask(branch, effect).await.map(|_| ())
    }
}

pub(super) fn command(what: &str, targets: &[&str], catch_errors: bool) -> Effect {
    let target = |name: &&str| Arc::new(Target::new(TargetName::from(*name), "ssh"));
    Effect::Run(Run {
        action: Action::Command {
            command: what.to_owned(),
        },
        targets: targets.iter().map(target).collect(),
        options: RunOptions {
            catch_errors,
            ..RunOptions::default()
        },
    })
}

fn print(text: &str) -> Effect {
    Effect::Print {
        level: MessageLevel::Print,
        text: text.to_owned(),
    }
}

fn finish(name: &str, status: StepStatus) -> Effect {
    Effect::FinishStep {
        name: name.to_owned(),
        status,
        failure: None,
        because: None,
        after: Vec::new(),
    }
}

/// Values, a step, a caught failure, branches side by side, an approval, and an end that takes two tries in some worlds.
pub(super) async fn release(asker: &Asker) -> Result<String, End> {
    let root = BranchPath::root();
    asker.say(&root, print("begin")).await?;
    let now = asker.ask(&root, Effect::Now).await?;
    let step = root.child("fetch");
    let name = || "fetch".to_owned();
    asker
        .say(
            &step,
            Effect::StartStep {
                name: name(),
                after: Vec::new(),
            },
        )
        .await?;
    let fetched = asker.run(&step, "fetch", &["a", "b", "c"], false).await;
    let status = if fetched.is_ok() {
        StepStatus::Done
    } else {
        StepStatus::Failed
    };
    asker.say(&step, finish("fetch", status)).await?;
    let fetched = fetched?;
    let probed = asker.run(&root, "probe", &["a", "b"], true).await?;
    let (left, right) = (root.child("left"), root.child("right"));
    let branch = async |path: &BranchPath| {
        asker
            .run(path, &format!("stop {path}"), &["a", "b"], false)
            .await?;
        asker.say(path, print(&format!("{path} is down"))).await?;
        asker
            .run(path, &format!("start {path}"), &["a"], false)
            .await
    };
    let (down, up) = join(branch(&left), branch(&right)).await;
    let (down, up) = (down?, up?);
    let approve = Effect::Approve {
        message: "go on?".to_owned(),
        by: ApproveBy::default(),
    };
    let approved = asker.ask(&root, approve).await?;
    // The same is asked twice on purpose.
    asker.run(&root, "count", &["a"], false).await?;
    asker.run(&root, "count", &["a"], false).await?;
    let last = asker.run(&root, "finish", &["a", "b", "c"], false).await?;
    asker.say(&root, print("end")).await?;
    let outcomes = (now, fetched, probed, down, up, approved, last);
    Ok(serde_json::to_string(&outcomes).unwrap())
}

/// One life of the process that runs the job.
pub(super) struct Life {
    pub(super) performer: JournalPerformer,
    pub(super) asker: Asker,
    stream: Stream,
    told: Arc<Mutex<Vec<Event>>>,
}

impl Life {
    /// Goes on after these events.
    pub(super) fn after(events: &[Event], world: &Arc<World>, rules: ResumeRules) -> Self {
        let clock = Clock::paused(jiff::Timestamp::UNIX_EPOCH);
        Self::after_at(events, world, rules, clock)
    }

    /// Goes on after these events, at a time of the caller's.
    pub(super) fn after_at(
        events: &[Event],
        world: &Arc<World>,
        rules: ResumeRules,
        clock: Clock,
    ) -> Self {
        let told = Arc::new(Mutex::new(events.to_vec()));
        let sink = Arc::clone(&told);
        let now = clock.clone();
        let stream = Stream::new(
            JobId::new(0, 0),
            events.last().map_or(0, |event| event.seq),
            Arc::new(move || now.now()),
            vec![Box::new(move |event: &Event| {
                sink.lock().unwrap().push(event.clone());
            })],
        );
        let inquiry: Arc<dyn Inquiry> = if world.outcomes.is_some() {
            Arc::clone(world) as Arc<dyn Inquiry>
        } else {
            Arc::new(NoInquiry)
        };
        let performer = JournalPerformer::new(JournalParts {
            journal: Journal::from_events(events),
            rules,
            inner: Arc::new(Live {
                world: Arc::clone(world),
                stream: stream.clone(),
            }),
            stream: stream.clone(),
            clock,
            inquiry,
            idempotent: |_| false,
        });
        Self {
            asker: Asker::new(performer.clone()),
            performer,
            stream,
            told,
        }
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.told.lock().unwrap().clone()
    }

    /// Runs the plan and tells how it ended.
    pub(super) async fn live(&self) -> Result<String, End> {
        let end = release(&self.asker).await;
        let (status, failed_effects) = match &end {
            Ok(_) => (JobStatus::Finished, Vec::new()),
            Err(End::Failed(effect)) => (JobStatus::Failed, vec![effect.clone()]),
            Err(End::Stopped) => (JobStatus::Stopped, Vec::new()),
            Err(End::Suspended) => (JobStatus::Suspended, Vec::new()),
        };
        self.stream.emit(EventKind::JobFinished {
            status,
            failure: None,
            value: Value::Null,
            failed_effects,
        });
        end
    }

    /// Answers what the job waits for.
    pub(super) fn approve(&self) {
        let events = self.events();
        let asked = events.iter().rev().find_map(|event| match &event.kind {
            EventKind::ApprovalAsked { effect, .. } => Some(effect.clone()),
            _ => None,
        });
        self.stream.emit(EventKind::ApprovalGiven {
            effect: asked.expect("an approval was asked"),
            who: "grace".to_owned(),
            approved: true,
            comment: String::new(),
        });
    }
}

/// Lives again and again after these events until the plan is at its end. Gives what it returned, all events,
/// and how many lives it took.
pub(super) async fn live_to_the_end(
    events: &[Event],
    world: &Arc<World>,
    lost: LostRule,
) -> (String, Vec<Event>, usize) {
    let mut events = events.to_vec();
    for lives in 1..10 {
        let rules = ResumeRules {
            lost,
            ..ResumeRules::default()
        };
        let life = Life::after(&events, world, rules);
        let end = life.live().await;
        life.performer.check_lost().unwrap();
        if end == Err(End::Suspended) {
            life.approve();
        }
        events = life.events();
        if let Ok(value) = end {
            assert_eq!(life.performer.unused(), [], "the plan is the same");
            return (value, events, lives);
        }
    }
    panic!("the plan does not come to its end");
}

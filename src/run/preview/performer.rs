//! The preview performer: answers as if everything had gone well, and writes down what was asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::record::{Answer, Decision, PreviewRecord, Previewed, Unknown};
use crate::{
    clock::Clock,
    model::{
        EffectId, Failure, Map, Place, ResultSet, ResultValue, Status, Target, TargetResult, Value,
        kinds,
    },
    plan::{Action, Choice, ChoiceKind, Effect, Look, Outcome, Perform, Performer, Request, Run},
    project::Project,
    run::{
        controller::Controller,
        journal::{approval_value, asked},
        operator::NoOperator,
    },
};

/// What a preview works with.
pub struct PreviewParts {
    /// The time that the plan sees. A paused one makes sleeping take no time.
    pub clock: Clock,
    pub project: Project,
    /// The action that is taken to fail, on its first target.
    pub failing: Option<EffectId>,
    /// Runs tasks that support it in noop mode; without it no target is touched.
    pub noop: Option<Arc<dyn Performer>>,
    /// What targets have said already, on another way through the same plan.
    pub said: HashMap<EffectId, ResultSet>,
    /// The ways that are taken where the plan decides on what nobody knows; elsewhere it is the usual one.
    pub ways: HashMap<Place, usize>,
}

/// How often a `while` is gone through whose end nobody knows: once shows what it does.
const TURNS_MAX: usize = 1;

/// How often one decision is made the same way: then it is the other one's turn, so that a loop that it ends does end.
const SAME_MAX: usize = 1_000;

/// Effects of one way. A loop that waits for something that never comes in a preview has no end of them.
pub const PREVIEWED_MAX: usize = 50_000;

/// Performs nothing. Cloning it gives another handle to the same record.
#[derive(Clone)]
pub struct PreviewPerformer {
    shared: Arc<Shared>,
}

struct Shared {
    controller: Controller,
    failing: Option<EffectId>,
    noop: Option<Arc<dyn Performer>>,
    said: HashMap<EffectId, ResultSet>,
    ways: HashMap<Place, usize>,
    notes: Mutex<Notes>,
    /// How many tasks are really running, in noop mode.
    under_way: watch::Sender<usize>,
}

/// A task that is really running. It is none any more when this is dropped, also with what waits for it.
struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn new(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[derive(Default)]
struct Notes {
    record: PreviewRecord,
    /// The effect of each result that nobody has seen, by the address of the result, which is kept alive for that.
    guesses: HashMap<usize, (Arc<TargetResult>, usize)>,
    /// How often each decision was made since it was last made otherwise.
    made: HashMap<Place, usize>,
}

impl PreviewPerformer {
    #[must_use]
    pub fn new(parts: PreviewParts) -> Self {
        let controller = Controller::new(parts.clock, parts.project, Arc::new(NoOperator));
        Self {
            shared: Arc::new(Shared {
                controller,
                failing: parts.failing,
                noop: parts.noop,
                said: parts.said,
                ways: parts.ways,
                notes: Mutex::default(),
                under_way: watch::Sender::new(0),
            }),
        }
    }

    /// What was written down so far.
    #[must_use]
    pub fn record(&self) -> PreviewRecord {
        self.shared.notes().record.clone()
    }
}

impl Performer for PreviewPerformer {
    fn perform(&self, request: Request) -> Perform {
        let shared = Arc::clone(&self.shared);
        // The plan only looks what has become of its branches: it is told when nothing is really under way any more.
        if matches!(&request.effect, Effect::Sleep { duration } if duration.is_zero()) {
            let mut under_way = shared.under_way.subscribe();
            return Box::pin(async move {
                // It fails when nobody counts any more, and then nothing is under way.
                let _ = under_way.wait_for(|count| *count == 0).await;
                Outcome::Done
            });
        }
        // Written down here and not in the future: the plan's order is the order of the calls.
        let Some(number) = shared.note(&request) else {
            return Box::pin(std::future::ready(Outcome::Stopped));
        };
        let under_way = shared
            .is_real(&request)
            .then(|| UnderWay::new(&shared.under_way));
        Box::pin(async move {
            let outcome = shared.answer(number, request).await;
            drop(under_way);
            outcome
        })
    }

    fn unknown(&self, look: &Look<'_>) -> Option<Value> {
        self.shared.look(look)
    }

    fn decides(&self) -> bool {
        true
    }

    fn decide(&self, choice: &Choice<'_>) -> usize {
        self.shared.decide(choice)
    }
}

impl Shared {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes an effect down, unless there are too many.
    fn note(&self, request: &Request) -> Option<usize> {
        let mut notes = self.notes();
        if notes.record.effects.len() == PREVIEWED_MAX {
            return None;
        }
        notes.record.effects.push(Previewed {
            id: request.id.clone(),
            asked: asked(request, |task| task.metadata().idempotent),
            answer: Answer::Nothing,
            results: None,
        });
        Some(notes.record.effects.len() - 1)
    }

    fn set_answer(&self, number: usize, answer: Answer) {
        self.notes().record.effects[number].answer = answer;
    }

    async fn answer(&self, number: usize, request: Request) -> Outcome {
        let supposed = match &request.effect {
            Effect::Run(_) => return self.run(number, request).await,
            Effect::Print { .. } | Effect::StartStep { .. } | Effect::FinishStep { .. } => {
                return Outcome::Done;
            }
            Effect::Sleep { .. } => return self.controller.perform(request.effect).await,
            Effect::Now
            | Effect::Environment { .. }
            | Effect::ReadFile { .. }
            | Effect::FileExists { .. }
            | Effect::ListFiles { .. } => {
                self.set_answer(number, Answer::Known);
                return self.controller.perform(request.effect).await;
            }
            Effect::Random { low, high } if low > high => {
                return self.controller.perform(request.effect).await;
            }
            Effect::Random { low, .. } => Value::Integer(*low),
            Effect::Prompt {
                message,
                sensitive,
                default,
            } => {
                let answer = default.clone();
                let answer = answer.unwrap_or_else(|| format!("‹answer to `{message}`›"));
                if *sensitive {
                    Value::sensitive(answer.into())
                } else {
                    answer.into()
                }
            }
            Effect::Menu {
                choices, default, ..
            } => default
                .as_ref()
                .or_else(|| choices.first())
                .map_or(Value::Null, |choice| choice.as_str().into()),
            Effect::Approve { by, .. } => {
                let who = by.names.first().map_or("somebody", String::as_str);
                approval_value(who, true, "")
            }
        };
        let value = supposed.clone();
        self.set_answer(number, Answer::Supposed { value });
        Outcome::Value { value: supposed }
    }

    /// Whether a task is really run for it, in noop mode.
    fn is_real(&self, request: &Request) -> bool {
        let Effect::Run(run) = &request.effect else {
            return false;
        };
        self.noop.is_some()
            && supports_noop(run)
            && self.failing.as_ref() != Some(&request.id)
            && !self.said.contains_key(&request.id)
    }

    async fn run(&self, number: usize, request: Request) -> Outcome {
        let id = request.id.clone();
        let Effect::Run(run) = &request.effect else {
            return Outcome::Done;
        };
        if self.failing.as_ref() == Some(&id)
            && let Some(first) = run.targets.first()
        {
            let target = first.name.clone();
            self.set_answer(number, Answer::Failing { target });
            return self.guess(number, run, Some(first));
        }
        // What was started has the answer already, be it declared or a guess.
        if let Action::Collect { started } = &run.action {
            self.set_answer(number, Answer::Assumed);
            let results = started.iter().cloned().collect();
            return Outcome::Results { results };
        }
        if let Some(results) = self.said.get(&id) {
            return self.heard(number, results.clone());
        }
        let Some(performer) = self.noop.as_ref().filter(|_| self.is_real(&request)) else {
            let declared = declared(run).is_some();
            let answer = if declared {
                Answer::Declared
            } else {
                Answer::Assumed
            };
            self.set_answer(number, answer);
            return self.guess(number, run, None);
        };
        let mut request = request;
        if let Effect::Run(run) = &mut request.effect {
            run.options.noop = true;
        }
        match performer.perform(request).await {
            Outcome::Results { results } => self.heard(number, results),
            other => other,
        }
    }

    /// The results of a task that was really run, in noop mode.
    fn heard(&self, number: usize, results: ResultSet) -> Outcome {
        let failed = results.iter().filter(|result| !result.is_ok()).count();
        let mut notes = self.notes();
        let effect = &mut notes.record.effects[number];
        effect.answer = Answer::Noop { failed };
        effect.results = Some(results.clone());
        Outcome::Results { results }
    }

    /// Results that nobody has seen.
    fn guess(&self, number: usize, run: &Run, failing: Option<&Arc<Target>>) -> Outcome {
        let declared = declared(run);
        let results: ResultSet = run
            .targets
            .iter()
            .map(|target| {
                let fails = failing.is_some_and(|failing| failing.name == target.name);
                guessed(run, target, declared.as_ref(), fails)
            })
            .collect();
        // Also where a value is declared: what the declaration does not say is not known either.
        let mut notes = self.notes();
        for result in results.iter() {
            let address = Arc::as_ptr(result).addr();
            notes.guesses.insert(address, (Arc::clone(result), number));
        }
        drop(notes);
        Outcome::Results { results }
    }

    fn decide(&self, choice: &Choice<'_>) -> usize {
        let taken = self.ways.get(choice.place).copied();
        let taken = taken.unwrap_or(choice.usual);
        let mut notes = self.notes();
        if !notes.made.contains_key(choice.place) {
            notes.record.decisions.push(Decision {
                text: choice.text.to_owned(),
                is_loop: choice.kind == ChoiceKind::While,
                ways: choice.ways.to_vec(),
                taken,
                place: choice.place.clone(),
            });
        }
        let made = notes.made.entry(choice.place.clone()).or_default();
        *made += 1;
        match choice.kind {
            ChoiceKind::While if *made > TURNS_MAX => {
                // The next time that the plan comes here it begins anew.
                *made = 0;
                1
            }
            ChoiceKind::If | ChoiceKind::Switch if *made > SAME_MAX => {
                *made = 0;
                (taken + 1) % choice.ways.len()
            }
            _ => taken,
        }
    }

    fn look(&self, look: &Look<'_>) -> Option<Value> {
        let mut notes = self.notes();
        let (_, number) = notes.guesses.get(&Arc::as_ptr(look.result).addr())?;
        let asked = &notes.record.effects[*number].asked;
        let object = &asked.object;
        let of = match asked.action {
            Some(action) if !object.is_empty() => format!("{action} `{object}`"),
            _ => format!("`{}`", asked.function),
        };
        let entry = look.entry.trim_start_matches('_').to_owned();
        let target = look.result.target.clone();
        let shown = format!("‹{entry} of {of} on {target}›");
        let place = look.place.cloned();
        let known = notes
            .record
            .unknown
            .iter_mut()
            .find(|known| known.place == place && known.entry == entry && known.of == of);
        match known {
            Some(known) if known.target == target => {}
            Some(known) => known.targets += 1,
            None => notes.record.unknown.push(Unknown {
                entry,
                of,
                target,
                targets: 1,
                place,
            }),
        }
        Some(shown.into())
    }
}

fn supports_noop(run: &Run) -> bool {
    matches!(&run.action, Action::Task { task, .. } if task.metadata().supports_noop)
}

/// The value that the call, else the task declares for previews.
fn declared(run: &Run) -> Option<Map> {
    if let Some(map) = &run.options.preview {
        return Some(map.clone());
    }
    let (Action::Task { task, .. } | Action::CollectFacts { task }) = &run.action else {
        return None;
    };
    match &task.metadata().preview {
        None | Some(Value::Null) => None,
        Some(Value::Map(map)) => Some(map.clone()),
        Some(other) => Some(Map::from_iter([("_output".to_owned(), other.clone())])),
    }
}

fn guessed(run: &Run, target: &Target, declared: Option<&Map>, fails: bool) -> TargetResult {
    let failure =
        fails.then(|| Failure::new(kinds::TASK, "it is taken to fail, to see what comes then"));
    TargetResult {
        target: target.name.clone(),
        action: run.action.kind(),
        object: run.action.object().to_owned(),
        status: if fails {
            Status::Failed
        } else {
            Status::Succeeded
        },
        value: match declared {
            Some(map) if !fails => ResultValue::new(map.clone()),
            _ => ResultValue::default(),
        },
        failure,
        duration_ms: 0,
        attempts: 1,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::{FutureExt as _, future::ready};
    use jiff::Timestamp;
    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        model::{BranchPath, ContentHash},
        plan::{Params, RunOptions, Urgency},
        task::{FileSource, Metadata, Task, TaskFile, TaskParts},
    };

    /// Runs tasks until it is told that they are over.
    struct Held(Mutex<Option<oneshot::Receiver<()>>>);

    impl Performer for Held {
        fn perform(&self, _: Request) -> Perform {
            let over = self.0.lock().unwrap().take().unwrap();
            Box::pin(over.then(|_| {
                ready(Outcome::Results {
                    results: ResultSet::from_iter(Vec::<TargetResult>::new()),
                })
            }))
        }
    }

    fn previewing(over: oneshot::Receiver<()>) -> PreviewPerformer {
        PreviewPerformer::new(PreviewParts {
            clock: Clock::paused(Timestamp::UNIX_EPOCH),
            project: Project::at(&std::env::temp_dir()).unwrap(),
            failing: None,
            noop: Some(Arc::new(Held(Mutex::new(Some(over))))),
            said: HashMap::new(),
            ways: HashMap::new(),
        })
    }

    fn request(effect: Effect) -> Request {
        Request {
            id: EffectId {
                branch: BranchPath::root(),
                content: ContentHash::of(b"it"),
                occurrence: 0,
            },
            place: None,
            effect,
            urgency: Urgency::Usual,
        }
    }

    fn task() -> Request {
        let task = Task::new(TaskParts {
            name: "touch".to_owned(),
            module: "touch".to_owned(),
            metadata: Metadata::parse("touch", "touch.json", r#"{ "supports_noop": true }"#)
                .unwrap(),
            executables: vec![TaskFile {
                path: "touch/tasks/init.sh".to_owned(),
                source: FileSource::Embedded(b"#!/bin/sh\n"),
            }],
            find: &|_| None,
        });
        request(Effect::Run(Run {
            action: Action::Task {
                task: Arc::new(task.unwrap()),
                params: Params::Same(Arc::default()),
            },
            targets: vec![Arc::new(Target::new("web1", "ssh"))],
            options: RunOptions::default(),
        }))
    }

    fn look() -> Request {
        request(Effect::Sleep {
            duration: Duration::ZERO,
        })
    }

    #[test]
    fn a_look_waits_until_no_task_really_runs() {
        let (over, is_over) = oneshot::channel();
        let preview = previewing(is_over);
        assert!(preview.perform(look()).now_or_never().is_some());

        let mut running = preview.perform(task());
        assert!((&mut running).now_or_never().is_none());
        let mut looked = preview.perform(look());
        assert!((&mut looked).now_or_never().is_none());

        over.send(()).unwrap();
        assert!(running.now_or_never().is_some());
        assert!(looked.now_or_never().is_some());
    }

    #[test]
    fn a_look_does_not_wait_for_a_task_that_was_given_up() {
        let (_over, is_over) = oneshot::channel();
        let preview = previewing(is_over);
        let running = preview.perform(task());
        let mut looked = preview.perform(look());
        assert!((&mut looked).now_or_never().is_none());
        drop(running);
        assert!(looked.now_or_never().is_some());
    }
}

//! What to do about an effect that is asked: answer it, do what is missing of it, or do all of it. Pure.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::entry::{Due, Entry, Started};
use crate::{
    event::Reply,
    model::{ResultSet, TargetResult, Value},
    plan::{Action, Effect, OnFailure, Outcome, Params, Request, Run},
    schedule::{FailureBudget, counts_as_failed},
};

/// What is done about an effect.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart as soon as it is made"
)]
pub(super) enum Decision {
    /// The record answers.
    Answer(Outcome),
    /// It is performed as it was asked, or what is left of it.
    Perform(Request),
    /// Some of its targets are done.
    Complete(Completion),
}

/// A run that was begun, target by target in the order of the request.
#[derive(Debug)]
pub(super) struct Completion {
    pub(super) parts: Vec<Part>,
}

/// What is known of one target.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Known(Arc<TargetResult>),
    /// Started, and what became of it is not known.
    Lost(Started),
    Missing,
}

/// Decides by what is recorded of the effect. `redo` sets the record aside.
pub(super) fn decide(
    request: Request,
    entry: Option<&Entry>,
    redo: bool,
    now: Timestamp,
) -> Decision {
    let Some(entry) = entry.filter(|_| !redo) else {
        return Decision::Perform(request);
    };
    if let Some(outcome) = answer(entry, &request.effect) {
        return Decision::Answer(outcome);
    }
    match request.effect {
        Effect::Run(ref run) => {
            let parts = parts(entry, run);
            if parts.iter().all(|part| *part == Part::Missing) {
                Decision::Perform(request)
            } else {
                Decision::Complete(Completion { parts })
            }
        }
        Effect::Sleep { duration } => Decision::Perform(Request {
            effect: Effect::Sleep {
                duration: left_of(duration, entry, now),
            },
            ..request
        }),
        _ => Decision::Perform(request),
    }
}

/// The outcome that the record gives; nothing if there is none, it does not stand, or a target has none after all.
pub(super) fn answer(entry: &Entry, effect: &Effect) -> Option<Outcome> {
    match entry.reply.as_ref().filter(|_| entry.is_settled())? {
        Reply::Results => {
            let Effect::Run(run) = effect else {
                return None;
            };
            let result = |name| {
                let record = entry.targets.get(name)?;
                record.result.clone().filter(|_| !record.is_open)
            };
            let results: Option<ResultSet> = run
                .targets
                .iter()
                .map(|target| result(&target.name))
                .collect();
            results.map(|results| Outcome::Results { results })
        }
        Reply::Value { value } => Some(Outcome::Value {
            value: value.clone(),
        }),
        Reply::Done => Some(Outcome::Done),
        Reply::Failed { failure } => Some(Outcome::Failed {
            failure: failure.clone(),
        }),
        Reply::Stopped => None,
    }
}

fn parts(entry: &Entry, run: &Run) -> Vec<Part> {
    // An effect that ended the plan was not caught, whatever its options say.
    let caught = run.options.catch_errors && !entry.ended_plan;
    let part = |record: &super::TargetRecord| match record.due(caught) {
        Due::Nothing => record.result.clone().map_or(Part::Missing, Part::Known),
        Due::Ask(started) => Part::Lost(started),
        Due::Run => Part::Missing,
    };
    run.targets
        .iter()
        .map(|target| entry.targets.get(&target.name).map_or(Part::Missing, part))
        .collect()
}

/// A sleep goes on in the time that its plan was not running.
fn left_of(duration: Duration, entry: &Entry, now: Timestamp) -> Duration {
    let slept = entry
        .started_at
        .and_then(|started_at| Duration::try_from(now.duration_since(started_at)).ok());
    // A clock that went back says nothing; then all of it is slept.
    duration.saturating_sub(slept.unwrap_or_default())
}

impl Completion {
    /// The run on those targets that are missing: the same effect, fewer targets.
    pub(super) fn narrowed(&self, run: &Run) -> Run {
        let missing = |at: usize| self.parts.get(at) == Some(&Part::Missing);
        let mut narrowed = run.clone();
        narrowed.targets = keep(&run.targets, missing);
        if let Action::Task {
            params: Params::Each(each),
            ..
        } = &mut narrowed.action
        {
            *each = keep(each, missing);
        }
        // A share is one of all the targets that the plan named, and what has failed before stays failed.
        let total = run.targets.len();
        if let OnFailure::Budget(budget) = run.options.on_failure {
            let left = budget.allowed(total).saturating_sub(self.failed());
            narrowed.options.on_failure = OnFailure::Budget(FailureBudget::Count(left));
        }
        narrowed.options.batch = run.options.batch.as_ref().map(|batch| batch.counted(total));
        narrowed
    }

    /// Whether so many have failed already that the rest is left alone.
    pub(super) fn is_over_budget(&self, run: &Run) -> bool {
        match run.options.on_failure {
            OnFailure::Budget(budget) => budget.is_exceeded(self.failed(), run.targets.len()),
            OnFailure::Stop => run.options.batch.is_some() && self.failed() > 0,
            OnFailure::Survivors => false,
        }
    }

    fn failed(&self) -> usize {
        let failed = |part: &&Part| match part {
            Part::Known(result) => counts_as_failed(result.status),
            Part::Lost(_) | Part::Missing => false,
        };
        self.parts.iter().filter(failed).count()
    }

    /// The results in the order of the targets. Nothing while some are not known.
    pub(super) fn results(self) -> Option<ResultSet> {
        let known = |part| match part {
            Part::Known(result) => Some(result),
            Part::Lost(_) | Part::Missing => None,
        };
        self.parts.into_iter().map(known).collect()
    }
}

fn keep<T: Clone>(items: &[T], wanted: impl Fn(usize) -> bool) -> Vec<T> {
    let numbered = items.iter().enumerate();
    let kept = numbered.filter(|(at, _)| wanted(*at));
    kept.map(|(_, item)| item.clone()).collect()
}

/// What an approval answers.
pub(in crate::run) fn approval_value(who: &str, approved: bool, comment: &str) -> Value {
    Value::Map(
        [
            ("approved", Value::Bool(approved)),
            ("by", who.into()),
            ("comment", comment.into()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into(),
    )
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{
        model::{ContentHash, EffectId, Failure, Status, TargetName, kinds},
        run::journal::{
            TargetRecord,
            script::{World, command},
        },
    };

    const STARTED: Started = Started {
        seq: 9,
        at: Timestamp::UNIX_EPOCH,
        attempt: 2,
        run: None,
    };

    fn request(effect: Effect) -> Request {
        Request {
            id: EffectId {
                branch: crate::model::BranchPath::root(),
                content: ContentHash::of(b""),
                occurrence: 0,
            },
            place: None,
            effect,
            urgency: crate::plan::Urgency::Usual,
        }
    }

    fn record(effect: &Effect, target: &str, status: Status) -> (TargetName, TargetRecord) {
        let Effect::Run(run) = effect else {
            panic!("no run");
        };
        let record = TargetRecord {
            result: Some(Arc::new(World::result(run, target, status))),
            started: Some(STARTED),
            is_open: false,
        };
        (target.into(), record)
    }

    fn decided(effect: Effect, entry: &Entry) -> Decision {
        decide(request(effect), Some(entry), false, Timestamp::UNIX_EPOCH)
    }

    fn parts_of(decision: Decision) -> Vec<Part> {
        match decision {
            Decision::Complete(completion) => completion.parts,
            other => panic!("not completed: {other:?}"),
        }
    }

    #[test]
    fn failures_of_an_unfinished_effect_stand_only_if_the_plan_deals_with_them() {
        for (caught, due) in [(true, 1), (false, 2)] {
            let effect = command("x", &["a", "b", "c", "d"], caught);
            let entry = Entry {
                targets: [
                    ("a", Status::Succeeded),
                    ("b", Status::Failed),
                    ("c", Status::Lost),
                ]
                .map(|(target, status)| record(&effect, target, status))
                .into(),
                ..Entry::default()
            };
            let parts = parts_of(decided(effect, &entry));
            let missing = parts.iter().filter(|part| **part == Part::Missing);
            assert_eq!(missing.count(), due, "caught: {caught}");
            assert_eq!(parts[2], Part::Lost(STARTED));
        }
    }

    #[test]
    fn what_we_ended_ourselves_is_done_again() {
        let effect = command("x", &["a", "b"], true);
        let mut targets: indexmap::IndexMap<_, _> = [
            record(&effect, "a", Status::Failed),
            record(&effect, "b", Status::Succeeded),
        ]
        .into();
        let stopped = targets
            .get_mut("a")
            .and_then(|record| record.result.as_mut());
        Arc::make_mut(stopped.unwrap()).failure = Some(Failure::new(kinds::STOPPED, "stopped"));
        let entry = Entry {
            targets,
            reply: Some(Reply::Stopped),
            ..Entry::default()
        };
        assert_eq!(parts_of(decided(effect, &entry))[0], Part::Missing);
    }

    #[test]
    fn a_recorded_reply_without_all_results_is_no_answer() {
        let effect = command("x", &["a", "b"], true);
        let entry = Entry {
            targets: [record(&effect, "a", Status::Succeeded)].into(),
            reply: Some(Reply::Results),
            ..Entry::default()
        };
        assert_eq!(parts_of(decided(effect, &entry))[1], Part::Missing);
    }

    #[test]
    fn a_narrowed_run_bears_as_many_failures_as_the_whole_one() {
        let effect = command("x", &["a", "b", "c", "d"], false);
        let entry = Entry {
            targets: [
                record(&effect, "a", Status::Succeeded),
                record(&effect, "c", Status::Succeeded),
            ]
            .into(),
            ..Entry::default()
        };
        let Effect::Run(mut run) = effect.clone() else {
            panic!("no run");
        };
        run.options.on_failure = OnFailure::Budget("50%".parse().unwrap());
        let completion = Completion {
            parts: parts_of(decided(effect, &entry)),
        };
        let narrowed = completion.narrowed(&run);
        let names: Vec<&str> = narrowed
            .targets
            .iter()
            .map(|target| target.name.as_str())
            .collect();
        assert_eq!(names, ["b", "d"]);
        assert_eq!(
            narrowed.options.on_failure,
            OnFailure::Budget(FailureBudget::Count(2))
        );
    }

    #[test]
    fn what_failed_before_a_resume_uses_up_the_budget_and_batches_stay_shares_of_all() {
        let effect = command("x", &["a", "b", "c", "d", "e"], true);
        let entry = Entry {
            targets: [
                record(&effect, "a", Status::Succeeded),
                record(&effect, "b", Status::Failed),
            ]
            .into(),
            ..Entry::default()
        };
        let Effect::Run(mut run) = effect.clone() else {
            panic!("no run");
        };
        run.options.batch = Some("1, 50%".parse().unwrap());
        let completion = Completion {
            parts: parts_of(decided(effect, &entry)),
        };
        for (budget, left) in [("40%", Some(1)), ("1", Some(0)), ("0", None)] {
            run.options.on_failure = OnFailure::Budget(budget.parse().unwrap());
            assert_eq!(completion.is_over_budget(&run), left.is_none(), "{budget}");
            let Some(left) = left else { continue };
            let narrowed = completion.narrowed(&run).options;
            let left = OnFailure::Budget(FailureBudget::Count(left));
            assert_eq!(narrowed.on_failure, left, "{budget}");
            assert_eq!(narrowed.batch, Some("1, 2".parse().unwrap()));
        }
        run.options.on_failure = OnFailure::Stop;
        assert!(completion.is_over_budget(&run), "batches bear no failure");
        run.options.batch = None;
        assert!(!completion.is_over_budget(&run));
        run.options.on_failure = OnFailure::Survivors;
        assert!(!completion.is_over_budget(&run));
    }

    #[test]
    fn a_sleep_goes_on_while_nobody_runs_the_plan() {
        let entry = Entry {
            started_at: Some(Timestamp::UNIX_EPOCH),
            ..Entry::default()
        };
        let left = |seconds| {
            let sleep = Effect::Sleep {
                duration: Duration::from_mins(1),
            };
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
            match decide(request(sleep), Some(&entry), false, now) {
                Decision::Perform(Request {
                    effect: Effect::Sleep { duration },
                    ..
                }) => duration.as_secs(),
                other => panic!("no sleep: {other:?}"),
            }
        };
        assert_eq!(left(20), 40);
        assert_eq!(left(3600), 0);
        // The clock went back.
        assert_eq!(left(-3600), 60);
    }

    #[test]
    fn what_is_redone_is_asked_anew() {
        let entry = Entry {
            reply: Some(Reply::Done),
            ..Entry::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        let answered = decide(request(Effect::Now), Some(&entry), false, now);
        assert!(matches!(answered, Decision::Answer(Outcome::Done)));
        let redone = decide(request(Effect::Now), Some(&entry), true, now);
        assert!(matches!(redone, Decision::Perform(_)));
    }
}

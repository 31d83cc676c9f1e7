//! Locks on targets: of two jobs of a store that would change the same target, one waits or leaves it alone.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::tz::TimeZone;

use super::stop::{StopSignal, StopStage};
use crate::{
    clock::Clock,
    event::{EventKind, Stream},
    model::{Failure, JobId, LockRule, MessageLevel, TargetName, a_few, kinds},
    plan::{Action, Run},
    store::{JobSummary, Lease, LockConflict, Store, StoreError},
};

/// How often a job that waits looks whether its targets are free. Who waits for another job to end is not in a hurry,
/// and a hundred that wait ask the store a hundred times a second, which it does not feel.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How many targets a message names.
const NAMES_MAX: usize = 5;

/// The locks of one job. They are the store's, and end with the job's lease.
///
/// An action takes all its targets before it starts on the first, or none of them. What was taken is kept until the job
/// ends: between two steps of a plan nobody else may come in. Only what can change a target takes it, so looking
/// (`wait_until_available`, facts, downloads, `noop`) waits for nobody.
pub struct TargetLocks {
    rule: LockRule,
    store: Arc<dyn Store>,
    lease: Lease,
    clock: Clock,
    held: Mutex<HashSet<TargetName>>,
    look_every: Duration,
}

/// Why the targets of an action are not this job's.
pub(super) enum Refusal {
    /// Others hold some of them.
    Held(Failure),
    /// The job was stopped while it waited.
    Stopped,
    Store(StoreError),
}

impl TargetLocks {
    #[must_use]
    pub fn new(rule: LockRule, store: Arc<dyn Store>, lease: Lease, clock: Clock) -> Self {
        Self {
            rule,
            store,
            lease,
            clock,
            held: Mutex::default(),
            look_every: LOOK_EVERY,
        }
    }

    /// Takes the targets of an action, after waiting for them if that is the rule, until stopping has come to `last`.
    pub(super) async fn take(
        &self,
        run: &Run,
        stream: &Stream,
        stop: &StopSignal,
        last: StopStage,
    ) -> Result<(), Refusal> {
        if self.rule == LockRule::None || !changes_targets(run) {
            return Ok(());
        }
        let wanted = self.not_held(run);
        if wanted.is_empty() {
            return Ok(());
        }
        let mut told = Vec::new();
        loop {
            let others = self.try_lock(&wanted).await.map_err(Refusal::Store)?;
            if others.conflicts.is_empty() {
                self.held().extend(wanted);
                return Ok(());
            }
            if self.rule == LockRule::Fail {
                return Err(Refusal::Held(others.refused("")));
            }
            if !may_wait(&self.lease.job, !self.held().is_empty(), &others.conflicts) {
                let reason = ", and it may wait for targets that this job holds";
                return Err(Refusal::Held(others.refused(reason)));
            }
            if told != others.conflicts {
                stream.emit(EventKind::MessagePrinted {
                    effect: None,
                    level: MessageLevel::Warn,
                    text: format!("waiting: {}{}", others.held_by(), others.how_to_look()),
                });
                told = others.conflicts;
            }
            tokio::select! {
                () = tokio::time::sleep(self.look_every) => {}
                () = stop.reached(last) => return Err(Refusal::Stopped),
            }
        }
    }

    fn not_held(&self, run: &Run) -> Vec<TargetName> {
        let held = self.held();
        let names = run.targets.iter().map(|target| &target.name);
        names
            .filter(|name| !held.contains(*name))
            .cloned()
            .collect()
    }

    async fn try_lock(&self, wanted: &[TargetName]) -> Result<Others, StoreError> {
        let (store, lease) = (Arc::clone(&self.store), self.lease.clone());
        let (wanted, now) = (wanted.to_vec(), self.clock.now());
        let locking = tokio::task::spawn_blocking(move || {
            let conflicts = store.lock_targets(&lease, &wanted, now)?;
            let jobs: BTreeSet<&JobId> = conflicts.iter().map(|held| &held.job).collect();
            // One that is gone by now is told of without what is known of it.
            let known = jobs.into_iter().map(|job| (job, store.job(job, now).ok()));
            let jobs = known.map(|(job, summary)| (job.clone(), summary)).collect();
            Ok(Others { conflicts, jobs })
        });
        locking.await.unwrap_or(Err(StoreError::Closed))
    }

    fn held(&self) -> MutexGuard<'_, HashSet<TargetName>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the action may leave a target otherwise than it found it.
fn changes_targets(run: &Run) -> bool {
    match run.action {
        Action::Task { .. } => !run.options.noop,
        Action::Command { .. }
        | Action::Script { .. }
        | Action::Upload { .. }
        | Action::WriteFile { .. } => true,
        Action::Download { .. }
        | Action::WaitUntilAvailable { .. }
        | Action::Collect { .. }
        | Action::CollectFacts { .. } => false,
    }
}

/// Whether a job may wait for these holders without waiting in a circle: a job that holds nothing may wait for anybody,
/// since nobody waits for it; one that holds targets only for jobs that began later. So every circle would have to go
/// through a job that waits for an earlier one, which none does (the wait-die scheme of Rosenkrantz et al., 1978).
fn may_wait(own: &JobId, holds_some: bool, conflicts: &[LockConflict]) -> bool {
    !holds_some || conflicts.iter().all(|conflict| *own < conflict.job)
}

/// The jobs that hold wanted targets.
struct Others {
    conflicts: Vec<LockConflict>,
    /// In the order in which they began.
    jobs: BTreeMap<JobId, Option<JobSummary>>,
}

impl Others {
    fn refused(&self, reason: &str) -> Failure {
        let jobs: Vec<&str> = self.jobs.keys().map(JobId::as_str).collect();
        let message = format!(
            "not started: {}{reason}{}",
            self.held_by(),
            self.how_to_look()
        );
        Failure::new(kinds::UNREACHED, message).with_detail("held_by", jobs.join(", "))
    }

    /// ``job `3kq…` (plan `deploy` of ada, since 2026-07-01 10:32:05 UTC) holds `web1`, `web2` and 4 more``, for every job
    /// that holds some.
    fn held_by(&self) -> String {
        let mut text = String::new();
        for (job, summary) in &self.jobs {
            let separator = if text.is_empty() { "" } else { "; " };
            let known = summary.as_ref().map_or_else(String::new, described);
            let held = self.conflicts.iter();
            let held = held.filter(|conflict| conflict.job == *job);
            let held = held.map(|conflict| format!("`{}`", conflict.target));
            let held = a_few(held, NAMES_MAX);
            let _ = write!(text, "{separator}job `{job}`{known} holds {held}");
        }
        text
    }

    fn how_to_look(&self) -> String {
        let first = self.jobs.keys().next();
        first.map_or_else(String::new, |job| {
            format!("; `segue job show {job}` tells what it does")
        })
    }
}

fn described(job: &JobSummary) -> String {
    let since = job.started_at.to_zoned(TimeZone::system());
    let since = since.strftime("%Y-%m-%d %H:%M:%S %Z");
    match job.what {
        Some(what) => format!(
            " ({} `{}` of {}, since {since})",
            what.as_str(),
            job.object,
            job.user
        ),
        None => format!(" (since {since})"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        model::{Target, Value},
        plan::RunOptions,
        run::StopHandle,
        store::{Holder, MemoryStore},
    };

    /// A store and a number of jobs in it, the earliest first.
    fn jobs(count: u64) -> (Arc<dyn Store>, Vec<Lease>) {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let at = |number: u64| {
            let second = i64::try_from(number * 64).unwrap();
            Timestamp::from_second(second).unwrap()
        };
        let leases = (0..count)
            .map(|number| store.create_job(&Holder::here(), at(number)).unwrap())
            .collect();
        (store, leases)
    }

    fn locks(rule: LockRule, store: &Arc<dyn Store>, lease: &Lease) -> TargetLocks {
        let clock = Clock::paused(Timestamp::UNIX_EPOCH);
        TargetLocks {
            look_every: Duration::from_millis(1),
            ..TargetLocks::new(rule, Arc::clone(store), lease.clone(), clock)
        }
    }

    /// A job that has told nothing of itself, and how others tell of it.
    fn told_of(lease: &Lease) -> (JobId, String) {
        let job = lease.job.clone();
        let since = Timestamp::from_second(0)
            .unwrap()
            .to_zoned(TimeZone::system());
        let since = since.strftime("%Y-%m-%d %H:%M:%S %Z");
        let told = format!("job `{job}` (since {since})");
        (job, told)
    }

    fn command(targets: &[&str]) -> Run {
        Run {
            action: Action::Command {
                command: "restart".to_owned(),
            },
            targets: targets
                .iter()
                .map(|name| Arc::new(Target::new(*name, "ssh")))
                .collect(),
            options: RunOptions::default(),
        }
    }

    type Told = Arc<Mutex<Vec<String>>>;

    async fn take(locks: &TargetLocks, targets: &[&str]) -> Result<(), String> {
        take_and_tell(locks, targets, &Told::default()).await
    }

    async fn take_and_tell(
        locks: &TargetLocks,
        targets: &[&str],
        told: &Told,
    ) -> Result<(), String> {
        let told = Arc::clone(told);
        let sink = Box::new(move |event: &crate::event::Event| {
            if let EventKind::MessagePrinted { text, .. } = &event.kind {
                told.lock().unwrap().push(text.clone());
            }
        });
        let now = Arc::new(|| Timestamp::UNIX_EPOCH);
        let stream = Stream::new(locks.lease.job.clone(), 0, now, vec![sink]);
        let (_handle, stop) = StopHandle::new();
        let run = command(targets);
        let taken = locks.take(&run, &stream, &stop, StopStage::Drain).await;
        taken.map_err(|refusal| match refusal {
            Refusal::Held(failure) => failure.message,
            Refusal::Stopped => "stopped".to_owned(),
            Refusal::Store(error) => error.to_string(),
        })
    }

    /// Takes them, while the job that holds them ends as soon as somebody waits for it.
    async fn take_when_released(
        locks: &TargetLocks,
        targets: &[&str],
        holder: &Lease,
    ) -> (Result<(), String>, Vec<String>) {
        let told = Told::default();
        let ending = async {
            while told.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            locks.store.release(holder).unwrap();
        };
        let (taken, ()) = tokio::join!(take_and_tell(locks, targets, &told), ending);
        let told = told.lock().unwrap().clone();
        (taken, told)
    }

    #[tokio::test]
    async fn the_second_job_fails_with_who_holds_what_and_takes_nothing() {
        let (store, leases) = jobs(2);
        let first = locks(LockRule::Fail, &store, &leases[0]);
        let second = locks(LockRule::Fail, &store, &leases[1]);
        assert_eq!(take(&first, &["web1", "web2"]).await, Ok(()));
        assert_eq!(take(&first, &["web2", "web1"]).await, Ok(()));
        let (job, known) = told_of(&leases[0]);
        let expected =
            format!("not started: {known} holds `web2`; `segue job show {job}` tells what it does");
        assert_eq!(take(&second, &["web2", "web3"]).await, Err(expected));
        let third = locks(LockRule::Fail, &store, &leases[0]);
        assert_eq!(take(&third, &["web3"]).await, Ok(()));
        let careless = locks(LockRule::None, &store, &leases[1]);
        assert_eq!(take(&careless, &["web2"]).await, Ok(()));
    }

    #[tokio::test]
    async fn a_job_waits_until_the_other_is_over_and_says_for_whom() {
        let (store, leases) = jobs(2);
        let first = locks(LockRule::Wait, &store, &leases[0]);
        let second = locks(LockRule::Wait, &store, &leases[1]);
        take(&first, &["web1", "web2"]).await.unwrap();
        let (taken, told) = take_when_released(&second, &["web1", "web2"], &leases[0]).await;
        assert_eq!(taken, Ok(()));
        let (job, known) = told_of(&leases[0]);
        assert_eq!(
            told,
            [format!(
                "waiting: {known} holds `web1`, `web2`; `segue job show {job}` tells what it does"
            )]
        );
    }

    #[tokio::test]
    async fn two_jobs_never_wait_for_each_other() {
        let (store, leases) = jobs(2);
        let first = locks(LockRule::Wait, &store, &leases[0]);
        let second = locks(LockRule::Wait, &store, &leases[1]);
        take(&first, &["web1"]).await.unwrap();
        take(&second, &["db1"]).await.unwrap();
        let (job, known) = told_of(&leases[0]);
        assert_eq!(
            take(&second, &["web1"]).await,
            Err(format!(
                "not started: {known} holds `web1`, and it may wait for targets that this job holds; \
                 `segue job show {job}` tells what it does"
            ))
        );
        let (taken, _) = take_when_released(&first, &["db1"], &leases[1]).await;
        assert_eq!(taken, Ok(()));
    }

    #[test]
    fn only_what_can_change_a_target_takes_it() {
        let mut run = command(&["web1"]);
        assert!(changes_targets(&run));
        run.action = Action::WaitUntilAvailable {
            wait: Duration::ZERO,
            interval: Duration::ZERO,
        };
        assert!(!changes_targets(&run));
    }

    #[test]
    fn a_message_names_a_few_targets_and_counts_the_rest() {
        let (_, leases) = jobs(1);
        let conflicts: Vec<LockConflict> = (1..=7)
            .map(|number| LockConflict {
                target: format!("web{number}").into(),
                job: leases[0].job.clone(),
            })
            .collect();
        let job = &leases[0].job;
        let others = Others {
            conflicts,
            jobs: BTreeMap::from([(job.clone(), None)]),
        };
        assert_eq!(
            others.held_by(),
            format!("job `{job}` holds `web1`, `web2`, `web3`, `web4`, `web5` and 2 more")
        );
        let details = others.refused("").details;
        assert_eq!(details["held_by"], Value::from(job.as_str()));
    }
}

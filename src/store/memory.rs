//! A store that lasts as long as its process: for `--ephemeral`, and for tests.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use indexmap::IndexMap;
use jiff::Timestamp;

use super::{
    Holder, JobFilter, JobState, JobSummary, Lease, LockConflict, NumberedRequest, OutputCut,
    OutputFilter, Receipts, Request, STORED_OUTPUT, Store, StoreError, StoreSize, finding,
    output::{OutputKey, OutputThinner},
    summary::SummaryChange,
};
use crate::{
    event::{Event, EventKind, JobKind, JobStatus},
    model::{JobId, OutputCap, Secret, TargetName},
};

/// Jobs in memory. Secrets stay in it as they are: nothing of it is written anywhere.
pub struct MemoryStore {
    here: Holder,
    output_cap: OutputCap,
    /// Of which keys are made.
    chance: [u8; 32],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    jobs: IndexMap<JobId, Job>,
    locks: HashMap<TargetName, JobId>,
    requests: u64,
}

struct Job {
    summary: JobSummary,
    status: JobStatus,
    lease: Option<Held>,
    events: BTreeMap<u64, Event>,
    output: BTreeMap<u64, Event>,
    cuts: IndexMap<OutputKey, u64>,
    thinner: OutputThinner,
    requests: Vec<NumberedRequest>,
}

struct Held {
    token: i64,
    holder: Holder,
    heard_at: Timestamp,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(STORED_OUTPUT)
    }
}

impl MemoryStore {
    #[must_use]
    pub fn new(output_cap: OutputCap) -> Self {
        Self {
            here: Holder::here(),
            output_cap,
            chance: rand::random(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn job(&self, job: &JobId) -> Result<&Job, StoreError> {
        self.jobs.get(job).ok_or_else(|| unknown(job))
    }

    fn job_mut(&mut self, job: &JobId) -> Result<&mut Job, StoreError> {
        self.jobs.get_mut(job).ok_or_else(|| unknown(job))
    }

    fn held(&mut self, lease: &Lease) -> Result<&mut Job, StoreError> {
        self.jobs
            .get_mut(&lease.job)
            .filter(|job| {
                job.lease
                    .as_ref()
                    .is_some_and(|held| held.token == lease.token)
            })
            .ok_or_else(|| StoreError::LeaseLost {
                job: lease.job.clone(),
            })
    }
}

impl Job {
    fn new(job: JobId, now: Timestamp, output_cap: OutputCap) -> Self {
        Self {
            summary: JobSummary {
                job,
                what: None,
                object: String::new(),
                user: String::new(),
                host: String::new(),
                targets: 0,
                state: JobState::Running,
                started_at: now,
                finished_at: None,
                seq_last: 0,
                holder: None,
            },
            status: JobStatus::Running,
            lease: None,
            events: BTreeMap::new(),
            output: BTreeMap::new(),
            cuts: IndexMap::new(),
            thinner: OutputThinner::new(output_cap),
            requests: Vec::new(),
        }
    }

    fn targets_asked_for(&self) -> u64 {
        let asked = self.events.values().filter_map(|event| match &event.kind {
            EventKind::EffectStarted { asked, .. } => Some(&asked.targets),
            _ => None,
        });
        asked.flatten().collect::<HashSet<_>>().len() as u64
    }

    fn hold(&mut self, holder: &Holder, now: Timestamp) -> Lease {
        let token = rand::random();
        self.lease = Some(Held {
            token,
            holder: holder.clone(),
            heard_at: now,
        });
        Lease {
            job: self.summary.job.clone(),
            seq_last: self.summary.seq_last,
            token,
        }
    }

    /// The living process that holds it.
    fn holder(&self, here: &Holder, now: Timestamp) -> Option<Holder> {
        self.lease
            .as_ref()
            .filter(|held| here.sees_alive(&held.holder, held.heard_at, now))
            .map(|held| held.holder.clone())
    }

    fn check_not_held(&self, here: &Holder, now: Timestamp) -> Result<(), StoreError> {
        self.holder(here, now).map_or(Ok(()), |holder| {
            Err(StoreError::JobRunning {
                job: self.summary.job.clone(),
                holder,
            })
        })
    }

    fn summary(&self, here: &Holder, now: Timestamp) -> JobSummary {
        let holder = self.holder(here, now);
        JobSummary {
            state: JobState::new(self.status, holder.is_some()),
            holder,
            ..self.summary.clone()
        }
    }

    fn add(&mut self, event: &Event) {
        self.summary.seq_last = self.summary.seq_last.max(event.seq);
        if let EventKind::OutputChunk {
            effect,
            target,
            stream,
            text,
        } = &event.kind
        {
            let key = OutputKey {
                effect: effect.clone(),
                target: target.clone(),
                stream: *stream,
            };
            self.output.insert(event.seq, event.clone());
            let thinning = self.thinner.take(&key, event.seq, text.len());
            for gone in thinning.gone {
                self.output.remove(&gone);
            }
            if thinning.cut_bytes > 0 {
                *self.cuts.entry(key).or_default() += thinning.cut_bytes;
            }
            return;
        }
        if let EventKind::TargetFinished { effect, result } = &event.kind {
            self.thinner.finish(effect, &result.target);
        }
        match SummaryChange::of(event) {
            Some(SummaryChange::Started {
                what,
                object,
                user,
                host,
                targets,
            }) => {
                self.summary.what = Some(what);
                self.summary.object = object;
                self.summary.user = user;
                self.summary.host = host;
                self.summary.targets = targets;
            }
            Some(SummaryChange::Status {
                status,
                finished_at,
            }) => {
                self.status = status;
                self.summary.finished_at = finished_at;
                if finished_at.is_some() && self.summary.what == Some(JobKind::Plan) {
                    self.summary.targets = self.summary.targets.max(self.targets_asked_for());
                }
            }
            None => {}
        }
        self.events.insert(event.seq, event.clone());
    }
}

fn unknown(job: &JobId) -> StoreError {
    StoreError::UnknownJob {
        job: job.to_string(),
        nearest: None,
    }
}

impl Store for MemoryStore {
    fn create_job(&self, holder: &Holder, now: Timestamp) -> Result<Lease, StoreError> {
        let mut state = self.state();
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let job = (0..100)
            .map(|_| JobId::new(seconds, rand::random()))
            .find(|job| !state.jobs.contains_key(job))
            .ok_or(StoreError::NoIdLeft)?;
        let entry = state.jobs.entry(job.clone());
        Ok(entry
            .or_insert_with(|| Job::new(job, now, self.output_cap))
            .hold(holder, now))
    }

    fn take_job(&self, job: &JobId, holder: &Holder, now: Timestamp) -> Result<Lease, StoreError> {
        let mut state = self.state();
        let job = state.job_mut(job)?;
        job.check_not_held(&self.here, now)?;
        job.requests
            .retain(|request| !matches!(request.request, Request::Stop { .. }));
        Ok(job.hold(holder, now))
    }

    fn identity_key(&self, lease: &Lease) -> Result<Secret<Vec<u8>>, StoreError> {
        let mut key = self.chance.to_vec();
        key.extend_from_slice(lease.job.as_str().as_bytes());
        Ok(Secret::new(key))
    }

    fn beat(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
        if let Some(held) = &mut self.state().held(lease)?.lease {
            held.heard_at = now;
        }
        Ok(())
    }

    fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut state = self.state();
        if let Ok(job) = state.held(lease) {
            job.lease = None;
            state.locks.retain(|_, job| *job != lease.job);
        }
        Ok(())
    }

    fn append(&self, lease: &Lease, event: &Event, receipts: &Receipts) {
        if receipts.has_failed() {
            return;
        }
        match self.state().held(lease) {
            Ok(job) => job.add(event),
            Err(error) => return receipts.fail(error),
        }
        receipts.reached(event.seq);
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn events(&self, job: &JobId, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let state = self.state();
        let events = state.job(job)?.events.range(after + 1..);
        Ok(events.take(limit).map(|(_, event)| event.clone()).collect())
    }

    fn output(&self, job: &JobId, filter: &OutputFilter) -> Result<Vec<Event>, StoreError> {
        let state = self.state();
        let wanted = |event: &&Event| match (&filter.target, &event.kind) {
            (Some(wanted), EventKind::OutputChunk { target, .. }) => wanted == target,
            _ => true,
        };
        let events = state.job(job)?.output.range(filter.after + 1..);
        Ok(events
            .map(|(_, event)| event)
            .filter(wanted)
            .take(filter.limit)
            .cloned()
            .collect())
    }

    fn output_cuts(&self, job: &JobId) -> Result<Vec<OutputCut>, StoreError> {
        let state = self.state();
        let cuts = state.job(job)?.cuts.iter();
        Ok(cuts
            .map(|(key, bytes)| OutputCut {
                effect: key.effect.clone(),
                target: key.target.clone(),
                stream: key.stream,
                bytes: *bytes,
            })
            .collect())
    }

    fn jobs(&self, filter: &JobFilter, now: Timestamp) -> Result<Vec<JobSummary>, StoreError> {
        let state = self.state();
        let summaries = state.jobs.values().rev();
        Ok(summaries
            .map(|job| job.summary(&self.here, now))
            .filter(|summary| filter.matches(summary))
            .take(filter.limit.unwrap_or(usize::MAX))
            .collect())
    }

    fn job(&self, job: &JobId, now: Timestamp) -> Result<JobSummary, StoreError> {
        Ok(self.state().job(job)?.summary(&self.here, now))
    }

    fn find_job(&self, typed: &str) -> Result<JobId, StoreError> {
        let ids: Vec<String> = self
            .state()
            .jobs
            .keys()
            .rev()
            .map(JobId::to_string)
            .collect();
        finding::find(typed, &ids)
    }

    fn request(&self, job: &JobId, request: &Request, _now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        state.requests += 1;
        let number = state.requests;
        state.job_mut(job)?.requests.push(NumberedRequest {
            number,
            request: request.clone(),
        });
        Ok(())
    }

    fn requests(&self, job: &JobId, after: u64) -> Result<Vec<NumberedRequest>, StoreError> {
        let state = self.state();
        let requests = state.job(job)?.requests.iter();
        Ok(requests
            .filter(|request| request.number > after)
            .cloned()
            .collect())
    }

    fn lock_targets(
        &self,
        lease: &Lease,
        targets: &[TargetName],
        now: Timestamp,
    ) -> Result<Vec<LockConflict>, StoreError> {
        let mut state = self.state();
        state.held(lease)?;
        let conflict = |target: &TargetName| {
            let owner = state.locks.get(target).filter(|job| **job != lease.job)?;
            state.jobs.get(owner)?.holder(&self.here, now)?;
            Some(LockConflict {
                target: target.clone(),
                job: owner.clone(),
            })
        };
        let conflicts: Vec<LockConflict> = targets.iter().filter_map(conflict).collect();
        if conflicts.is_empty() {
            for target in targets {
                state.locks.insert(target.clone(), lease.job.clone());
            }
        }
        Ok(conflicts)
    }

    fn unlock_targets(&self, lease: &Lease, targets: &[TargetName]) -> Result<(), StoreError> {
        let mut state = self.state();
        state.held(lease)?;
        for target in targets {
            if state.locks.get(target) == Some(&lease.job) {
                state.locks.remove(target);
            }
        }
        Ok(())
    }

    fn delete_job(&self, job: &JobId, now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        state.job(job)?.check_not_held(&self.here, now)?;
        state.jobs.shift_remove(job);
        state.locks.retain(|_, owner| owner != job);
        Ok(())
    }

    fn prune(&self, before: Timestamp, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        let filter = JobFilter {
            until: Some(before),
            ..JobFilter::default()
        };
        let mut gone = Vec::new();
        for summary in self.jobs(&filter, now)?.into_iter().rev() {
            if self.delete_job(&summary.job, now).is_ok() {
                gone.push(summary.job);
            }
        }
        Ok(gone)
    }

    fn size(&self) -> Result<StoreSize, StoreError> {
        let state = self.state();
        Ok(StoreSize {
            bytes: 0,
            jobs: state.jobs.len() as u64,
            events: state.jobs.values().map(|job| job.summary.seq_last).sum(),
        })
    }
}

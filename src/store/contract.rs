//! What every store must do: written once, run for each kind.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{
    Answered, ApprovalAnswer, Durable, Holder, JobFilter, JobState, Lease, MemoryStore, NO_LIMIT,
    OutputFilter, Request, SqliteOptions, SqliteStore, Store, StoreError, StoreSink,
    answer_approval,
    sample::{asked, effect_id, every_kind, finished, output, result, started},
    sqlite::Access,
};
use crate::{
    event::{Event, EventKind, JobStatus, JobView, Stream},
    model::{JobId, OutputCap, Status, TargetName},
};

const CAP: OutputCap = OutputCap {
    head_bytes: 20,
    tail_bytes: 20,
};

/// A store and the directory that it lives in.
struct Room {
    store: Arc<dyn Store>,
    _directory: Option<tempfile::TempDir>,
}

fn memory() -> Room {
    Room {
        store: Arc::new(MemoryStore::new(CAP)),
        _directory: None,
    }
}

fn sqlite() -> Room {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteOptions {
        output_cap: CAP,
        ..SqliteOptions::default()
    };
    let path = directory.path().join("jobs.db");
    let store = SqliteStore::open_with(&path, Access::Write, options).unwrap();
    Room {
        store: Arc::new(store),
        _directory: Some(directory),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).unwrap()
}

fn elsewhere(process: u32) -> Holder {
    Holder {
        host: "elsewhere".to_owned(),
        boot: String::new(),
        process,
        process_started: 0,
    }
}

/// A job whose events go to the store, and to a list beside it.
struct Running {
    lease: Lease,
    stream: Stream,
    durable: Durable,
    told: Arc<std::sync::Mutex<Vec<Event>>>,
}

impl Running {
    fn new(store: &Arc<dyn Store>, lease: Lease) -> Self {
        let (sink, durable) = StoreSink::new(Arc::clone(store), lease.clone());
        let told = Arc::new(std::sync::Mutex::new(Vec::new()));
        let list = Arc::clone(&told);
        let stream = Stream::new(
            lease.job.clone(),
            lease.seq_last,
            Arc::new(|| at(5)),
            vec![
                Box::new(sink),
                Box::new(move |event: &Event| list.lock().unwrap().push(event.clone())),
            ],
        );
        Self {
            lease,
            stream,
            durable,
            told,
        }
    }

    fn emit_all(&self, kinds: impl IntoIterator<Item = EventKind>) -> u64 {
        kinds.into_iter().fold(0, |_, kind| self.stream.emit(kind))
    }

    fn told(&self) -> Vec<Event> {
        self.told.lock().unwrap().clone()
    }
}

fn create(store: &Arc<dyn Store>, seconds: i64) -> Running {
    let lease = store.create_job(&Holder::here(), at(seconds)).unwrap();
    Running::new(store, lease)
}

fn finished_job(store: &Arc<dyn Store>, object: &str, seconds: i64, status: JobStatus) -> JobId {
    let running = create(store, seconds);
    running.emit_all([started(object), finished(status)]);
    store.release(&running.lease).unwrap();
    running.lease.job
}

async fn events_come_back_as_they_were_told(room: Room) {
    let running = create(&room.store, 0);
    let last = running.emit_all(every_kind());
    running.durable.upto(last).await.unwrap();
    let job = &running.lease.job;

    let told = running.told();
    let is_output = |event: &&Event| matches!(event.kind, EventKind::OutputChunk { .. });
    let kept = room.store.events(job, 0, NO_LIMIT).unwrap();
    let expected: Vec<Event> = told
        .iter()
        .filter(|event| !is_output(event))
        .cloned()
        .collect();
    assert_eq!(kept, expected);
    assert_eq!(JobView::fold(&kept), JobView::fold(&expected));
    let kept_output = room.store.output(job, &OutputFilter::default()).unwrap();
    let expected_output: Vec<Event> = told.iter().filter(is_output).cloned().collect();
    assert_eq!(kept_output, expected_output);
    assert!(!kept_output.is_empty());

    // Whoever follows asks for what comes after, a piece at a time.
    assert_eq!(room.store.events(job, 3, 2).unwrap(), expected[3..5]);
    assert_eq!(room.store.events(job, last, NO_LIMIT), Ok(Vec::new()));
}

async fn a_failed_append_tells_and_leaves_no_hole(room: Room) {
    let away = room.store.create_job(&elsewhere(1), at(0)).unwrap();
    let first = Running::new(&room.store, away);
    first.emit_all([started("restart")]);
    room.store.flush().unwrap();
    let second = Running::new(
        &room.store,
        room.store
            .take_job(&first.lease.job, &Holder::here(), at(900))
            .unwrap(),
    );
    let lost = first.emit_all([finished(JobStatus::Failed)]);
    let later = first.emit_all([finished(JobStatus::Failed)]);
    let expected = StoreError::LeaseLost {
        job: first.lease.job.clone(),
    };
    assert_eq!(first.durable.upto(lost).await, Err(expected.clone()));
    assert_eq!(first.durable.upto(later).await, Err(expected.clone()));
    assert_eq!(room.store.beat(&first.lease, at(901)), Err(expected));

    let end = second.emit_all([finished(JobStatus::Finished)]);
    second.durable.upto(end).await.unwrap();
    let kept = room.store.events(&first.lease.job, 0, NO_LIMIT).unwrap();
    assert_eq!(
        kept.iter().map(|event| event.seq).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(JobView::fold(&kept).status, JobStatus::Finished);
}

async fn of_two_that_resume_a_job_one_gets_it(room: Room) {
    let job = finished_job(&room.store, "restart", 0, JobStatus::Failed);
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (store, job) = (Arc::clone(&room.store), job.clone());
            std::thread::spawn(move || store.take_job(&job, &Holder::here(), at(10)))
        })
        .collect();
    let taken: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    let winners: Vec<&Lease> = taken.iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(winners[0].seq_last, 2);
    let refused = |error: &StoreError| matches!(error, StoreError::JobRunning { .. });
    assert!(
        taken
            .iter()
            .filter_map(|taken| taken.as_ref().err())
            .all(refused)
    );
    room.store.release(winners[0]).unwrap();
    room.store.take_job(&job, &Holder::here(), at(11)).unwrap();
}

async fn jobs_are_listed_as_they_stand(room: Room) {
    let store = &room.store;
    let done = finished_job(store, "deploy", 0, JobStatus::Finished);
    let failed = finished_job(store, "restart", 100, JobStatus::Failed);
    let running = create(store, 200);
    running.emit_all([started("restart")]);
    let died = Running::new(store, store.create_job(&elsewhere(7), at(300)).unwrap());
    died.emit_all([started("deploy")]);
    store.flush().unwrap();

    let listed = |filter: &JobFilter| -> Vec<(JobId, JobState)> {
        let jobs = store.jobs(filter, at(900)).unwrap();
        jobs.into_iter().map(|job| (job.job, job.state)).collect()
    };
    let all = JobFilter::default();
    let expected = [
        (died.lease.job.clone(), JobState::Died),
        (running.lease.job.clone(), JobState::Running),
        (failed.clone(), JobState::Failed),
        (done.clone(), JobState::Finished),
    ];
    assert_eq!(listed(&all), expected);
    let limit = JobFilter {
        limit: Some(2),
        ..all.clone()
    };
    assert_eq!(listed(&limit), expected[..2]);
    let object = JobFilter {
        object: Some("rest".to_owned()),
        ..all.clone()
    };
    assert_eq!(listed(&object), expected[1..3]);
    let states = vec![JobState::Died, JobState::Finished];
    let state = JobFilter {
        states,
        ..all.clone()
    };
    assert_eq!(listed(&state), [expected[0].clone(), expected[3].clone()]);
    let time = JobFilter {
        since: Some(at(100)),
        until: Some(at(300)),
        ..all.clone()
    };
    assert_eq!(listed(&time), expected[1..3]);
    let user = JobFilter {
        user: Some("nobody".to_owned()),
        ..all
    };
    assert_eq!(listed(&user), []);

    let summary = store.job(&running.lease.job, at(900)).unwrap();
    assert_eq!(summary.holder, Some(Holder::here()));
    assert_eq!((summary.user.as_str(), summary.targets), ("ada", 2));
    assert_eq!(store.job(&done, at(900)).unwrap().finished_at, Some(at(5)));
    // A process of another machine that was heard of lately is taken to be alive.
    assert_eq!(
        store.job(&died.lease.job, at(310)).unwrap().state,
        JobState::Running
    );
    assert_eq!(store.find_job("last"), Ok(died.lease.job.clone()));
    assert_eq!(store.find_job(done.as_str()), Ok(done));
}

async fn a_plan_that_names_its_own_targets_is_listed_with_all_that_it_asked_for(room: Room) {
    let running = create(&room.store, 1);
    let EventKind::JobStarted {
        what,
        object,
        params,
        origin,
        ..
    } = started("rolling")
    else {
        panic!("it is the start of a job");
    };
    let ask = |content: u32, targets: &[&str]| EventKind::EffectStarted {
        effect: effect_id("", content),
        asked: asked(targets),
    };
    let last = running.emit_all([
        EventKind::JobStarted {
            what,
            object,
            params,
            targets: Vec::new(),
            origin,
        },
        ask(1, &["web1", "web2"]),
        ask(2, &["web2", "web3"]),
        ask(3, &[]),
        finished(JobStatus::Finished),
    ]);
    running.durable.upto(last).await.unwrap();
    let summary = room.store.job(&running.lease.job, at(9)).unwrap();
    assert_eq!(summary.targets, 3);
}

async fn an_unknown_job_is_an_error_everywhere(room: Room) {
    let store = &room.store;
    let job = JobId::new(1, 1);
    let unknown = |error: StoreError| assert!(matches!(error, StoreError::UnknownJob { .. }));
    unknown(store.events(&job, 0, 1).unwrap_err());
    unknown(store.output(&job, &OutputFilter::default()).unwrap_err());
    unknown(store.output_cuts(&job).unwrap_err());
    unknown(store.job(&job, at(0)).unwrap_err());
    unknown(store.take_job(&job, &Holder::here(), at(0)).unwrap_err());
    unknown(store.requests(&job, 0).unwrap_err());
    unknown(store.delete_job(&job, at(0)).unwrap_err());
    let stop = Request::Stop {
        by: "ada".to_owned(),
    };
    unknown(store.request(&job, &stop, at(0)).unwrap_err());
}

async fn output_is_kept_head_and_tail(room: Room) {
    let running = create(&room.store, 0);
    let effect = effect_id("", 1);
    for number in 0..50 {
        running
            .stream
            .emit(output(&effect, "web1", &format!("line {number:03}\n")));
    }
    let last = running.emit_all([output(&effect, "web2", "short\n")]);
    running.durable.upto(last).await.unwrap();
    let job = &running.lease.job;
    let of = |target: &str| {
        let filter = OutputFilter {
            target: Some(target.into()),
            ..OutputFilter::default()
        };
        let chunks = room.store.output(job, &filter).unwrap();
        let texts = chunks.into_iter().map(|event| match event.kind {
            EventKind::OutputChunk { text, .. } => text,
            other => panic!("not output: {other:?}"),
        });
        texts.collect::<String>()
    };
    let kept = of("web1");
    assert_eq!(
        kept,
        "line 000\nline 001\nline 002\nline 047\nline 048\nline 049\n"
    );
    assert_eq!(of("web2"), "short\n");
    let cuts = room.store.output_cuts(job).unwrap();
    let cuts: Vec<_> = cuts
        .iter()
        .map(|cut| (cut.target.as_str(), cut.bytes))
        .collect();
    assert_eq!(cuts, [("web1", 50 * 9 - kept.len() as u64)]);
    // A resumed job goes on after the numbers of its output.
    room.store.release(&running.lease).unwrap();
    let lease = room.store.take_job(job, &Holder::here(), at(1)).unwrap();
    assert_eq!(lease.seq_last, last);
}

async fn requests_reach_whoever_runs_the_job(room: Room) {
    let running = create(&room.store, 0);
    let job = &running.lease.job;
    let stop = Request::Stop {
        by: "ada".to_owned(),
    };
    room.store.request(job, &stop, at(1)).unwrap();
    let approval = ApprovalAnswer {
        effect: effect_id("", 2),
        who: "grace".to_owned(),
        approved: true,
        comment: String::new(),
    };
    let answered = answer_approval(&*room.store, job, approval.clone(), at(2));
    assert_eq!(answered, Ok(Answered::Told));
    let requests = room.store.requests(job, 0).unwrap();
    assert_eq!(requests[0].request, stop);
    assert!(matches!(&requests[1].request, Request::AnswerApproval { who, .. } if who == "grace"));
    assert_eq!(
        room.store.requests(job, requests[0].number).unwrap(),
        requests[1..]
    );

    // When nobody runs it, the answer is an event; and a stop is not for the process that comes next.
    room.store.release(&running.lease).unwrap();
    let answered = answer_approval(&*room.store, job, approval, at(3));
    assert_eq!(answered, Ok(Answered::Recorded));
    let events = room.store.events(job, 0, NO_LIMIT).unwrap();
    assert!(matches!(&events[0].kind, EventKind::ApprovalGiven { who, .. } if who == "grace"));
    let lease = room.store.take_job(job, &Holder::here(), at(4)).unwrap();
    assert_eq!(lease.seq_last, 1);
    let left = room.store.requests(job, 0).unwrap();
    assert!(left.iter().all(|left| left.request != stop));
}

async fn a_target_is_locked_by_one_job(room: Room) {
    let store = &room.store;
    let names = |names: &[&str]| -> Vec<TargetName> {
        names.iter().map(|name| TargetName::from(*name)).collect()
    };
    let first = store.create_job(&Holder::here(), at(0)).unwrap();
    let second = store.create_job(&Holder::here(), at(0)).unwrap();
    let lock = |lease: &Lease, targets: &[&str]| {
        let conflicts = store.lock_targets(lease, &names(targets), at(1)).unwrap();
        let holders = conflicts.into_iter();
        holders
            .map(|conflict| (conflict.target.to_string(), conflict.job))
            .collect::<Vec<_>>()
    };
    assert_eq!(lock(&first, &["a", "b"]), []);
    assert_eq!(lock(&first, &["b"]), []);
    assert_eq!(
        lock(&second, &["c", "b"]),
        [("b".to_owned(), first.job.clone())]
    );
    // All or none: `c` is still free.
    let third = store.create_job(&elsewhere(1), at(0)).unwrap();
    assert_eq!(lock(&third, &["c"]), []);
    store.unlock_targets(&second, &names(&["b"])).unwrap();
    assert_eq!(lock(&second, &["b"]).len(), 1);
    store.unlock_targets(&first, &names(&["b"])).unwrap();
    assert_eq!(lock(&second, &["b"]), []);
    store.release(&first).unwrap();
    assert_eq!(lock(&second, &["a"]), []);
    // The process that holds `c` is not heard of any more.
    let later = at(0) + SignedDuration::from_mins(10);
    assert_eq!(
        store.lock_targets(&second, &names(&["c"]), later),
        Ok(Vec::new())
    );
    let lost = store.lock_targets(&first, &names(&["d"]), later);
    assert!(matches!(lost, Err(StoreError::LeaseLost { .. })));
}

async fn old_jobs_are_pruned_and_running_ones_stay(room: Room) {
    let store = &room.store;
    let old = finished_job(store, "restart", 0, JobStatus::Finished);
    let running = create(store, 1);
    running.emit_all(every_kind());
    let recent = finished_job(store, "restart", 100, JobStatus::Finished);
    let busy = store.delete_job(&running.lease.job, at(200));
    assert!(matches!(busy, Err(StoreError::JobRunning { .. })));
    assert_eq!(store.prune(at(50), at(200)), Ok(vec![old.clone()]));
    assert!(matches!(
        store.events(&old, 0, 1),
        Err(StoreError::UnknownJob { .. })
    ));
    assert_eq!(store.events(&recent, 0, NO_LIMIT).unwrap().len(), 2);
    assert_eq!(store.size().unwrap().jobs, 2);

    let last = running.emit_all([EventKind::TargetFinished {
        effect: effect_id("", 1),
        result: result("web9", Status::Succeeded).into(),
    }]);
    running.durable.upto(last).await.unwrap();
    store.release(&running.lease).unwrap();
    store.delete_job(&running.lease.job, at(300)).unwrap();
    store.delete_job(&recent, at(300)).unwrap();
    let size = store.size().unwrap();
    assert_eq!((size.jobs, size.events), (0, 0));
}

async fn a_thousand_jobs_of_one_second_have_ids_of_their_own(room: Room) {
    let leases: Vec<Lease> = (0..1000)
        .map(|_| room.store.create_job(&Holder::here(), at(0)).unwrap())
        .collect();
    let ids: std::collections::HashSet<&JobId> = leases.iter().map(|lease| &lease.job).collect();
    assert_eq!(ids.len(), 1000);
}

async fn the_key_of_a_job_is_its_own_and_the_same_in_each_life(room: Room) {
    let first = create(&room.store, 0);
    let key = room.store.identity_key(&first.lease).unwrap();
    let last = first.emit_all([started("deploy"), finished(JobStatus::Failed)]);
    first.durable.upto(last).await.unwrap();
    room.store.release(&first.lease).unwrap();
    let job = &first.lease.job;
    let again = room.store.take_job(job, &Holder::here(), at(9)).unwrap();
    assert_eq!(room.store.identity_key(&again).unwrap(), key);
    let other = create(&room.store, 1);
    assert_ne!(room.store.identity_key(&other.lease).unwrap(), key);
}

macro_rules! contract {
    ($($behaviour:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $behaviour() { super::$behaviour(super::memory()).await; })*
        }
        mod in_sqlite {
            $(#[tokio::test] async fn $behaviour() { super::$behaviour(super::sqlite()).await; })*
        }
    };
}

contract!(
    events_come_back_as_they_were_told,
    a_failed_append_tells_and_leaves_no_hole,
    of_two_that_resume_a_job_one_gets_it,
    jobs_are_listed_as_they_stand,
    a_plan_that_names_its_own_targets_is_listed_with_all_that_it_asked_for,
    an_unknown_job_is_an_error_everywhere,
    output_is_kept_head_and_tail,
    requests_reach_whoever_runs_the_job,
    a_target_is_locked_by_one_job,
    old_jobs_are_pruned_and_running_ones_stay,
    a_thousand_jobs_of_one_second_have_ids_of_their_own,
    the_key_of_a_job_is_its_own_and_the_same_in_each_life,
);

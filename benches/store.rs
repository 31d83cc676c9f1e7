//! How fast jobs are kept and found again.

use std::sync::Arc;

use divan::{Bencher, counter::ItemsCount};
use jiff::Timestamp;
use segue::{
    event::{Asked, Event, EventKind, JobKind, JobOrigin, JobView, Reply, Stream},
    model::{
        ActionKind, BranchPath, ContentHash, EffectId, JobId, Map, ResultValue, Status, TargetName,
        TargetResult,
    },
    run::Journal,
    store::{Access, Holder, Lease, NO_LIMIT, SqliteStore, Store, StoreSink},
};

fn main() {
    divan::main();
}

const TARGETS: usize = 10_000;
const EFFECTS: u32 = 10_000;
const EVENTS: usize = 50_000;

struct Room {
    store: Arc<dyn Store>,
    _directory: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("there is a place for temporary files");
        let store = SqliteStore::open(&directory.path().join("jobs.db"), Access::Write)
            .expect("a new database can be opened");
        Self {
            store: Arc::new(store),
            _directory: directory,
        }
    }

    fn job(&self) -> (Stream, Lease) {
        let lease = self
            .store
            .create_job(&Holder::here(), now())
            .expect("the store takes jobs");
        let (sink, _) = StoreSink::new(Arc::clone(&self.store), lease.clone());
        let stream = Stream::new(lease.job.clone(), 0, Arc::new(now), vec![Box::new(sink)]);
        (stream, lease)
    }

    fn events(&self, job: &JobId) -> Vec<Event> {
        self.store
            .events(job, 0, NO_LIMIT)
            .expect("the job is there")
    }

    fn flush(&self) {
        self.store.flush().expect("the store works");
    }
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn effect(number: u32) -> EffectId {
    EffectId {
        branch: BranchPath::root().child("release"),
        content: ContentHash::of(&number.to_be_bytes()),
        occurrence: 0,
    }
}

fn asked(targets: Vec<TargetName>) -> Asked {
    Asked {
        function: "run_task".to_owned(),
        action: Some(ActionKind::Task),
        object: "service".to_owned(),
        description: None,
        params: Map::from_iter([("action".to_owned(), "restart".into())]),
        targets,
        place: None,
        cleanup: false,
        idempotent: false,
    }
}

fn started(effect: &EffectId, target: &TargetName) -> EventKind {
    EventKind::TargetStarted {
        effect: effect.clone(),
        target: target.clone(),
        attempt: 1,
        run: "0123456789abcdef0123456789abcdef".to_owned(),
    }
}

fn finished(effect: &EffectId, target: &TargetName) -> EventKind {
    let value = r#"{"status":"running","enabled":true,"pid":4711,"since":"2026-11-22T08:00:00Z"}"#;
    EventKind::TargetFinished {
        effect: effect.clone(),
        result: Arc::new(TargetResult {
            target: target.clone(),
            action: ActionKind::Task,
            object: "service".to_owned(),
            status: Status::Succeeded,
            value: ResultValue::from_json_object(value.to_owned()),
            failure: None,
            duration_ms: 850,
            attempts: 1,
        }),
    }
}

fn names() -> Vec<TargetName> {
    (0..TARGETS)
        .map(|number| format!("web{number:05}.example.com").into())
        .collect()
}

/// Emits one effect on these targets.
fn perform(stream: &Stream, effect: &EffectId, targets: &[TargetName]) {
    stream.emit(EventKind::EffectStarted {
        effect: effect.clone(),
        asked: asked(targets.to_vec()),
    });
    for target in targets {
        stream.emit(started(effect, target));
        stream.emit(finished(effect, target));
    }
    stream.emit(EventKind::EffectFinished {
        effect: effect.clone(),
        reply: Reply::Results,
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn write_events(bencher: Bencher) {
    let names = names();
    bencher
        .counter(ItemsCount::new(EVENTS))
        .with_inputs(|| {
            let room = Room::new();
            let job = room.job();
            (room, job)
        })
        .bench_local_refs(|(room, (stream, _))| {
            let effect = effect(1);
            for number in 0..EVENTS / 2 {
                let target = &names[number % TARGETS];
                stream.emit(started(&effect, target));
                stream.emit(finished(&effect, target));
            }
            room.flush();
        });
}

/// One event that somebody waits for: what each step of a plan on one target costs.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn write_and_wait(bencher: Bencher) {
    let room = Room::new();
    let (stream, _) = room.job();
    let target: TargetName = "web1".into();
    let effect = effect(1);
    bencher.bench_local(|| {
        stream.emit(started(&effect, &target));
        room.flush();
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn resume_of_finished_effects(bencher: Bencher) {
    let room = Room::new();
    let (stream, lease) = room.job();
    let target: [TargetName; 1] = ["web1".into()];
    for number in 0..EFFECTS {
        perform(&stream, &effect(number), &target);
    }
    room.flush();
    bencher.bench_local(|| Journal::from_events(&room.events(&lease.job)));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn fold_of_finished_effects(bencher: Bencher) {
    let room = Room::new();
    let (stream, lease) = room.job();
    let target: [TargetName; 1] = ["web1".into()];
    for number in 0..EFFECTS {
        perform(&stream, &effect(number), &target);
    }
    room.flush();
    let events = room.events(&lease.job);
    bencher.bench_local(|| JobView::fold(&events));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn show_of_targets(bencher: Bencher) {
    let room = Room::new();
    let (stream, lease) = room.job();
    stream.emit(EventKind::JobStarted {
        what: JobKind::Plan,
        object: "restart".to_owned(),
        params: Map::new(),
        targets: names(),
        origin: JobOrigin::default(),
    });
    perform(&stream, &effect(1), &names());
    room.flush();
    bencher.bench_local(|| JobView::fold(&room.events(&lease.job)).target_counts());
}

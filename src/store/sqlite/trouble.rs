//! What goes wrong with a database: each case is told apart, and nothing that was kept is lost to it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;

use super::{Access, SqliteOptions, SqliteStore};
use crate::{
    event::{Event, EventKind, JobStatus, JobView, Stream},
    model::{MessageLevel, Status},
    store::{
        Durable, Holder, JobState, Lease, NO_LIMIT, Store, StoreError, StoreSink,
        sample::{effect_id, every_kind, finished, output, result, started},
    },
};

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

fn database() -> (tempfile::TempDir, PathBuf) {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("jobs.db");
    (room, path)
}

fn opened(path: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(path, Access::Write).unwrap())
}

fn impatient(path: &Path) -> Result<SqliteStore, StoreError> {
    let options = SqliteOptions {
        busy_timeout: Duration::from_millis(1),
        ..SqliteOptions::default()
    };
    SqliteStore::open_with(path, Access::Write, options)
}

/// A stream into the store, and the view that lives beside it.
fn streaming(store: &Arc<SqliteStore>, lease: &Lease) -> (Stream, Durable, Arc<Mutex<JobView>>) {
    let store: Arc<dyn Store> = Arc::clone(store) as Arc<dyn Store>;
    let (sink, durable) = StoreSink::new(store, lease.clone());
    let live = Arc::new(Mutex::new(JobView::default()));
    let view = Arc::clone(&live);
    let stream = Stream::new(
        lease.job.clone(),
        lease.seq_last,
        Arc::new(now),
        vec![
            Box::new(sink),
            Box::new(move |event: &Event| view.lock().unwrap().apply(event)),
        ],
    );
    (stream, durable, live)
}

fn message(text: &str) -> EventKind {
    EventKind::MessagePrinted {
        effect: None,
        level: MessageLevel::Print,
        text: text.to_owned(),
    }
}

/// A closed database with one finished job in it.
fn written(path: &Path) -> Lease {
    let store = opened(path);
    let lease = store.create_job(&Holder::here(), now()).unwrap();
    let (stream, _, _) = streaming(&store, &lease);
    for kind in every_kind() {
        stream.emit(kind);
    }
    stream.emit(finished(JobStatus::Finished));
    store.release(&lease).unwrap();
    lease
}

#[test]
fn secrets_are_in_none_of_the_files() {
    let (room, path) = database();
    let store = opened(&path);
    let lease = store.create_job(&Holder::here(), now()).unwrap();
    let (stream, _, _) = streaming(&store, &lease);
    for kind in every_kind() {
        stream.emit(kind);
    }
    store.flush().unwrap();
    let mut names = Vec::new();
    for file in fs::read_dir(room.path()).unwrap() {
        let file = file.unwrap();
        let bytes = fs::read(file.path()).unwrap();
        assert!(
            !bytes.windows(7).any(|part| part == b"hunter2"),
            "a secret in {}",
            file.path().display()
        );
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["jobs.db", "jobs.db-shm", "jobs.db-wal", "jobs.key"]);

    // With another key the job is refused, not shown without them.
    drop((stream, store));
    fs::remove_file(path.with_extension("key")).unwrap();
    let store = opened(&path);
    let read = store.events(&lease.job, 0, NO_LIMIT);
    assert!(
        matches!(read, Err(StoreError::KeyMissing { .. })),
        "{read:?}"
    );
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let room = tempfile::tempdir().unwrap();
    let path = room.path().join(".segue/jobs.db");
    let _store = opened(&path);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&super::file::log_of(&path)), 0o600);
}

#[test]
fn a_damaged_database_is_an_error_and_stays_as_it_is() {
    let (_room, path) = database();
    written(&path);
    let whole = fs::read(&path).unwrap();
    let damages: [(&str, Vec<u8>); 3] = [
        (
            "text",
            b"this is no database, whatever its name says ........".repeat(100),
        ),
        ("header", [&[0xff; 60], &whole[60..]].concat()),
        ("half", whole[..whole.len() / 2].to_vec()),
    ];
    for (name, bytes) in damages {
        fs::write(&path, &bytes).unwrap();
        let error = SqliteStore::open(&path, Access::Write).and_then(|store| {
            let lease = store.create_job(&Holder::here(), now())?;
            store.events(&lease.job, 0, NO_LIMIT)
        });
        assert!(
            matches!(error, Err(StoreError::Corrupt { .. })),
            "{name}: {error:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
    }
}

#[test]
fn a_newer_or_a_foreign_database_is_left_alone() {
    let (room, path) = database();
    written(&path);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = SqliteStore::open(&path, Access::Write).err().unwrap();
    let expected = StoreError::Newer {
        path,
        found: 99,
        known: 1,
    };
    assert_eq!(error, expected);

    let path = room.path().join("cookies.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE cookies (name TEXT)")
        .unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();
    let error = SqliteStore::open(&path, Access::Write).err().unwrap();
    assert_eq!(error, StoreError::Foreign { path: path.clone() });
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_place_that_is_none_is_told() {
    let room = tempfile::tempdir().unwrap();
    fs::write(room.path().join("file"), "").unwrap();
    for place in ["file/jobs.db", ""] {
        let error = SqliteStore::open(&room.path().join(place), Access::Write).err();
        assert!(
            matches!(error, Some(StoreError::Unavailable { .. })),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_database_that_can_only_be_read_is_read() {
    let (_room, path) = database();
    let lease = written(&path);
    // Rights say nothing to root, so the writer is taken away instead.
    let mut store = SqliteStore::open(&path, Access::Read).unwrap();
    let read_only = StoreError::ReadOnly { path };
    store.writing = Err(read_only.clone());
    let store = Arc::new(store);
    assert!(!store.events(&lease.job, 0, NO_LIMIT).unwrap().is_empty());
    let taken = store.take_job(&lease.job, &Holder::here(), now());
    assert_eq!(taken, Err(read_only.clone()));
    let (stream, durable, _) = streaming(&store, &lease);
    let seq = stream.emit(message("lost"));
    assert_eq!(durable.upto(seq).await, Err(read_only));
}

#[tokio::test]
async fn a_full_disk_is_told_and_what_was_told_before_stays() {
    let (_room, path) = database();
    let store = opened(&path);
    let lease = store.create_job(&Holder::here(), now()).unwrap();
    let (stream, durable, live) = streaming(&store, &lease);
    let safe = stream.emit(started("restart"));
    durable.upto(safe).await.unwrap();
    store
        .call(|writer| {
            let pages: i64 = writer
                .connection
                .query_row("PRAGMA page_count", [], |row| row.get(0))
                .unwrap();
            writer
                .connection
                .pragma_update(None, "max_page_count", pages + 1)
                .unwrap();
            Ok(())
        })
        .unwrap();
    let lost = stream.emit(message(&"x".repeat(100_000)));
    let full = Err(StoreError::Full { path: path.clone() });
    assert_eq!(durable.upto(lost).await, full);
    // The job may go on and tells what it does, but nothing after the hole is kept.
    let later = stream.emit(finished(JobStatus::Finished));
    assert_eq!(durable.upto(later).await, full);
    assert_eq!(live.lock().unwrap().status, JobStatus::Finished);
    assert_eq!(durable.upto(safe).await, Ok(()));
    let kept = store.events(&lease.job, 0, NO_LIMIT).unwrap();
    assert_eq!(
        kept.iter().map(|event| event.seq).collect::<Vec<_>>(),
        [safe]
    );
}

#[tokio::test]
async fn a_database_that_another_keeps_locked_is_told() {
    let (_room, path) = database();
    let store = Arc::new(impatient(&path).unwrap());
    let lease = store.create_job(&Holder::here(), now()).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = StoreError::Locked { path: path.clone() };
    assert_eq!(impatient(&path).err(), Some(locked.clone()));
    let (stream, durable, _) = streaming(&store, &lease);
    let lost = stream.emit(message("lost"));
    assert_eq!(durable.upto(lost).await, Err(locked));
    // Readers are not in the way of a writer, nor it in theirs.
    assert_eq!(store.events(&lease.job, 0, NO_LIMIT), Ok(Vec::new()));
    other.execute_batch("ROLLBACK").unwrap();
    store.beat(&lease, now()).unwrap();
}

#[tokio::test]
async fn a_store_that_is_deleted_in_mid_run_is_told_and_the_job_is_still_known() {
    let (_room, path) = database();
    let store = opened(&path);
    let lease = store.create_job(&Holder::here(), now()).unwrap();
    let (stream, durable, live) = streaming(&store, &lease);
    let safe = stream.emit(started("restart"));
    durable.upto(safe).await.unwrap();
    for file in [&path, &super::file::log_of(&path)] {
        fs::remove_file(file).unwrap();
    }
    let lost = stream.emit(message("into nothing"));
    assert_eq!(
        durable.upto(lost).await,
        Err(StoreError::Gone { path: path.clone() })
    );
    assert!(durable.failure().is_some());
    assert_eq!(store.release(&lease).err(), None);
    assert_eq!(live.lock().unwrap().object, "restart");
}

#[test]
fn many_may_open_a_new_store_at_once() {
    let (_room, path) = database();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || {
                let store = SqliteStore::open(&path, Access::Write)?;
                store.create_job(&Holder::here(), now())
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
    assert_eq!(opened(&path).size().unwrap().jobs, 8);
}

#[test]
fn two_processes_write_two_jobs_into_one_store() {
    let (_room, path) = database();
    let stores = [opened(&path), opened(&path)];
    let leases: Vec<Lease> = stores
        .iter()
        .map(|store| {
            let lease = store.create_job(&Holder::here(), now()).unwrap();
            let (stream, _, _) = streaming(store, &lease);
            for number in 0..500 {
                stream.emit(message(&number.to_string()));
            }
            lease
        })
        .collect();
    for store in &stores {
        store.flush().unwrap();
    }
    for lease in leases {
        let events = stores[0].events(&lease.job, 0, NO_LIMIT).unwrap();
        assert_eq!(events.len(), 500);
        assert_eq!(stores[1].events(&lease.job, 0, NO_LIMIT).unwrap(), events);
    }
}

#[test]
fn a_clock_that_goes_back_changes_no_order() {
    let (_room, path) = database();
    let store = opened(&path);
    let lease = store.create_job(&Holder::here(), now()).unwrap();
    let times = Arc::new(Mutex::new(vec![-7200, 0, 5]));
    let (sink, _) = StoreSink::new(Arc::clone(&store) as Arc<dyn Store>, lease.clone());
    let clock = move || {
        let seconds = times.lock().unwrap().pop().unwrap();
        now() + jiff::SignedDuration::from_secs(seconds)
    };
    let stream = Stream::new(lease.job.clone(), 0, Arc::new(clock), vec![Box::new(sink)]);
    for kind in [
        started("restart"),
        message("back"),
        finished(JobStatus::Failed),
    ] {
        stream.emit(kind);
    }
    store.release(&lease).unwrap();
    let events = store.events(&lease.job, 0, NO_LIMIT).unwrap();
    assert_eq!(
        events.iter().map(|event| event.seq).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert!(events[2].at < events[0].at);
    let earlier = now() - jiff::SignedDuration::from_hours(24);
    assert_eq!(
        store.job(&lease.job, earlier).unwrap().state,
        JobState::Failed
    );
    assert!(store.take_job(&lease.job, &Holder::here(), earlier).is_ok());
}

#[test]
fn space_is_given_back_after_pruning() {
    let (_room, path) = database();
    let store = opened(&path);
    let lease = store.create_job(&Holder::here(), now()).unwrap();
    let (stream, _, _) = streaming(&store, &lease);
    let effect = effect_id("", 1);
    for number in 0..2000 {
        let target = format!("web{number}");
        stream.emit(output(&effect, &target, &"x".repeat(500)));
        stream.emit(EventKind::TargetFinished {
            effect: effect.clone(),
            result: result(&target, Status::Succeeded).into(),
        });
    }
    store.release(&lease).unwrap();
    let before = store.size().unwrap();
    assert_eq!(before.events, 4000);
    store.delete_job(&lease.job, now()).unwrap();
    let after = store.size().unwrap();
    assert!(after.bytes * 5 < before.bytes, "{after:?} of {before:?}");
}

/// Where the child of the next test finds its store.
const CHILD_STORE: &str = "SEGUE_TEST_CHILD_STORE";

#[tokio::test]
#[ignore = "the process that the next test kills"]
async fn the_process_that_is_killed() {
    let Some(path) = std::env::var_os(CHILD_STORE) else {
        return;
    };
    let store = opened(Path::new(&path));
    let lease = store.create_job(&Holder::here(), now()).unwrap();
    let (stream, durable, _) = streaming(&store, &lease);
    let mut told = std::io::stdout();
    loop {
        let seq = stream.emit(message("another"));
        durable.upto(seq).await.unwrap();
        writeln!(told, "\nsafe {} {seq}", lease.job).unwrap();
    }
}

#[test]
fn what_was_safe_when_the_process_was_killed_is_there_and_the_job_can_be_taken() {
    let (_room, path) = database();
    for life in 1..=5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::sqlite::trouble::the_process_that_is_killed",
            ])
            .args(["--ignored", "--nocapture"])
            .env(CHILD_STORE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut safe = None;
        let told = lines.map(Result::unwrap);
        for line in told.filter(|line| line.starts_with("safe ")).take(life * 7) {
            safe = Some(line);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let safe = safe.expect("the child has told something");
        let mut words = safe.split(' ').skip(1);
        let job = words.next().unwrap().parse().unwrap();
        let seq: u64 = words.next().unwrap().parse().unwrap();

        let store = opened(&path);
        let kept = store.events(&job, 0, NO_LIMIT).unwrap();
        let numbers: Vec<u64> = kept.iter().map(|event| event.seq).collect();
        assert!(
            numbers.len() as u64 >= seq,
            "{seq} was safe, {} are kept",
            numbers.len()
        );
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
        assert_eq!(store.job(&job, now()).unwrap().state, JobState::Died);
        let lease = store.take_job(&job, &Holder::here(), now()).unwrap();
        assert_eq!(lease.seq_last, numbers.len() as u64);
    }
}

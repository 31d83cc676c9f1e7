//! Stores of earlier formats: what a former Segue wrote is read by this one.

use std::{io::Write as _, path::Path};

use jiff::Timestamp;

use super::{Access, Holder, NO_LIMIT, OutputFilter, SqliteStore, Store};
use crate::{
    event::{EventKind, JobStatus, JobView},
    model::{JobId, StepStatus, Value},
};

/// The text of each store and of its key.
const FORMATS: [(&str, &str); 1] = [(
    include_str!("fixtures/format_1.sql"),
    include_str!("fixtures/format_1.key"),
)];

/// The events in all of them, as `job events --format json` tells them.
const TOLD: &str = include_str!("fixtures/told.jsonl");

fn restore(directory: &Path, sql: &str, key: &str) -> SqliteStore {
    let path = directory.join("jobs.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    // Files of this crate are made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(directory).unwrap();
    file.write_all(key.as_bytes()).unwrap();
    file.persist(directory.join("jobs.key")).unwrap();
    SqliteStore::open(&path, Access::Write).unwrap()
}

#[test]
fn stores_of_earlier_formats_are_read_and_gone_on_with() {
    let now = Timestamp::from_second(1_795_100_000).unwrap();
    for (sql, key) in FORMATS {
        let room = tempfile::tempdir().unwrap();
        let store = restore(room.path(), sql, key);
        let job: JobId = store.find_job("last").unwrap();
        let mut events = store.events(&job, 0, NO_LIMIT).unwrap();
        events.extend(store.output(&job, &OutputFilter::default()).unwrap());
        events.sort_by_key(|event| event.seq);
        let told: Vec<String> = events
            .iter()
            .map(|event| serde_json::to_string(event).unwrap())
            .collect();
        assert_eq!(told, TOLD.lines().collect::<Vec<_>>());

        let secret = |value: Option<&Value>| value.map(Value::to_revealed_json);
        let view = JobView::fold(&events);
        assert_eq!(view.status, JobStatus::Stopped);
        assert_eq!(view.seq_last, 21);
        assert_eq!(events[20].kind, EventKind::Unknown);
        assert_eq!(view.steps[1].status, Some(StepStatus::Skipped));
        assert_eq!(secret(view.params.get("token")), Some("hunter2".into()));
        let result = &view.effects[0].results["web1"];
        assert_eq!(secret(result.value.get("password")), Some("hunter2".into()));

        let lease = store.take_job(&job, &Holder::here(), now).unwrap();
        assert_eq!(lease.seq_last, 21);
    }
}

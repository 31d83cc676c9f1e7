//! What must always hold of events: the fold of what is kept is the live state, and every kind survives being kept.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    Access, Holder, MemoryStore, NO_LIMIT, OutputFilter, SqliteStore, Store, StoreSink,
    sample::{asked, effect_id, every_kind, finished, origin, output, result, started},
};
use crate::{
    event::{Event, EventKind, JobStatus, JobView, Reply, StopReason, Stream},
    model::{BranchPath, Failure, Status, StepStatus, TargetName, Value},
};

fn at(seq: u64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + i64::try_from(seq).unwrap()).unwrap()
}

/// Any event about one of a few effects, targets and steps, also those that make no sense together.
fn any_kind() -> impl Strategy<Value = EventKind> {
    (0_u8..18, 0_u32..3, 0_usize..3, 0_usize..5).prop_map(|(kind, effect, target, way)| {
        let effect = effect_id(["", "left", "left/deep"][effect as usize], effect);
        let name = ["web1", "web2", "web3"][target];
        let target: TargetName = name.into();
        let branch: BranchPath = effect.branch.clone();
        let status = [
            Status::Succeeded,
            Status::Failed,
            Status::Unreached,
            Status::Skipped,
            Status::Lost,
        ][way];
        let failure = || Failure::new("segue/timeout", "slow");
        match kind {
            0 => started("restart"),
            1 => EventKind::JobResumed {
                origin: origin(),
                flags: vec!["--redo deploy".to_owned()],
            },
            2 => EventKind::JobStopping {
                reason: StopReason::Terminated,
            },
            3 => finished([JobStatus::Finished, JobStatus::Failed, JobStatus::Stopped][way % 3]),
            4 => EventKind::StepStarted {
                branch,
                name: name.to_owned(),
                place: None,
                after: vec!["db".to_owned(); way % 3],
            },
            5 => EventKind::StepFinished {
                branch,
                name: name.to_owned(),
                status: [StepStatus::Done, StepStatus::Failed, StepStatus::Undone][way % 3],
                failure: (way == 1).then(failure),
                after: Vec::new(),
            },
            6 => EventKind::StepSkipped {
                branch,
                name: name.to_owned(),
                because: "web".to_owned(),
                after: vec!["web".to_owned(); way % 2],
            },
            7 | 8 => EventKind::EffectStarted {
                effect,
                asked: asked(&["web1", "web2", "web3"]),
            },
            9 => EventKind::EffectReplayed { effect },
            10 => EventKind::EffectFinished {
                effect,
                reply: match way {
                    0 => Reply::Results,
                    1 => Reply::Value {
                        value: Value::sensitive(name.into()),
                    },
                    2 => Reply::Done,
                    3 => Reply::Failed { failure: failure() },
                    _ => Reply::Stopped,
                },
            },
            11 | 12 => EventKind::TargetStarted {
                effect,
                target,
                attempt: 1,
                run: String::new(),
            },
            13 | 14 => EventKind::TargetFinished {
                effect,
                result: result(name, status).into(),
            },
            15 => EventKind::TargetRetrying {
                effect,
                target,
                failure: failure(),
                delay_ms: 10,
            },
            _ => output(&effect, name, "some output\n"),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_fold_of_what_is_kept_is_the_live_state(kinds in prop::collection::vec(any_kind(), 0..60)) {
        let room = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(&room.path().join("jobs.db"), Access::Write).unwrap();
        let stores: [Arc<dyn Store>; 2] = [Arc::new(MemoryStore::default()), Arc::new(sqlite)];
        for store in stores {
            let lease = store.create_job(&Holder::here(), at(0)).unwrap();
            let (sink, _) = StoreSink::new(Arc::clone(&store), lease.clone());
            let live = Arc::new(Mutex::new(JobView::default()));
            let view = Arc::clone(&live);
            let seq = Mutex::new(0);
            let clock = move || {
                let mut seq = seq.lock().unwrap();
                *seq += 1;
                at(*seq)
            };
            let stream = Stream::new(lease.job.clone(), 0, Arc::new(clock), vec![
                Box::new(sink),
                Box::new(move |event: &Event| view.lock().unwrap().apply(event)),
            ]);
            for kind in kinds.clone() {
                stream.emit(kind);
            }
            store.release(&lease).unwrap();
            let mut kept = store.events(&lease.job, 0, NO_LIMIT).unwrap();
            kept.extend(store.output(&lease.job, &OutputFilter::default()).unwrap());
            kept.sort_by_key(|event| event.seq);
            prop_assert_eq!(kept.len(), kinds.len());
            prop_assert_eq!(&JobView::fold(&kept), &*live.lock().unwrap());

            // Whoever looks in between and goes on from there sees the same.
            let (first, second) = kept.split_at(kept.len() / 2);
            let mut resumed = JobView::fold(first);
            for event in second {
                resumed.apply(event);
            }
            prop_assert_eq!(&resumed, &*live.lock().unwrap());
        }
    }
}

/// The number of a kind: a new one does not compile until it is here, and then misses its sample below.
const fn number(kind: &EventKind) -> usize {
    match kind {
        EventKind::JobStarted { .. } => 0,
        EventKind::JobResumed { .. } => 1,
        EventKind::JobStopping { .. } => 2,
        EventKind::JobFinished { .. } => 3,
        EventKind::StepStarted { .. } => 4,
        EventKind::StepFinished { .. } => 5,
        EventKind::StepSkipped { .. } => 6,
        EventKind::EffectStarted { .. } => 7,
        EventKind::EffectReplayed { .. } => 8,
        EventKind::EffectFinished { .. } => 9,
        EventKind::TargetStarted { .. } => 10,
        EventKind::TargetFinished { .. } => 11,
        EventKind::TargetRetrying { .. } => 12,
        EventKind::OutputChunk { .. } => 13,
        EventKind::MessagePrinted { .. } => 14,
        EventKind::ApprovalAsked { .. } => 15,
        EventKind::ApprovalGiven { .. } => 16,
        EventKind::Unknown => 17,
    }
}

#[test]
fn every_kind_survives_json_and_fields_of_later_versions() {
    let mut seen = [false; 18];
    for (seq, kind) in (1..).zip(every_kind()) {
        seen[number(&kind)] = true;
        let event = Event {
            seq,
            at: at(seq),
            job: "00ab1111".parse().unwrap(),
            kind,
        };
        let mut json = serde_json::to_value(&event).unwrap();
        let back: Event = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&back).unwrap(), json);
        json["temperature"] = 21.into();
        json["weather"] = serde_json::json!({"wind": [1, 2]});
        let later: Event = serde_json::from_str(&json.to_string()).unwrap();
        assert_eq!(later, back);
    }
    seen[number(&EventKind::Unknown)] = true;
    assert_eq!(seen, [true; 18], "a kind has no sample");
}

#[test]
fn a_kind_of_a_later_version_is_passed_over() {
    let text = r#"{"seq":7,"at":"2026-11-22T08:00:00Z","job":"00ab1111","kind":"target_teleported",
        "target":"web1","to":{"room":[1,2,null]}}"#;
    let event: Event = serde_json::from_str(text).unwrap();
    assert_eq!(event.kind, EventKind::Unknown);
    let mut view = JobView::default();
    view.apply(&event);
    let expected = JobView {
        seq_last: 7,
        ..JobView::default()
    };
    assert_eq!(view, expected);
}

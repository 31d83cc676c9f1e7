//! Recovery is proved by cutting: a plan is run once by the real interpreter, then its record is cut after every event
//! in turn and the job is resumed. It comes to the same end, and nothing is done twice but what was under way.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use crate::{
    clock::Clock,
    event::{Event, EventKind, JobKind, JobOrigin, JobStatus, Stream},
    inventory::Inventory,
    model::{
        EffectId, Failure, JobId, Map, ResultSet, ResultValue, Status, TargetName, TargetResult,
        Value, kinds,
    },
    plan::{
        Effect, IdentityKey, Interpreter, Limits, Outcome, Perform, Performer, PlanEnd, PlanStop,
        Program, Request,
    },
    project::{PlanFile, Project},
    run::{Journal, JournalParts, JournalPerformer, LostRule, NoInquiry, ResumeRules},
};

/// Branches, a graph, retries, a caught failure, chance, an approval, and a failure that ends the plan once.
const PLAN: &str = r#"
let began = now();
run_command("fetch", "all");
let probe = attempt(|| run_command("broken", "b"));
if probe.ok { fail("it can't be"); }
let told = run_command("probe", "a,b", #{ catch_errors: true });
let both = parallel(["left", "right"], |name| {
    run_command(`stop ${name}`, "a,b");
    print(`${name} is down`);
    run_command(`start ${name}`, "a").len
});
retry(#{ attempts: 4, delay: 0 }, || run_command("flaky", "c"));
let release = graph("release");
release.step("fetch", || run_command("graph fetch", "a"));
release.step("app", #{ after: "fetch" }, || run_command("graph app", "b").len);
release.step("web", #{ after: "fetch" }, || run_command("graph web", "c").len);
release.step("told", #{ after: ["app", "web"] }, |done| done["app"] + done["web"]);
let released = release.run();
let approved = approve("go on?");
run_command("count", "a");
run_command("count", "a");
run_command("mended", "all");
print("the end");
#{
    failed: told.failed.names, both: both, began: began, by: approved.by,
    released: released.steps.told.value, chance: random(1, 6),
}
"#;

const INVENTORY: &str = "targets: [a, b, c]\n";

/// Whether it goes well, by what it is, the target, and how often it was done there.
fn goes_well(what: &str, target: &str, count: u32) -> bool {
    match what {
        "broken" => false,
        "probe" => target != "b",
        "flaky" => count >= 3,
        // Its first failure ends the plan.
        "mended" => target != "b" || count >= 2,
        _ => true,
    }
}

type Key = (String, String);

/// The machines. They outlive the processes that work on them.
#[derive(Default)]
struct Machines {
    done: Mutex<BTreeMap<Key, u32>>,
}

impl Machines {
    fn act(&self, what: &str, target: &str) -> u32 {
        let mut done = self.done.lock().unwrap();
        let count = done
            .entry((what.to_owned(), target.to_owned()))
            .or_default();
        *count += 1;
        *count
    }

    /// As they stood after these events; what was begun was done.
    fn after(events: &[Event]) -> Self {
        let machines = Self::default();
        let objects = objects(events);
        for event in events {
            if let EventKind::TargetStarted { effect, target, .. } = &event.kind {
                machines.act(&objects[effect], target.as_str());
            }
        }
        machines
    }

    fn counts(&self) -> BTreeMap<Key, u32> {
        self.done.lock().unwrap().clone()
    }
}

fn objects(events: &[Event]) -> HashMap<EffectId, String> {
    let started = events.iter().filter_map(|event| match &event.kind {
        EventKind::EffectStarted { effect, asked } => Some((effect.clone(), asked.object.clone())),
        _ => None,
    });
    started.collect()
}

/// How many starts of each were under way: in effects that had not ended, where they had not succeeded.
fn under_way(events: &[Event]) -> BTreeMap<Key, u32> {
    let mut open: BTreeSet<(EffectId, TargetName)> = BTreeSet::new();
    for event in events {
        match &event.kind {
            EventKind::TargetStarted { effect, target, .. } => {
                open.insert((effect.clone(), target.clone()));
            }
            EventKind::TargetFinished { effect, result } if result.is_ok() => {
                open.remove(&(effect.clone(), result.target.clone()));
            }
            EventKind::EffectFinished { effect, .. } => open.retain(|(known, _)| known != effect),
            _ => {}
        }
    }
    let objects = objects(events);
    let mut counts = BTreeMap::new();
    for (effect, target) in open {
        *counts
            .entry((objects[&effect].clone(), target.to_string()))
            .or_default() += 1;
    }
    counts
}

/// Performs on the machines, and tells of targets as the dispatcher does.
struct Live {
    machines: Arc<Machines>,
    stream: Stream,
}

impl Performer for Live {
    fn perform(&self, request: Request) -> Perform {
        let (machines, stream) = (Arc::clone(&self.machines), self.stream.clone());
        Box::pin(async move {
            let run = match request.effect {
                Effect::Run(run) => run,
                Effect::Approve { .. } => return Outcome::Suspended,
                Effect::Sleep { .. } => return Outcome::Done,
                _ => {
                    return Outcome::Value {
                        value: 4_i64.into(),
                    };
                }
            };
            let mut results = Vec::new();
            for target in &run.targets {
                let (effect, target) = (request.id.clone(), target.name.clone());
                stream.emit(EventKind::TargetStarted {
                    effect: effect.clone(),
                    target: target.clone(),
                    attempt: 1,
                    run: String::new(),
                });
                tokio::task::yield_now().await;
                let what = run.action.object();
                let count = machines.act(what, target.as_str());
                let ok = goes_well(what, target.as_str(), count);
                let result = TargetResult {
                    target,
                    action: run.action.kind(),
                    object: what.to_owned(),
                    status: if ok {
                        Status::Succeeded
                    } else {
                        Status::Failed
                    },
                    value: ResultValue::default(),
                    failure: (!ok).then(|| Failure::new(kinds::COMMAND, "it did not go well")),
                    duration_ms: 1,
                    attempts: 1,
                };
                let result = Arc::new(result);
                results.push(Arc::clone(&result));
                stream.emit(EventKind::TargetFinished { effect, result });
            }
            Outcome::Results {
                results: results.into_iter().collect::<ResultSet>(),
            }
        })
    }
}

/// One life of the process that runs the job. Gives how the plan ended, and all events.
fn live(
    program: &Program,
    before: &[Event],
    machines: &Arc<Machines>,
) -> (JobStatus, Value, Vec<Event>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let clock = Clock::paused(jiff::Timestamp::UNIX_EPOCH);
    let told = Arc::new(Mutex::new(before.to_vec()));
    let (sink, now) = (Arc::clone(&told), clock.clone());
    let stream = Stream::new(
        JobId::new(0, 0),
        before.last().map_or(0, |event| event.seq),
        Arc::new(move || now.now()),
        vec![Box::new(move |event: &Event| {
            sink.lock().unwrap().push(event.clone());
        })],
    );
    let performer = JournalPerformer::new(JournalParts {
        journal: Journal::from_events(before),
        rules: ResumeRules {
            lost: LostRule::Rerun,
            ..ResumeRules::default()
        },
        inner: Arc::new(Live {
            machines: Arc::clone(machines),
            stream: stream.clone(),
        }),
        stream: stream.clone(),
        clock,
        inquiry: Arc::new(NoInquiry),
        idempotent: |_| false,
    });
    let origin = JobOrigin::default();
    stream.emit(if before.is_empty() {
        EventKind::JobStarted {
            what: JobKind::Plan,
            object: "plan".to_owned(),
            params: Map::new(),
            targets: Vec::new(),
            origin,
        }
    } else {
        EventKind::JobResumed {
            origin,
            flags: Vec::new(),
        }
    });
    let directory = tempfile::tempdir().unwrap();
    let interpreter = Interpreter {
        world: Arc::new(Project::at(directory.path()).unwrap()),
        performer: Arc::new(performer.clone()),
        handle: runtime.handle().clone(),
        limits: Limits::default(),
        stop: PlanStop::default(),
        key: IdentityKey::default(),
        inventory: Inventory::parse("inventory.yaml", INVENTORY).unwrap(),
        next_command: None,
    };
    let outcome = runtime.block_on(interpreter.run(program.clone(), Map::new()));
    let (status, value, failed_effects) = match outcome.end {
        PlanEnd::Finished(value) => (JobStatus::Finished, value, Vec::new()),
        PlanEnd::Failed(error) => {
            assert_ne!(error.effects, [], "{error}");
            (JobStatus::Failed, Value::Null, error.effects)
        }
        PlanEnd::Suspended => (JobStatus::Suspended, Value::Null, Vec::new()),
        PlanEnd::Stopped => panic!("nobody stopped it"),
    };
    if status == JobStatus::Finished {
        assert_eq!(performer.unused(), [], "the plan is the same");
    }
    stream.emit(EventKind::JobFinished {
        status,
        failure: None,
        value: value.clone(),
        failed_effects,
    });
    let events = told.lock().unwrap().clone();
    (status, value, events)
}

/// The answer that a suspended job waits for.
fn answer(events: &mut Vec<Event>) {
    let last = events.last().unwrap();
    let (seq, at, job) = (last.seq + 1, last.at, last.job.clone());
    let asked = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::ApprovalAsked { effect, .. } => Some(effect.clone()),
        _ => None,
    });
    events.push(Event {
        seq,
        at,
        job,
        kind: EventKind::ApprovalGiven {
            effect: asked.expect("an approval was asked for"),
            who: "grace".to_owned(),
            approved: true,
            comment: String::new(),
        },
    });
}

/// Lives again and again until the plan is at its end.
fn live_to_the_end(
    program: &Program,
    before: &[Event],
    machines: &Arc<Machines>,
) -> (Value, Vec<Event>) {
    const LIVES_MAX: usize = 8;
    let mut events = before.to_vec();
    for _ in 0..LIVES_MAX {
        let (status, value, told) = live(program, &events, machines);
        events = told;
        match status {
            JobStatus::Finished => return (value, events),
            JobStatus::Suspended => answer(&mut events),
            _ => {}
        }
    }
    panic!("the plan does not come to its end");
}

#[test]
fn cut_after_every_event_a_plan_comes_to_the_same_end() {
    let program = Program::parse(PlanFile::from_text("plan", "plans/plan.rhai", PLAN)).unwrap();
    let machines = Arc::new(Machines::default());
    let (end, events) = live_to_the_end(&program, &[], &machines);
    let whole = machines.counts();
    let text = end.to_json().to_string();
    assert!(
        text.contains(r#""failed":["b"]"#) && text.contains(r#""by":"grace""#),
        "{text}"
    );
    assert_eq!(whole[&("mended".to_owned(), "b".to_owned())], 2);
    assert_eq!(whole[&("mended".to_owned(), "a".to_owned())], 1);
    assert_eq!(whole[&("count".to_owned(), "a".to_owned())], 2);
    assert!(events.len() > 100, "{} events", events.len());
    for cut in 1..events.len() {
        let before = &events[..cut];
        let machines = Arc::new(Machines::after(before));
        let (value, _) = live_to_the_end(&program, before, &machines);
        let context = format!("cut after event {cut}: {:?}", before[cut - 1].kind);
        assert_eq!(value, end, "{context}");
        let open = under_way(before);
        let counts = machines.counts();
        assert!(counts.keys().eq(whole.keys()), "{context}: {counts:?}");
        for (key, count) in &counts {
            let most = whole[key] + open.get(key).copied().unwrap_or_default();
            assert!(
                (whole[key]..=most).contains(count),
                "{context}: {key:?} was done {count} times, and {} times when nothing was cut",
                whole[key]
            );
        }
    }
}

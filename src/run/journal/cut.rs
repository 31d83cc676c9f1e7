//! Recovery, proved by cutting: the journal is ended after every event in turn, and the plan resumed from there.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use super::{
    JournalError, LostRule, ResumeRules,
    script::{End, Life, Script, World, command, live_to_the_end},
};
use crate::{
    clock::Clock,
    event::{Event, EventKind, JobStatus, JobView},
    model::{BranchPath, EffectId, Status, StepStatus, TargetName},
    plan::{ApproveBy, Effect, Outcome},
};

/// `probe` fails on `b`, and the plan deals with it. All else is well.
fn well(what: &str, target: &str, _: u32) -> Status {
    match (what, target) {
        ("probe", "b") => Status::Failed,
        _ => Status::Succeeded,
    }
}

/// As [`well`], but the end of the plan needs a second try on `b`.
fn failing_once(what: &str, target: &str, count: u32) -> Status {
    match (what, target, count) {
        ("finish", "b", 1) => Status::Failed,
        _ => well(what, target, count),
    }
}

/// The world as it is when a process dies after these events: what was started may have been done or not.
fn world_after(events: &[Event], script: Script, remembers: bool, done: bool) -> World {
    let world = World::new(script, remembers);
    let flying: HashSet<u64> = in_flight(events).into_values().collect();
    let mut objects: HashMap<&EffectId, &str> = HashMap::new();
    for event in events {
        match &event.kind {
            EventKind::EffectStarted { effect, asked } => {
                objects.insert(effect, &asked.object);
            }
            EventKind::TargetStarted { effect, target, .. }
                if done || !flying.contains(&event.seq) =>
            {
                world.act_on(objects[effect], target.as_str(), event.seq);
            }
            _ => {}
        }
    }
    world
}

/// The targets that were started and have not answered, with the number of the start.
fn in_flight(events: &[Event]) -> HashMap<(EffectId, TargetName), u64> {
    let mut open = HashMap::new();
    for event in events {
        match &event.kind {
            EventKind::TargetStarted { effect, target, .. } => {
                open.insert((effect.clone(), target.clone()), event.seq);
            }
            EventKind::TargetFinished { effect, result } => {
                open.remove(&(effect.clone(), result.target.clone()));
            }
            _ => {}
        }
    }
    open
}

/// What was done on targets, by how many times.
fn done_on_targets(world: &World) -> BTreeMap<(String, String), u32> {
    let done = world.done.lock().unwrap();
    let on_targets = done.iter().filter(|((_, target), _)| !target.is_empty());
    on_targets
        .map(|(key, count)| (key.clone(), *count))
        .collect()
}

/// What a reader of the job sees of it in the end.
#[derive(Debug, PartialEq)]
struct Seen {
    status: JobStatus,
    effects: BTreeMap<EffectId, BTreeMap<TargetName, Status>>,
    steps: BTreeMap<(BranchPath, String), Option<StepStatus>>,
}

fn seen(events: &[Event]) -> Seen {
    let view = JobView::fold(events);
    let effects = view.effects.into_iter().map(|(id, effect)| {
        assert!(
            effect.reply.is_some() && effect.running.is_empty(),
            "{id} is open"
        );
        let results = effect.results.into_iter();
        let statuses = results.map(|(target, result)| (target, result.status));
        (id, statuses.collect())
    });
    Seen {
        status: view.status,
        effects: effects.collect(),
        steps: view
            .steps
            .into_iter()
            .map(|(step, view)| (step, view.status))
            .collect(),
    }
}

fn messages(events: &[Event]) -> Vec<&str> {
    let mut texts = Vec::new();
    for event in events {
        if let EventKind::MessagePrinted { text, .. } = &event.kind {
            texts.push(text.as_str());
        }
    }
    texts
}

#[tokio::test]
async fn a_job_cut_after_any_event_comes_to_the_same_end_and_nothing_is_done_twice() {
    for script in [well as Script, failing_once] {
        let world = Arc::new(World::new(script, true));
        let (value, events, _) = live_to_the_end(&[], &world, LostRule::Decide).await;
        let done = done_on_targets(&world);
        assert!(events.len() > 50, "the plan is too small to prove anything");

        for cut in 0..events.len() {
            for was_done in [true, false] {
                let kept = &events[..cut];
                let again = Arc::new(world_after(kept, script, true, was_done));
                let (same, told, _) = live_to_the_end(kept, &again, LostRule::Decide).await;
                assert_eq!(same, value, "cut after {cut}");
                assert_eq!(seen(&told), seen(&events), "cut after {cut}");
                // Targets that remember tell what became of them, so all is done exactly as often.
                assert_eq!(done_on_targets(&again), done, "cut after {cut}");
                let numbers: Vec<u64> = told.iter().map(|event| event.seq).collect();
                assert_eq!(numbers, (1..=told.len() as u64).collect::<Vec<_>>());
                assert!(messages(&told).len() <= messages(&events).len() + 1);
            }
        }
    }
}

#[tokio::test]
async fn targets_that_do_not_remember_are_run_again_only_if_they_were_in_flight() {
    let world = Arc::new(World::new(well, false));
    let (value, events, lives) = live_to_the_end(&[], &world, LostRule::Decide).await;
    assert_eq!(lives, 2, "one until the approval, one after it");
    let done = done_on_targets(&world);

    let mut cuts_in_flight = 0;
    for cut in 0..events.len() {
        let kept = &events[..cut];
        let flying = in_flight(kept);
        let again = Arc::new(world_after(kept, well, false, true));
        if !flying.is_empty() {
            cuts_in_flight += 1;
            // Nobody has decided, so nothing more is done on them.
            let life = Life::after(kept, &again, ResumeRules::default());
            assert_eq!(life.live().await, Err(End::Stopped), "cut after {cut}");
            let Err(JournalError::Lost { lost, .. }) = life.performer.check_lost() else {
                panic!("cut after {cut}: nobody is asked");
            };
            let listed: HashSet<_> = lost
                .into_iter()
                .flat_map(|lost| {
                    let effect = lost.effect;
                    lost.targets
                        .into_iter()
                        .map(move |target| (effect.clone(), target))
                })
                .collect();
            assert_eq!(listed, flying.keys().cloned().collect(), "cut after {cut}");
        }
        let again = Arc::new(world_after(kept, well, false, true));
        let (same, told, _) = live_to_the_end(kept, &again, LostRule::Rerun).await;
        assert_eq!(same, value, "cut after {cut}");
        assert_eq!(seen(&told), seen(&events), "cut after {cut}");
        for ((what, target), count) in done_on_targets(&again) {
            let before = done[&(what.clone(), target.clone())];
            let was_flying = flying.keys().any(|(_, name)| name.as_str() == target);
            let most = before + u32::from(was_flying);
            assert!(
                count == before || count == most,
                "{what} on {target}, cut after {cut}"
            );
        }
        let twice: u32 = done_on_targets(&again).values().sum::<u32>() - done.values().sum::<u32>();
        assert_eq!(twice as usize, flying.len(), "cut after {cut}");
    }
    assert!(cuts_in_flight > 10, "the proof needs targets in flight");
}

#[tokio::test]
async fn lost_targets_are_what_a_person_takes_them_to_be() {
    let world = Arc::new(World::new(well, false));
    let (_, events, _) = live_to_the_end(&[], &world, LostRule::Decide).await;
    let started = |event: &&Event| matches!(&event.kind, EventKind::TargetStarted { .. });
    let first = events.iter().find(started).unwrap();
    let kept = &events[..usize::try_from(first.seq).unwrap()];

    let again = Arc::new(world_after(kept, well, false, true));
    let (_, told, lives) = live_to_the_end(kept, &again, LostRule::AssumeSucceeded).await;
    assert_eq!(lives, 2);
    assert_eq!(done_on_targets(&again), done_on_targets(&world));
    assert_eq!(JobView::fold(&told).status, JobStatus::Finished);

    let again = Arc::new(world_after(kept, well, false, true));
    let rules = ResumeRules {
        lost: LostRule::AssumeFailed,
        ..ResumeRules::default()
    };
    let life = Life::after(kept, &again, rules);
    let end = life.live().await;
    assert!(matches!(end, Err(End::Failed(_))), "{end:?}");
    assert_eq!(
        done_on_targets(&again)[&("fetch".to_owned(), "a".to_owned())],
        1
    );
    assert_eq!(
        done_on_targets(&again)[&("fetch".to_owned(), "b".to_owned())],
        1
    );
}

#[tokio::test]
async fn a_failure_that_ended_the_plan_is_performed_again_for_the_targets_that_failed() {
    let world = Arc::new(World::new(failing_once, false));
    let (_, events, lives) = live_to_the_end(&[], &world, LostRule::Decide).await;
    assert_eq!(
        lives, 3,
        "until the approval, until the failure, to the end"
    );
    let done = done_on_targets(&world);
    let count = |what: &str, target: &str| done[&(what.to_owned(), target.to_owned())];
    assert_eq!(
        (
            count("finish", "a"),
            count("finish", "b"),
            count("finish", "c")
        ),
        (1, 2, 1)
    );
    // The one that was caught is history.
    assert_eq!(count("probe", "b"), 1);
    assert_eq!(count("count", "a"), 2);
    let replayed = |event: &&Event| matches!(event.kind, EventKind::EffectReplayed { .. });
    assert!(events.iter().any(|event| replayed(&event)));
}

#[tokio::test]
async fn a_failure_that_was_recorded_but_not_told_as_the_end_is_known_to_be_an_answer() {
    let world = Arc::new(World::new(failing_once, false));
    let (_, events, _) = live_to_the_end(&[], &world, LostRule::Decide).await;
    let failed = |event: &&Event| {
        matches!(
            &event.kind,
            EventKind::JobFinished {
                status: JobStatus::Failed,
                ..
            }
        )
    };
    let end = events.iter().find(failed).unwrap();
    // The process is killed between the last result and the word that the plan has failed.
    let kept = &events[..usize::try_from(end.seq).unwrap() - 1];
    let again = Arc::new(world_after(kept, failing_once, false, true));
    let life = Life::after(kept, &again, ResumeRules::default());
    let Err(End::Failed(effect)) = life.live().await else {
        panic!("the record says that it failed");
    };
    assert!(life.performer.was_answered(&effect));
    let (_, _, lives) = live_to_the_end(&life.events(), &again, LostRule::Decide).await;
    assert_eq!(lives, 1);
}

#[tokio::test]
async fn a_mended_plan_does_what_is_new_and_lists_what_no_longer_occurs() {
    let world = Arc::new(World::new(well, false));
    let (_, events, _) = live_to_the_end(&[], &world, LostRule::Decide).await;
    let life = Life::after(&events, &world, ResumeRules::default());
    let root = BranchPath::root();
    let before = done_on_targets(&world);
    let asker = &life.asker;
    asker.run(&root, "probe", &["a", "b"], true).await.unwrap();
    asker.run(&root, "probe", &["a", "c"], true).await.unwrap();
    let mut expected = before;
    *expected
        .entry(("probe".to_owned(), "a".to_owned()))
        .or_default() += 1;
    expected.insert(("probe".to_owned(), "c".to_owned()), 1);
    assert_eq!(done_on_targets(&world), expected);
    let unused: Vec<String> = life
        .performer
        .unused()
        .into_iter()
        .map(|(_, asked)| asked.object)
        .collect();
    assert!(unused.contains(&"finish".to_owned()) && !unused.contains(&"probe".to_owned()));
}

#[tokio::test]
async fn what_is_redone_is_redone_on_all_its_targets() {
    let world = Arc::new(World::new(well, false));
    let (_, events, _) = live_to_the_end(&[], &world, LostRule::Decide).await;
    let before = done_on_targets(&world);
    let journal = super::Journal::from_events(&events);
    let mut rules = ResumeRules::default();
    rules.redo_named(&journal, "fetch").unwrap();
    assert_eq!(rules.redo.len(), 1);
    assert_eq!(
        rules.redo_named(&journal, "fecth"),
        Err(JournalError::UnknownEffect {
            typed: "fecth".to_owned(),
            nearest: Some("fetch".to_owned())
        })
    );
    Life::after(&events, &world, rules).live().await.unwrap();
    let mut expected = before;
    for target in ["a", "b", "c"] {
        *expected
            .get_mut(&("fetch".to_owned(), target.to_owned()))
            .unwrap() += 1;
    }
    assert_eq!(done_on_targets(&world), expected);
}

#[tokio::test]
async fn from_a_step_on_all_is_done_again() {
    let world = Arc::new(World::new(well, false));
    let (_, events, _) = live_to_the_end(&[], &world, LostRule::Decide).await;
    let journal = super::Journal::from_events(&events);
    let mut rules = ResumeRules::default();
    rules.redo_from_step(&journal, "fetch").unwrap();
    let objects: HashSet<&str> = journal
        .iter()
        .filter(|(effect, _)| rules.redo.contains(*effect))
        .filter_map(|(_, entry)| Some(entry.asked.as_ref()?.object.as_str()))
        .collect();
    assert!(objects.contains("fetch") && objects.contains("finish"));
    assert!(!objects.contains(""), "the clock was read before the step");
    assert!(matches!(
        rules.redo_from_step(&journal, "fetsh"),
        Err(JournalError::UnknownStep { nearest: Some(name), .. }) if name == "fetch"
    ));
}

#[tokio::test]
async fn an_approval_is_asked_once_and_waited_for_until_its_time_is_over() {
    let world = Arc::new(World::new(well, false));
    let clock = Clock::paused(jiff::Timestamp::UNIX_EPOCH);
    let root = BranchPath::root();
    let approve = || Effect::Approve {
        message: "go on?".to_owned(),
        by: ApproveBy {
            names: vec!["grace".to_owned()],
            timeout: Some(Duration::from_mins(30)),
        },
    };
    let mut events = Vec::new();
    let mut ends = Vec::new();
    for _ in 0..3 {
        let rules = ResumeRules::default();
        let life = Life::after_at(&events, &world, rules, clock.clone());
        ends.push(life.asker.ask(&root, approve()).await);
        events = life.events();
        clock.advance(Duration::from_mins(20));
    }
    assert!(matches!(ends[0], Err(End::Suspended)));
    assert!(matches!(ends[1], Err(End::Suspended)));
    assert!(matches!(ends[2], Err(End::Failed(_))), "{:?}", ends[2]);
    let asked = |event: &&Event| matches!(event.kind, EventKind::ApprovalAsked { .. });
    assert_eq!(events.iter().filter(asked).count(), 1);

    // An answer that comes late is an answer, unless the plan has gone on without.
    let life = Life::after_at(&events, &world, ResumeRules::default(), clock.clone());
    life.approve();
    let life = Life::after_at(
        &life.events(),
        &world,
        ResumeRules::default(),
        clock.clone(),
    );
    assert!(matches!(
        life.asker.ask(&root, approve()).await,
        Err(End::Failed(_))
    ));
    let before = &events[..2];
    let life = Life::after_at(before, &world, ResumeRules::default(), clock.clone());
    life.approve();
    let life = Life::after_at(&life.events(), &world, ResumeRules::default(), clock);
    let Ok(Outcome::Value { value }) = life.asker.ask(&root, approve()).await else {
        panic!("it was answered");
    };
    assert_eq!(
        value.to_json(),
        serde_json::json!({"approved": true, "by": "grace", "comment": ""})
    );
}

#[test]
fn commands_that_differ_have_ids_that_differ() {
    let text = |effect| serde_json::to_string(&effect).unwrap();
    assert_ne!(
        text(command("x", &["a"], false)),
        text(command("x", &["b"], false))
    );
    assert_eq!(
        text(command("x", &["a"], true)),
        text(command("x", &["a"], false))
    );
}

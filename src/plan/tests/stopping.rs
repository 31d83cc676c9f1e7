//! Ending a plan from outside.

use super::stage::{Played, Stage};
use crate::{
    model::Failure,
    plan::{Effect, Outcome, PlanEnd, Urgency},
};

#[test]
fn a_stopped_effect_can_not_be_caught() {
    let played = Stage::new(
        r#"
        try { sleep(1); } catch { print("caught"); }
        attempt(|| sleep(2));
        print("not reached");
        "#,
    )
    .answer(|request| matches!(request.effect, Effect::Sleep { .. }).then_some(Outcome::Stopped))
    .run();
    assert!(matches!(played.outcome.end, PlanEnd::Stopped));
    assert_eq!(played.asked(), ["sleep 1s"]);
}

#[test]
fn a_suspended_branch_lets_the_others_come_to_their_end() {
    let played = Stage::new(
        r#"
        parallel(["a", "b"], |x| {
            if x == "a" { approve("go on?"); }
            print("one"); print("two");
        });
        "#,
    )
    .answer(|request| {
        matches!(request.effect, Effect::Approve { .. }).then_some(Outcome::Suspended)
    })
    .run();
    assert!(matches!(played.outcome.end, PlanEnd::Suspended));
    assert_eq!(played.asked(), ["approve", "print one", "print two"]);
}

#[test]
fn an_endless_loop_is_ended_when_the_job_is_stopped() {
    for abandon in [false, true] {
        let stage = Stage::new("print(\"begun\"); loop { }");
        let stop = stage.stop();
        let played = stage
            .answer(move |_| {
                if abandon {
                    stop.abandon();
                } else {
                    stop.stop();
                }
                None
            })
            .run();
        assert!(matches!(played.outcome.end, PlanEnd::Stopped), "{abandon}");
    }
}

#[test]
fn what_waits_for_ever_is_ended_when_the_job_is_abandoned() {
    let stage = Stage::new("parallel(0..100, |x| sleep(1000)); print(\"not reached\");");
    let stop = stage.stop();
    let played = stage
        .patience(move |request| {
            if request.id.branch.as_str() == "99" {
                stop.abandon();
            }
            usize::MAX
        })
        .run();
    assert!(matches!(played.outcome.end, PlanEnd::Stopped));
    assert_eq!(played.requests.len(), 100);
}

#[test]
fn cleaning_up_is_done_although_the_job_is_being_stopped() {
    let played = Stage::new(
        r#"finally(|| { run_command("work", "web1"); sleep(1); }, || run_command("tidy", "web1"))"#,
    )
    .answer(|request| match &request.effect {
        Effect::Sleep { .. } => Some(Outcome::Stopped),
        _ => None,
    })
    .run();
    assert!(matches!(played.outcome.end, PlanEnd::Stopped));
    assert_eq!(
        played.asked(),
        [
            "run_command work on web1",
            "sleep 1s",
            "run_command tidy on web1"
        ]
    );
    let urgencies: Vec<Urgency> = played.requests.iter().map(|it| it.urgency).collect();
    assert_eq!(
        urgencies,
        [Urgency::Usual, Urgency::Usual, Urgency::Cleanup]
    );
}

#[test]
fn what_was_done_around_the_work_is_taken_back_whatever_comes_of_it() {
    let plan = r#"
        let tried = attempt(|| around(
            || { run_command("drain", "lb1"); "pool" },
            |pool| { run_command(`restart in ${pool}`, "web1"); run_command("check", "web1"); 7 },
            |pool| { sleep(1); run_command(`enable in ${pool}`, "lb1") },
        ));
        print(if tried.ok { `${tried.value}` } else { tried.error.kind });
    "#;
    let played_until = |object: &'static str, outcome: fn() -> Outcome| {
        let stage = Stage::new(plan).answer(move |request| match &request.effect {
            Effect::Run(run) if run.action.object() == object => Some(outcome()),
            _ => None,
        });
        stage.run()
    };
    let done = |played: &Played| {
        let asked = played.requests.iter().filter_map(|request| {
            let what = match &request.effect {
                Effect::Run(run) => run.action.object().to_owned(),
                Effect::Sleep { .. } => "sleep".to_owned(),
                Effect::Print { text, .. } => text.clone(),
                _ => return None,
            };
            let is_cleanup = request.urgency == Urgency::Cleanup;
            Some(what + if is_cleanup { "!" } else { "" })
        });
        asked.collect::<Vec<_>>().join(", ")
    };
    let failed = || Outcome::Failed {
        failure: Failure::new("x/broken", "it broke"),
    };
    assert_eq!(
        done(&played_until("", failed)),
        "drain, restart in pool, check, sleep!, enable in pool!, 7"
    );
    assert_eq!(
        done(&played_until("check", failed)),
        "drain, restart in pool, check, sleep!, enable in pool!, x/broken"
    );
    assert_eq!(
        done(&played_until("check", || Outcome::Stopped)),
        "drain, restart in pool, check, sleep!, enable in pool!"
    );
    // Nothing is there to be taken back, or it is cut short and what there is of it has no name.
    assert_eq!(done(&played_until("drain", failed)), "drain, x/broken");
    assert_eq!(
        done(&played_until("drain", || Outcome::Stopped)),
        "drain, sleep!, enable in !"
    );
    // It is not over: it goes on when the answer is there.
    let suspended = played_until("check", || Outcome::Suspended);
    assert_eq!(done(&suspended), "drain, restart in pool, check");
    assert!(matches!(suspended.outcome.end, PlanEnd::Suspended));
    let branch = |number: usize| suspended.requests[number].id.branch.to_string();
    assert_eq!([branch(0), branch(1)], ["around/before", ""]);
}

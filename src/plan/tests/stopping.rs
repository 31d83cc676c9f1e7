//! Ending a plan from outside.

use super::stage::Stage;
use crate::plan::{Effect, Outcome, PlanEnd};

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
    let cleanup: Vec<bool> = played
        .requests
        .iter()
        .filter_map(|request| match &request.effect {
            Effect::Run(run) => Some(run.options.cleanup),
            _ => None,
        })
        .collect();
    assert_eq!(cleanup, [false, true]);
}

//! Plans run against a performer that a test scripts.

mod stage;

use self::stage::Stage;

#[test]
fn a_task_suspends_the_plan_and_its_results_resume_it() {
    let stage = Stage::new("let r = run_task(\"service\", \"web1,web2\", #{ a: 1 }); 40 + 2");
    let outcome = stage.run();
    assert_eq!(outcome.value(), 42.into());
    assert_eq!(outcome.asked(), ["run_task service on web1,web2"]);
}

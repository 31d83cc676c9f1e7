//! Ids of effects: the same for the same wish, wherever its line is and whatever ends first.

use super::stage::Stage;
use crate::plan::Effect;

const PLAN: &str = r#"
for round in 0..2 {
    parallel(targets("web"), |t| {
        run_command("drain", t);
        run_command("drain", t);
        parallel([1, 2], |x| sleep(x));
    });
}
let backup = background(|| run_command("backup", "db"));
wait(backup, "1h");
"#;

#[test]
fn ids_are_unique_and_the_same_at_every_run() {
    let first = Stage::new(PLAN).run().ids();
    let mut unique = first.clone();
    unique.dedup();
    assert_eq!(unique.len(), first.len());
    assert_eq!(first, Stage::new(PLAN).run().ids());
}

#[test]
fn ids_do_not_depend_on_what_ends_first() {
    let usual = Stage::new(PLAN).run().ids();
    let reversed = Stage::new(PLAN)
        .patience(|request| match &request.effect {
            Effect::Run(run) if run.targets[0].name.as_str() == "web3" => 40,
            Effect::Run(_) => 5,
            _ => 0,
        })
        .run();
    assert_eq!(usual, reversed.ids());
}

#[test]
fn ids_stay_when_lines_move_and_other_effects_come_between() {
    let before = Stage::new("run_command(\"a\", \"web\");\nrun_command(\"b\", \"web\");")
        .run()
        .ids();
    let after = Stage::new("// A comment.\n\nrun_command(\"a\", \"web\");\nprint(\"new\");\n\n\nrun_command(\n  \"b\", \"web\", #{ limit: 3 });")
        .run()
        .ids();
    assert!(before.iter().all(|id| after.contains(id)));
    assert_eq!(after.len(), before.len() + 1);
}

#[test]
fn branches_are_named_after_their_items() {
    let played = Stage::new(
        r#"
        parallel(targets("old"), |t| sleep(1));
        parallel(["x", "x", 7], |t| sleep(2));
        timeout("1h", || sleep(3));
        "#,
    )
    .run();
    let mut branches: Vec<&str> = played
        .requests
        .iter()
        .map(|request| request.id.branch.as_str())
        .collect();
    branches.sort_unstable();
    assert_eq!(branches, ["", "2", "timeout", "web1", "web2", "x", "x~2"]);
}

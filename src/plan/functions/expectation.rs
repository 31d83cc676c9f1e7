//! What a test expects a plan to ask for. Known in the files of `segue plan test` alone.

use std::collections::HashSet;

use rhai::Dynamic;

use super::{catalog::Entry, testing::rehearsal};
use crate::{
    model::{Failure, Map, TargetName, Value, kinds},
    plan::{
        call::{Call, CallError, CallResult},
        convert,
        object::Expected,
        rehearsal::{Count, Expectation, Reply, Said},
    },
};

const EXPECTATION: &str = "Expectation";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = actions();
    entries.extend(questions());
    entries.extend(conditions());
    entries.extend(answers());
    entries
}

fn actions() -> Vec<Entry> {
    vec![
        Entry::function("expect_task", |call| expect(call, "run_task"))
            .takes("name", "String")
            .gives(EXPECTATION)
            .doc("Expects a task to be run, at least once unless more is said. `*` in the name stands for any text. It succeeds with an empty value unless something else is said.")
            .example(r#"expect_task("service").with_params(#{ action: "restart" }); run_task("service", "web", #{ action: "restart" });"#),
        Entry::function("expect_command", |call| expect(call, "run_command"))
            .takes("command", "String")
            .gives(EXPECTATION)
            .doc("Expects a command. `*` stands for any text.")
            .example(r#"expect_command("systemctl * nginx").times(2); run_command("systemctl stop nginx", "web"); run_command("systemctl start nginx", "web");"#),
        Entry::function("expect_script", |call| expect(call, "run_script"))
            .takes("script", "String")
            .gives(EXPECTATION)
            .doc("Expects a script; its `arguments` are what `with_params` looks at.")
            .example(r#"expect_script("scripts/*").with_params(#{ arguments: ["3"] }); run_script("scripts/cleanup.sh", "web", #{ arguments: [3] });"#),
        Entry::function("expect_upload", |call| expect(call, "upload"))
            .takes("destination", "String")
            .gives(EXPECTATION)
            .doc("Expects an upload to a path of the targets; its `source` is what `with_params` looks at.")
            .example(r#"expect_upload("/etc/motd"); upload("files/motd", "/etc/motd", "web");"#),
        Entry::function("expect_download", |call| expect(call, "download"))
            .takes("source", "String")
            .gives(EXPECTATION)
            .doc("Expects a download of a path of the targets; its `destination` is what `with_params` looks at.")
            .example(r#"expect_download("/var/log/app.log"); download("/var/log/app.log", "logs", "web");"#),
        Entry::function("expect_write", |call| expect(call, "write_file"))
            .takes("destination", "String")
            .gives(EXPECTATION)
            .doc("Expects a file to be written on targets; its `content` is what `with_params` looks at.")
            .example(r#"expect_write("/etc/motd").with_params(#{ content: "hello" }); write_file("hello", "/etc/motd", "web");"#),
        Entry::function("expect_wait", |call| expect(call, "wait_until_available"))
            .gives(EXPECTATION)
            .doc("Expects the plan to wait until targets answer.")
            .example(r#"expect_wait().with_targets("web1"); wait_until_available("web1");"#),
        Entry::function("expect_facts", |call| expect(call, "collect_facts"))
            .gives(EXPECTATION)
            .doc("Expects facts to be collected; what it returns are the facts.")
            .example(r#"expect_facts().returns(#{ os: "Debian" }); collect_facts("web1"); assert_eq(facts("web1")["os"], "Debian");"#),
    ]
}

fn questions() -> Vec<Entry> {
    vec![
        Entry::function("expect_prompt", |call| expect(call, "prompt"))
            .takes("message", "String")
            .gives(EXPECTATION)
            .doc("Expects a question. Unless `answers` says something else, its default is the answer.")
            .example(r#"expect_prompt("Why*").answers("routine"); assert_eq(prompt("Why now?"), "routine");"#),
        Entry::function("expect_menu", |call| expect(call, "menu"))
            .takes("message", "String")
            .gives(EXPECTATION)
            .doc("Expects a choice. Unless `answers` says something else, the default or the first is chosen.")
            .example(r#"expect_menu("Which site?").answers("south"); assert_eq(menu("Which site?", ["north", "south"]), "south");"#),
        Entry::function("expect_approval", |call| expect(call, "approve"))
            .takes("message", "String")
            .gives(EXPECTATION)
            .doc("Expects an approval, which is given unless `answers(false)` says something else.")
            .example(r#"expect_approval("Fail over*").answers(false); assert_fails(|| approve("Fail over to db2?"), "segue/rejected");"#),
    ]
}

fn conditions() -> Vec<Entry> {
    vec![
        Entry::method(EXPECTATION, "with_targets", |call| {
            let meant = targets(call, 1)?;
            changed(call, |expectation| expectation.targets = Some(meant))
        })
        .takes("targets", "TargetSpec")
        .gives(EXPECTATION)
        .doc("Every target of the action must be one of these.")
        .example(r#"expect_command("uptime").with_targets("web*"); run_command("uptime", "web1,web2");"#),
        Entry::method(EXPECTATION, "with_params", |call| {
            let params = map(call, 1)?;
            changed(call, |expectation| expectation.params = params)
        })
        .takes("params", "Map")
        .gives(EXPECTATION)
        .doc("The parameters must have these entries. They may have others.")
        .example(r#"expect_task("service").with_params(#{ name: "nginx" }); run_task("service", "web", #{ action: "stop", name: "nginx" });"#),
        Entry::method(EXPECTATION, "times", |call| {
            let count = call.count(1)?;
            changed(call, |expectation| expectation.count = Count::Exactly(count))
        })
        .takes("count", "Integer")
        .gives(EXPECTATION)
        .doc("It happens as often as this, no more and no less. When it has, the next expectation that fits is asked.")
        .example(r#"expect_command("uptime").times(1).returns(#{ stdout: "up" }); expect_command("uptime").fails(); assert_eq(run_command("uptime", "web1").first.stdout, "up"); assert_fails(|| run_command("uptime", "web1"));"#),
        Entry::method(EXPECTATION, "any_times", |call| {
            changed(call, |expectation| expectation.count = Count::AnyTimes)
        })
        .gives(EXPECTATION)
        .doc("It may happen as often as it likes, or never.")
        .example(r#"expect_task("facts").any_times();"#),
    ]
}

fn answers() -> Vec<Entry> {
    vec![
        Entry::method(EXPECTATION, "returns", |call| {
            let value = map(call, 1)?;
            replied(call, None, Said::Value(value))
        })
        .takes("value", "Map")
        .gives(EXPECTATION)
        .doc("Every target answers this.")
        .example(r#"expect_command("hostname").returns(#{ stdout: "web1" }); assert_eq(run_command("hostname", "web1").first.stdout, "web1");"#),
        Entry::method(EXPECTATION, "for_targets", |call| {
            let targets = targets(call, 1)?;
            let value = map(call, 2)?;
            replied(call, Some(targets), Said::Value(value))
        })
        .takes("targets", "TargetSpec")
        .takes("value", "Map")
        .gives(EXPECTATION)
        .doc("These targets answer this, the others as before.")
        .example(r#"expect_task("package").returns(#{ version: "1" }).for_targets("web2", #{ version: "2" }); assert_eq(run_task("package", "web1,web2")["web2"]["version"], "2");"#),
        Entry::method(EXPECTATION, "fails", |call| {
            let failure = failure(call, 1)?;
            replied(call, None, Said::Failure(failure))
        })
        .may_take("kind", "String")
        .may_take("message", "String")
        .gives(EXPECTATION)
        .doc("Every target fails, with this kind and message.")
        .example(r#"expect_command("false").fails("app/broken", "it is broken"); let e = assert_fails(|| run_command("false", "web1")); assert_eq(e.results["web1"].error.kind, "app/broken");"#),
        Entry::method(EXPECTATION, "fails_on", |call| {
            let targets = targets(call, 1)?;
            let failure = failure(call, 2)?;
            replied(call, Some(targets), Said::Failure(failure))
        })
        .takes("targets", "TargetSpec")
        .may_take("kind", "String")
        .may_take("message", "String")
        .gives(EXPECTATION)
        .doc("These targets fail, the others answer as before.")
        .example(r#"expect_command("uptime").fails_on("web2"); let r = run_command("uptime", "web1,web2", #{ catch_errors: true }); assert_eq(r.failed.names, ["web2"]);"#),
        Entry::method(EXPECTATION, "answers", |call| {
            let value = call.value(1)?;
            changed(call, |expectation| expectation.answer = Some(value))
        })
        .takes("value", "Any")
        .gives(EXPECTATION)
        .doc("What a question is answered with; for an approval `true` or `false`.")
        .example(r#"expect_prompt("Name?").answers("ada"); assert_eq(prompt("Name?"), "ada");"#),
    ]
}

fn expect(call: &Call<'_>, function: &'static str) -> CallResult {
    let object = match call.given(0) {
        Some(_) => call.text(0)?.to_string(),
        None => "*".to_owned(),
    };
    let number = rehearsal(call)?.expect(Expectation {
        made_with: call.entry.name,
        function,
        object,
        targets: None,
        params: Map::new(),
        count: Count::AtLeastOnce,
        replies: Vec::new(),
        answer: None,
        place: call.place(),
        used: 0,
    });
    Ok(Dynamic::from(Expected(number)))
}

fn changed(call: &Call<'_>, change: impl FnOnce(&mut Expectation)) -> CallResult {
    let expected: Expected = call.receiver();
    rehearsal(call)?.change(expected.0, change);
    Ok(Dynamic::from(expected))
}

fn replied(call: &Call<'_>, targets: Option<HashSet<TargetName>>, said: Said) -> CallResult {
    changed(call, |expectation| {
        expectation.replies.push(Reply { targets, said });
    })
}

fn targets(call: &Call<'_>, index: usize) -> Result<HashSet<TargetName>, CallError> {
    let targets = call.targets(index)?;
    Ok(targets.iter().map(|target| target.name.clone()).collect())
}

fn map(call: &Call<'_>, index: usize) -> Result<Map, CallError> {
    let map = call.map(index)?;
    convert::to_map(&map).map_err(|error| call.misuse(error.to_string()))
}

fn failure(call: &Call<'_>, index: usize) -> Result<Failure, CallError> {
    let text = |index: usize, otherwise: &str| match call.given(index) {
        None => Ok(otherwise.to_owned()),
        Some(_) => call.text(index).map(|text| text.to_string()),
    };
    let kind = text(index, kinds::TASK)?;
    let message = text(index + 1, "the test says that it fails")?;
    let mut failure = Failure::new(kind, message);
    failure
        .details
        .insert("exit_code".to_owned(), Value::Integer(1));
    Ok(failure)
}

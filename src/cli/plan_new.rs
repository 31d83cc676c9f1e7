//! `segue plan new`: a plan to begin with, and its tests. Both pass as they are.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::{
    arguments::{Format, ProjectArguments},
    output::{print_json, print_text},
    setup,
    template::write_new,
    terminal,
};
use crate::error::{Error, Exit};

/// Every `NAME` in it becomes the name of the plan.
const PLAN: &str = include_str!("template/plan.rhai");
const TEST: &str = include_str!("template/test.rhai");

/// Begin a plan, and a test of it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What the plan is called: `deploy` is `plans/deploy.rhai`, `shop::deploy` is `plans/shop/deploy.rhai`
    name: String,
    /// Write no test
    #[arg(long)]
    no_test: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let project = setup::project(&arguments.project)?;
    let place = project
        .plan_place(&arguments.name)
        .map_err(|error| Error::new(Exit::Usage, error))?;
    write_new(&place.plan, &PLAN.replace("NAME", &place.name))?;
    let test = (!arguments.no_test).then_some(&place.test);
    if let Some(path) = test {
        write_new(path, &TEST.replace("NAME", &place.name))?;
    }
    if let Some(hidden) = &place.hides {
        terminal::tell(&format!(
            "note: from now on `{}` is this plan, and no longer `{hidden}`",
            place.name
        ));
    }
    let shown = |path: &Path| {
        let inner = path.strip_prefix(project.root()).unwrap_or(path);
        inner.display().to_string()
    };
    let (plan, test) = (shown(&place.plan), test.map(|path| shown(path)));
    if arguments.project.format == Format::Human {
        print_text(&told(&place.name, &plan, test.as_deref()));
    } else {
        print_json(&json!({ "name": place.name, "plan": plan, "test": test }));
    }
    Ok(Exit::Success)
}

/// What was written, and what to type next.
fn told(name: &str, plan: &str, test: Option<&str>) -> String {
    let mut lines = vec![format!("wrote {plan}")];
    lines.extend(test.map(|test| format!("wrote {test}")));
    lines.push(String::new());
    lines.push(format!("segue plan check {name}"));
    lines.extend(test.map(|test| format!("segue plan test {test}")));
    lines.push(format!("segue plan preview {name} --targets TARGETS"));
    lines.push(format!("segue plan run {name} --targets TARGETS"));
    lines.push(String::new());
    lines.join("\n")
}

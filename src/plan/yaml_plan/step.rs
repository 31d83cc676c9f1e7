//! The steps of a YAML plan, one statement each.

use super::{
    kind::Kind,
    node::{Node, NodeKind, Style},
    options::Options,
    problem::Loss,
    rhai_text::{self, Layout, quoted},
    writer::{Writer, Written},
};
use crate::model::nearest;

/// What a step can be, and the keys that go with it.
const ACTIONS: &[(&str, &[&str])] = &[
    (
        "command",
        &["targets", "run_as", "catch_errors", "env_vars"],
    ),
    (
        "script",
        &[
            "targets",
            "run_as",
            "catch_errors",
            "env_vars",
            "arguments",
            "parameters",
            "pwsh_params",
        ],
    ),
    (
        "task",
        &["targets", "run_as", "catch_errors", "parameters", "noop"],
    ),
    ("plan", &["targets", "run_as", "catch_errors", "parameters"]),
    (
        "upload",
        &["targets", "run_as", "catch_errors", "destination"],
    ),
    (
        "download",
        &["targets", "run_as", "catch_errors", "destination"],
    ),
    (
        "source",
        &["targets", "run_as", "catch_errors", "destination"],
    ),
    ("resources", &["targets", "run_as", "catch_errors", "noop"]),
    // Bolt takes targets for every step, also where it makes nothing of them.
    ("eval", &["targets"]),
    ("message", &["targets"]),
    ("verbose", &["targets"]),
];

/// A step as it was read.
pub(super) struct Step<'a> {
    pub(super) node: &'a Node,
    action: &'static str,
    value: &'a Node,
    keys: &'static [&'static str],
    entries: &'a [(Node, Node)],
    /// Under this name its result is known to later steps.
    pub(super) name: Option<&'a str>,
}

/// A plan that comes with Bolt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bundled {
    /// Segue has a function for it.
    Facts,
    /// Three actions do it.
    Reboot,
    /// There is none; this is what to write.
    Gone(&'static str),
}

/// The text of a step, and the type of its result.
pub(super) struct Statement {
    /// What stands above it.
    pub(super) comment: Option<String>,
    pub(super) text: String,
    pub(super) result: Option<Kind>,
}

impl<'a> Step<'a> {
    fn get(&self, key: &str) -> Option<&'a Node> {
        if key != "description" && !self.keys.contains(&key) {
            return None;
        }
        let found = self.entries.iter().find(|(known, value)| {
            let known = known.text();
            // What `targets` was called before Bolt 3.
            let matches = known == Some(key) || (key == "targets" && known == Some("target"));
            matches && !value.is_null()
        });
        found.map(|(_, value)| value)
    }
}

impl Writer<'_> {
    /// Reads a step. None if it is none; then it has been told.
    pub(super) fn read_step<'a>(&mut self, node: &'a Node) -> Option<Step<'a>> {
        let Some(entries) = node.pairs() else {
            self.problem(
                node.line,
                Loss::Invalid,
                "a step is a map",
                "such as `- command: uptime`",
            );
            return None;
        };
        let keys: Vec<&str> = entries.iter().filter_map(|(key, _)| key.text()).collect();
        let found = ACTIONS.iter().find(|(action, _)| keys.contains(action));
        let Some((action, more)) = found else {
            let near = keys
                .iter()
                .find_map(|key| nearest(key, ACTIONS.iter().map(|(action, _)| *action)));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "a step has one of `command`, `script`, `task`, `plan`, `upload`, `download`, `eval`, `message`, `verbose`, `resources`".to_owned(),
            };
            self.problem(
                node.line,
                Loss::Invalid,
                "this step does nothing that Bolt knows",
                help,
            );
            return None;
        };
        for (key, _) in entries {
            let name = key.text().unwrap_or_default();
            let is_known = name == *action
                || more.contains(&name)
                || matches!(name, "name" | "description")
                || (name == "target" && more.contains(&"targets"));
            if !is_known {
                let message = format!("a step with `{action}` has no `{name}`");
                self.problem(
                    key.line,
                    Loss::Invalid,
                    message,
                    format!("it may have {}", listed(more)),
                );
            }
        }
        let value = |wanted: &str| {
            let found = entries.iter().find(|(key, _)| key.text() == Some(wanted));
            found.map(|(_, value)| value)
        };
        Some(Step {
            node,
            action,
            value: value(action)?,
            keys: more,
            entries,
            name: value("name").and_then(Node::text),
        })
    }

    pub(super) fn step(&mut self, step: &Step<'_>, before: &str) -> Statement {
        let description = step.get("description");
        let comment = description.and_then(literal);
        match step.action {
            "message" => self.said(step, "print", comment),
            "verbose" => self.said(step, "log::debug", comment),
            "eval" => {
                self.warn_of_text(step.value);
                let value = self.node(step.value);
                let text = format!("{before}{};", value.layout.broken(before.len()));
                Statement {
                    comment,
                    text,
                    result: Some(value.kind),
                }
            }
            "resources" => {
                self.read("", step.value.line);
                let help = "Segue applies no manifests: write what these resources do as tasks, such as `package` and `service`";
                let value = self.refused(0, "a step with `resources`", help);
                Statement {
                    comment,
                    text: format!("{before}{};", value.text()),
                    result: Some(Kind::Unknown),
                }
            }
            _ => self.done_on_targets(step, before),
        }
    }

    /// Code without a `$` in front is a text to Bolt, which is hardly ever meant.
    fn warn_of_text(&mut self, node: &Node) {
        let NodeKind::Scalar {
            text,
            style: Style::Bare | Style::Folded,
        } = &node.kind
        else {
            return;
        };
        if !text.starts_with('$') && (text.contains('$') || text.trim_end().ends_with(')')) {
            let message = "Bolt takes this for a text, since it does not begin with `$`";
            let help = "if it is meant as code, write it below `eval: |` and convert again";
            self.problem(node.line, Loss::Nuance, message, help);
        }
    }

    fn said(&mut self, step: &Step<'_>, function: &str, comment: Option<String>) -> Statement {
        let value = self.node(step.value);
        Statement {
            comment,
            text: format!("{};", rhai_text::call("", function, &[value.layout])),
            result: None,
        }
    }

    fn done_on_targets(&mut self, step: &Step<'_>, before: &str) -> Statement {
        let is_plan = step.action == "plan";
        let bundled = step
            .value
            .text()
            .filter(|_| is_plan)
            .and_then(|plan| self.bundled(plan));
        let what = self.node(step.value);
        let mut arguments = vec![what.layout];
        if let Some(destination) = step.get("destination") {
            arguments.push(self.node(destination).layout);
        } else if matches!(step.action, "upload" | "download" | "source") {
            self.missing(step, "destination");
            arguments.push(Layout::Text(quoted("")));
        }
        let targets = step.get("targets").map(|targets| self.targets(targets));
        let mut params = match step.get("parameters").map(|params| self.node(params)) {
            Some(Written {
                layout: Layout::Map(entries),
                ..
            }) => Layout::Map(entries),
            Some(computed) => computed.layout,
            None => Layout::Map(Vec::new()),
        };
        if is_plan {
            if let (Some(targets), Layout::Map(entries)) = (targets, &mut params) {
                let name = self.target_param(step.value.text().unwrap_or_default());
                if !entries.iter().any(|(key, _)| key == name) {
                    entries.insert(0, (name.to_owned(), targets));
                }
            }
        } else if let Some(targets) = targets {
            arguments.push(targets);
        } else {
            self.missing(step, "targets");
            arguments.push(Layout::List(Vec::new()));
        }
        let options = self.options(step, is_plan && bundled != Some(Bundled::Reboot));
        match bundled {
            Some(Bundled::Facts) => return facts(params, options, before),
            Some(Bundled::Reboot) => return self.reboot(step, params, options, before),
            _ => {}
        }
        if let Some(Bundled::Gone(help)) = bundled {
            let what = format!(
                "Bolt's own plan `{}`",
                step.value.text().unwrap_or_default()
            );
            self.read("", step.value.line);
            let value = self.refused(0, &what, help);
            return Statement {
                comment: None,
                text: format!("{before}{};", value.text()),
                result: Some(Kind::Unknown),
            };
        }
        if matches!(step.action, "task" | "plan") {
            if !params.is_empty_map() || !options.is_empty() {
                arguments.push(params);
            }
        } else if step.action == "script" && !params.is_empty_map() {
            let line = step.node.line;
            let help = "give `arguments` to the script, or make a task of it";
            self.problem(
                line,
                Loss::Whole,
                "`parameters` of a script have no twin in Segue",
                help,
            );
        }
        arguments.extend(options.layout());
        let function = match step.action {
            "upload" | "source" => "upload",
            "download" => "download",
            "command" => "run_command",
            "script" => "run_script",
            "task" => "run_task",
            _ => "run_plan",
        };
        Statement {
            comment: None,
            text: format!("{};", rhai_text::call(before, function, &arguments)),
            result: Some(if is_plan {
                Kind::Unknown
            } else {
                Kind::ResultSet
            }),
        }
    }

    /// Whether a name means a plan that comes with Bolt, and none of the project.
    pub(super) fn bundled(&self, plan: &str) -> Option<Bundled> {
        let help = match plan {
            "facts" => return self.plans.params(plan).is_none().then_some(Bundled::Facts),
            "reboot" => return self.plans.params(plan).is_none().then_some(Bundled::Reboot),
            "canary" => {
                "`std::canary` of the standard library runs something on one target first: `import \"std\" as std;`"
            }
            "facts::info" => "write `collect_facts(targets)`, then look at `target.facts`",
            "aggregate::count" | "aggregate::nodes" | "aggregate::targets" => {
                "run the task yourself, and count with `results.group_by(|result| ...)`"
            }
            "puppetdb_fact" | "puppet_agent::run" | "secure_env_vars" => {
                "write what it does as a task or a command"
            }
            _ => return None,
        };
        self.plans
            .params(plan)
            .is_none()
            .then_some(Bundled::Gone(help))
    }

    fn targets(&mut self, node: &Node) -> Layout {
        self.node(node).layout
    }

    fn options(&mut self, step: &Step<'_>, is_plan: bool) -> Options {
        let mut options = Options::default();
        if let Some(arguments) = step.get("arguments") {
            options.set("arguments", self.node(arguments).layout);
        }
        if let Some(env) = step.get("env_vars") {
            options.set("env", self.node(env).layout);
        }
        if let Some(node) = step.get("pwsh_params") {
            let help = "PowerShell scripts with named parameters are made into tasks";
            self.problem(
                node.line,
                Loss::Whole,
                "`pwsh_params` has no twin in Segue",
                help,
            );
        }
        if let Some(node) = step.get("run_as") {
            let user = self.node(node).layout;
            if is_plan {
                let message = "`run_as` of a plan has no twin in Segue: options never reach into another plan";
                let help = "give the plan a parameter for it, and use it in its own `run_as`; or set `run-as` in the inventory";
                self.problem(node.line, Loss::Whole, message, help);
            } else {
                options.set("run_as", user);
            }
        }
        for key in ["catch_errors", "noop"] {
            if let Some(node) = step.get(key) {
                // What is `false` anyway is not said.
                if node.boolean() != Some(false) {
                    options.set(key, self.node(node).layout);
                }
            }
        }
        if let Some(node) = step.get("description") {
            options.set("description", self.node(node).layout);
        }
        options
    }

    /// What `reboot` is here: a minute is the least that every `shutdown` takes, and half a minute more is for going down.
    fn reboot(
        &mut self,
        step: &Step<'_>,
        params: Layout,
        options: Options,
        before: &str,
    ) -> Statement {
        let Layout::Map(params) = params else {
            self.read("", step.value.line);
            let value = self.refused(0, "Bolt's own plan `reboot`", REBOOT);
            let text = format!("{before}{};", value.text());
            return Statement {
                comment: None,
                text,
                result: Some(Kind::Unknown),
            };
        };
        let mut targets = None;
        let mut timeout = Layout::Text(quoted("5m"));
        for (key, value) in params {
            match key.as_str() {
                "targets" | "nodes" => targets = Some(value),
                "reconnect_timeout" => timeout = value,
                "reboot_delay" | "disconnect_wait" | "retry_interval" => {}
                other => {
                    let message = format!("`{other}` of Bolt's plan `reboot` is left out");
                    let help = "put it into the command, if it matters";
                    self.problem(step.node.line, Loss::Nuance, message, help);
                }
            }
        }
        let targets = targets.unwrap_or_else(|| {
            self.missing(step, "targets");
            Layout::List(Vec::new())
        });
        let mut waiting = Options::default();
        waiting.set("timeout", timeout);
        if let Some(catch) = options.get("catch_errors") {
            waiting.set("catch_errors", catch.clone());
        }
        let mut down = vec![Layout::Text(quoted("shutdown -r +1")), targets.clone()];
        down.extend(options.layout());
        let mut up = vec![targets];
        up.extend(waiting.layout());
        Statement {
            comment: Some("What Bolt's plan `reboot` does.".to_owned()),
            text: format!(
                "{};\nsleep(\"90s\");\n{};",
                rhai_text::call("", "run_command", &down),
                rhai_text::call(before, "wait_until_available", &up)
            ),
            result: Some(Kind::ResultSet),
        }
    }

    fn missing(&mut self, step: &Step<'_>, key: &str) {
        let message = format!("this step has no `{key}`");
        let help = format!(
            "a step with `{}` needs it; Bolt would refuse the plan, too",
            step.action
        );
        self.problem(step.node.line, Loss::Invalid, message, help);
    }
}

/// What stands for `reboot` where no step can be made of it.
pub(super) const REBOOT: &str = "write `run_command(\"shutdown -r +1\", targets, #{ run_as: \"root\" })`, `sleep(\"90s\")` and `wait_until_available(targets)`";

/// What `facts` is here: a function.
fn facts(params: Layout, options: Options, before: &str) -> Statement {
    let mut arguments = vec![facts_targets(params)];
    arguments.extend(options.layout());
    Statement {
        comment: None,
        text: format!("{};", rhai_text::call(before, "collect_facts", &arguments)),
        result: Some(Kind::ResultSet),
    }
}

/// Whose facts are meant: the one parameter of the plan.
pub(super) fn facts_targets(params: Layout) -> Layout {
    let targets = match params {
        Layout::Map(entries) => entries
            .into_iter()
            .find(|(key, _)| key == "targets" || key == "nodes")
            .map(|(_, targets)| targets),
        _ => None,
    };
    targets.unwrap_or(Layout::List(Vec::new()))
}

/// The text of a description in which nothing is replaced.
fn literal(node: &Node) -> Option<String> {
    match &node.kind {
        NodeKind::Scalar { text, style } => match style {
            Style::Double if text.contains('$') => None,
            Style::Literal => None,
            Style::Bare if text.starts_with('$') => None,
            _ => Some(text.trim().to_owned()),
        },
        _ => None,
    }
}

fn listed(keys: &[&str]) -> String {
    let keys: Vec<String> = ["name", "description"]
        .iter()
        .chain(keys)
        .map(|key| format!("`{key}`"))
        .collect();
    keys.join(", ")
}

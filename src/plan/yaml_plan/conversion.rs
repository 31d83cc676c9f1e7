//! A whole YAML plan in Rhai: its header, its steps, its result, and the comments of whoever wrote it.

use std::collections::BTreeSet;

use super::{
    kind::Kind,
    node::{self, Comment, Node},
    problem::{Loss, Problem},
    rhai_text, value,
    writer::{Around, Plans, Writer},
};
use crate::{
    plan::{diagnostic::PlanDiagnostic, source::Source},
    task::DataType,
};

/// A YAML plan in Rhai.
#[derive(Clone, Debug)]
pub struct Converted {
    pub text: String,
    /// What a person has to look at, at its lines of the YAML. Errors are what was not converted.
    pub problems: Vec<PlanDiagnostic>,
}

impl Converted {
    /// Whether everything in it was converted.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.problems.iter().any(PlanDiagnostic::is_error)
    }
}

/// How much stack a conversion may take. Each level of the code of a plan takes some kilobytes in debug builds, and there are
/// at most half as many levels as code may have characters.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Converts a YAML plan of Bolt. `name` is what messages call its file.
///
/// # Errors
/// It is no YAML, or no plan.
pub fn convert_yaml_plan(
    name: &str,
    text: &str,
    plans: &dyn Plans,
) -> Result<Converted, Box<PlanDiagnostic>> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("convert".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || convert(name, text, plans));
        // A system without memory for one more stack has none for the plan.
        let conversion = thread.expect("a thread can be started").join();
        conversion.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn convert(name: &str, text: &str, plans: &dyn Plans) -> Result<Converted, Box<PlanDiagnostic>> {
    let source = Source::new(name, text);
    let invalid = |line: usize, message: String, help: &str| {
        let problem = Problem {
            line,
            loss: Loss::Invalid,
            message,
            help: help.to_owned(),
        };
        Box::new(problem.diagnostic(&source))
    };
    let read = node::parse(text).map_err(|error| {
        let help = "correct the YAML first: Bolt could not read it, either";
        invalid(
            error.line,
            format!("this is no YAML: {}", error.message),
            help,
        )
    })?;
    let (Some(root), comments) = read else {
        return Err(invalid(
            1,
            "the file is empty".to_owned(),
            "a YAML plan has `steps`",
        ));
    };
    if root.pairs().is_none() {
        let help = "a YAML plan is a map with `steps`, `parameters` and `return`";
        return Err(invalid(root.line, "this is no plan".to_owned(), help));
    }
    let mut conversion = Conversion {
        writer: Writer::new(plans),
        yaml: text,
        comments: comments.into_iter().peekable(),
        told: 0,
        text: String::new(),
        after_long: false,
    };
    conversion.plan(&root);
    let problems = &conversion.writer.problems;
    Ok(Converted {
        problems: problems
            .iter()
            .map(|problem| problem.diagnostic(&source))
            .collect(),
        text: conversion.finish(),
    })
}

/// The names of the parameters of a YAML plan, if it is one.
#[must_use]
pub fn yaml_plan_params(text: &str) -> Option<BTreeSet<String>> {
    let (root, _) = node::parse(text).ok()?;
    let root = root?;
    let params = root
        .pairs()?
        .iter()
        .find(|(key, _)| key.text() == Some("parameters"));
    let pairs = params
        .and_then(|(_, params)| params.pairs())
        .unwrap_or_default();
    Some(
        pairs
            .iter()
            .filter_map(|(name, _)| name.text().map(str::to_owned))
            .collect(),
    )
}

struct Conversion<'a> {
    writer: Writer<'a>,
    yaml: &'a str,
    comments: std::iter::Peekable<std::vec::IntoIter<Comment>>,
    /// How many problems stand in the text as comments.
    told: usize,
    text: String,
    /// The last step took several lines, so the next one stands apart.
    after_long: bool,
}

/// Comments are broken before they are longer.
const WIDTH: usize = 110;
/// Where the line goes that keeps a plan from being run that is not converted whole.
const GUARD: &str = "\u{0}guard\u{0}";

impl Conversion<'_> {
    fn plan(&mut self, root: &Node) {
        let pairs = root.pairs().unwrap_or_default();
        let get = |wanted: &str| {
            let found = pairs.iter().find(|(key, _)| key.text() == Some(wanted));
            found
                .map(|(_, value)| value)
                .filter(|value| !value.is_null())
        };
        for (key, _) in pairs {
            let name = key.text().unwrap_or_default();
            if !matches!(
                name,
                // Bolt makes nothing of the last two.
                "description" | "parameters" | "private" | "steps" | "return" | "version" | "tags"
            ) {
                let help =
                    "a YAML plan has `description`, `parameters`, `private`, `steps`, `return`";
                let message = format!("a plan has no `{name}`");
                self.writer.problem(key.line, Loss::Invalid, message, help);
            }
        }
        if let Some(description) = get("description").and_then(Node::text) {
            for line in description.trim().lines() {
                self.line(format!("//! {line}").trim_end());
            }
        }
        if get("private").and_then(Node::boolean) == Some(true) {
            self.line("//!");
            self.line(
                "//! It is meant to be run by other plans (`private: true` in the YAML plan).",
            );
        }
        self.tell_problems();
        if let Some(params) = get("parameters") {
            self.blank();
            for (name, definition) in params.pairs().unwrap_or_default() {
                self.param(name, definition);
            }
        }
        self.text.push_str(GUARD);
        if let Some(steps) = get("steps") {
            match &steps.kind {
                node::NodeKind::List(steps) => {
                    for step in steps {
                        self.step(step);
                    }
                }
                _ => self.writer.problem(
                    steps.line,
                    Loss::Invalid,
                    "`steps` is a list",
                    "each step begins with `- `",
                ),
            }
        }
        if let Some(result) = get("return") {
            self.blank();
            self.comments_to(result.last_line);
            let value = self.writer.node(result);
            self.tell_problems();
            self.line(&value.layout.broken(0));
        }
        self.comments_to(usize::MAX);
        self.tell_problems();
    }

    fn param(&mut self, name: &Node, definition: &Node) {
        self.comments_to(definition.last_line);
        let pairs = definition.pairs().unwrap_or_default();
        let get = |wanted: &str| {
            let found = pairs.iter().find(|(key, _)| key.text() == Some(wanted));
            found
                .map(|(_, value)| value)
                .filter(|value| !value.is_null())
        };
        let data_type = get("type").and_then(Node::text).unwrap_or("Any");
        let data_type = self.data_type(data_type, get("type").map_or(name.line, |node| node.line));
        let kind =
            DataType::parse(&data_type).map_or(Kind::Unknown, |found| Kind::of_data_type(&found));
        let wanted = name.text().unwrap_or_default();
        let rhai = self.writer.declare(wanted, kind);
        if rhai != wanted {
            let message = format!(
                "the parameter `{wanted}` is called `{rhai}`, since `{wanted}` can't be a name in a plan"
            );
            let help = "whoever runs the plan has to give it by this name";
            self.writer.problem(name.line, Loss::Nuance, message, help);
        }
        self.tell_problems();
        for line in get("description")
            .and_then(Node::text)
            .unwrap_or_default()
            .trim()
            .lines()
        {
            self.line(format!("/// {line}").trim_end());
        }
        let default = get("default").map(|default| format!(" = {}", value::data(default).flat()));
        self.line(&format!(
            "param {rhai}: {data_type}{};",
            default.unwrap_or_default()
        ));
    }

    /// The type as a `param` line has it.
    fn data_type(&mut self, text: &str, line: usize) -> String {
        let text = text.trim();
        if DataType::parse(text).is_ok() {
            return text.to_owned();
        }
        let message = format!("the type `{text}` is written as `Any`");
        let help = "Segue does not know this type: write out what it stands for";
        self.writer.problem(line, Loss::Nuance, message, help);
        "Any".to_owned()
    }

    fn step(&mut self, node: &Node) {
        let before_problems = self.writer.problems.len();
        let comments = self.comments_up_to(node.last_line);
        let Some(step) = self.writer.read_step(node) else {
            self.gap();
            self.text.push_str(&comments);
            self.tell_problems();
            self.quote(node);
            self.line("not_converted(\"a step that is none\");");
            return;
        };
        let name = step.name.filter(|name| self.is_used(name));
        let rhai = name.map(|name| rhai_text::name(name).0);
        let before = rhai
            .map(|rhai| format!("let {rhai} = "))
            .unwrap_or_default();
        let statement = self
            .writer
            .scoped(Around::Step, |writer| writer.step(&step, &before));
        if let Some(name) = name {
            let kind = statement.result.clone().unwrap_or(Kind::Unknown);
            self.writer.declare(name, kind);
        }
        let lost = self.writer.problems[before_problems..]
            .iter()
            .any(|problem| problem.loss == Loss::Whole);
        let has_words = !comments.is_empty() || statement.comment.is_some() || lost;
        let is_long = statement.text.contains('\n');
        if has_words || is_long || self.after_long {
            self.gap();
        }
        self.after_long = is_long;
        self.text.push_str(&comments);
        if let Some(comment) = &statement.comment {
            for line in comment.lines() {
                self.line(&format!("// {line}"));
            }
        }
        self.tell_problems();
        if lost {
            self.quote(node);
        }
        self.line(&statement.text);
    }

    /// The step as it was written, for whoever converts it by hand.
    fn quote(&mut self, node: &Node) {
        let count = node.last_line + 1 - node.line;
        let lines: Vec<&str> = self.yaml.lines().skip(node.line - 1).take(count).collect();
        let margin = lines
            .iter()
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.len() - line.trim_start().len())
            .min();
        let quoted: Vec<String> = lines
            .iter()
            .map(|line| {
                format!(
                    "//     {}",
                    line.get(margin.unwrap_or(0)..).unwrap_or_default()
                )
            })
            .map(|line| line.trim_end().to_owned())
            .collect();
        for line in quoted {
            self.line(&line);
        }
    }

    /// Whether code anywhere in the plan reads a variable.
    fn is_used(&self, name: &str) -> bool {
        self.yaml.match_indices(name).any(|(at, _)| {
            let before = &self.yaml[..at];
            let after = self.yaml[at + name.len()..].chars().next();
            let ends = !after.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            ends && (before.ends_with('$') || before.ends_with("${"))
        })
    }

    /// What is wrong since the last time, as comments.
    fn tell_problems(&mut self) {
        let lines: Vec<String> = self.writer.problems[self.told..]
            .iter()
            .map(|problem| {
                let word = match problem.loss {
                    Loss::Invalid | Loss::Whole => "NOT CONVERTED",
                    Loss::Nuance => "LOOK AT THIS",
                };
                let end = if problem.help.ends_with('?') { "" } else { "." };
                let help = capital(&problem.help);
                commented(&format!("{word}: {}. {help}{end}", problem.message))
            })
            .collect();
        self.told = self.writer.problems.len();
        for line in lines {
            self.line(&line);
        }
    }

    fn comments_to(&mut self, line: usize) {
        let comments = self.comments_up_to(line);
        self.text.push_str(&comments);
    }

    fn comments_up_to(&mut self, line: usize) -> String {
        let mut text = String::new();
        let mut before = None;
        while let Some(comment) = self.comments.next_if(|comment| comment.line <= line) {
            if before.is_some_and(|before| before + 1 < comment.line) {
                text.push('\n');
            }
            before = Some(comment.line);
            text.push_str(format!("//{}", comment.text).trim_end());
            text.push('\n');
        }
        text
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// An empty line, unless there is one.
    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// An empty line between steps.
    fn gap(&mut self) {
        if !self.text.ends_with(GUARD) {
            self.blank();
        }
    }

    fn finish(self) -> String {
        let (before, after) = self.text.split_once(GUARD).unwrap_or((&self.text, ""));
        let between = if before.is_empty() || after.is_empty() {
            ""
        } else {
            "\n"
        };
        let problems = &self.writer.problems;
        let is_whole = problems.iter().all(|problem| problem.loss == Loss::Nuance);
        let guard = if is_whole { "" } else { STAND_IN };
        format!("{before}{between}{guard}{after}")
    }
}

/// Keeps a plan from being run before somebody has looked at what is missing: a plan that fails in its middle is worse than
/// one that fails before it touches anything.
const STAND_IN: &str = "\
// This plan is not converted whole. Mend what is marked with NOT CONVERTED, then remove this line and the function.
not_converted(\"parts of this plan\");

/// Stands for what could not be converted.
fn not_converted(what) {
    fail(`not converted: ${what}`)
}

";

/// A sentence as comments, in lines that a terminal shows whole.
fn commented(text: &str) -> String {
    let mut lines = vec![String::from("//")];
    for word in text.split_whitespace() {
        if lines
            .last()
            .is_some_and(|line| line.len() + word.len() >= WIDTH)
        {
            lines.push(String::from("//"));
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug)]
    struct NoPlans;

    impl Plans for NoPlans {
        fn params(&self, _: &str) -> Option<BTreeSet<String>> {
            None
        }
    }

    fn convert(text: &str) -> Result<Converted, Box<PlanDiagnostic>> {
        convert_yaml_plan("plans/x.yaml", text, &NoPlans)
    }

    const PLAN: &str = "parameters:\n  t:\n    type: TargetSpec\n    default: [a, 'b', \"c\"]\nsteps:\n  - name: x\n    task: service\n    targets: $t\n    parameters: {action: \"${t} é $t[0]\", name: $t.map |$y| { $y['a'] }}\n  - eval: |\n      if $x { 'a' } else { \"${x.ok}\" }\n      case $t { /a/: { 1 } default: { [1, {'a' => 2}] } }\n  # a comment\n  - resources: [{package: nginx}]\nreturn: $x\n";

    #[test]
    fn code_that_is_made_to_exhaust_the_stack_is_refused_or_converted() {
        let sum = format!("1{}", " + 1".repeat(4_000));
        let chain = format!("$t{}", ".a".repeat(8_000));
        let nested = format!("{}1{}", "[".repeat(4_000), "]".repeat(4_000));
        for code in [sum, chain, nested] {
            let text = format!("parameters: {{t: }}\nsteps:\n  - eval: |\n      {code}\n");
            assert!(convert(&text).is_ok());
        }
        let long = format!("steps:\n  - message: \"$x{}\"\n", "a".repeat(20_000));
        assert!(!convert(&long).unwrap().is_whole());
        let deep = format!("steps: {}", "[".repeat(10_000));
        assert!(convert(&deep).is_err());
    }

    proptest! {
        #[test]
        fn nothing_that_is_given_makes_it_panic(
            cuts in prop::collection::vec((0..PLAN.len(), 0..20_usize, "[ -~é\n]{0,6}"), 1..5),
        ) {
            let mut text = PLAN.to_owned();
            for (at, length, by) in cuts {
                let boundary = |mut at: usize| {
                    at = at.min(text.len());
                    while !text.is_char_boundary(at) { at -= 1; }
                    at
                };
                let (start, end) = (boundary(at), boundary(at + length));
                text.replace_range(start..end, &by);
            }
            let _ = convert(&text);
        }

        #[test]
        fn no_code_makes_it_panic(code in "[$a-z0-9(){}|.,'\"=>< +?!/\\[\\]\\\\:éA-Z\n-]{0,60}") {
            let code = code.replace('\n', "\n      ");
            let _ = convert(&format!("steps:\n  - eval: |\n      {code}\n  - message: {code:?}\n"));
        }
    }
}

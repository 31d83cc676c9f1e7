//! Step graphs that are written out: doubled, missing and cyclic steps.

use std::collections::{HashMap, HashSet};

use super::{
    checker::Checker,
    report::listed,
    tree::{Call, Expression, ExpressionKind, Name},
};
use crate::{model::nearest, plan::source::Span, schedule::StepSpec};

/// The graphs of a file, each by the variable that holds it.
#[derive(Debug, Default)]
pub(super) struct StepGraphs {
    graphs: Vec<StepGraph>,
}

#[derive(Debug)]
struct StepGraph {
    variable: String,
    /// What `graph(...)` was given, if it is literal.
    title: Option<String>,
    /// In the order in which they are written.
    steps: Vec<Step>,
    /// Some of its steps have names that only a run knows.
    open: bool,
}

#[derive(Debug)]
struct Step {
    name: String,
    span: Span,
    description: Option<String>,
    after: Vec<(String, Span)>,
    /// The steps whose values its closure reads.
    reads: Vec<(String, Span)>,
    /// The statement is inside of a loop, a branch of an `if` or a closure.
    conditional: bool,
}

impl StepGraphs {
    /// A variable is declared: if it holds a new graph, its steps are not those of an earlier one of that name.
    pub(super) fn declared(&mut self, name: &Name, value: &Expression) {
        if let ExpressionKind::Call(call) = &value.kind
            && call.name.text == "graph"
        {
            let title = call.arguments.first().and_then(Expression::as_text);
            self.graphs.push(StepGraph {
                variable: name.text.clone(),
                title: title.map(str::to_owned),
                steps: Vec::new(),
                open: false,
            });
        }
    }

    fn of(&mut self, variable: &str) -> Option<&mut StepGraph> {
        self.graphs
            .iter_mut()
            .rev()
            .find(|graph| graph.variable == variable)
    }

    /// The graph is given to somebody else, who may add steps.
    pub(super) fn passed_on(&mut self, variable: &str) {
        if let Some(graph) = self.of(variable) {
            graph.open = true;
        }
    }
}

impl<'t> Checker<'t> {
    /// A graph gets the steps of another one.
    pub(super) fn adds_graph(&mut self, receiver: &Expression) {
        if let ExpressionKind::Variable(variable) = &receiver.kind {
            self.graphs.passed_on(variable);
        }
    }

    /// `graph.step("name", #{ after: ... }, || ...)`.
    pub(super) fn step(&mut self, receiver: &'t Expression, call: &'t Call) {
        let ExpressionKind::Variable(variable) = &receiver.kind else {
            return;
        };
        let name = call.arguments.first().and_then(|name| self.text_of(name));
        let after = call
            .arguments
            .iter()
            .filter_map(|argument| self.resolved(argument).as_map())
            .flatten()
            .find(|entry| entry.key.text == "after")
            .map(|entry| self.names_of(&entry.value));
        let description = call
            .arguments
            .iter()
            .filter_map(|argument| self.resolved(argument).as_map())
            .flatten()
            .find(|entry| entry.key.text == "description")
            .and_then(|entry| self.text_of(&entry.value))
            .map(|(text, _)| text.to_owned());
        if let [_, options] = call.arguments.as_slice()
            && let ExpressionKind::Map(_) = &self.resolved(options).kind
        {
            let problem = self
                .error(
                    "segue::plan::wrong_arguments",
                    "the closure of this step is missing",
                    options.span,
                    "these are its options",
                )
                .help("write what the step does behind them: `, || ...`");
            self.tell(problem);
        }
        let reads = call.arguments.iter().flat_map(values_read).collect();
        let conditional = self.conditional > 0;
        let Some(graph) = self.graphs.of(variable) else {
            return;
        };
        let (Some((name, span)), Some(after)) = (name, after.unwrap_or(Some(Vec::new()))) else {
            graph.open = true;
            return;
        };
        graph.steps.push(Step {
            name: name.to_owned(),
            span,
            description,
            after,
            reads,
            conditional,
        });
    }

    /// One name or an array of names, if all of them are literal.
    fn names_of(&self, expression: &'t Expression) -> Option<Vec<(String, Span)>> {
        let resolved = self.resolved(expression);
        match &resolved.kind {
            ExpressionKind::Text(_) | ExpressionKind::Method { .. } => self
                .text_of(resolved)
                .map(|(text, span)| vec![(text.to_owned(), span)]),
            ExpressionKind::Array(items) => items
                .iter()
                .map(|item| {
                    self.text_of(item)
                        .map(|(text, span)| (text.to_owned(), span))
                })
                .collect(),
            ExpressionKind::Unit => Some(Vec::new()),
            _ => None,
        }
    }
}

/// Tells what is wrong with the graphs that were found.
pub(super) fn report(checker: &mut Checker<'_>) {
    let graphs = std::mem::take(&mut checker.graphs).graphs;
    for graph in &graphs {
        doubled(checker, graph);
        if !graph.open {
            missing(checker, graph);
            read_too_early(checker, graph);
        }
        cyclic(checker, graph);
    }
    checker.graphs = StepGraphs { graphs };
}

/// A step graph as it is written in a plan, as far as that can be told without running it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenGraph {
    /// The name that the plan gives it, else the variable that holds it.
    pub title: String,
    /// Steps of names that are literal, the first of each name.
    pub steps: Vec<StepSpec>,
    /// It has, or may have, steps that only a run knows.
    pub has_more: bool,
}

impl StepGraphs {
    /// The graphs, without what is wrong with them.
    pub(super) fn written(&self) -> Vec<WrittenGraph> {
        self.graphs.iter().map(StepGraph::written).collect()
    }
}

impl StepGraph {
    fn written(&self) -> WrittenGraph {
        let mut names: HashSet<&str> = HashSet::new();
        let mut steps: Vec<&Step> = self.steps.iter().collect();
        steps.retain(|step| names.insert(&step.name));
        let spec = |step: &&Step| {
            let known = step.after.iter().map(|(name, _)| name.as_str());
            StepSpec {
                description: step.description.clone(),
                ..StepSpec::new(&step.name).after(known.filter(|name| names.contains(name)))
            }
        };
        WrittenGraph {
            title: self.title.clone().unwrap_or_else(|| self.variable.clone()),
            steps: steps.iter().map(spec).collect(),
            has_more: self.open,
        }
    }
}

fn doubled(checker: &mut Checker<'_>, graph: &StepGraph) {
    let mut first: HashMap<&str, &Step> = HashMap::new();
    for step in graph.steps.iter().filter(|step| !step.conditional) {
        if let Some(known) = first.insert(&step.name, step) {
            let problem = checker
                .error(
                    "segue::plan::duplicate_step",
                    format!("there are two steps `{}`", step.name),
                    step.span,
                    "the same name again",
                )
                .label(known.span, "first used here")
                .help("give each step a name of its own");
            checker.tell(problem);
        }
    }
}

fn missing(checker: &mut Checker<'_>, graph: &StepGraph) {
    // A step may be written where the file could not be read.
    if checker.lost.contains(&graph.variable) {
        return;
    }
    let names = || graph.steps.iter().map(|step| step.name.as_str());
    for step in &graph.steps {
        for (name, span) in &step.after {
            if names().any(|known| known == name) {
                continue;
            }
            let help = nearest(name, names()).map_or_else(
                || {
                    let mut names: Vec<&str> = names().collect();
                    names.dedup();
                    format!("its steps are {}", listed(names))
                },
                |meant| format!("did you mean `{meant}`?"),
            );
            let problem = checker
                .error(
                    "segue::plan::unknown_step",
                    format!(
                        "`{}` waits for a step `{name}`, which there is not",
                        step.name
                    ),
                    *span,
                    "",
                )
                .help(help);
            checker.tell(problem);
        }
    }
}

/// `|done| done["fetch"]` in a step that does not wait for `fetch`.
fn read_too_early(checker: &mut Checker<'_>, graph: &StepGraph) {
    for step in graph.steps.iter().filter(|step| !step.reads.is_empty()) {
        let mut before: Vec<&str> = Vec::new();
        let mut open: Vec<&Step> = vec![step];
        while let Some(step) = open.pop() {
            for (name, _) in &step.after {
                if !before.contains(&name.as_str()) {
                    before.push(name);
                    open.extend(graph.steps.iter().filter(|other| other.name == *name));
                }
            }
        }
        for (name, span) in &step.reads {
            if before.contains(&name.as_str()) {
                continue;
            }
            let is_step = graph.steps.iter().any(|other| other.name == *name);
            let help = if is_step && *name != step.name {
                format!("let it wait: `after: \"{name}\"`")
            } else {
                nearest(name, before.iter().copied()).map_or_else(
                    || format!("those before it are {}", listed(before.iter().copied())),
                    |meant| format!("did you mean `{meant}`?"),
                )
            };
            let problem = checker
                .error(
                    "segue::plan::unknown_step",
                    format!("`{name}` does not come before `{}`", step.name),
                    *span,
                    "there is nothing of it here",
                )
                .help(if before.is_empty() && !is_step {
                    "no step comes before this one: name them with `after`".to_owned()
                } else {
                    help
                });
            checker.tell(problem);
        }
    }
}

/// The steps whose values a closure with a parameter reads, as far as its body is one expression or names them in
/// statements of its own.
fn values_read(argument: &Expression) -> Vec<(String, Span)> {
    let ExpressionKind::Closure(closure) = &argument.kind else {
        return Vec::new();
    };
    let [done] = closure.params.as_slice() else {
        return Vec::new();
    };
    let mut read = Vec::new();
    closure.each_expression(&mut |expression| {
        if let ExpressionKind::Index { receiver, index } = &expression.kind
            && matches!(&receiver.kind, ExpressionKind::Variable(name) if *name == done.text)
            && let Some(text) = index.as_text()
        {
            read.push((text.to_owned(), index.span));
        }
    });
    read
}

fn cyclic(checker: &mut Checker<'_>, graph: &StepGraph) {
    for cycle in cycles(graph) {
        cyclic_steps(checker, &cycle);
    }
}

fn cyclic_steps(checker: &mut Checker<'_>, cycle: &[(&Step, Span)]) {
    let names: Vec<String> = cycle
        .iter()
        .chain(cycle.first())
        .map(|(step, _)| format!("`{}`", step.name))
        .collect();
    let message = if cycle.len() == 1 {
        format!("{} waits for itself", names[0])
    } else {
        format!(
            "these steps wait for each other: {}",
            names.join(" waits for ")
        )
    };
    let mut problem = checker
        .error("segue::plan::cyclic_steps", message, cycle[0].1, "")
        .help("remove one of these `after`");
    problem.labels.clear();
    for (index, (step, span)) in cycle.iter().enumerate() {
        let next = &cycle[(index + 1) % cycle.len()].0.name;
        problem = problem.label(*span, format!("`{}` waits for `{next}`", step.name));
    }
    checker.tell(problem);
}

/// Cycles that have no step in common, each of its steps with the place where it says that it waits for the next one.
fn cycles(graph: &StepGraph) -> Vec<Vec<(&Step, Span)>> {
    let mut cycles: Vec<Vec<(&Step, Span)>> = Vec::new();
    let index_of = |name: &str| graph.steps.iter().position(|step| step.name == name);
    // 0: not seen, 1: on the way, 2: done.
    let mut marks = vec![0_u8; graph.steps.len()];
    for start in 0..graph.steps.len() {
        let mut way: Vec<(usize, usize)> = Vec::new();
        if marks[start] == 0 {
            marks[start] = 1;
            way.push((start, 0));
        }
        while let Some((step, edge)) = way.last().copied() {
            let Some((name, _)) = graph.steps[step].after.get(edge) else {
                marks[step] = 2;
                way.pop();
                continue;
            };
            if let Some(last) = way.last_mut() {
                last.1 += 1;
            }
            match index_of(name) {
                Some(next) if marks[next] == 1 => {
                    let from = way.iter().position(|(on, _)| *on == next).unwrap_or(0);
                    let cycle: Vec<(&Step, Span)> = way[from..]
                        .iter()
                        .map(|(on, edge)| {
                            let step = &graph.steps[*on];
                            (step, step.after[edge - 1].1)
                        })
                        .collect();
                    let is_new = |told: &Vec<(&Step, Span)>| {
                        told.iter()
                            .all(|(step, _)| cycle.iter().all(|(own, _)| own.span != step.span))
                    };
                    if cycles.iter().all(is_new) {
                        cycles.push(cycle);
                    }
                }
                Some(next) if marks[next] == 0 => {
                    marks[next] = 1;
                    way.push((next, 0));
                }
                _ => {}
            }
        }
    }
    cycles
}

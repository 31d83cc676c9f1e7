//! A preview as a person reads it: a tree of branches and effects, and what could not be known.

use std::{collections::HashMap, fmt::Write as _};

use super::plan_preview::{Chosen, Preview, Way};
use crate::{
    model::{BranchPath, Map, Value, a_few},
    plan::PlanEnd,
    run::{Answer, Decision, Difference, PREVIEWED_MAX, Previewed},
};

/// More names than this are counted: a line has to stay one that can be read.
const NAMES_MAX: usize = 5;
/// More characters of a parameter than this are cut.
const VALUE_MAX: usize = 60;

/// The whole report.
pub(super) fn tree(preview: &Preview) -> String {
    let mut text = String::new();
    let touched = if preview.noop {
        "tasks that support it were run in noop mode"
    } else {
        "nothing was touched"
    };
    let _ = writeln!(
        text,
        "Preview of plan `{}`: {touched}.\n\nIf everything succeeds:",
        preview.plan
    );
    let effects: Vec<&Previewed> = preview.usual.record.effects.iter().collect();
    draw(&mut text, &effects);
    let _ = writeln!(text, "{}", ending(&preview.usual.end));
    choices(&mut text, preview);
    failures(&mut text, preview);
    unknown(&mut text, preview);
    text
}

/// The other ways of decisions on what nobody knows.
fn choices(text: &mut String, preview: &Preview) {
    for chosen in &preview.chosen {
        choice(text, preview, chosen);
    }
    if preview.not_chosen > 0 {
        let _ = writeln!(
            text,
            "\n{} more ways of decisions like these were not followed.",
            preview.not_chosen
        );
    }
}

fn choice(text: &mut String, preview: &Preview, chosen: &Chosen) {
    let Some((new, before)) = chosen.decisions.split_last() else {
        return;
    };
    let after: Vec<String> = before.iter().map(told_as).collect();
    let after = match after.len() {
        0 => String::new(),
        _ => format!(" (and {})", after.join(", and ")),
    };
    let _ = writeln!(
        text,
        "\nIf {}{after}:  {}:{}",
        told_as(new),
        new.place.file,
        new.place.line
    );
    let difference = Difference::new(preview.base(chosen), &chosen.way.record);
    if difference.follows.is_empty() && difference.left_out.is_empty() {
        text.push_str("  the same is done\n");
    }
    draw(text, &difference.follows);
    if !difference.left_out.is_empty() {
        let left_out = difference.left_out.iter().map(|effect| what(effect));
        let _ = writeln!(text, "  left out: {}", a_few(left_out, NAMES_MAX));
    }
    let _ = writeln!(text, "{}", ending(&chosen.way.end));
}

/// ``  `v == "2"` is true ``.
fn told_as(decision: &Decision) -> String {
    let way = decision.ways.get(decision.taken);
    let way = way.map_or("", String::as_str);
    format!("`{}` {way}", cut(&decision.text))
}

/// What happens when one action fails.
fn failures(text: &mut String, preview: &Preview) {
    let usual = &preview.usual.record;
    let mut ending_there = Vec::new();
    for (id, way) in &preview.failing {
        let Some(failing) = way.record.effects.iter().find(|effect| effect.id == *id) else {
            continue;
        };
        let difference = Difference::new(usual, &way.record);
        let is_end = matches!(way.end, PlanEnd::Failed(_));
        if is_end && !difference.is_handled() {
            ending_there.push(failing);
            continue;
        }
        told(text, failing, &difference, way);
    }
    if !ending_there.is_empty() {
        text.push_str("\nThe plan ends there if one of these fails:\n");
        for failing in ending_there {
            let _ = writeln!(text, "  {}{}", what(failing), place(failing));
        }
    }
    if preview.not_followed > 0 {
        let _ = writeln!(
            text,
            "\nThe failures of {} more calls were not followed.",
            preview.not_followed
        );
    }
}

fn told(text: &mut String, failing: &Previewed, difference: &Difference<'_>, way: &Way) {
    let on = match &failing.answer {
        Answer::Failing { target } => format!(" on {target}"),
        _ => String::new(),
    };
    let _ = writeln!(text, "\nIf {} fails{on}:{}", what(failing), place(failing));
    if difference.follows.is_empty() {
        text.push_str("  the plan goes on as above\n");
    }
    draw(text, &difference.follows);
    if !difference.left_out.is_empty() {
        let _ = writeln!(
            text,
            "  left out: {}",
            a_few(
                difference.left_out.iter().map(|effect| what(effect)),
                NAMES_MAX
            )
        );
    }
    let _ = writeln!(text, "{}", ending(&way.end));
}

fn unknown(text: &mut String, preview: &Preview) {
    let unknown = &preview.usual.record.unknown;
    let decisions = &preview.usual.record.decisions;
    if !unknown.is_empty() || !decisions.is_empty() {
        text.push_str("\nWhat can't be known before it runs:\n");
    }
    for decision in decisions {
        let more = if decision.is_loop { ", once" } else { "" };
        let _ = writeln!(
            text,
            "  whether {}: it is taken so above{more}  {}:{}",
            told_as(decision),
            decision.place.file,
            decision.place.line
        );
    }
    for looked in unknown {
        let more = match looked.targets {
            0 | 1 => String::new(),
            count => format!(" and {} more targets", count - 1),
        };
        let place = looked.place.as_ref().map_or_else(String::new, |place| {
            format!("  {}:{}", place.file, place.line)
        });
        let _ = writeln!(
            text,
            "  the plan looks at `{}` of {} on {}{more}{place}",
            looked.entry, looked.of, looked.target
        );
    }
    for effect in &preview.usual.record.effects {
        if let Answer::Supposed { value } = &effect.answer {
            let _ = writeln!(
                text,
                "  {} is taken to give {}{}",
                what(effect),
                shown(value),
                place(effect)
            );
        }
    }
    if !unknown.is_empty() {
        text.push_str(
            "  (a call can say what to take: `#{ preview: #{ ... } }` among its options, or `\"preview\": { ... }` in the task's metadata)\n",
        );
    }
}

/// One element of the tree: an effect, or a branch with elements of its own.
enum Node<'a> {
    Effect(&'a Previewed),
    Branch(String, Vec<usize>),
}

/// Draws effects below the branches that ask for them, each branch where it was first heard of.
fn draw(text: &mut String, effects: &[&Previewed]) {
    let mut nodes = vec![Node::Branch(String::new(), Vec::new())];
    let mut branches: HashMap<String, usize> = HashMap::from([(String::new(), 0)]);
    for effect in effects.iter().filter(|effect| !is_bookkeeping(effect)) {
        let parent = branch(&mut nodes, &mut branches, effect.branch());
        nodes.push(Node::Effect(effect));
        let number = nodes.len() - 1;
        if let Node::Branch(_, children) = &mut nodes[parent] {
            children.push(number);
        }
    }
    if let Node::Branch(_, children) = &nodes[0] {
        if children.is_empty() && !effects.is_empty() {
            return;
        }
        elements(text, &nodes, children, "  ");
    }
}

/// The node of a branch, made with those that it is in if there is none.
fn branch(
    nodes: &mut Vec<Node<'_>>,
    branches: &mut HashMap<String, usize>,
    path: &BranchPath,
) -> usize {
    let mut parent = 0;
    let mut way = String::new();
    for name in path.as_str().split('/').filter(|name| !name.is_empty()) {
        way.push('/');
        way.push_str(name);
        parent = if let Some(known) = branches.get(&way) {
            *known
        } else {
            let name = name.replace("%2F", "/").replace("%25", "%");
            nodes.push(Node::Branch(name, Vec::new()));
            let number = nodes.len() - 1;
            if let Node::Branch(_, children) = &mut nodes[parent] {
                children.push(number);
            }
            branches.insert(way.clone(), number);
            number
        };
    }
    parent
}

/// What is in a branch. The same effect several times in a row is one line.
fn elements(text: &mut String, nodes: &[Node<'_>], children: &[usize], indent: &str) {
    let lines: Vec<(&Node<'_>, String)> = children
        .iter()
        .map(|child| match &nodes[*child] {
            node @ Node::Effect(effect) => (node, format!("{}{}", line_of(effect), place(effect))),
            node @ Node::Branch(name, _) => (node, format!("{name}:")),
        })
        .collect();
    let same = |one: &(&Node<'_>, String), other: &(&Node<'_>, String)| {
        matches!((one.0, other.0), (Node::Effect(_), Node::Effect(_))) && one.1 == other.1
    };
    let mut rows = lines.chunk_by(same).peekable();
    while let Some(row) = rows.next() {
        let (node, line) = &row[0];
        let times = match row.len() {
            1 => String::new(),
            times => format!("  ({times} times)"),
        };
        let (corner, bar) = if rows.peek().is_none() {
            ("└─", "   ")
        } else {
            ("├─", "│  ")
        };
        let _ = writeln!(text, "{indent}{corner} {line}{times}");
        if let Node::Branch(_, children) = node {
            elements(text, nodes, children, &format!("{indent}{bar}"));
        }
    }
}

/// The beginning and the end of a step show in the tree itself.
fn is_bookkeeping(effect: &Previewed) -> bool {
    effect.asked.function == "step"
}

fn line_of(effect: &Previewed) -> String {
    let asked = &effect.asked;
    let mut line = what(effect);
    if !asked.targets.is_empty() {
        let _ = write!(line, " on {}", a_few(&asked.targets, NAMES_MAX));
    }
    line.push_str(&params(&asked.params));
    match &effect.answer {
        Answer::Noop { failed: 0 } => line.push_str("  (noop: well)"),
        Answer::Noop { failed } => {
            let _ = write!(line, "  (noop: {failed} failed)");
        }
        Answer::Failing { target } => {
            let _ = write!(line, "  (fails on {target})");
        }
        Answer::Declared => line.push_str("  (answer declared)"),
        Answer::Assumed | Answer::Supposed { .. } | Answer::Known | Answer::Nothing => {}
    }
    line
}

/// ``task `service` ``, ``sleep 3s``.
fn what(effect: &Previewed) -> String {
    let asked = &effect.asked;
    let object = cut(asked.object.lines().next().unwrap_or_default());
    match asked.action {
        Some(action) => {
            let action = action.as_str().replace('_', " ");
            if object.is_empty() {
                action
            } else {
                format!("{action} `{object}`")
            }
        }
        None if object.is_empty() => asked.function.clone(),
        None if asked.function == "print" => format!("print \"{object}\""),
        None if asked.function == "sleep" => format!("sleep {object}"),
        None => format!("{} `{object}`", asked.function),
    }
}

fn place(effect: &Previewed) -> String {
    let place = effect.asked.place.as_ref();
    place.map_or_else(String::new, |place| {
        format!("  {}:{}", place.file, place.line)
    })
}

fn params(params: &Map) -> String {
    if params.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = params
        .iter()
        .map(|(name, value)| format!("{name}={}", shown(value)))
        .collect();
    format!(": {}", shown.join(" "))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Map(map) if map.get("approved") == Some(&Value::Bool(true)) => "a yes".to_owned(),
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= VALUE_MAX {
        return text.to_owned();
    }
    let shown: String = text.chars().take(VALUE_MAX).collect();
    format!("{shown}…")
}

fn ending(end: &PlanEnd) -> String {
    match end {
        PlanEnd::Finished(Value::Null) => "  the plan ends well".to_owned(),
        PlanEnd::Finished(value) => format!("  the plan ends well and gives {}", shown(value)),
        PlanEnd::Failed(error) => format!("  the plan fails: {}", error.failure.message),
        PlanEnd::Stopped => format!(
            "  the preview ends here: the plan asks for more than {PREVIEWED_MAX} things, and may have no end"
        ),
        PlanEnd::Suspended => "  the plan waits".to_owned(),
    }
}

//! A drawing as a tree for the terminal.

use std::fmt;

use super::{Drawing, drawing::columns, look};
use crate::model::a_few;

/// The widest that names are padded to, so that what is said of them stands in a column. Longer names push it away.
const NAME_COLUMNS_MAX: usize = 60;

/// How many steps are named beside one that comes after many: more than these are no longer looked up one by one.
const OTHERS_MAX: usize = 5;

/// The drawing as a tree: each step stands once, below the last of those that it comes after. The only one that comes
/// after a step stands right below it; several are branches. What else a step comes after is told beside it, unless
/// that follows from the rest.
///
/// ```text
/// release 2.4.1: 4 steps
/// • fetch
/// ├─ • migrate
/// │  • app     also after `assets`
/// └─ • assets
/// ```
pub fn text(drawing: &Drawing<'_>) -> impl fmt::Display {
    fmt::from_fn(|f| {
        writeln!(f, "{}", drawing.heading())?;
        let tree = Tree::of(drawing);
        let lines = tree.lines(drawing);
        let width = |line: &Line| columns(&line.prefix) + columns(&drawing.nodes[line.node].name);
        let widths = lines.iter().map(width);
        let name_columns = widths.max().unwrap_or(0).min(NAME_COLUMNS_MAX);
        for line in &lines {
            let node = &drawing.nodes[line.node];
            let symbol = node.state.map_or('•', look::symbol);
            write!(f, "{}{symbol} {}", line.prefix, node.name)?;
            let mut details = node.details.clone();
            details.extend(tree.also_after(line.node, drawing));
            if !details.is_empty() {
                let padding = name_columns.saturating_sub(width(line));
                write!(f, "{:padding$}  {}", "", details.join(" · "))?;
            }
            f.write_str("\n")?;
        }
        let counts = drawing.counts();
        if !counts.is_empty() {
            let in_words = counts
                .iter()
                .map(|(state, count)| format!("{count} {state}"));
            writeln!(f, "{}", in_words.collect::<Vec<_>>().join(" · "))?;
        }
        Ok(())
    })
}

/// Every node below one of those that it comes after.
struct Tree {
    /// As written. The last list is of the nodes that come after nothing.
    children: Vec<Vec<usize>>,
    /// What else each node comes after.
    others: Vec<Vec<usize>>,
}

struct Line {
    prefix: String,
    node: usize,
}

impl Tree {
    fn of(drawing: &Drawing<'_>) -> Self {
        let count = drawing.nodes.len();
        let mut depth = vec![0_usize; count];
        let mut children = vec![Vec::new(); count + 1];
        let mut others = drawing.dependencies.reduced();
        for node in drawing.dependencies.order() {
            let before = others[node].iter().copied();
            // The deepest, for the others may then stand above it too; of equals the last as written.
            let parent = before.max_by_key(|&before| (depth[before], before));
            depth[node] = parent.map_or(0, |parent| depth[parent] + 1);
            children[parent.unwrap_or(count)].push(node);
            others[node].retain(|&other| Some(other) != parent);
        }
        for list in &mut children {
            list.sort_unstable();
        }
        Self { children, others }
    }

    fn also_after(&self, node: usize, drawing: &Drawing<'_>) -> Option<String> {
        let others = &self.others[node];
        let name = |&other: &usize| format!("`{}`", drawing.nodes[other].name);
        let names = a_few(others.iter().map(name), OTHERS_MAX);
        (!names.is_empty()).then(|| format!("also after {names}"))
    }

    /// Without recursion: a chain of 10,000 steps is no deeper than a loop.
    fn lines(&self, drawing: &Drawing<'_>) -> Vec<Line> {
        let mut lines = Vec::with_capacity(drawing.nodes.len());
        // What is still to be drawn, the next last: the prefix of its own line and that of what is below it.
        let mut open: Vec<(usize, String, String)> = Vec::new();
        let roots = self.children.last().map_or(&[][..], Vec::as_slice);
        push_children(&mut open, roots, "");
        while let Some((node, prefix, below)) = open.pop() {
            lines.push(Line { prefix, node });
            push_children(&mut open, &self.children[node], &below);
        }
        lines
    }
}

fn push_children(open: &mut Vec<(usize, String, String)>, children: &[usize], prefix: &str) {
    match children {
        [] => {}
        [only] => open.push((*only, prefix.to_owned(), prefix.to_owned())),
        [branches @ .., last] => {
            open.push((*last, format!("{prefix}└─ "), format!("{prefix}   ")));
            for branch in branches.iter().rev() {
                open.push((*branch, format!("{prefix}├─ "), format!("{prefix}│  ")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::drawing::tests::{after_a_run, hostile, release},
        *,
    };
    use crate::schedule::{StepGraph, StepSpec, TierSpec, Tiers};

    #[test]
    fn a_plain_graph() {
        let graph = release();
        insta::assert_snapshot!(text(&Drawing::of_graph("release", &graph)));
    }

    #[test]
    fn a_graph_after_a_run() {
        let graph = release();
        insta::assert_snapshot!(text(&after_a_run(&graph)));
    }

    #[test]
    fn hostile_names_keep_to_their_line() {
        let graph = hostile();
        insta::assert_snapshot!(text(&Drawing::of_graph("hostile", &graph)));
    }

    #[test]
    fn tiers_are_drawn_too() {
        let tier = |name: &str, targets: &[&str], depends_on: &[&str]| TierSpec {
            name: name.into(),
            targets: targets.iter().map(|&name| name.into()).collect(),
            depends_on: depends_on.iter().map(|&name| name.into()).collect(),
        };
        let tiers = Tiers::new(vec![
            tier("web", &["web1", "web2"], &["app"]),
            tier("app", &["app1"], &["db", "cache"]),
            tier("cache", &[], &[]),
            tier("db", &["db1"], &[]),
        ]);
        insta::assert_snapshot!(text(&Drawing::of_tiers("tiers", &tiers.unwrap())));
    }

    #[test]
    fn every_step_of_a_large_graph_stands_on_one_line() {
        // Twenty chains of ten between a first and a last step.
        let mut specs = vec![StepSpec::new("begin")];
        for chain in 0..20 {
            for link in 0..10 {
                let before = match link {
                    0 => "begin".to_owned(),
                    _ => format!("c{chain}-{}", link - 1),
                };
                specs.push(StepSpec::new(format!("c{chain}-{link}")).after([before]));
            }
        }
        specs.push(StepSpec::new("end").after((0..20).map(|chain| format!("c{chain}-9"))));
        let graph = StepGraph::new(specs).unwrap();
        let drawing = text(&Drawing::of_graph("large", &graph)).to_string();
        assert_eq!(drawing.lines().count(), 1 + 202);
        let deepest = drawing.lines().map(|line| line.find('•').unwrap_or(0));
        assert!(deepest.max() <= Some(8), "chains don't indent");
    }

    #[test]
    fn a_long_chain_does_not_recurse() {
        let specs = (0..20_000_u32).map(|at| {
            StepSpec::new(at.to_string()).after(at.checked_sub(1).map(|at| at.to_string()))
        });
        let graph = StepGraph::new(specs.collect()).unwrap();
        let small_stack = std::thread::Builder::new().stack_size(128 * 1024);
        let drawn =
            small_stack.spawn(move || text(&Drawing::of_graph("chain", &graph)).to_string().len());
        assert!(drawn.unwrap().join().unwrap() > 20_000);
    }
}

//! What is drawn: named things in their order, each perhaps with a mark.

use std::time::Duration;

use super::look;
use crate::{
    model::format_duration,
    schedule::{State, StepGraph, StepIndex, Tiers, dependencies::Dependencies},
};

/// A graph that is to be drawn. Names are made harmless: no control character or change of direction
/// reaches a terminal or a page.
#[derive(Clone, Debug)]
pub struct Drawing<'a> {
    pub(super) title: String,
    /// What one of the nodes is called.
    pub(super) noun: &'static str,
    pub(super) nodes: Vec<Node>,
    pub(super) dependencies: &'a Dependencies,
}

/// One box of a drawing.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    /// What is said of it, in the order in which it is told: what it is for, or its state, time and reason.
    pub(super) details: Vec<String>,
    pub(super) state: Option<State>,
}

/// What is told of a step beside its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepMark {
    pub state: State,
    /// From its start to its end, or until now.
    pub took: Option<Duration>,
    /// Why it is in that state, such as "`migrate` failed".
    pub because: Option<String>,
}

impl<'a> Drawing<'a> {
    /// The steps of a graph.
    #[must_use]
    pub fn of_graph(title: &str, graph: &'a StepGraph) -> Self {
        let node = |step: StepIndex| Node {
            name: harmless(graph.name(step)),
            details: graph.description(step).map(harmless).into_iter().collect(),
            state: None,
        };
        Self {
            title: harmless(title),
            noun: "step",
            nodes: graph.steps().map(node).collect(),
            dependencies: graph.dependencies(),
        }
    }

    /// The tiers of an inventory, each with the number of its targets.
    #[must_use]
    pub fn of_tiers(title: &str, tiers: &'a Tiers) -> Self {
        let targets = tiers.target_counts();
        let node = |(name, count): (&String, usize)| Node {
            name: harmless(name),
            details: vec![match count {
                1 => "1 target".to_owned(),
                many => format!("{many} targets"),
            }],
            state: None,
        };
        Self {
            title: harmless(title),
            noun: "tier",
            nodes: tiers.names().iter().zip(targets).map(node).collect(),
            dependencies: tiers.dependencies(),
        }
    }

    /// The same with a step of the graph marked.
    #[must_use]
    pub fn marked(mut self, step: StepIndex, mark: &StepMark) -> Self {
        self.mark(step, mark);
        self
    }

    /// Marks a step of the graph; a mark that it had before is gone.
    pub fn mark(&mut self, step: StepIndex, mark: &StepMark) {
        let node = &mut self.nodes[step.position()];
        // What it is for says less than what became of it, and boxes are small.
        node.state = Some(mark.state);
        node.details = vec![mark.state.to_string()];
        node.details.extend(mark.took.map(format_duration));
        node.details.extend(mark.because.as_deref().map(harmless));
    }

    /// The title, and how many there are.
    pub(super) fn heading(&self) -> String {
        let plural = if self.nodes.len() == 1 { "" } else { "s" };
        format!("{}: {} {}{plural}", self.title, self.nodes.len(), self.noun)
    }

    /// How many are in each state that occurs, in the order of the states.
    pub(super) fn counts(&self) -> Vec<(State, usize)> {
        let count = |state: State| {
            let in_state = self.nodes.iter().filter(|node| node.state == Some(state));
            (state, in_state.count())
        };
        let all = State::ALL.into_iter().map(count);
        all.filter(|(_, count)| *count > 0).collect()
    }
}

impl Node {
    /// The symbol and the name.
    pub(super) fn label(&self) -> String {
        match self.state {
            Some(state) => format!("{} {}", look::symbol(state), self.name),
            None => self.name.clone(),
        }
    }
}

/// How many columns a text takes in a terminal or in a font of fixed width: letters of East Asia take two.
pub(super) fn columns(text: &str) -> usize {
    let is_wide = |letter: char| {
        matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
            | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
    };
    text.chars()
        .map(|letter| 1 + usize::from(is_wide(letter)))
        .sum()
}

/// The text on one line, with everything that could change what stands around it replaced.
fn harmless(text: &str) -> String {
    let replace = |character: char| match character {
        '\n' | '\t' => ' ',
        // Changes of the direction of writing, and what XML does not allow.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    };
    text.chars().map(replace).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::schedule::StepSpec;

    /// fetch, then migrate and assets, then app (after both) and docs; web after app and migrate; lint alone.
    pub(in crate::schedule::draw) fn release() -> StepGraph {
        let step = |name: &str, after: &[&str]| StepSpec::new(name).after(after.iter().copied());
        StepGraph::new(vec![
            step("fetch", &[]),
            step("migrate", &["fetch"]),
            step("assets", &["fetch"]),
            step("app", &["migrate", "assets"]),
            step("docs", &["fetch"]),
            step("web", &["app", "migrate"]),
            step("lint", &[]),
        ])
        .unwrap()
    }

    /// The same after a run in which `app` failed.
    pub(in crate::schedule::draw) fn after_a_run(graph: &StepGraph) -> Drawing<'_> {
        let mut drawing = Drawing::of_graph("release 2.4.1", graph);
        let marks = [
            ("fetch", State::Done, Some(3_200), None),
            ("migrate", State::Undone, Some(64_000), None),
            ("assets", State::UndoFailed, Some(850), Some("exit code 2")),
            ("app", State::Failed, Some(12_000), Some("1 of 3 targets")),
            ("docs", State::Running, Some(500), None),
            ("web", State::Skipped, None, Some("`app` failed")),
            ("lint", State::Unreached, None, None),
        ];
        for (name, state, took_ms, because) in marks {
            let mark = StepMark {
                state,
                took: took_ms.map(Duration::from_millis),
                because: because.map(str::to_owned),
            };
            drawing.mark(graph.index_of(name).unwrap(), &mark);
        }
        drawing
    }

    /// Names that try to get out of wherever they are put.
    pub(in crate::schedule::draw) fn hostile() -> StepGraph {
        let names = [
            "say \"hi\" & <b>go</b>",
            "a\\N b\\",
            "`tick` #35; %%{init}%%",
            "line\nbreak\u{1b}[31m\u{202e}",
            "[x](y) -->|z| {w}; end",
            "]]>&amp;'",
        ];
        let mut before: Option<&str> = None;
        let steps = names.map(|name| StepSpec::new(name).after(before.replace(name)));
        StepGraph::new(steps.to_vec()).unwrap()
    }

    #[test]
    fn names_are_made_harmless() {
        assert_eq!(
            harmless("a\u{1b}[31m\nb\u{202e}"),
            "a\u{fffd}[31m b\u{fffd}"
        );
        assert_eq!(harmless("Größe 東京 ✔"), "Größe 東京 ✔");
    }

    #[test]
    fn a_new_mark_takes_the_place_of_the_old_one() {
        let graph = release();
        let mark = StepMark {
            state: State::Running,
            took: None,
            because: None,
        };
        let step = graph.index_of("app").unwrap();
        let drawing = after_a_run(&graph).marked(step, &mark);
        assert_eq!(drawing.nodes[step.position()].details, ["running"]);
        assert_eq!(drawing.nodes[step.position()].label(), "▶ app");
    }
}

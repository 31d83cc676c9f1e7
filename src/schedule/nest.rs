//! Graphs inside of graphs: the steps of the inner one are a group, named by what stands before the `/` in their names.

use std::collections::{HashMap, HashSet};

use super::{StepIndex, StepSpec};

/// The steps of a graph as a group of another one: `app` becomes `group/app`, and the steps that waited for nothing
/// come after `after`. In an outer step `after: "group"` then means all of it. No steps make no group.
#[must_use]
pub fn nest(group: &str, after: &[String], specs: Vec<StepSpec>) -> Vec<StepSpec> {
    let inner = |name: &str| format!("{group}/{name}");
    specs
        .into_iter()
        .map(|spec| StepSpec {
            name: inner(&spec.name),
            after: if spec.after.is_empty() {
                after.to_vec()
            } else {
                spec.after.iter().map(|name| inner(name)).collect()
            },
            ..spec
        })
        .collect()
}

/// The groups of a list of steps, each with its last steps: those that no other step of the group comes after.
pub(super) struct Groups<'a> {
    last_steps: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Groups<'a> {
    pub(super) fn of(specs: &'a [StepSpec], by_name: &HashMap<String, StepIndex>) -> Self {
        // Every pair of a group and a step of it that another step of the group waits for.
        let mut waited_for: HashSet<(&str, usize)> = HashSet::new();
        for spec in specs {
            for before in spec.after.iter().filter_map(|name| by_name.get(name)) {
                let shared = groups_of(&spec.name)
                    .zip(groups_of(&specs[before.position()].name))
                    .take_while(|(one, other)| one == other);
                waited_for.extend(shared.map(|(group, _)| (group, before.position())));
            }
        }
        let mut last_steps: HashMap<&str, Vec<usize>> = HashMap::new();
        for (position, spec) in specs.iter().enumerate() {
            for group in groups_of(&spec.name) {
                let last = last_steps.entry(group).or_default();
                if !waited_for.contains(&(group, position)) {
                    last.push(position);
                }
            }
        }
        Self { last_steps }
    }

    /// `None` if there is no group of that name. A group that is one cycle has no last step.
    pub(super) fn last_steps_of(&self, group: &str) -> Option<&[usize]> {
        self.last_steps.get(group).map(Vec::as_slice)
    }
}

/// The groups that a step is in, the outermost first: `a` and `a/b` for `a/b/c`.
fn groups_of(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{GraphFault, StepGraph};

    fn inner() -> Vec<StepSpec> {
        vec![
            StepSpec::new("fetch"),
            StepSpec::new("app").after(["fetch"]),
            StepSpec::new("web").after(["fetch"]),
        ]
    }

    #[test]
    fn an_inner_graph_stands_between_what_it_is_after_and_what_is_after_it() {
        let mut specs = vec![StepSpec::new("drain")];
        specs.extend(nest("deploy", &["drain".to_owned()], inner()));
        specs.push(StepSpec::new("enable").after(["deploy"]));
        let graph = StepGraph::new(specs).unwrap();
        let after = |name: &str| {
            let step = graph.index_of(name).unwrap();
            let names = graph.after(step).map(|before| graph.name(before));
            names.collect::<Vec<_>>()
        };
        assert_eq!(after("deploy/fetch"), ["drain"]);
        assert_eq!(after("deploy/web"), ["deploy/fetch"]);
        assert_eq!(after("enable"), ["deploy/app", "deploy/web"]);
    }

    #[test]
    fn groups_nest_and_the_outer_one_is_all_of_it() {
        let deploy = nest("deploy", &[], inner());
        let mut specs = nest("release", &[], deploy);
        specs.push(StepSpec::new("tell").after(["release"]));
        let graph = StepGraph::new(specs).unwrap();
        let tell = graph.index_of("tell").unwrap();
        let names: Vec<_> = graph.after(tell).map(|step| graph.name(step)).collect();
        assert_eq!(names, ["release/deploy/app", "release/deploy/web"]);
    }

    #[test]
    fn a_step_after_its_own_group_waits_for_itself() {
        let error = StepGraph::new(vec![
            StepSpec::new("deploy/app").after(["deploy"]),
            StepSpec::new("deploy/web").after(["deploy/app"]),
        ])
        .unwrap_err();
        assert!(matches!(error.faults[..], [GraphFault::Cycle { .. }]));
        let error = StepGraph::new(vec![StepSpec::new("a/b").after(["a"])]).unwrap_err();
        assert!(matches!(error.faults[..], [GraphFault::SelfLoop { .. }]));
    }
}

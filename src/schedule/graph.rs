//! A graph of named steps, checked: no cycle, no unknown or doubled name.

use std::collections::HashMap;

use super::{
    CycleEdge, GraphError, GraphFault, OnStepFailure, StepIndex, StepSpec,
    dependencies::Dependencies, nest::Groups,
};
use crate::model::nearest;

/// The most steps that a graph may have: ten times the size that the scheduler is measured at. A plan that
/// makes more of them has a loop that it did not mean.
pub const STEPS_MAX: usize = 100_000;

/// The most dependencies: ten for each step of the largest graph. Many steps after a group of many can pass it.
pub const EDGES_MAX: usize = 10 * STEPS_MAX;

/// How many unknown names get a suggestion. Each is compared with all names, and nobody reads more.
const SUGGESTIONS_MAX: usize = 20;

/// Steps and their order. Immutable; a run of it is a [`super::Schedule`].
#[derive(Clone, Debug)]
pub struct StepGraph {
    steps: Vec<Step>,
    /// The names of the resources, in the order of their first use.
    resources: Vec<String>,
    by_name: HashMap<String, StepIndex>,
    dependencies: Dependencies,
}

#[derive(Clone, Debug)]
struct Step {
    name: String,
    description: Option<String>,
    /// Positions in `resources`, ascending.
    uses: Box<[u32]>,
    has_undo: bool,
    on_failure: Option<OnStepFailure>,
}

impl StepGraph {
    /// The graph of these steps. A step's index is its position here. No steps make an empty graph, which is valid.
    ///
    /// An `after` names a step or, if there is none of that name, a group: see [`super::nest`].
    ///
    /// # Errors
    /// All that is wrong, at once. Of two steps with one name the first is the one that `after` means.
    pub fn new(specs: Vec<StepSpec>) -> Result<Self, GraphError> {
        if specs.len() > STEPS_MAX {
            let fault = GraphFault::TooMany {
                count: specs.len(),
                max: STEPS_MAX,
            };
            return Err(GraphError {
                faults: vec![fault],
            });
        }
        let mut faults = Vec::new();
        let by_name = index_names(&specs, &mut faults);
        let lists = resolve_after(&specs, &by_name, &mut faults);
        let positions = |list: &Vec<After>| list.iter().map(|after| after.step).collect();
        let dependencies = Dependencies::new(&lists.iter().map(positions).collect::<Vec<_>>());
        if dependencies.order().len() < specs.len() {
            let cycles = dependencies.cycles();
            faults.extend(
                cycles
                    .iter()
                    .map(|cycle| cycle_fault(cycle, &specs, &lists)),
            );
        }
        if !faults.is_empty() {
            // The order of the first step that each is about; the sort is stable.
            faults.sort_by_key(|fault| fault.steps().first().copied());
            return Err(GraphError { faults });
        }
        let (steps, resources) = intern_resources(specs);
        Ok(Self {
            steps,
            resources,
            by_name,
            dependencies,
        })
    }

    /// The number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The number of dependencies, each counted once.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.dependencies.edge_count()
    }

    /// All steps as written.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = StepIndex> + use<> {
        (0..self.len()).map(StepIndex::at)
    }

    /// The step of that name.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<StepIndex> {
        self.by_name.get(name).copied()
    }

    /// The name of a step of this graph.
    #[must_use]
    pub fn name(&self, step: StepIndex) -> &str {
        &self.steps[step.position()].name
    }

    /// The words that the plan gives a step for whoever looks at it.
    #[must_use]
    pub fn description(&self, step: StepIndex) -> Option<&str> {
        self.steps[step.position()].description.as_deref()
    }

    /// What a step comes after, as written, each once.
    pub fn after(&self, step: StepIndex) -> impl Iterator<Item = StepIndex> {
        self.dependencies.before(step.position()).map(StepIndex::at)
    }

    /// What comes directly after a step, as written.
    pub fn dependents(&self, step: StepIndex) -> impl Iterator<Item = StepIndex> {
        self.dependencies.after(step.position()).map(StepIndex::at)
    }

    #[must_use]
    pub fn has_undo(&self, step: StepIndex) -> bool {
        self.steps[step.position()].has_undo
    }

    /// The step's own rule for its failure.
    #[must_use]
    pub fn on_failure(&self, step: StepIndex) -> Option<OnStepFailure> {
        self.steps[step.position()].on_failure
    }

    /// The names of all resources, in the order of their first use.
    #[must_use]
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// The names of the resources that a step uses.
    pub fn uses(&self, step: StepIndex) -> impl Iterator<Item = &str> {
        self.resource_positions(step)
            .iter()
            .map(|&position| self.resources[position as usize].as_str())
    }

    /// Every step after all that it comes after; among equals, as written.
    #[must_use]
    pub fn order(&self) -> Vec<StepIndex> {
        let order = self.dependencies.order();
        order.into_iter().map(StepIndex::at).collect()
    }

    pub(super) fn resource_positions(&self, step: StepIndex) -> &[u32] {
        &self.steps[step.position()].uses
    }

    pub(super) const fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }
}

fn index_names(specs: &[StepSpec], faults: &mut Vec<GraphFault>) -> HashMap<String, StepIndex> {
    let mut by_name = HashMap::with_capacity(specs.len());
    for (position, spec) in specs.iter().enumerate() {
        let second = StepIndex::at(position);
        let first = *by_name.entry(spec.name.clone()).or_insert(second);
        if first != second {
            faults.push(GraphFault::Duplicate {
                name: spec.name.clone(),
                first,
                second,
            });
        }
    }
    by_name
}

/// A step that another comes after.
struct After {
    step: usize,
    /// Where the other says so: the position in its `after`.
    position: usize,
}

/// What each step waits for. What is not known or the step itself is a fault and left out.
fn resolve_after(
    specs: &[StepSpec],
    by_name: &HashMap<String, StepIndex>,
    faults: &mut Vec<GraphFault>,
) -> Vec<Vec<After>> {
    let groups = Groups::of(specs, by_name);
    let mut suggestions = 0;
    let mut edges = 0;
    let mut lists = Vec::with_capacity(specs.len());
    for (at, spec) in specs.iter().enumerate() {
        let step = StepIndex::at(at);
        let mut list = Vec::with_capacity(spec.after.len());
        for (position, after) in spec.after.iter().enumerate() {
            let name = spec.name.clone();
            let known = by_name.get(after).map(|step| vec![step.position()]);
            let meant = known.or_else(|| groups.last_steps_of(after).map(<[usize]>::to_vec));
            if let Some(meant) = meant {
                if *after == name || meant.contains(&at) {
                    faults.push(GraphFault::SelfLoop { step, name });
                } else {
                    edges += meant.len();
                    list.extend(meant.into_iter().map(|step| After { step, position }));
                }
            } else {
                suggestions += 1;
                let worth_it = suggestions <= SUGGESTIONS_MAX;
                let names = specs.iter().map(|other| other.name.as_str());
                let others = names.filter(|other| worth_it && *other != spec.name);
                faults.push(GraphFault::UnknownAfter {
                    step,
                    name,
                    after: after.clone(),
                    position,
                    nearest: nearest(after, others).map(str::to_owned),
                });
            }
            if edges > EDGES_MAX {
                faults.push(GraphFault::TooManyEdges { max: EDGES_MAX });
                lists.resize_with(specs.len(), Vec::new);
                return lists;
            }
        }
        lists.push(list);
    }
    lists
}

fn cycle_fault(cycle: &[usize], specs: &[StepSpec], lists: &[Vec<After>]) -> GraphFault {
    let following = cycle.iter().cycle().skip(1);
    let edges = cycle.iter().zip(following).map(|(&step, &after)| {
        let edge = lists[step].iter().find(|edge| edge.step == after);
        CycleEdge {
            step: StepIndex::at(step),
            after: StepIndex::at(after),
            position: edge
                .expect("a cycle is made of what the steps say")
                .position,
        }
    });
    GraphFault::Cycle {
        edges: edges.collect(),
        names: cycle.iter().map(|&at| specs[at].name.clone()).collect(),
    }
}

fn intern_resources(specs: Vec<StepSpec>) -> (Vec<Step>, Vec<String>) {
    let mut positions: HashMap<String, u32> = HashMap::new();
    let mut resources = Vec::new();
    let mut intern = |name: String| {
        *positions.entry(name.clone()).or_insert_with(|| {
            resources.push(name);
            u32::try_from(resources.len() - 1).expect("fewer resources than a plan has characters")
        })
    };
    let steps = specs
        .into_iter()
        .map(|spec| {
            let mut uses: Vec<u32> = spec.uses.into_iter().map(&mut intern).collect();
            uses.sort_unstable();
            uses.dedup();
            Step {
                name: spec.name,
                description: spec.description,
                uses: uses.into_boxed_slice(),
                has_undo: spec.has_undo,
                on_failure: spec.on_failure,
            }
        })
        .collect();
    (steps, resources)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, after: &[&str]) -> StepSpec {
        StepSpec::new(name).after(after.iter().copied())
    }

    #[test]
    fn everything_wrong_is_told_in_one_go_in_the_order_of_the_steps() {
        let error = StepGraph::new(vec![
            step("fetch", &["web"]),
            step("migrate", &["fetch", "fecth"]),
            step("app", &["fetch", "migrate"]),
            step("web", &["app", "web"]),
            step("app", &["nowhere"]),
        ])
        .unwrap_err();
        let index = StepIndex::at;
        assert_eq!(
            error.faults,
            [
                GraphFault::Cycle {
                    names: vec!["fetch".into(), "web".into(), "app".into()],
                    edges: vec![
                        CycleEdge {
                            step: index(0),
                            after: index(3),
                            position: 0
                        },
                        CycleEdge {
                            step: index(3),
                            after: index(2),
                            position: 0
                        },
                        CycleEdge {
                            step: index(2),
                            after: index(0),
                            position: 0
                        },
                    ],
                },
                GraphFault::UnknownAfter {
                    step: index(1),
                    name: "migrate".into(),
                    after: "fecth".into(),
                    position: 1,
                    nearest: Some("fetch".into()),
                },
                GraphFault::Duplicate {
                    name: "app".into(),
                    first: index(2),
                    second: index(4),
                },
                GraphFault::SelfLoop {
                    step: index(3),
                    name: "web".into(),
                },
                GraphFault::UnknownAfter {
                    step: index(4),
                    name: "app".into(),
                    after: "nowhere".into(),
                    position: 0,
                    nearest: None,
                },
            ]
        );
        assert_eq!(
            error.faults[0].to_string(),
            "these steps wait for each other: `fetch` waits for `web` waits for `app` waits for `fetch`"
        );
        assert_eq!(error.faults[1].help(), "did you mean `fetch`?");
    }

    #[test]
    fn a_graph_knows_names_neighbours_and_resources() {
        let graph = StepGraph::new(vec![
            step("web", &["app", "fetch", "app"]),
            step("fetch", &[]),
            step("app", &["fetch"])
                .uses(["lock", "db", "db"])
                .with_undo(),
        ])
        .unwrap();
        let [web, fetch, app] = ["web", "fetch", "app"].map(|name| graph.index_of(name).unwrap());
        assert_eq!(graph.after(web).collect::<Vec<_>>(), [app, fetch]);
        assert_eq!(graph.dependents(fetch).collect::<Vec<_>>(), [web, app]);
        assert_eq!(graph.order(), [fetch, app, web]);
        assert_eq!(graph.uses(app).collect::<Vec<_>>(), ["lock", "db"]);
        assert_eq!(graph.edge_count(), 3);
        assert!(graph.has_undo(app) && !graph.has_undo(web));
        assert_eq!(graph.index_of("db"), None);
    }

    #[test]
    fn a_graph_of_nothing_is_valid() {
        assert!(StepGraph::new(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn a_step_after_itself_is_a_loop_even_if_it_is_the_second_of_its_name() {
        let error = StepGraph::new(vec![step("a", &[]), step("a", &["a"])]).unwrap_err();
        let codes: Vec<_> = error.faults.iter().map(GraphFault::code).collect();
        assert_eq!(
            codes,
            [
                "segue::schedule::duplicate_step",
                "segue::schedule::self_loop"
            ]
        );
    }

    #[test]
    fn too_many_dependencies_are_refused_before_they_are_stored() {
        let many = 2_000;
        let first = (0..many).map(|at| StepSpec::new(format!("first/{at}")));
        let then = (0..many).map(|at| StepSpec::new(format!("then/{at}")).after(["first"]));
        let error = StepGraph::new(first.chain(then).collect()).unwrap_err();
        assert_eq!(error.faults, [GraphFault::TooManyEdges { max: EDGES_MAX }]);
    }

    #[test]
    fn too_many_steps_are_refused_before_anything_else_is_done() {
        let specs = vec![StepSpec::new("same"); STEPS_MAX + 1];
        let error = StepGraph::new(specs).unwrap_err();
        assert_eq!(error.faults[0].code(), "segue::schedule::too_many_steps");
        assert_eq!(error.faults.len(), 1);
    }
}

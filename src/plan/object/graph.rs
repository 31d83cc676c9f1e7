//! `Graph`: steps and their order, as a plan builds them.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt,
    num::NonZeroUsize,
    rc::Rc,
    time::Duration,
};

use rhai::{Dynamic, Position};

use crate::{
    plan::{closure::Closure, effect::Retry},
    schedule::StepSpec,
};

/// A graph of named steps. What runs it takes its steps as they are then.
pub(crate) struct Graph {
    name: String,
    steps: RefCell<Vec<Rc<Step>>>,
    /// How deeply what its steps captured is nested.
    levels: Cell<usize>,
    /// Positions: a plan that adds 10,000 steps must not look through all of them each time.
    by_name: RefCell<HashMap<String, usize>>,
}

/// A step and what it does.
pub(crate) struct Step {
    pub(in crate::plan) spec: StepSpec,
    pub(in crate::plan) body: Closure,
    pub(in crate::plan) when: Option<Closure>,
    pub(in crate::plan) undo: Option<Closure>,
    pub(in crate::plan) retry: Option<Retry>,
    pub(in crate::plan) timeout: Option<Duration>,
    /// How many targets its actions work on at the same time.
    pub(in crate::plan) limit: Option<NonZeroUsize>,
    /// Where it was added.
    pub(in crate::plan) position: Position,
}

impl Step {
    /// What its closures captured.
    pub(in crate::plan) fn captured(&self) -> impl Iterator<Item = &Dynamic> {
        [Some(&self.body), self.when.as_ref(), self.undo.as_ref()]
            .into_iter()
            .flatten()
            .flat_map(Closure::captured)
    }
}

impl Graph {
    pub(in crate::plan) fn new(name: String) -> Self {
        Self {
            name,
            levels: Cell::new(0),
            steps: RefCell::default(),
            by_name: RefCell::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::plan) fn levels(&self) -> usize {
        self.levels.get()
    }

    pub(in crate::plan) fn steps(&self) -> Vec<Rc<Step>> {
        self.steps.borrow().clone()
    }

    /// Adds a step, with which it has so many levels.
    pub(in crate::plan) fn add(&self, step: Step, levels: usize) {
        self.levels.set(self.levels.get().max(levels));
        let mut steps = self.steps.borrow_mut();
        let mut by_name = self.by_name.borrow_mut();
        by_name.insert(step.spec.name.clone(), steps.len());
        steps.push(Rc::new(step));
    }

    /// The step of that name.
    pub(in crate::plan) fn step(&self, name: &str) -> Option<Rc<Step>> {
        let position = *self.by_name.borrow().get(name)?;
        self.steps.borrow().get(position).cloned()
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} steps)", self.name, self.steps.borrow().len())
    }
}

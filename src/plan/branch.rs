//! One branch of a running plan: its place among the others, its fiber, and what became of it.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};

use rhai::{Dynamic, EvalAltResult};

use super::{effect::StepLimit, ending::Ending, fiber::Fiber, scheduler::Flight};
use crate::model::BranchPath;

/// What a branch gives when it is over.
pub(super) type BranchResult = Result<Dynamic, Box<EvalAltResult>>;

/// Where branches write their numbers when they are over.
pub(super) type EndedList = Rc<RefCell<Vec<usize>>>;

/// What a branch does.
pub(super) type Body = Box<dyn FnOnce() -> BranchResult>;

/// One line of execution. Created by [`super::scheduler::Scheduler::spawn`].
pub(super) struct Branch {
    pub(super) path: BranchPath,
    /// How many branches it is in.
    pub(super) depth: usize,
    /// Part of an `undo` or a clean-up: it runs although the job is stopping.
    pub(super) cleanup: bool,
    /// The limits of the steps that it is part of.
    pub(super) step_limits: RefCell<Vec<StepLimit>>,
    pub(super) stage: RefCell<Stage>,
    /// It stands in the run queue.
    pub(super) queued: Cell<bool>,
    /// It has to end, for this reason, as soon as it asks for an effect or looks at the clock of operations.
    pub(super) ending: Cell<Option<Ending>>,
    /// How long it may still sleep in a preview, where nothing else takes time; none if it has no limit.
    pub(super) sleep_left: Cell<Option<Duration>>,
    pub(super) result: RefCell<Option<BranchResult>>,
    pub(super) waiters: RefCell<Vec<Rc<Branch>>>,
    /// Where it writes its number at its end, so that whoever started thousands need not look at each.
    pub(super) report: RefCell<Option<(EndedList, usize)>>,
    /// Branches that this one started and that may still run. Ended ones are dropped from time to time.
    children: RefCell<Vec<Weak<Branch>>>,
    pub(super) flights: RefCell<Vec<Rc<Flight>>>,
}

/// How far a branch has come.
pub(super) enum Stage {
    /// It waits for its first turn and has no stack.
    New(Body),
    Suspended(Fiber),
    Running,
    Ended,
}

impl Branch {
    pub(super) fn new(path: BranchPath, depth: usize, cleanup: bool, body: Body) -> Rc<Self> {
        Rc::new(Self {
            path,
            depth,
            cleanup,
            step_limits: RefCell::default(),
            stage: RefCell::new(Stage::New(body)),
            queued: Cell::new(false),
            ending: Cell::new(None),
            sleep_left: Cell::new(None),
            result: RefCell::new(None),
            waiters: RefCell::new(Vec::new()),
            report: RefCell::new(None),
            children: RefCell::new(Vec::new()),
            flights: RefCell::new(Vec::new()),
        })
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Ended)
    }

    /// Counts what it sleeps. It has to end when that is more than it may.
    pub(super) fn spend_sleep(&self, duration: Duration) {
        let Some(left) = self.sleep_left.get() else {
            return;
        };
        let left = left.checked_sub(duration);
        self.sleep_left.set(Some(left.unwrap_or_default()));
        if left.is_none() && self.ending.get().is_none() {
            self.ending.set(Some(Ending::Cancelled));
        }
    }

    /// What it gave. Only the first caller gets it.
    pub(super) fn take_result(&self) -> Option<BranchResult> {
        self.result.borrow_mut().take()
    }

    /// Has it write its number into a list at its end.
    pub(super) fn report_to(&self, ended: &EndedList, number: usize) {
        self.report.replace(Some((Rc::clone(ended), number)));
    }

    pub(super) fn adopt(&self, child: &Rc<Self>) {
        let mut children = self.children.borrow_mut();
        // Doubling keeps the cost of throwing out the ended ones constant for each child.
        if children.len() == children.capacity() {
            children.retain(|child| child.upgrade().is_some_and(|child| !child.has_ended()));
        }
        children.push(Rc::downgrade(child));
    }

    pub(super) fn children(&self) -> Vec<Rc<Self>> {
        self.children
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|child| !child.has_ended())
            .collect()
    }
}

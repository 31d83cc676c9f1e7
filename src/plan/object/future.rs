//! `Future`: a branch that goes on while its plan does something else.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use rhai::{Dynamic, EvalAltResult};

use crate::plan::branch::Branch;

/// What `background` gives. Its value can be waited for any number of times.
pub(crate) struct Future {
    branch: Rc<Branch>,
    /// Taken out of the branch by the first who asked.
    outcome: RefCell<Option<Result<Dynamic, Rc<EvalAltResult>>>>,
    /// Somebody waited for it, so that its failure is known.
    awaited: Cell<bool>,
}

impl Future {
    pub(crate) fn new(branch: Rc<Branch>) -> Self {
        Self {
            branch,
            outcome: RefCell::new(None),
            awaited: Cell::new(false),
        }
    }

    pub(in crate::plan) fn branch(&self) -> &Rc<Branch> {
        &self.branch
    }

    pub(crate) fn is_done(&self) -> bool {
        self.branch.has_ended()
    }

    /// What came of it, once it is done.
    pub(in crate::plan) fn outcome(&self) -> Option<Result<Dynamic, Rc<EvalAltResult>>> {
        if let Some(result) = self.branch.take_result() {
            self.outcome.replace(Some(result.map_err(Rc::from)));
        }
        self.outcome.borrow().clone()
    }

    pub(in crate::plan) fn mark_awaited(&self) {
        self.awaited.set(true);
    }

    pub(in crate::plan) fn was_awaited(&self) -> bool {
        self.awaited.get()
    }
}

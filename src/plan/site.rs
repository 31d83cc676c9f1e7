//! A call in a running plan, for what goes on after the native function that was called has looked at its arguments.

use std::rc::Rc;

use rhai::Position;

use super::{
    call::CallError,
    effect::{Effect, Outcome},
    host::Host,
    object::Fault,
};
use crate::model::{BranchPath, Failure, Place, Value};

/// Where something was asked for, and who it is asked of.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) host: Rc<Host>,
    pub(super) position: Position,
}

impl Site {
    pub(super) fn place(&self) -> Option<Place> {
        self.host.place(self.position)
    }

    /// An error of this call that the script can catch.
    pub(super) fn fail(&self, failure: Failure) -> CallError {
        Fault::new(failure, self.place()).into_error(self.position)
    }

    /// Asks for an effect of the current branch and waits for its outcome.
    pub(super) fn ask(&self, effect: Effect) -> Result<Outcome, CallError> {
        self.host.ask(self.position, effect)
    }

    /// Asks for an effect in the name of another branch than the one that waits.
    pub(super) fn ask_for(
        &self,
        branch: &BranchPath,
        effect: Effect,
    ) -> Result<Outcome, CallError> {
        let flight = self.host.begin_for(branch, self.position, effect);
        let flight = flight.map_err(|ending| ending.into_error(self.position))?;
        self.host.land(self.position, &flight)
    }

    /// Asks for an effect that is answered by a value.
    pub(super) fn ask_value(&self, effect: Effect) -> Result<Value, CallError> {
        match self.ask(effect)? {
            Outcome::Value { value } => Ok(value),
            _ => Ok(Value::Null),
        }
    }
}

//! The plan language: a Rhai script is read, checked and run; whatever touches the world leaves as an effect.
//!
//! The only room that names rhai. It never touches the network, the clock, the disk of a run or the terminal:
//! it asks a [`Performer`] and goes on with the outcome.

mod check;
mod diagnostic;
mod effect;
mod header;
mod source;

pub use self::{
    check::{CheckWorld, Lookup, TaskView, UnknownTargets, check, check_file},
    diagnostic::{Label, PlanDiagnostic, PlanErrors, Severity, parse_error},
    effect::{
        Action, ApproveBy, Effect, FailureBudget, OnFailure, Outcome, Params, Perform, Performer,
        Request, Retry, Run, RunOptions,
    },
    header::{DefaultExpression, Header, PlanParam},
    source::{Source, Span},
};

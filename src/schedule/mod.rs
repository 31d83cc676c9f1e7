//! Deciding what may start next: step graphs, tier order, batches, failure budgets.
//!
//! Pure: no runtime, no clock, no input or output. The only room that names petgraph.

mod dependencies;
mod graph;
mod graph_error;
mod nest;
mod ready;
mod rules;
#[expect(
    clippy::module_inception,
    reason = "the room is named after its chief noun"
)]
mod schedule;
mod state;
mod step;
mod summary;

pub use self::{
    graph::{EDGES_MAX, STEPS_MAX, StepGraph},
    graph_error::{CycleEdge, GraphError, GraphFault},
    nest::nest,
    rules::RunRules,
    schedule::{Reaction, Schedule, ScheduleError, SkipReason, StepEvent},
    state::{IllegalEvent, State, StateEvent, next},
    step::{OnStepFailure, ParseOnStepFailureError, StepIndex, StepSpec},
    summary::{Ending, HumanReason, Summary},
};

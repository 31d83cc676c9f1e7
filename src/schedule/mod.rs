//! Deciding what may start next: step graphs, tier order, batches, failure budgets.
//!
//! Pure: no runtime, no clock, no input or output. The only room that names petgraph.

// What may be ordered, and how.
mod dependencies;
mod graph;
mod graph_error;
mod nest;
mod step;

// The run of a graph.
mod ready;
mod rules;
#[expect(
    clippy::module_inception,
    reason = "the room is named after its chief noun"
)]
mod schedule;
mod state;
mod summary;

// Tiers, and rolling through them.
mod batch;
mod budget;
mod percent;
mod rolling;
mod rolling_state;
mod slots;
mod tier;
mod tier_error;

#[cfg(test)]
mod proof;

// Showing it.
pub mod draw;

pub use self::{
    batch::{BatchError, BatchSize, BatchSpec, batch_sizes},
    budget::{BudgetError, FailureBudget, counts_as_failed},
    graph::{EDGES_MAX, STEPS_MAX, StepGraph},
    graph_error::{CycleEdge, GraphError, GraphFault},
    nest::nest,
    percent::{Percent, PercentError},
    rolling::{
        BudgetScope, OverBudget, Pause, Rolling, RollingEnding, RollingError, RollingEvent,
        RollingReaction, RollingRules, RollingSummary,
    },
    rolling_state::{IllegalRollingEvent, RollingState, RollingStateEvent},
    rules::RunRules,
    schedule::{Reaction, Schedule, ScheduleError, SkipReason, StepEvent},
    slots::{Lane, Slots},
    state::{IllegalEvent, State, StateEvent, next},
    step::{OnStepFailure, ParseOnStepFailureError, StepIndex, StepSpec},
    summary::{Ending, HumanReason, Summary},
    tier::{Tier, TierSpec, Tiers, Wave},
    tier_error::{TierError, TierFault},
};

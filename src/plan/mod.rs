//! The plan language: a Rhai script is read, checked and run; whatever touches the world leaves as an effect.
//!
//! The only room that names rhai. It never touches the network, the clock, the disk of a run or the terminal:
//! it asks a [`Performer`] and goes on with the outcome.

#![expect(
    clippy::unnecessary_box_returns,
    reason = "the errors of the functions that Rhai calls are boxed"
)]

mod action;
mod batches;
mod blame;
mod branch;
mod branches;
mod by_hand;
mod call;
mod check;
mod closure;
mod convert;
mod cursor;
mod decision;
mod depth;
mod diagnostic;
mod effect;
mod ending;
mod engine;
mod fiber;
mod functions;
mod graph_run;
mod guard;
mod header;
mod host;
mod identity;
mod import;
mod interpreter;
mod limits;
mod mark;
mod memory;
mod meter;
mod nesting;
mod object;
mod options;
mod perseverance;
mod plan_stop;
mod program;
mod project_world;
mod rehearsal;
mod scheduler;
mod selection;
mod site;
mod source;
mod sources;
mod taken_back;
mod trace;
mod world;
mod yaml_plan;

#[cfg(test)]
mod tests;

pub use self::{
    check::{
        CheckWorld, Lookup, ProjectView, Reading, TaskView, UnknownTargets, WrittenGraph, check,
        check_file, written_graphs,
    },
    cursor::{
        CallAt, FunctionAt, ImportAt, Outline, Place, PlaceKind, StandardFunction, StepAt,
        VariableAt, mended, standard_functions,
    },
    diagnostic::{CODES, Label, PlanDiagnostic, PlanErrors, Severity, parse_error},
    effect::{
        Action, ApproveBy, Choice, ChoiceKind, Effect, Look, OnFailure, Outcome, Params, Perform,
        Performer, Request, Retry, Run, RunOptions, StepLimit, Urgency,
    },
    ending::Ending,
    functions::{Entry, EntryKind, Param, catalog, test_catalog},
    header::{DefaultExpression, Header, PlanParam},
    identity::IdentityKey,
    interpreter::{Interpreter, PlanEnd, PlanOutcome},
    limits::Limits,
    options::{OPTIONS, OptionEntry},
    plan_stop::PlanStop,
    program::{Program, ProgramError},
    rehearsal::{Problem, Rehearsal, TestCase},
    source::{Source, Span},
    taken_back::taken_back_by,
    trace::{Frame, FrameFunction, PlanError},
    world::World,
    yaml_plan::{Converted, Plans, convert_yaml_plan, yaml_plan_params},
};

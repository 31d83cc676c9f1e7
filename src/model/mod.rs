//! The nouns that every room speaks of: targets, values, results, ids, secrets.
//!
//! Knows nothing of files, networks, the plan language or the terminal, and imports no other room.

mod a_few;
mod action;
mod duration;
mod failure;
mod id;
mod lock_rule;
mod message_level;
mod nearest;
mod output;
mod payload;
mod place;
mod result;
mod result_set;
mod secret;
mod step_status;
mod target;
mod utf8;
mod value;

pub use self::{
    a_few::a_few,
    action::ActionKind,
    duration::{ParseDurationError, format_duration, parse_duration},
    failure::{Failure, kinds},
    id::{BranchPath, ContentHash, EffectId, JobId, ParseJobIdError, TargetName},
    lock_rule::{LockRule, ParseLockRuleError},
    message_level::MessageLevel,
    nearest::nearest,
    output::{Exit, Output, OutputCap, OutputStream},
    payload::{Payload, Stdin, Stdout},
    place::Place,
    result::{ResultValue, Status, TargetResult},
    result_set::ResultSet,
    secret::Secret,
    step_status::StepStatus,
    target::Target,
    utf8::{unreadable_help, utf8},
    value::{Map, Value, ValueKind},
};

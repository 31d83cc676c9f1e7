//! The native types of the language. Cloning one is cloning a pointer; none has a setter.

mod expected;
mod fault;
mod future;
mod graph;
mod hidden;
mod results;
mod target_set;
mod tiers;

pub(crate) use self::{
    expected::Expected,
    fault::Fault,
    future::Future,
    graph::{Graph, Step},
    hidden::Hidden,
    results::{Results, result_map},
    target_set::TargetSet,
    tiers::Tiers,
};

//! `Graph`: steps and their order, before and while they run.

/// A graph that a plan builds.
#[derive(Debug, Default)]
pub(crate) struct Graph;

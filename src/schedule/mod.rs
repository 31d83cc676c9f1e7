//! Deciding what may start next: step graphs, tier order, batches, failure budgets.
//!
//! Pure: no runtime, no clock, no input or output. The only room that names petgraph.

//! Finding what there is to run: the root of the project, its settings, the module path, tasks and plans by name.
//!
//! Knows nothing of connections or of how plans run.

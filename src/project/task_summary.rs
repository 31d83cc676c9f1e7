//! A line of `task show`.

/// What is told of a task in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSummary {
    pub name: String,
    pub description: Option<String>,
    /// Not listed unless asked for; it runs all the same.
    pub private: bool,
    /// Why it can't be run, if its metadata is broken.
    pub broken: Option<String>,
}

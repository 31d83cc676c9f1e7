//! One task: a name, its metadata, and the files that it needs on a target.

/// A task as a module ships it.
#[derive(Clone, Debug)]
pub struct Task {
    name: String,
}

impl Task {
    /// `module::task`, or `module` for its `init`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Task {
    /// A task with nothing but a name.
    #[cfg(test)]
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
        }
    }
}

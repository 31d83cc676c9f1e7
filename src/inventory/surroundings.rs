//! What an inventory may refer to beside its own text.

use std::{env, path::PathBuf, sync::Arc};

use super::plugins::Plugins;

/// The world as an inventory's references see it.
#[derive(Clone)]
pub struct Surroundings {
    /// The directory of the project. Files outside of it can't be referred to; without one, none can.
    pub root: Option<PathBuf>,
    /// Looks up a variable of the environment.
    pub variable: fn(&str) -> Option<String>,
    /// Who answers all other references. Without anybody, they are errors of those that need them.
    pub plugins: Option<Arc<dyn Plugins>>,
}

impl Surroundings {
    /// The environment of this process, and the files of a project.
    #[must_use]
    pub fn of_project(root: impl Into<PathBuf>) -> Self {
        Self {
            root: Some(root.into()),
            ..Self::default()
        }
    }
}

impl Default for Surroundings {
    /// The environment of this process, and no files.
    fn default() -> Self {
        Self {
            root: None,
            variable: |name| env::var(name).ok(),
            plugins: None,
        }
    }
}

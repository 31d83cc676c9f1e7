//! `segue.yaml`.

use std::{path::PathBuf, time::Duration};

/// What a project says about itself. Paths are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub name: Option<String>,
    /// Directories of modules, the first stronger than later ones.
    pub modulepath: Vec<PathBuf>,
    pub inventory: Option<PathBuf>,
    /// How many targets are worked on at the same time.
    pub limit: Option<usize>,
    /// The timeout of an action that says none.
    pub timeout: Option<Duration>,
}

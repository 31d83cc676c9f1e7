//! What a project says about itself in `segue.yaml`.

use std::{path::PathBuf, time::Duration};

use crate::model::{LockRule, Map};

/// The settings of a project. Paths are absolute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// A name that modules could have. Without one, the project is called after its directory.
    pub name: Option<String>,
    /// Directories of modules, the first stronger than later ones. Without any: `modules` and `.modules`.
    pub modulepath: Option<Vec<PathBuf>>,
    /// Without one: `inventory.yaml`, if it is there.
    pub inventory: Option<PathBuf>,
    /// How many targets are worked on at the same time.
    pub limit: Option<usize>,
    /// The timeout of an action that says none.
    pub timeout: Option<Duration>,
    /// What plans and tasks do about targets that another job is changing.
    pub lock: Option<LockRule>,
    /// What plugins of the inventory get beside the keys of a reference, by the plugin's name. From Bolt's file only.
    pub plugins: Map,
    /// The modules that Bolt's file says belong to the project, without their authors' names.
    pub modules: Vec<String>,
}

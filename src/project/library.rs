//! The modules of a project: its own, those of the module path, and the embedded ones.

use std::{collections::BTreeSet, path::PathBuf};

use super::{embedded::Embedded, module::Module, name::is_name, tree::Tree};

/// Finds modules by name. Nothing is listed before it is asked for: a project may have hundreds of modules.
#[derive(Debug)]
pub(super) struct Library {
    pub(super) own: Module,
    pub(super) modulepath: Vec<PathBuf>,
    pub(super) embedded: Embedded,
}

impl Library {
    /// The module of that name: the first on the module path, with what is embedded under the same name behind it.
    pub(super) fn module(&self, name: &str) -> Option<Module> {
        if !is_name(name) {
            return None;
        }
        let on_disk = self
            .modulepath
            .iter()
            .find_map(|directory| Tree::on_disk(directory.join(name)));
        let trees: Vec<Tree> = on_disk
            .into_iter()
            .chain(self.embedded.module(name))
            .collect();
        (!trees.is_empty()).then(|| Module {
            name: name.to_owned(),
            is_project: false,
            trees,
        })
    }

    /// Modules that a name may be meant of, the project first if it has that name.
    pub(super) fn modules_called(&self, name: &str) -> impl Iterator<Item = Module> {
        let own = (self.own.name == name).then(|| self.own.clone());
        own.into_iter().chain(self.module(name))
    }

    /// All modules but the project, sorted by name.
    pub(super) fn modules(&self) -> Vec<Module> {
        let on_disk = self.modulepath.iter().cloned().filter_map(Tree::on_disk);
        let names: BTreeSet<String> = on_disk
            .flat_map(|tree| tree.directories_in(""))
            .chain(self.embedded.module_names().map(str::to_owned))
            .collect();
        names.iter().filter_map(|name| self.module(name)).collect()
    }
}

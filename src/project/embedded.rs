//! What travels in the binary: modules, plans and the standard library. A project's own files come before them.

use include_dir::{Dir, include_dir};

use super::tree::Tree;

static MODULES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/modules");
static PLANS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/plans");
static STDLIB: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/stdlib");

/// The embedded directories.
#[derive(Clone, Copy, Debug)]
pub(super) struct Embedded {
    pub(super) modules: &'static Dir<'static>,
    pub(super) plans: &'static Dir<'static>,
    pub(super) stdlib: &'static Dir<'static>,
}

impl Embedded {
    pub(super) const fn shipped() -> Self {
        Self {
            modules: &MODULES,
            plans: &PLANS,
            stdlib: &STDLIB,
        }
    }

    pub(super) fn module(&self, name: &str) -> Option<Tree> {
        self.modules.get_dir(name).map(|_| Tree::Embedded {
            directory: self.modules,
            shown: "modules",
            from: name.to_owned(),
            under: "",
        })
    }

    pub(super) fn module_names(&self) -> impl Iterator<Item = &'static str> {
        self.modules
            .dirs()
            .filter_map(|directory| directory.path().to_str())
    }

    /// The plans, as if they lay in the `plans` directory of a project.
    pub(super) fn plans(&self) -> Tree {
        Tree::Embedded {
            directory: self.plans,
            shown: "plans",
            from: String::new(),
            under: "plans",
        }
    }

    /// The standard library, as if it lay in the `plans` directory of a module.
    pub(super) fn stdlib(&self) -> Tree {
        Tree::Embedded {
            directory: self.stdlib,
            shown: "stdlib",
            from: String::new(),
            under: "plans",
        }
    }
}

/// The files of the standard library, by what an `import` calls them (`std`, `std/rolling`), with their texts.
#[must_use]
pub fn standard_library() -> Vec<(String, &'static str)> {
    let mut files: Vec<_> = (STDLIB.files())
        .filter_map(|file| {
            let name = match file.path().file_stem()?.to_str()? {
                "init" => "std".to_owned(),
                stem => format!("std/{stem}"),
            };
            Some((name, file.contents_utf8()?))
        })
        .collect();
    files.sort_unstable();
    files
}

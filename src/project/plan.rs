//! Plans by name and by path.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use super::{
    PlanFile, PlanLookupError, Project,
    module::Module,
    name::{is_name, nearest_name, qualified},
    tree::{Tree, read_text},
};
use crate::task::FileSource;

/// The tree of a plan file, and its path in it.
#[derive(Clone, Debug)]
pub(super) struct Home {
    pub(super) tree: Tree,
    pub(super) path: String,
}

/// A plan of four megabytes is data that should be read from a file.
pub(super) const PLAN_BYTES_MAX: u64 = 4 * 1024 * 1024;

impl Project {
    /// A plan by its name, or by the path of a file of the project or of a module.
    ///
    /// `plans/x.rhai` of the project is `x` (or `project::x`), `plans/a/b.rhai` is `a::b`, `plans/x.rhai` of a
    /// module is `module::x`, and `init.rhai` is the module itself.
    ///
    /// # Errors
    /// There is none, or it can't be read.
    pub fn plan(&self, name: &str) -> Result<PlanFile, PlanLookupError> {
        if name.contains('/') || has_extension(name) {
            let path = Path::new(name);
            let found = self
                .home_of(path)
                .or_else(|| self.home_of(&self.inner.root.join(path)));
            return match found {
                Some((module, home)) => self.load_plan(&module, &home),
                None if path.exists() => Err(PlanLookupError::Outside {
                    path: name.to_owned(),
                }),
                None => Err(self.unknown_plan(name)),
            };
        }
        for (module, path) in self.plan_places(name) {
            let path = format!("plans/{path}.rhai");
            let tree = module.trees.iter().find(|tree| tree.file(&path).is_some());
            if let Some(tree) = tree.cloned() {
                return self.load_plan(&module, &Home { tree, path });
            }
        }
        Err(self
            .other_language(name)
            .unwrap_or_else(|| self.unknown_plan(name)))
    }

    /// The plan in any file, as somebody at a terminal may name one.
    ///
    /// # Errors
    /// It can't be read.
    pub fn plan_at(&self, path: &Path) -> Result<PlanFile, PlanLookupError> {
        if let Some((module, home)) = self.home_of(path) {
            return self.load_plan(&module, &home);
        }
        let shown = path.to_string_lossy();
        let text =
            read_text(&FileSource::Disk(path.to_owned()), PLAN_BYTES_MAX).map_err(|source| {
                PlanLookupError::Read {
                    path: shown.clone().into_owned(),
                    source,
                }
            })?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(PlanFile::from_text(&stem, &shown, &text))
    }

    /// The names of all plans, sorted.
    pub fn plan_names(&self) -> Vec<String> {
        let library = &self.inner.library;
        let modules = std::iter::once(library.own.clone()).chain(library.modules());
        let names: BTreeSet<String> = modules
            .flat_map(|module| {
                let paths = module.plan_paths();
                paths
                    .into_iter()
                    .map(move |path| plan_name(&module, &path))
                    .collect::<Vec<_>>()
            })
            .collect();
        names.into_iter().collect()
    }

    /// Where the plan of a name may be, the strongest first: module, and path in its `plans`.
    fn plan_places(&self, name: &str) -> Vec<(Module, String)> {
        if !name.split("::").all(is_name) {
            return Vec::new();
        }
        let library = &self.inner.library;
        let path = name.replace("::", "/");
        let mut places = Vec::new();
        if path != "init" {
            places.push((library.own.clone(), path.clone()));
        }
        let (module, inner) = path.split_once('/').unwrap_or((&path, "init"));
        // `module::init` is called `module`.
        if name != format!("{module}::init") {
            let modules = library.modules_called(module);
            places.extend(modules.map(|module| (module, inner.to_owned())));
        }
        places
    }

    /// The module and the path of a plan file that somebody named by its path.
    fn home_of(&self, path: &Path) -> Option<(Module, Home)> {
        let full = path.canonicalize().ok().filter(|full| full.is_file())?;
        let library = &self.inner.library;
        let in_module = || {
            library.modulepath.iter().find_map(|directory| {
                let directory = directory.canonicalize().ok()?;
                let inner = full.strip_prefix(directory).ok()?;
                let name = inner.components().next()?.as_os_str().to_str()?;
                library.module(name)
            })
        };
        let module = in_module().unwrap_or_else(|| library.own.clone());
        let tree = module.trees.first()?;
        let Tree::Disk { jail, .. } = tree else {
            return None;
        };
        let inner = full.strip_prefix(jail).ok()?.to_str()?.to_owned();
        let home = Home {
            tree: tree.clone(),
            path: inner,
        };
        Some((module, home))
    }

    /// Where the file of a plan is, told by the path that messages show of it.
    pub(super) fn home_of_shown(&self, module: &Module, shown: &str) -> Option<Home> {
        let embedded = module
            .trees
            .iter()
            .find_map(|tree| Some((tree, tree.hide(shown)?)));
        if let Some((tree, path)) = embedded {
            return Some(Home {
                tree: tree.clone(),
                path,
            });
        }
        let (_, home) = self.home_of(&self.inner.root.join(shown))?;
        Some(home)
    }

    pub(super) fn load_plan(
        &self,
        module: &Module,
        home: &Home,
    ) -> Result<PlanFile, PlanLookupError> {
        let shown = self.show(&home.tree, &home.path);
        let read = home
            .tree
            .file(&home.path)
            .ok_or_else(|| std::io::ErrorKind::NotFound.into())
            .and_then(|source| read_text(&source, PLAN_BYTES_MAX));
        let text = read.map_err(|source| PlanLookupError::Read {
            path: shown.clone(),
            source,
        })?;
        let inner = home.path.strip_prefix("plans/").unwrap_or(&home.path);
        let inner = inner.strip_suffix(".rhai").unwrap_or(inner);
        Ok(PlanFile {
            name: plan_name(module, inner),
            path: Arc::from(shown),
            text: Arc::from(text),
            module: module.prefix().map(str::to_owned),
        })
    }

    fn unknown_plan(&self, name: &str) -> PlanLookupError {
        let names = self.plan_names();
        let wanted = name.trim_start_matches("./").trim_start_matches("plans/");
        let wanted = wanted.trim_end_matches(".rhai").replace('/', "::");
        PlanLookupError::Unknown {
            name: name.to_owned(),
            nearest: nearest_name(&wanted, &names),
        }
    }

    /// A plan of that name that Bolt would run.
    fn other_language(&self, name: &str) -> Option<PlanLookupError> {
        let places = self.plan_places(name);
        places.iter().find_map(|(module, path)| {
            module.trees.iter().find_map(|tree| {
                let path = ["yaml", "yml", "pp"]
                    .iter()
                    .map(|ending| format!("plans/{path}.{ending}"))
                    .find(|path| tree.file(path).is_some())?;
                Some(PlanLookupError::OtherLanguage {
                    name: name.to_owned(),
                    path: self.show(tree, &path),
                })
            })
        })
    }
}

/// The name of the plan at a path in `plans`. The project's `init` is called like the project.
fn plan_name(module: &Module, path: &str) -> String {
    if module.is_project && path == "init" {
        module.name.clone()
    } else {
        qualified(module.prefix(), path)
    }
}

fn has_extension(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|ending| ending == "rhai")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::sample::Sample;

    const PROJECT: &[(&str, &str)] = &[
        ("segue.yaml", "name: shop\n"),
        ("plans/rolling.rhai", "// own rolling"),
        ("plans/init.rhai", "// shop"),
        ("plans/site/north.rhai", "// north"),
        ("plans/old.yaml", "steps: []"),
        ("plans/Not-A-Plan.rhai", ""),
        ("modules/web/plans/init.rhai", "// web"),
        ("modules/web/plans/reload.rhai", "// reload"),
        ("modules/site/plans/south.rhai", "// south"),
    ];

    #[test]
    fn plans_are_found_by_name_the_projects_before_the_shipped_ones() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        assert_eq!(
            project.plan_names(),
            [
                "failover",
                "rolling",
                "shop",
                "site::north",
                "site::south",
                "web",
                "web::reload"
            ]
        );
        for (name, text, path, canonical) in [
            ("rolling", "// own rolling", "plans/rolling.rhai", "rolling"),
            (
                "shop::rolling",
                "// own rolling",
                "plans/rolling.rhai",
                "rolling",
            ),
            ("shop", "// shop", "plans/init.rhai", "shop"),
            (
                "failover",
                "// shipped failover",
                "<segue>/plans/failover.rhai",
                "failover",
            ),
            (
                "site::north",
                "// north",
                "plans/site/north.rhai",
                "site::north",
            ),
            (
                "site::south",
                "// south",
                "modules/site/plans/south.rhai",
                "site::south",
            ),
            ("web", "// web", "modules/web/plans/init.rhai", "web"),
            (
                "web::reload",
                "// reload",
                "modules/web/plans/reload.rhai",
                "web::reload",
            ),
        ] {
            let plan = project.plan(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(
                (&*plan.text, &*plan.path, plan.name.as_str()),
                (text, path, canonical)
            );
        }
    }

    #[test]
    fn plans_are_found_by_path_inside_of_the_project() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        assert_eq!(
            project.plan("./plans/rolling.rhai").unwrap().name,
            "rolling"
        );
        let full = sample.path().join("modules/web/plans/reload.rhai");
        let plan = project.plan(full.to_str().unwrap()).unwrap();
        assert_eq!(
            (plan.name.as_str(), plan.module.as_deref()),
            ("web::reload", Some("web"))
        );
        let other = Sample::of(&[("x.rhai", "// other")]);
        let other = other.path().join("x.rhai");
        assert!(matches!(
            project.plan(other.to_str().unwrap()),
            Err(PlanLookupError::Outside { .. })
        ));
        assert_eq!(&*project.plan_at(&other).unwrap().text, "// other");
    }

    #[test]
    fn missing_plans_are_told_with_the_nearest_and_foreign_ones_as_such() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        for (name, wanted) in [
            ("roling", "rolling"),
            ("web::relaod", "web::reload"),
            ("plans/roling.rhai", "rolling"),
        ] {
            match project.plan(name) {
                Err(PlanLookupError::Unknown { nearest, .. }) => {
                    assert_eq!(nearest.as_deref(), Some(wanted));
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(
            project.plan("old"),
            Err(PlanLookupError::OtherLanguage { .. })
        ));
        for name in [
            "init",
            "web::init",
            "",
            "::",
            "web::",
            "../there/is/no/such.rhai",
            "Not-A-Plan",
        ] {
            assert!(
                matches!(project.plan(name), Err(PlanLookupError::Unknown { .. })),
                "{name:?}"
            );
        }
    }

    #[test]
    fn a_plan_that_is_no_text_is_an_error() {
        let sample = Sample::of(PROJECT);
        std::fs::write(sample.path().join("plans/bad.rhai"), [0xff]).unwrap();
        assert!(matches!(
            sample.open().plan("bad"),
            Err(PlanLookupError::Read { .. })
        ));
    }
}

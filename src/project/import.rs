//! What `import` finds: files of the project, of modules and of the standard library, and nothing else.

use super::{
    ImportError, PlanFile, PlanLookupError, Project,
    module::Module,
    name::{nearest_name, qualified},
    plan::Home,
    tree::{LeadsOut, Tree, is_inward, join},
};
/// The name that stands for the standard library in imports. No module can take it over.
const STANDARD_LIBRARY: &str = "std";

impl Project {
    /// What `import "path"` in that file means.
    ///
    /// The path has `/` or `::` between its elements and needs no `.rhai`. It is looked for beside the file, in the
    /// `plans` directory of its module, from the root of its module, and as `module/path`; `std/...` is the standard
    /// library.
    ///
    /// # Errors
    /// There is none, it leads out of the project and its modules, or it can't be read.
    pub fn import_file(&self, from: &PlanFile, path: &str) -> Result<PlanFile, ImportError> {
        let outside = || ImportError::Outside {
            path: path.to_owned(),
        };
        let wanted = path.strip_prefix("./").unwrap_or(path).replace("::", "/");
        let wanted = wanted.strip_suffix(".rhai").unwrap_or(&wanted);
        if !is_inward(wanted) {
            return Err(outside());
        }
        for (module, tree, path) in self.import_places(from, wanted) {
            match tree.find(&path) {
                Err(LeadsOut) => return Err(outside()),
                Ok(Some(super::tree::Found::File(_))) => {
                    let home = Home { tree, path };
                    return self.load_plan(&module, &home).map_err(|error| match error {
                        PlanLookupError::Read { path, source } => {
                            ImportError::Read { path, source }
                        }
                        _ => outside(),
                    });
                }
                Ok(_) => {}
            }
        }
        let names = self.import_names();
        Err(ImportError::Unknown {
            path: path.to_owned(),
            nearest: nearest_name(&wanted.replace('/', "::"), &names)
                .map(|name| name.replace("::", "/")),
        })
    }

    /// Where an import may lead, the strongest first.
    fn import_places(&self, from: &PlanFile, wanted: &str) -> Vec<(Module, Tree, String)> {
        let library = &self.inner.library;
        let file = format!("{wanted}.rhai");
        let mut places = Vec::new();
        let (first, rest) = wanted.split_once('/').unwrap_or((wanted, "init"));
        if first == STANDARD_LIBRARY {
            let module = self.standard_library();
            let tree = library.embedded.stdlib();
            places.push((module, tree, format!("plans/{rest}.rhai")));
            return places;
        }
        let module = match from.module.as_deref() {
            None => library.own.clone(),
            Some(STANDARD_LIBRARY) => self.standard_library(),
            Some(name) => library.module(name).unwrap_or_else(|| library.own.clone()),
        };
        if let Some(home) = self.home_of_shown(&module, &from.path) {
            let directory = home
                .path
                .rsplit_once('/')
                .map_or("", |(directory, _)| directory);
            places.push((module.clone(), home.tree.clone(), join(directory, &file)));
        }
        for tree in &module.trees {
            places.push((module.clone(), tree.clone(), format!("plans/{file}")));
            places.push((module.clone(), tree.clone(), file.clone()));
        }
        for module in library.modules_called(first) {
            for tree in &module.trees {
                for directory in ["plans/", ""] {
                    let path = format!("{directory}{rest}.rhai");
                    places.push((module.clone(), tree.clone(), path));
                }
            }
        }
        places
    }

    fn standard_library(&self) -> Module {
        Module {
            name: STANDARD_LIBRARY.to_owned(),
            is_project: false,
            trees: vec![self.inner.library.embedded.stdlib()],
        }
    }

    /// What an `import` can name from anywhere, with `::` between its elements: plans, and the standard library.
    pub fn import_names(&self) -> Vec<String> {
        let standard = self.standard_library();
        let mut names = self.plan_names();
        names.extend(
            standard
                .plan_paths()
                .iter()
                .map(|path| qualified(standard.prefix(), path)),
        );
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::sample::Sample;

    const PROJECT: &[(&str, &str)] = &[
        ("plans/main.rhai", ""),
        ("plans/util.rhai", "// util"),
        ("plans/site/north.rhai", ""),
        ("plans/site/util.rhai", "// site util"),
        ("lib/tools.rhai", "// tools"),
        ("modules/web/plans/reload.rhai", ""),
        ("modules/web/plans/shared.rhai", "// web shared"),
        ("modules/web/lib/deep.rhai", "// web deep"),
        (
            "modules/std/plans/rolling.rhai",
            "// not the standard library",
        ),
    ];

    #[test]
    fn imports_are_looked_for_beside_the_file_then_in_its_module_then_in_others() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        for (from, path, text) in [
            ("main", "util", "// util"),
            ("main", "./util.rhai", "// util"),
            ("site::north", "util", "// site util"),
            ("main", "site/util", "// site util"),
            ("main", "lib/tools", "// tools"),
            ("site::north", "lib/tools", "// tools"),
            ("web::reload", "shared", "// web shared"),
            ("main", "web/shared", "// web shared"),
            ("main", "web::shared", "// web shared"),
            ("main", "web/lib/deep", "// web deep"),
            ("main", "std/rolling", "// std rolling"),
            ("web::reload", "std::healthy", "// std healthy"),
        ] {
            let from = project.plan(from).unwrap();
            let file = project
                .import_file(&from, path)
                .unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(&*file.text, text, "{path}");
        }
    }

    #[test]
    fn files_of_the_standard_library_import_each_other() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        let main = project.plan("main").unwrap();
        let rolling = project.import_file(&main, "std/rolling").unwrap();
        assert_eq!(
            (rolling.name.as_str(), &*rolling.path),
            ("std::rolling", "<segue>/stdlib/rolling.rhai")
        );
        let healthy = project.import_file(&rolling, "healthy").unwrap();
        assert_eq!(healthy.name, "std::healthy");
    }

    #[test]
    fn nothing_outside_of_the_project_and_its_modules_is_imported() {
        let sample = Sample::of(PROJECT);
        let outer = Sample::of(&[("secret.rhai", "x")]);
        let project = sample.open();
        let main = project.plan("main").unwrap();
        let secret = outer.path().join("secret");
        for path in [
            "../secret",
            "/etc/passwd",
            "web/../../secret",
            "",
            "a//b",
            "..",
            secret.to_str().unwrap(),
        ] {
            let result = project.import_file(&main, path);
            assert!(
                matches!(result, Err(ImportError::Outside { .. })),
                "{path}: {result:?}"
            );
        }
        #[cfg(unix)]
        {
            let link = sample.path().join("plans/link.rhai");
            std::os::unix::fs::symlink(outer.path().join("secret.rhai"), link).unwrap();
            std::os::unix::fs::symlink(outer.path(), sample.path().join("plans/out")).unwrap();
            for path in ["link", "out/secret"] {
                let result = project.import_file(&main, path);
                assert!(
                    matches!(result, Err(ImportError::Outside { .. })),
                    "{path}: {result:?}"
                );
            }
        }
    }

    #[test]
    fn a_missing_import_is_told_with_the_nearest() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        let main = project.plan("main").unwrap();
        for (path, wanted) in [
            ("utli", "util"),
            ("std/roling", "std/rolling"),
            ("std/nothing_like_it", ""),
        ] {
            match project.import_file(&main, path) {
                Err(ImportError::Unknown { nearest, .. }) => {
                    assert_eq!(nearest.as_deref().unwrap_or_default(), wanted);
                }
                other => panic!("{other:?}"),
            }
        }
        let in_memory = PlanFile::from_text("test", "test.rhai", "");
        assert!(project.import_file(&in_memory, "util").is_ok());
    }
}

//! Where a plan that is not there yet belongs.

use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;

use super::{
    Project,
    find::survey,
    name::{is_name, name_from},
};

/// A free place for a plan of the project, and for its tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanPlace {
    /// As `plan run` has it.
    pub name: String,
    pub plan: PathBuf,
    pub test: PathBuf,
    /// The file of a plan of a module, or of one that ships with Segue, that is hidden by one at this place.
    pub hides: Option<String>,
}

/// Why there is no place for a plan.
#[derive(Debug, Error, Diagnostic)]
pub enum PlanPlaceError {
    #[error("no project is at `{root}`, nor above it")]
    #[diagnostic(
        code(segue::project::none_here),
        help(
            "`segue project init` makes one here; one that is elsewhere is named with `--project DIR`"
        )
    )]
    NoProject { root: PathBuf },

    #[error("`{name}` can't be the name of a plan")]
    #[diagnostic(code(segue::project::plan_name), help("{reason}; `{better}` would do"))]
    Name {
        name: String,
        reason: &'static str,
        better: String,
    },

    #[error("`{file}` is there already")]
    #[diagnostic(
        code(segue::project::exists),
        help("nothing is written over it: choose another name, or move it away")
    )]
    Exists { file: String },
}

impl Project {
    /// Whether anything here says that this is a project, such as a `segue.yaml`.
    pub fn is_marked(&self) -> bool {
        survey(&self.inner.root).is_some()
    }

    /// Where a new plan of this name belongs. `a::b` is `plans/a/b.rhai`; the project's own name in front means the
    /// same plan as without it.
    ///
    /// # Errors
    /// There is no project, the name can't be one, or the plan is there already.
    pub fn plan_place(&self, name: &str) -> Result<PlanPlace, PlanPlaceError> {
        if !self.is_marked() {
            return Err(PlanPlaceError::NoProject {
                root: self.inner.root.clone(),
            });
        }
        check_name(name)?;
        let own = format!("{}::", self.name());
        let inner = name.strip_prefix(&own).unwrap_or(name);
        // `shop` is the plan of the project itself.
        let path = if inner == self.name() {
            "init".to_owned()
        } else {
            inner.replace("::", "/")
        };
        let root = &self.inner.root;
        let plan = root.join("plans").join(&path).with_extension("rhai");
        let test = root.join("tests").join(&path).with_extension("rhai");
        for file in [&plan, &test] {
            if file.exists() {
                let shown = file.strip_prefix(root).unwrap_or(file);
                return Err(PlanPlaceError::Exists {
                    file: shown.display().to_string(),
                });
            }
        }
        Ok(PlanPlace {
            name: inner.to_owned(),
            hides: self.plan(inner).ok().map(|hidden| hidden.path.to_string()),
            plan,
            test,
        })
    }
}

fn check_name(name: &str) -> Result<(), PlanPlaceError> {
    let parts: Vec<&str> = name.split("::").collect();
    let reason = if parts.iter().any(|part| !is_name(part)) {
        "each part of a name begins with a small letter and goes on with small letters, digits and `_`, and `::` stands between two parts"
    } else if parts.last() == Some(&"init") {
        "`init` is the plan that is called like its project or module"
    } else {
        return Ok(());
    };
    Err(PlanPlaceError::Name {
        name: name.to_owned(),
        reason,
        better: better_name(name),
    })
}

/// The nearest name that a plan can have.
fn better_name(name: &str) -> String {
    let name = name.trim_end_matches(".rhai");
    let name = name.strip_prefix("plans/").unwrap_or(name);
    let separated = name.replace("::", "/");
    let parts = Path::new(&separated)
        .components()
        .filter_map(|part| match part {
            std::path::Component::Normal(part) => part.to_str(),
            _ => None,
        });
    let mut parts: Vec<String> = parts
        .map(|part| {
            let part = part.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic());
            match name_from(part).trim_end_matches('_') {
                "project" | "init" => "plan".to_owned(),
                name => name.to_owned(),
            }
        })
        .collect();
    if parts.is_empty() {
        parts.push("plan".to_owned());
    }
    parts.join("::")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::sample::Sample;

    #[test]
    fn a_name_says_where_the_plan_and_its_tests_belong() {
        let sample = Sample::of(&[("segue.yaml", "name: shop\n")]);
        let project = sample.open();
        for (name, file, canonical) in [
            ("deploy", "deploy.rhai", "deploy"),
            ("site::north", "site/north.rhai", "site::north"),
            ("shop::deploy", "deploy.rhai", "deploy"),
            ("shop", "init.rhai", "shop"),
        ] {
            let place = project.plan_place(name).unwrap();
            assert_eq!(place.plan, project.root().join("plans").join(file));
            assert_eq!(place.test, project.root().join("tests").join(file));
            assert_eq!((place.name.as_str(), place.hides), (canonical, None));
        }
        let hiding = project.plan_place("rolling").unwrap();
        assert_eq!(hiding.hides.as_deref(), Some("<segue>/plans/rolling.rhai"));
    }

    #[test]
    fn bad_names_are_refused_with_one_that_would_do() {
        let sample = Sample::of(&[("segue.yaml", "")]);
        let project = sample.open();
        for (name, wanted) in [
            ("Deploy-App", "deploy_app"),
            ("plans/deploy.rhai", "deploy"),
            ("web/reload", "web::reload"),
            ("2nd", "nd"),
            ("", "plan"),
            ("::", "plan"),
            ("../x", "x"),
            ("web::init", "web::plan"),
            ("été", "t"),
        ] {
            match project.plan_place(name) {
                Err(PlanPlaceError::Name { better, .. }) => {
                    assert_eq!(better, wanted, "{name:?}");
                    assert!(project.plan_place(&better).is_ok(), "{better}");
                }
                other => panic!("{name:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_there_is_not_written_over_and_no_project_is_told() {
        let sample = Sample::of(&[
            ("segue.yaml", ""),
            ("plans/x.rhai", ""),
            ("tests/y.rhai", ""),
        ]);
        for name in ["x", "y"] {
            let refused = sample.open().plan_place(name);
            assert!(
                matches!(refused, Err(PlanPlaceError::Exists { .. })),
                "{name}"
            );
        }
        let nothing = Sample::of(&[("readme", "")]);
        let refused = nothing.open().plan_place("x");
        assert!(matches!(refused, Err(PlanPlaceError::NoProject { .. })));
    }
}

//! `segue project init`: a directory becomes a project.

use std::{fs, path::PathBuf};

use clap::Args;

use super::{output::print_text, template::write_new};
use crate::{
    error::{Error, Exit},
    project::Project,
};

const INVENTORY: &str = include_str!("template/inventory.yaml");
/// What a version control system leaves alone.
const IGNORED: &str = "/.segue/\n/downloads/\n";

/// Begin a project: `segue.yaml`, an inventory, and directories for plans and tests
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The directory, made if it isn't there; without it the current one
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let here = PathBuf::from(".");
    let directory = arguments.directory.as_ref().unwrap_or(&here);
    fs::create_dir_all(directory)
        .map_err(|error| Error::system(format!("make `{}`", directory.display()), error))?;
    let project = Project::at(directory).map_err(|error| Error::new(Exit::Usage, error))?;
    let root = project.root();
    if project.is_marked() {
        return Err(Error::usage(
            format!("`{}` is a project already", root.display()),
            "`segue plan new NAME` begins a plan in it",
        ));
    }
    let settings = format!(
        "# What this project is called: its tasks and plans are `NAME::...` to others.\nname: {}\n",
        project.name()
    );
    let mut lines = Vec::new();
    for (name, text) in [
        ("segue.yaml", settings.as_str()),
        ("inventory.yaml", INVENTORY),
        (".gitignore", IGNORED),
    ] {
        let path = root.join(name);
        // Whoever has an inventory or rules for git already keeps them.
        if path.exists() {
            lines.push(format!("left {name} as it is"));
        } else {
            write_new(&path, text)?;
            lines.push(format!("wrote {name}"));
        }
    }
    for name in ["plans", "tasks", "tests"] {
        fs::create_dir_all(root.join(name))
            .map_err(|error| Error::system(format!("make `{name}`"), error))?;
    }
    lines.push(String::new());
    if let Some(directory) = &arguments.directory {
        lines.push(format!("cd {}", directory.display()));
    }
    lines.push("segue plan new NAME".to_owned());
    lines.push("segue command run hostname --targets all".to_owned());
    lines.push(String::new());
    print_text(&lines.join("\n"));
    Ok(Exit::Success)
}

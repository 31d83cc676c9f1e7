//! `segue file download`: a file or a directory of many targets on this machine.

use std::path::PathBuf;

use clap::Args;

use super::{
    action::{ActionArguments, Asked},
    sent_file::whole_path,
};
use crate::{
    error::{Error, Exit},
    event::JobKind,
    model::Map,
    plan::Action,
};

/// Copy a file or a directory of each target into a directory of its own on this machine
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file or directory on each target
    source: String,
    /// The directory on this machine: what comes from `web1` goes into `DESTINATION/web1/`
    destination: PathBuf,
    #[command(flatten)]
    on: ActionArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let (setup, targets) = arguments.on.prepare()?;
    let typed = &arguments.destination;
    if typed.exists() && !typed.is_dir() {
        return Err(Error::usage(
            format!("`{}` is no directory", typed.display()),
            "name a directory; what comes from each target gets a directory of its own in it",
        ));
    }
    let path = whole_path(typed)?;
    let destination = path.to_string_lossy().into_owned();
    let asked = Asked {
        what: JobKind::Download,
        params: Map::from_iter([("destination".to_owned(), destination.as_str().into())]),
        action: Action::Download {
            source: arguments.source.clone(),
            destination,
            path,
        },
        targets,
        options: arguments.on.options(),
    };
    arguments.on.run(&setup, asked)
}

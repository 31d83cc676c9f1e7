//! `segue file upload`: a file or a directory of this machine on many targets.

use clap::Args;

use super::{
    action::{ActionArguments, Asked},
    sent_file::SentFile,
};
use crate::{
    error::{Error, Exit},
    event::JobKind,
    model::Map,
    plan::Action,
};

/// Copy a file or a directory to targets
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file or directory: a path, or one of the project or of a module, such as `mymodule/site.conf`
    source: String,
    /// Where it goes on each target. Into it, if that is a directory; a directory is merged with one that is there
    destination: String,
    #[command(flatten)]
    on: ActionArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let (setup, targets) = arguments.on.prepare()?;
    let source = SentFile::find(&setup.project, &arguments.source)?;
    let asked = Asked {
        what: JobKind::Upload,
        params: Map::from_iter([("source".to_owned(), source.name.as_str().into())]),
        action: Action::Upload {
            source: source.name,
            file: source.file,
            destination: arguments.destination.clone(),
        },
        targets,
        options: arguments.on.options(),
    };
    arguments.on.run(&setup, asked)
}

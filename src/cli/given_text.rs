//! Text that an argument gives: itself, or where it is read from.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use crate::{error::Error, model::utf8};

/// The text of an argument: `-` is standard input, `@path` is a file, everything else is the text itself.
/// `what` is what it is, as an error names it: `targets`, `the command`.
pub(super) fn given_text(argument: &str, what: &str) -> Result<String, Error> {
    if argument == "-" {
        let mut bytes = Vec::new();
        let read = io::stdin().read_to_end(&mut bytes);
        let text = read
            .and_then(|_| utf8(bytes))
            .map_err(|error| Error::unreadable(format!("read {what} from stdin"), error))?;
        if text.is_empty() {
            return Err(Error::usage(
                format!("standard input has nothing for {what}"),
                "give it there, or in a file with `@FILE`; of several `-` only the first gets it",
            ));
        }
        return Ok(text);
    }
    match argument.strip_prefix('@') {
        Some(path) => read_text(Path::new(path))
            .map_err(|error| Error::unreadable(format!("read {what} from `{path}`"), error)),
        None => Ok(argument.to_owned()),
    }
}

/// The text of a file that was named.
pub(super) fn text_of(path: &Path) -> Result<String, Error> {
    read_text(path).map_err(|error| Error::unreadable(format!("read `{}`", path.display()), error))
}

fn read_text(path: &Path) -> io::Result<String> {
    fs::read(path).and_then(utf8)
}

//! Text that an argument gives: itself, or where it is read from.

use std::io::Read;

use crate::error::Error;

/// The text of an argument: `-` is standard input, `@path` is a file, everything else is the text itself.
/// `what` is what it is, as an error names it: `targets`, `the command`.
pub(super) fn given_text(argument: &str, what: &str) -> Result<String, Error> {
    if argument == "-" {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Error::system(format!("read {what} from stdin"), error))?;
        return Ok(text);
    }
    match argument.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Error::system(format!("read {what} from `{path}`"), error)),
        None => Ok(argument.to_owned()),
    }
}

//! New files for people to begin with, which are never written over what is there.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::Path,
};

use crate::error::Error;

/// Writes a file that was not there. None is written over, also if it appears at the last moment.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let doing = || format!("write `{}`", path.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(|error| Error::system(doing(), error))?;
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match file {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Error::usage(
                format!("`{}` is there already", path.display()),
                "nothing is written over it: move it away first",
            ));
        }
        opened => opened.map_err(|error| Error::system(doing(), error))?,
    };
    file.write_all(text.as_bytes())
        .map_err(|error| Error::system(doing(), error))
}

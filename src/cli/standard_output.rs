//! Standard output, watched: what can't be written there is told when the command ends, so that no script takes a part
//! for the whole. A reader that went away (`| head`) is no failure.

use std::{
    io::{self, Write},
    sync::OnceLock,
};

use crate::error::{Error, Exit};

/// The first thing that went wrong. There is one standard output, and it is the process's.
static FAILURE: OnceLock<io::Error> = OnceLock::new();

/// A way to standard output.
pub(super) struct StandardOutput<W>(pub(super) W);

impl<W: Write> Write for StandardOutput<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        noted(self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        noted(self.0.flush())
    }
}

fn noted<T>(result: io::Result<T>) -> io::Result<T> {
    if let Err(error) = &result
        && !matches!(
            error.kind(),
            io::ErrorKind::BrokenPipe | io::ErrorKind::Interrupted
        )
    {
        let _ = FAILURE.set(io::Error::new(error.kind(), error.to_string()));
    }
    result
}

/// What became of standard output, now that nothing more is written: the error to tell, and what to end with instead.
pub(super) fn failure(exit: Exit) -> Option<Error> {
    let _ = StandardOutput(io::stdout()).flush();
    let failure = FAILURE.get()?;
    let source = io::Error::new(failure.kind(), failure.to_string());
    let error = Error::system("write to standard output", source);
    Some(match exit {
        Exit::Success => error,
        exit => Error { exit, ..error },
    })
}

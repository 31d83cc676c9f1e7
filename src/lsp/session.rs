//! One session with an editor: reads what it sends, lets the server answer, and checks when the typing pauses.

use std::{
    io::{self, BufRead, Write},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use miette::Diagnostic;
use thiserror::Error;

use super::{
    Server,
    wire::{self, Incoming},
};

/// Messages that were read and not yet looked at. Each is looked at in far less time than it takes to type the next;
/// when a long check holds them up, the editor waits instead of us growing.
const QUEUE_MAX: usize = 64;

/// How long nothing is heard until files are checked. People type a letter in 100 to 200 milliseconds.
const PAUSE: Duration = Duration::from_millis(120);

/// Messages after which files are checked without a pause, for editors that never pause.
const UNCHECKED_MAX: usize = 32;

/// Why a session ended before its time.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ServeError {
    #[error("the editor sent what is no message of the protocol")]
    #[diagnostic(
        code(segue::lsp::read),
        help("`segue lsp` is started by an editor; docs/editors.md says how to set one up")
    )]
    Read { source: io::Error },

    #[error("the editor went away without `exit`")]
    #[diagnostic(code(segue::lsp::gone))]
    Gone,

    #[error("the editor does not read what it is sent")]
    #[diagnostic(code(segue::lsp::write))]
    Write { source: io::Error },
}

/// Serves one editor until it says `exit`; whether it said `shutdown` before.
///
/// # Errors
/// The streams break, end too early, or carry something else than messages.
pub fn serve(
    input: impl BufRead + Send + 'static,
    mut output: impl Write,
) -> Result<bool, ServeError> {
    let (sender, messages) = sync_channel(QUEUE_MAX);
    // It ends with its stream, or with the first message after we have gone.
    thread::spawn(move || read_all(input, &sender));
    let mut server = Server::new();
    let mut unchecked = 0;
    loop {
        let Some(incoming) = next(&messages, &server, unchecked)? else {
            unchecked = 0;
            send(&mut output, server.work())?;
            continue;
        };
        unchecked += 1;
        match incoming {
            Incoming::Message(message) => send(&mut output, server.handle(message))?,
            Incoming::Broken(broken) => wire::write_broken(&mut output, &broken)
                .map_err(|source| ServeError::Write { source })?,
        }
        if let Some(is_orderly) = server.ending() {
            return Ok(is_orderly);
        }
    }
}

/// The next message, or none when it is time to work.
fn next(
    messages: &Receiver<io::Result<Incoming>>,
    server: &Server,
    unchecked: usize,
) -> Result<Option<Incoming>, ServeError> {
    let message = if !server.has_work() {
        messages.recv().map_err(|_| ServeError::Gone)?
    } else if unchecked >= UNCHECKED_MAX {
        return Ok(None);
    } else {
        match messages.recv_timeout(PAUSE) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => return Err(ServeError::Gone),
        }
    };
    message
        .map(Some)
        .map_err(|source| ServeError::Read { source })
}

fn read_all(mut input: impl BufRead, sender: &SyncSender<io::Result<Incoming>>) {
    loop {
        let read = match wire::read(&mut input) {
            Ok(Some(incoming)) => Ok(incoming),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let is_last = read.is_err();
        if sender.send(read).is_err() || is_last {
            return;
        }
    }
}

fn send(output: &mut impl Write, messages: Vec<lsp_server::Message>) -> Result<(), ServeError> {
    for message in messages {
        wire::write(output, &message).map_err(|source| ServeError::Write { source })?;
    }
    Ok(())
}

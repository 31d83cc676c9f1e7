//! The three standard streams of a payload, the same for every transport: where its input comes from,
//! where its output goes.

use std::{
    borrow::Cow,
    io,
    path::{Path, PathBuf},
};

use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWrite, AsyncWriteExt},
};

use super::{OutputWatch, SessionError, capped::Capped};
use crate::model::{Exit, Output, OutputCap, OutputStream, Payload, Stdin, Stdout};

/// How long the output of a process may be silent after the process has ended, until those that it left behind are
/// no longer waited for: what starts a service often leaves it with the output in its hands. What the process itself
/// wrote is on its way already; a network that stalls for longer than this has other troubles.
pub(super) const SILENCE_AFTER_EXIT: std::time::Duration = std::time::Duration::from_secs(5);

/// How much of a file is read at once: two full packets of most SSH servers.
const PIECE_BYTES: usize = 64 << 10;

/// The standard input, opened: a file that can't be read is found before anything runs.
pub(super) struct Input {
    stdin: Stdin,
    file: Option<File>,
}

impl Input {
    pub(super) async fn open(stdin: &Stdin) -> Result<Self, SessionError> {
        let file = match stdin.file() {
            Some(path) => Some(File::open(path).await.map_err(unreadable(path))?),
            None => None,
        };
        Ok(Self {
            stdin: stdin.clone(),
            file,
        })
    }

    /// Writes everything to `writer`. A process that stops reading is no error: what it needed, it had.
    pub(super) async fn feed(
        self,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), SessionError> {
        for piece in pieces(&self.stdin) {
            // An error of the writer means that nobody reads any more.
            if writer.write_all(&piece).await.is_err() {
                return Ok(());
            }
        }
        let (Some(mut file), Some(path)) = (self.file, self.stdin.file()) else {
            return Ok(());
        };
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let length = file.read(&mut piece).await.map_err(unreadable(path))?;
            if length == 0 || writer.write_all(&piece[..length]).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// What is in memory, in as few pieces as are good: each that is written on its own is a packet.
fn pieces(stdin: &Stdin) -> Vec<Cow<'_, [u8]>> {
    let pieces = stdin.pieces();
    let filled = || pieces.into_iter().filter(|piece| !piece.is_empty());
    let bytes: usize = filled().map(<[u8]>::len).sum();
    if filled().count() > 1 && bytes <= PIECE_BYTES {
        return vec![Cow::Owned(pieces.concat())];
    }
    filled().map(Cow::Borrowed).collect()
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> SessionError {
    |source| SessionError::LocalFile {
        path: path.to_path_buf(),
        source,
    }
}

/// The file that takes the standard output, when it is not kept in memory.
pub(super) struct StdoutFile {
    file: File,
    path: PathBuf,
}

impl StdoutFile {
    /// Creates it, if the payload wants one.
    pub(super) async fn create(stdout: &Stdout) -> Result<Option<Self>, SessionError> {
        let Stdout::File(path) = stdout else {
            return Ok(None);
        };
        match File::create(path).await {
            Ok(file) => Ok(Some(Self {
                file,
                path: path.clone(),
            })),
            Err(source) => Err(SessionError::LocalFile {
                path: path.clone(),
                source,
            }),
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        let written = self.file.write_all(bytes).await;
        written.map_err(|source| self.error(source))
    }

    /// Waits until all of it is written: only then is the output whole.
    pub(super) async fn finish(&mut self) -> Result<(), SessionError> {
        let flushed = self.file.flush().await;
        flushed.map_err(|source| self.error(source))
    }

    fn error(&self, source: std::io::Error) -> SessionError {
        SessionError::LocalFile {
            path: self.path.clone(),
            source,
        }
    }
}

/// What is kept in memory of the two output streams.
#[derive(Debug)]
pub(super) struct Collected {
    stdout: Capped,
    stderr: Capped,
}

impl Collected {
    pub(super) fn new(payload: &Payload) -> Self {
        let cap = match payload.stdout {
            Stdout::Keep(cap) => cap,
            Stdout::File(_) => OutputCap::default(),
        };
        Self {
            stdout: Capped::new(cap),
            stderr: Capped::new(cap),
        }
    }

    pub(super) fn push(&mut self, stream: OutputStream, bytes: &[u8]) {
        match stream {
            OutputStream::Stdout => self.stdout.push(bytes),
            OutputStream::Stderr => self.stderr.push(bytes),
        }
    }

    pub(super) fn into_output(self, exit: Exit) -> Output {
        let (stdout, stdout_omitted) = self.stdout.into_parts();
        let (stderr, stderr_omitted) = self.stderr.into_parts();
        Output {
            stdout,
            stderr,
            exit,
            omitted: stdout_omitted + stderr_omitted,
        }
    }
}

/// How far a watcher has been told.
#[derive(Debug, Default)]
pub(super) struct Told {
    stdout: u64,
    stderr: u64,
}

impl Told {
    /// Takes what is new since the last time. The watcher is told afterwards, without the lock on `collected`.
    pub(super) fn news(&mut self, collected: &Collected) -> [(OutputStream, Vec<u8>); 2] {
        let stdout = collected.stdout.since(self.stdout);
        let stderr = collected.stderr.since(self.stderr);
        self.stdout = collected.stdout.total();
        self.stderr = collected.stderr.total();
        [
            (OutputStream::Stdout, stdout),
            (OutputStream::Stderr, stderr),
        ]
    }
}

/// Tells a watcher what is not empty.
pub(super) fn tell(watch: &OutputWatch<'_>, news: [(OutputStream, Vec<u8>); 2]) {
    for (stream, bytes) in news {
        if !bytes.is_empty() {
            watch(stream, &bytes);
        }
    }
}

//! The controller itself as a target.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

use super::{
    ConnectError, GivenUp, OutputWatch, Pending, Session, SessionError, Transport,
    endings::Endings,
    process_group::{Pipes, ProcessGroup},
    streams::{Collected, Input, SILENCE_AFTER_EXIT, StdoutFile},
};
use crate::model::{Output, OutputStream, Payload, Target};

/// How much is read from a pipe at once: what a pipe of Linux holds.
const PIECE_BYTES: usize = 64 << 10;

/// Runs payloads with the controller's own shell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

impl Transport for Local {
    fn connect(&self, _: Arc<Target>) -> Pending<'_, Result<Arc<dyn Session>, ConnectError>> {
        Box::pin(async { Ok(Arc::new(LocalSession::default()) as Arc<dyn Session>) })
    }
}

#[derive(Default)]
struct LocalSession {
    endings: Endings,
}

impl Session for LocalSession {
    fn run<'a>(
        &'a self,
        payload: &'a Payload,
        watch: Option<&'a OutputWatch<'a>>,
    ) -> Pending<'a, Result<Output, SessionError>> {
        Box::pin(run(&self.endings, payload, watch))
    }

    fn is_open(&self) -> bool {
        true
    }

    fn is_ending(&self) -> bool {
        self.endings.are_under_way()
    }

    fn given_up(&self) -> Pending<'_, GivenUp> {
        Box::pin(self.endings.over())
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async {})
    }
}

async fn run(
    endings: &Endings,
    payload: &Payload,
    watch: Option<&OutputWatch<'_>>,
) -> Result<Output, SessionError> {
    let input = Input::open(&payload.stdin).await?;
    let file = StdoutFile::create(&payload.stdout).await?;
    let (mut group, pipes) = ProcessGroup::start(&payload.command, payload.end.clone(), endings)
        .map_err(|error| refused(&error))?;
    let collected = Mutex::new(Collected::new(payload));
    let heard = AtomicU64::new(0);
    let done = async {
        let listener = Listener {
            collected: &collected,
            watch,
            heard: &heard,
        };
        let mut exchange = pin!(exchange(pipes, input, file, &listener));
        let waited = |exit: std::io::Result<_>| {
            exit.map_err(|error| SessionError::Broken {
                message: format!("the process can't be waited for: {error}"),
            })
        };
        tokio::select! {
            biased;
            exchanged = &mut exchange => {
                exchanged?;
                waited(group.wait().await)
            }
            exit = group.wait() => {
                let exit = waited(exit)?;
                // What it left behind may hold its output for as long as it lives, so only silence is an end.
                loop {
                    let before = heard.load(Ordering::Relaxed);
                    match timeout(SILENCE_AFTER_EXIT, &mut exchange).await {
                        Ok(exchanged) => break exchanged.map(|()| exit),
                        Err(_) if heard.load(Ordering::Relaxed) == before => break Ok(exit),
                        Err(_) => {}
                    }
                }
            }
        }
    };
    let done = timeout(payload.timeout, done).await;
    match done {
        Ok(Ok(exit)) => {
            group.leave();
            Ok(collected
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)
                .into_output(exit))
        }
        Ok(Err(error)) => {
            group.end().await;
            Err(error)
        }
        Err(_) => {
            let given_up = group.end().await;
            Err(SessionError::TimedOut(given_up))
        }
    }
}

/// Who hears what the process prints.
struct Listener<'a> {
    collected: &'a Mutex<Collected>,
    watch: Option<&'a OutputWatch<'a>>,
    /// How many pieces came.
    heard: &'a AtomicU64,
}

/// Feeds the process and reads what it prints, until it has closed its output.
async fn exchange(
    pipes: Pipes,
    input: Input,
    mut file: Option<StdoutFile>,
    listener: &Listener<'_>,
) -> Result<(), SessionError> {
    let Pipes {
        mut stdin,
        stdout,
        stderr,
    } = pipes;
    let feed = async move { input.feed(&mut stdin).await };
    let stdout = drain(OutputStream::Stdout, stdout, file.as_mut(), listener);
    let stderr = drain(OutputStream::Stderr, stderr, None, listener);
    tokio::try_join!(feed, stdout, stderr)?;
    Ok(())
}

async fn drain(
    stream: OutputStream,
    mut pipe: impl AsyncRead + Unpin,
    mut file: Option<&mut StdoutFile>,
    listener: &Listener<'_>,
) -> Result<(), SessionError> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let bytes = match pipe.read(&mut piece).await {
            Ok(0) => break,
            Ok(length) => &piece[..length],
            Err(error) => {
                return Err(SessionError::Broken {
                    message: format!("the output of the process can't be read: {error}"),
                });
            }
        };
        listener.heard.fetch_add(1, Ordering::Relaxed);
        if let Some(file) = file.as_mut() {
            file.write(bytes).await?;
            continue;
        }
        listener
            .collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(stream, bytes);
        if let Some(watch) = listener.watch {
            watch(stream, bytes);
        }
    }
    match file {
        Some(file) => file.finish().await,
        None => Ok(()),
    }
}

fn refused(error: &std::io::Error) -> SessionError {
    SessionError::Refused {
        message: format!("`/bin/sh` can't be started: {error}"),
    }
}

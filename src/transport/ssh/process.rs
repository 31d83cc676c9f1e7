//! One process on the other side, from its start to its end.
//!
//! A task of its own does the work, whatever becomes of those who wait for it: russh hands on what comes from the
//! network one message after the other, so a channel that nobody reads would hold up all others of its connection;
//! and a process whose caller has gone must still be ended.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig, client::Msg};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep_until, timeout},
};

use super::connection::{Connection, Counted};
use crate::{
    model::{Exit, Output, OutputStream, Payload},
    transport::{
        GivenUp, OutputWatch, SessionError,
        deadline::deadline_in,
        endings::TELL_WITHIN,
        streams::{Collected, Input, SILENCE_AFTER_EXIT, StdoutFile, Told, tell},
    },
};

/// How long the command that ends a process may take: it sends signals and waits a moment for them to act.
const END_COMMAND_MAX: Duration = Duration::from_secs(10);
/// How long a process may take to end after each of the things that we do about it.
const END_GRACE: Duration = Duration::from_secs(3);

/// What is shared between the task that reads and the caller that watches.
struct Shared {
    collected: Mutex<Collected>,
    news: Notify,
    watched: bool,
}

impl Shared {
    fn push(&self, stream: OutputStream, bytes: &[u8]) {
        self.locked(|collected| collected.push(stream, bytes));
        if self.watched {
            self.news.notify_one();
        }
    }

    fn locked<T>(&self, act: impl FnOnce(&mut Collected) -> T) -> T {
        act(&mut self
            .collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

type Answer = Result<Exit, SessionError>;

/// Runs a payload and waits for it. Dropping this future ends the process.
pub(super) async fn run(
    connection: &Arc<Connection>,
    payload: &Payload,
    watch: Option<&OutputWatch<'_>>,
) -> Result<Output, SessionError> {
    let deadline = deadline_in(payload.timeout);
    let input = Input::open(&payload.stdin).await?;
    let file = StdoutFile::create(&payload.stdout).await?;
    let shared = Arc::new(Shared {
        collected: Mutex::new(Collected::new(payload)),
        news: Notify::new(),
        watched: watch.is_some(),
    });
    let (answer, mut answered) = oneshot::channel();
    let work = Work {
        connection: Arc::clone(connection),
        command: Arc::clone(&payload.command),
        end: payload.end.clone(),
        deadline,
        shared: Arc::clone(&shared),
        file,
        exit: None,
    };
    connection.tasks().spawn(work.run(input, answer));
    let mut told = Told::default();
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut answered => break answer,
            () = shared.news.notified() => {
                if let Some(watch) = watch {
                    tell(watch, shared.locked(|collected| told.news(collected)));
                }
            }
        }
    };
    if let Some(watch) = watch {
        tell(watch, shared.locked(|collected| told.news(collected)));
    }
    let exit = answer.map_err(|_| connection.broken())??;
    let empty = Collected::new(payload);
    let collected = shared.locked(|collected| std::mem::replace(collected, empty));
    Ok(collected.into_output(exit))
}

/// Why reading a channel came to an end.
enum Stop {
    /// The server has closed the channel.
    Closed,
    /// The connection is gone.
    Lost,
    /// The server did not start the process.
    NotStarted,
    /// The process has ended; what it left behind holds its output and says nothing.
    LeftBehind,
    /// The process goes on, but not for us.
    GivenUp(Option<SessionError>),
}

struct Work {
    connection: Arc<Connection>,
    command: Arc<str>,
    end: Option<Arc<str>>,
    deadline: Instant,
    shared: Arc<Shared>,
    file: Option<StdoutFile>,
    exit: Option<Exit>,
}

impl Work {
    async fn run(mut self, input: Input, mut answer: oneshot::Sender<Answer>) {
        let connection = Arc::clone(&self.connection);
        let Counted { channel, place } = {
            let mut opening = pin!(connection.open_channel());
            tokio::select! {
                biased;
                opened = &mut opening => match opened {
                    Ok(counted) => counted,
                    Err(error) => {
                        let _ = answer.send(Err(error));
                        return;
                    }
                },
                () = sleep_until(self.deadline) => {
                    let _ = answer.send(Err(SessionError::NotBegun));
                    return give_back(opening).await;
                }
                () = answer.closed() => return give_back(opening).await,
            }
        };
        let (mut reader, writer) = channel.split();
        let stop = self
            .exchange(&mut reader, &writer, input, &mut answer)
            .await;
        let result = match stop {
            Stop::Closed | Stop::Lost if self.exit.is_some() => self.finish().await,
            Stop::LeftBehind => {
                // The other side sees it as the end of whoever reads. An error means that the connection is gone.
                let _ = writer.close().await;
                self.finish().await
            }
            Stop::Closed if connection.is_open() => Err(SessionError::Broken {
                message: "the server closed the channel without saying how the process ended"
                    .to_owned(),
            }),
            Stop::Closed | Stop::Lost => Err(connection.broken()),
            Stop::NotStarted => {
                let _ = writer.close().await;
                Err(SessionError::Refused {
                    message: "the server does not let us run commands".to_owned(),
                })
            }
            Stop::GivenUp(error) => {
                let ending = connection.endings().begin();
                let mut end = pin!(self.end(reader, &writer));
                let told = |given_up| Err(error.unwrap_or(SessionError::TimedOut(given_up)));
                let Ok(given_up) = timeout(TELL_WITHIN, &mut end).await else {
                    // Nobody may be left to be told.
                    let _ = answer.send(told(GivenUp::MayGoOn));
                    return ending.came_to(end.await);
                };
                ending.came_to(given_up);
                told(given_up)
            }
        };
        // Whoever is told that it is over may ask for the next channel at once.
        drop(place);
        // Nobody may be left to be told.
        let _ = answer.send(result);
    }

    /// Starts the process, feeds it, and reads what it prints until its channel closes: the exit status may
    /// come after the end of its output.
    async fn exchange(
        &mut self,
        reader: &mut ChannelReadHalf,
        writer: &ChannelWriteHalf<Msg>,
        input: Input,
        answer: &mut oneshot::Sender<Answer>,
    ) -> Stop {
        if writer.exec(true, self.command.as_bytes()).await.is_err() {
            return Stop::Lost;
        }
        let mut stdin = writer.make_writer();
        let mut feeding = pin!(async {
            let fed = input.feed(&mut stdin).await;
            // An error means that the connection is gone, which the reading side finds out, too.
            let _ = writer.eof().await;
            fed
        });
        let mut fed = false;
        let mut over = pin!(sleep_until(self.deadline));
        let mut silent = pin!(sleep_until(self.deadline));
        loop {
            tokio::select! {
                biased;
                message = reader.wait() => match self.take(message).await {
                    Ok(None) => silent.as_mut().reset(Instant::now() + SILENCE_AFTER_EXIT),
                    Ok(Some(stop)) => return stop,
                    Err(error) => return Stop::GivenUp(Some(error)),
                },
                () = &mut silent, if self.exit.is_some() => return Stop::LeftBehind,
                result = &mut feeding, if !fed => match result {
                    Ok(()) => fed = true,
                    Err(error) => return Stop::GivenUp(Some(error)),
                },
                () = answer.closed() => return Stop::GivenUp(None),
                () = &mut over => return Stop::GivenUp(None),
            }
        }
    }

    async fn take(&mut self, message: Option<ChannelMsg>) -> Result<Option<Stop>, SessionError> {
        match message {
            Some(ChannelMsg::Data { data }) => match &mut self.file {
                Some(file) => file.write(&data).await?,
                None => self.shared.push(OutputStream::Stdout, &data),
            },
            Some(ChannelMsg::ExtendedData { data, ext: 1 }) => {
                self.shared.push(OutputStream::Stderr, &data);
            }
            Some(ChannelMsg::ExitStatus { exit_status }) => {
                // Exit codes are small; servers for Windows send 32 bits, of which the sign is one.
                self.exit = Some(Exit::Code(exit_status.cast_signed()));
            }
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                self.exit = Some(Exit::Signal(signal_text(signal_name)));
            }
            Some(ChannelMsg::Failure) => return Ok(Some(Stop::NotStarted)),
            Some(ChannelMsg::Close) => return Ok(Some(Stop::Closed)),
            Some(_) => {}
            None => return Ok(Some(Stop::Lost)),
        }
        Ok(None)
    }

    async fn finish(&mut self) -> Answer {
        if let Some(file) = &mut self.file {
            file.finish().await?;
        }
        Ok(self.exit.take().expect("it is looked at before"))
    }

    /// Ends the process: by its own command, then by signals to its group, then by closing its channel. Tells what
    /// came of that.
    async fn end(&mut self, reader: ChannelReadHalf, writer: &ChannelWriteHalf<Msg>) -> GivenUp {
        let mut rest = Rest {
            reader,
            closed: None,
        };
        let mut was_ended = false;
        if let Some(command) = self.end.take() {
            // A task of its own, because opening a channel must not be given up half way.
            let tasks = self.connection.tasks();
            let ending = tasks.spawn(run_quietly(Arc::clone(&self.connection), command));
            let (ran, _) = tokio::join!(
                timeout(END_COMMAND_MAX, ending),
                timeout(END_COMMAND_MAX, rest.close())
            );
            was_ended = matches!(ran, Ok(Ok(true)));
        }
        if was_ended {
            let _ = timeout(END_GRACE, rest.close()).await;
        }
        for signal in [Sig::TERM, Sig::KILL] {
            if rest.closed.is_some() || writer.signal(signal).await.is_err() {
                break;
            }
            let _ = timeout(END_GRACE, rest.close()).await;
        }
        if rest.closed.is_none() {
            // The server may do as it likes with it now. An error means that the connection is gone.
            let _ = writer.close().await;
        }
        if was_ended || rest.closed == Some(Closed::ByServer) {
            GivenUp::Ended
        } else {
            GivenUp::MayGoOn
        }
    }
}

/// What still comes on a channel that nobody wants to hear. It has to be read nevertheless.
struct Rest {
    reader: ChannelReadHalf,
    closed: Option<Closed>,
}

/// How a channel came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closed {
    ByServer,
    WithConnection,
}

impl Rest {
    /// Reads until the channel is closed. May be dropped and called again.
    async fn close(&mut self) {
        while self.closed.is_none() {
            self.closed = match self.reader.wait().await {
                Some(ChannelMsg::Close) => Some(Closed::ByServer),
                Some(_) => None,
                None => Some(Closed::WithConnection),
            };
        }
    }
}

/// Closes a channel that was asked for and is not needed any more.
async fn give_back(opening: impl Future<Output = Result<Counted, SessionError>>) {
    if let Ok(Counted { channel, place }) = opening.await {
        // An error means that the connection is gone, and the channel with it.
        let _ = channel.close().await;
        drop(place);
    }
}

/// Runs a command that prints nothing of interest; tells whether it came to an end.
async fn run_quietly(connection: Arc<Connection>, command: Arc<str>) -> bool {
    let Ok(Counted {
        channel,
        place: _place,
    }) = connection.open_channel().await
    else {
        return false;
    };
    let (mut reader, writer) = channel.split();
    if writer.exec(true, command.as_bytes()).await.is_err() || writer.eof().await.is_err() {
        return false;
    }
    let mut code = None;
    let ending = async {
        loop {
            match reader.wait().await {
                Some(ChannelMsg::ExitStatus { exit_status }) => code = Some(exit_status),
                Some(ChannelMsg::Close | ChannelMsg::Failure) | None => break,
                Some(_) => {}
            }
        }
    };
    if timeout(END_COMMAND_MAX, ending).await.is_err() {
        let _ = writer.close().await;
    }
    code == Some(0)
}

/// The name of a signal as the server gave it, without `SIG`.
fn signal_text(signal: Sig) -> String {
    match signal {
        Sig::Custom(name) => name,
        known => format!("{known:?}"),
    }
}

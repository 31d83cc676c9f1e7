//! Targets that are made up: what they answer is a function. For tests, and whatever else needs no machines.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{sleep, timeout};

use super::{ConnectError, GivenUp, OutputWatch, Pending, Session, SessionError, Transport};
use crate::model::{Exit, Output, OutputStream, Payload, Target};

type Connect = dyn Fn(&Target) -> Result<(), ConnectError> + Send + Sync;
type Answer = dyn Fn(&Target, &Payload) -> Reply + Send + Sync;

/// A transport whose targets answer from a closure.
#[derive(Clone)]
pub struct Scripted {
    connect: Arc<Connect>,
    answer: Arc<Answer>,
}

/// What a made-up target answers to a payload, and after how long.
#[derive(Debug)]
pub struct Reply {
    pub result: Result<Output, SessionError>,
    /// On tokio's clock. The payload's timeout counts.
    pub after: Duration,
    /// The connection is closed afterwards.
    pub hang_up: bool,
}

impl Reply {
    /// A process that printed something and ended with a code.
    pub fn printed(stdout: impl Into<Vec<u8>>, code: i32) -> Self {
        Self::of(Ok(Output {
            stdout: stdout.into(),
            stderr: Vec::new(),
            exit: Exit::Code(code),
            omitted: 0,
        }))
    }

    /// A connection that breaks while the process runs.
    pub fn broken(message: &str) -> Self {
        let mut reply = Self::of(Err(SessionError::Broken {
            message: message.to_owned(),
        }));
        reply.hang_up = true;
        reply
    }

    /// Any answer, at once.
    pub const fn of(result: Result<Output, SessionError>) -> Self {
        Self {
            result,
            after: Duration::ZERO,
            hang_up: false,
        }
    }

    /// The same answer, later.
    #[must_use]
    pub const fn after(mut self, after: Duration) -> Self {
        self.after = after;
        self
    }
}

impl Scripted {
    /// Targets that can all be reached.
    pub fn new(answer: impl Fn(&Target, &Payload) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            connect: Arc::new(|_| Ok(())),
            answer: Arc::new(answer),
        }
    }

    /// The same targets, of which some can't be reached.
    #[must_use]
    pub fn with_connect(
        mut self,
        connect: impl Fn(&Target) -> Result<(), ConnectError> + Send + Sync + 'static,
    ) -> Self {
        self.connect = Arc::new(connect);
        self
    }
}

impl Transport for Scripted {
    fn connect(&self, target: Arc<Target>) -> Pending<'_, Result<Arc<dyn Session>, ConnectError>> {
        Box::pin(async move {
            (self.connect)(&target)?;
            Ok(Arc::new(ScriptedSession {
                target,
                answer: Arc::clone(&self.answer),
                open: AtomicBool::new(true),
            }) as Arc<dyn Session>)
        })
    }
}

struct ScriptedSession {
    target: Arc<Target>,
    answer: Arc<Answer>,
    open: AtomicBool,
}

impl Session for ScriptedSession {
    fn run<'a>(
        &'a self,
        payload: &'a Payload,
        watch: Option<&'a OutputWatch<'a>>,
    ) -> Pending<'a, Result<Output, SessionError>> {
        Box::pin(async move {
            if !self.is_open() {
                return Err(SessionError::Broken {
                    message: "the connection was closed before".to_owned(),
                });
            }
            let reply = (self.answer)(&self.target, payload);
            if !reply.after.is_zero() && timeout(payload.timeout, sleep(reply.after)).await.is_err()
            {
                return Err(SessionError::TimedOut(GivenUp::Ended));
            }
            if reply.hang_up {
                self.open.store(false, Ordering::Relaxed);
            }
            if let (Some(watch), Ok(output)) = (watch, &reply.result) {
                for (stream, bytes) in [
                    (OutputStream::Stdout, &output.stdout),
                    (OutputStream::Stderr, &output.stderr),
                ] {
                    if !bytes.is_empty() {
                        watch(stream, bytes);
                    }
                }
            }
            reply.result
        })
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    fn close(&self) -> Pending<'_, ()> {
        self.open.store(false, Ordering::Relaxed);
        Box::pin(async {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{OutputCap, Stdin, Stdout},
        transport::ConnectReason,
    };

    fn payload() -> Payload {
        Payload {
            command: "anything".into(),
            stdin: Stdin::empty(),
            stdout: Stdout::Keep(OutputCap::default()),
            timeout: Duration::from_millis(10),
            end: None,
        }
    }

    fn target(name: &str) -> Arc<Target> {
        Arc::new(Target::new(name, "ssh"))
    }

    #[tokio::test]
    async fn targets_answer_time_out_and_break_as_they_are_told() {
        let scripted = Scripted::new(|target, _| match target.name.as_str() {
            "slow" => Reply::printed("late", 0).after(Duration::from_mins(1)),
            "weak" => Reply::broken("reset by peer"),
            name => Reply::printed(format!("I am {name}"), 0),
        });
        let web = scripted.connect(target("web")).await.unwrap();
        assert_eq!(web.run(&payload(), None).await.unwrap().stdout, b"I am web");
        let slow = scripted.connect(target("slow")).await.unwrap();
        let late = slow.run(&payload(), None).await;
        assert!(matches!(late, Err(SessionError::TimedOut(_))));
        let weak = scripted.connect(target("weak")).await.unwrap();
        assert!(weak.run(&payload(), None).await.is_err() && !weak.is_open());
    }

    #[tokio::test]
    async fn targets_that_are_down_are_not_connected_to() {
        let scripted = Scripted::new(|_, _| Reply::printed("", 0))
            .with_connect(|_| Err(ConnectError::new(ConnectReason::Refused, "it is down")));
        assert!(scripted.connect(target("web")).await.is_err());
    }
}

//! What OpenSSH can't be brought to do in a test, played by a server of our own.

use std::{borrow::Cow, sync::Arc, time::Duration};

use russh::{
    Channel, ChannelId, MethodKind, MethodSet,
    keys::{Algorithm, PrivateKey, key::safe_rng},
    server::{
        Auth, ChannelOpenHandle, Config, Handler, Msg, Response, Session as Served,
        VerifiedPublicKey, run_stream,
    },
};
use tokio::net::TcpListener;

use super::{ControllerUser, Ssh};
use crate::{
    clock::Clock,
    model::{Exit, Map, OutputCap, Payload, Stdin, Stdout, Target, Value},
    transport::{ConnectError, ConnectReason, Session, SessionError, Transport},
};

/// How a server lets people in.
#[derive(Clone, Copy)]
enum Door {
    Password,
    Prompts,
    KeyThenPassword,
}

/// What it does when it is asked to run something.
#[derive(Clone, Copy)]
enum Work {
    ExitStatusAfterEof,
    Nothing,
}

#[derive(Clone, Copy)]
struct Server {
    door: Door,
    work: Work,
    key_seen: bool,
}

const PASSWORD: &str = "hunter2";

fn more(methods: &[MethodKind], partial_success: bool) -> Auth {
    Auth::Reject {
        proceed_with_methods: Some(MethodSet::from(methods)),
        partial_success,
    }
}

impl Handler for Server {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        _: &str,
        _: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        self.key_seen = true;
        Ok(match self.door {
            Door::KeyThenPassword => more(&[MethodKind::Password], true),
            Door::Password => more(&[MethodKind::Password], false),
            Door::Prompts => more(&[MethodKind::KeyboardInteractive], false),
        })
    }

    async fn auth_password(&mut self, _: &str, password: &str) -> Result<Auth, Self::Error> {
        let enough = match self.door {
            Door::Password => true,
            Door::Prompts => false,
            Door::KeyThenPassword => self.key_seen,
        };
        if enough && password == PASSWORD {
            return Ok(Auth::Accept);
        }
        let method = match self.door {
            Door::Prompts => MethodKind::KeyboardInteractive,
            Door::Password | Door::KeyThenPassword => MethodKind::Password,
        };
        Ok(more(&[method], false))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(mut answers) = response else {
            const PROMPTS: [(Cow<'static, str>, bool); 2] = [
                (Cow::Borrowed("Your name: "), true),
                (Cow::Borrowed("Password: "), false),
            ];
            return Ok(Auth::Partial {
                name: "".into(),
                instructions: "".into(),
                prompts: PROMPTS.to_vec().into(),
            });
        };
        let right = answers.next().as_deref() == Some(b"")
            && answers.next().as_deref() == Some(PASSWORD.as_bytes());
        Ok(if right {
            Auth::Accept
        } else {
            more(&[MethodKind::KeyboardInteractive], false)
        })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Served,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut Served,
    ) -> Result<(), Self::Error> {
        match self.work {
            Work::Nothing => session.channel_failure(channel)?,
            Work::ExitStatusAfterEof => {
                session.channel_success(channel)?;
                session.data(channel, "first".as_bytes().to_vec())?;
                session.eof(channel)?;
                session.exit_status_request(channel, 9)?;
                session.close(channel)?;
            }
        }
        Ok(())
    }
}

/// Connects to such a server with a password and nothing else.
async fn call(door: Door, work: Work, password: &str) -> Result<Arc<dyn Session>, ConnectError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap();
    let config = Arc::new(Config {
        keys: vec![key.clone()],
        auth_rejection_time: Duration::ZERO,
        ..Config::default()
    });
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let server = Server {
            door,
            work,
            key_seen: false,
        };
        // How it ends is seen from the other side.
        let _ = run_stream(config, stream, server).await.unwrap().await;
    });
    let mut target = Target::new("127.0.0.1", "ssh");
    target.port = Some(port);
    target.user = Some("me".to_owned());
    let mut set = |key: &str, value: Value| target.config.insert(key.to_owned(), value);
    set("host-key-check", false.into());
    set("password", Value::sensitive(password.into()));
    if matches!(door, Door::KeyThenPassword) {
        let data = key
            .to_openssh(russh::keys::ssh_key::LineEnding::LF)
            .unwrap();
        let data = Map::from_iter([("key-data".to_owned(), Value::from(data.as_str()))]);
        set("private-key", data.into());
    }
    let ssh = Ssh::new(ControllerUser::default(), Clock::System);
    ssh.connect(Arc::new(target)).await
}

fn payload() -> Payload {
    Payload {
        command: "anything".into(),
        stdin: Stdin::empty(),
        stdout: Stdout::Keep(OutputCap::default()),
        timeout: Duration::from_mins(1),
        end: None,
    }
}

#[tokio::test]
async fn password_opens_by_every_way_that_takes_one() {
    for door in [Door::Password, Door::Prompts, Door::KeyThenPassword] {
        let session = call(door, Work::ExitStatusAfterEof, PASSWORD).await;
        assert!(session.is_ok(), "{:?}", session.err());
    }
}

#[tokio::test]
async fn wrong_password_is_refused_and_not_shown() {
    for door in [Door::Password, Door::Prompts, Door::KeyThenPassword] {
        let error = call(door, Work::Nothing, "swordfish").await.err().unwrap();
        assert_eq!(error.reason, ConnectReason::AuthenticationRefused);
        assert!(error.message.contains("the password"), "{}", error.message);
        assert!(!format!("{error:?}").contains("swordfish"), "{error:?}");
    }
}

#[tokio::test]
async fn exit_status_counts_when_it_comes_after_the_end_of_the_output() {
    let session = call(Door::Password, Work::ExitStatusAfterEof, PASSWORD)
        .await
        .unwrap();
    let output = session.run(&payload(), None).await.unwrap();
    assert_eq!(
        (output.stdout, output.exit),
        (b"first".to_vec(), Exit::Code(9))
    );
}

#[tokio::test]
async fn server_that_runs_nothing_has_refused() {
    let session = call(Door::Password, Work::Nothing, PASSWORD).await.unwrap();
    let error = session.run(&payload(), None).await.unwrap_err();
    assert!(matches!(error, SessionError::Refused { .. }), "{error}");
}

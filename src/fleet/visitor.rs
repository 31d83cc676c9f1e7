//! A client for the tests of this room: strict about host keys, and with no more patience than a test needs.

use std::sync::Arc;

use russh::{
    Channel, ChannelMsg,
    client::{self, Handle, Msg},
    keys::{
        PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate, check_known_hosts_path,
        load_secret_key,
    },
};

use super::{Fleet, FleetTarget};
use crate::model::Exit;

/// A client that has been let in.
pub(super) struct Visitor {
    session: Handle<Door>,
}

/// A command that has been begun.
pub(super) struct Begun {
    channel: Channel<Msg>,
    stdout: Vec<u8>,
}

/// What came back.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// Nothing if the connection broke before.
    pub(super) exit: Option<Exit>,
}

/// Believes what `known_hosts` says, and nothing else.
struct Door {
    known_hosts: std::path::PathBuf,
    port: u16,
}

impl client::Handler for Door {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        shown: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else {
            return Ok(false);
        };
        match check_known_hosts_path("127.0.0.1", self.port, key, &self.known_hosts) {
            Ok(is_known) => Ok(is_known),
            Err(russh::keys::Error::KeyChanged { line }) => Err(russh::Error::KeyChanged { line }),
            Err(_) => Ok(false),
        }
    }
}

impl Visitor {
    pub(super) async fn at(fleet: &Fleet, target: &str) -> Result<Self, russh::Error> {
        let key = load_secret_key(fleet.private_key(), None).expect("the fleet wrote it");
        Self::with_key(fleet, target, key).await
    }

    pub(super) async fn with_key(
        fleet: &Fleet,
        target: &str,
        key: PrivateKey,
    ) -> Result<Self, russh::Error> {
        let port = fleet.port_of(&FleetTarget::new(target, ""));
        let door = Door {
            known_hosts: fleet.known_hosts(),
            port,
        };
        let config = Arc::new(client::Config {
            nodelay: true,
            ..client::Config::default()
        });
        let mut session = client::connect(config, ("127.0.0.1", port), door).await?;
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
        if session.authenticate_publickey(target, key).await?.success() {
            Ok(Self { session })
        } else {
            Err(russh::Error::NotAuthenticated)
        }
    }

    pub(super) async fn run(&self, command: &str) -> Said {
        self.run_with(command, b"").await
    }

    pub(super) async fn run_with(&self, command: &str, input: &[u8]) -> Said {
        let begun = self.begin(command).await;
        let (mut reading, writing) = begun.channel.split();
        let mut said = Said::default();
        let mut stdout = Vec::new();
        let send = async {
            // A command that ends early does not care for the rest.
            let _ = writing.data(input).await;
            let _ = writing.eof().await;
            std::future::pending::<()>().await;
        };
        let receive = async {
            while let Some(message) = reading.wait().await {
                match message {
                    ChannelMsg::Data { data } => stdout.extend_from_slice(&data),
                    ChannelMsg::ExtendedData { data, .. } => {
                        said.stderr.push_str(&String::from_utf8_lossy(&data));
                    }
                    ChannelMsg::ExitStatus { exit_status } => {
                        said.exit = i32::try_from(exit_status).ok().map(Exit::Code);
                    }
                    ChannelMsg::ExitSignal { signal_name, .. } => {
                        said.exit = Some(Exit::Signal(format!("{signal_name:?}")));
                    }
                    _ => {}
                }
            }
        };
        tokio::select! {
            () = send => {}
            () = receive => {}
        }
        said.stdout = String::from_utf8(stdout).expect("the tests print text");
        said
    }

    pub(super) async fn begin(&self, command: &str) -> Begun {
        self.try_begin(command).await.expect("the channel opens")
    }

    pub(super) async fn try_begin(&self, command: &str) -> Result<Begun, russh::Error> {
        let channel = self.session.channel_open_session().await?;
        channel.exec(true, command).await?;
        Ok(Begun {
            channel,
            stdout: Vec::new(),
        })
    }

    pub(super) async fn leave(self) {
        let _ = self
            .session
            .disconnect(russh::Disconnect::ByApplication, "", "")
            .await;
    }
}

impl Begun {
    /// Waits for so many lines of output.
    pub(super) async fn lines(&mut self, count: usize) -> Vec<String> {
        while String::from_utf8_lossy(&self.stdout).matches('\n').count() < count {
            match self.channel.wait().await.expect("the command prints more") {
                ChannelMsg::Data { data } => self.stdout.extend_from_slice(&data),
                ChannelMsg::Close => panic!("the command printed less"),
                _ => {}
            }
        }
        let text = String::from_utf8_lossy(&self.stdout);
        text.lines().map(str::to_owned).collect()
    }
}

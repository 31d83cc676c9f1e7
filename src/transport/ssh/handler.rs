//! Our side of a connection's own events: the host's key, and its end.

use std::sync::{Arc, OnceLock};

use russh::{
    Channel, Disconnect,
    client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session},
    keys::PublicKeyOrCertificate,
};
use tokio::sync::watch;

use super::host_key::{HostKeyGate, HostKeyRefusal};

/// What became of a connection. Shared by all who use it.
#[derive(Debug)]
pub(super) struct Fate {
    reason: OnceLock<String>,
    over: watch::Sender<bool>,
}

impl Fate {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            reason: OnceLock::new(),
            over: watch::Sender::new(false),
        })
    }

    /// Why the connection ended, for people.
    pub(super) fn reason(&self) -> String {
        let reason = self.reason.get().cloned();
        reason.unwrap_or_else(|| "the server closed the connection".to_owned())
    }

    /// Waits until the connection has ended.
    pub(super) async fn over(&self) {
        // The sender lives as long as we do, so this can't fail.
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }
}

/// The handler of one connection.
pub(super) struct Client {
    pub(super) gate: HostKeyGate,
    pub(super) fate: Arc<Fate>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.fate.over.send_replace(true);
    }
}

/// Why a connection did not come about or did not last.
#[derive(Debug)]
pub(super) enum ClientError {
    HostKey(Box<HostKeyRefusal>),
    Ssh(russh::Error),
}

impl From<russh::Error> for ClientError {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

impl Handler for Client {
    type Error = ClientError;

    async fn check_server_key(
        &mut self,
        shown: &PublicKeyOrCertificate,
    ) -> Result<bool, ClientError> {
        match self.gate.admit(shown) {
            Ok(()) => Ok(true),
            Err(refusal) => Err(ClientError::HostKey(Box::new(refusal))),
        }
    }

    async fn disconnected(
        &mut self,
        reason: DisconnectReason<ClientError>,
    ) -> Result<(), ClientError> {
        let text = match &reason {
            DisconnectReason::ReceivedDisconnect(info) => match info.message.as_str() {
                "" => disconnect_text(&info.reason_code).to_owned(),
                message => message.to_owned(),
            },
            DisconnectReason::Error(ClientError::Ssh(error)) => ssh_text(error),
            DisconnectReason::Error(ClientError::HostKey(_)) => "its key was refused".to_owned(),
        };
        // The first reason is the cause of those after it.
        let _ = self.fate.reason.set(text);
        match reason {
            DisconnectReason::ReceivedDisconnect(_) => Ok(()),
            DisconnectReason::Error(error) => Err(error),
        }
    }

    // A server has no business to open channels to us: dropping the handle refuses.

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), ClientError> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), ClientError> {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), ClientError> {
        Ok(())
    }
}

fn disconnect_text(reason: &Disconnect) -> &'static str {
    match reason {
        Disconnect::TooManyConnections => "the server has too many connections",
        Disconnect::HostNotAllowedToConnect => "the server does not allow this host to connect",
        Disconnect::NoMoreAuthMethodsAvailable => "the server accepts no further ways to log in",
        _ => "the server ended the connection",
    }
}

/// What went wrong, in words for people who did not write an SSH library.
pub(super) fn ssh_text(error: &russh::Error) -> String {
    match error {
        russh::Error::Disconnect | russh::Error::HUP => {
            "the server closed the connection".to_owned()
        }
        russh::Error::KeepaliveTimeout => "the server does not answer any more".to_owned(),
        russh::Error::IO(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the server closed the connection".to_owned()
        }
        russh::Error::Version => "what answers there does not speak SSH 2".to_owned(),
        russh::Error::NoCommonAlgo { kind, theirs, .. } => {
            format!(
                "no common {kind:?} algorithm; the server has {}",
                theirs.join(", ")
            )
        }
        other => other.to_string(),
    }
}

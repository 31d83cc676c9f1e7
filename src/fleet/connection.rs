//! One client's connection: who it is, which target it asked for, and its channels.

use std::{collections::HashMap, sync::Arc, time::Duration};

use russh::{
    Channel, ChannelId, ChannelOpenFailure, Pty,
    server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey},
};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::{
    FaultKind, Happening, channel_run::ChannelRun, played_target::PlayedTarget, stage::Stage,
};

/// OpenSSH's `MaxSessions`, so that a client that opens more fails here and not first on real machines.
const CHANNELS_MAX: usize = 10;
/// How long a stalled connection is kept: longer than any client waits for a connection.
const STALL_MAX: Duration = Duration::from_mins(10);

/// What russh asks when something comes in on a connection.
pub(super) struct Connection {
    stage: Arc<Stage>,
    /// Resets the connection.
    cut: CancellationToken,
    /// The target whose name was given as the user, once its key has been let in.
    target: Option<Arc<PlayedTarget>>,
    /// Whether a fault has had its chance to keep the client out: one chance a connection, however it asks.
    has_been_faced: bool,
    /// Opened, and nothing asked yet.
    channels: HashMap<ChannelId, Channel<Msg>>,
    /// Busy with a command; cancelled when the client goes.
    running: HashMap<ChannelId, CancellationToken>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    pub(super) fn new(
        stage: Arc<Stage>,
        cut: CancellationToken,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            stage,
            cut,
            target: None,
            has_been_faced: false,
            channels: HashMap::new(),
            running: HashMap::new(),
            _place: place,
        }
    }

    /// The target of that name, if the key is the one that opens it.
    fn target_for(&self, user: &str, key: &russh::keys::PublicKey) -> Option<Arc<PlayedTarget>> {
        let is_known = key.key_data() == self.stage.client_key.key_data();
        is_known
            .then(|| self.stage.targets.get(user).cloned())
            .flatten()
    }

    /// Whether the target lets the client in, after its latency and its faults.
    async fn face(&mut self, target: &PlayedTarget) -> Result<Auth, russh::Error> {
        if self.has_been_faced {
            return Ok(Auth::Accept);
        }
        self.has_been_faced = true;
        let latency = target.next_latency(self.stage.latency, self.stage.seed);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        match target.strike(&self.stage.log, FaultKind::strikes_at_the_door) {
            Some(FaultKind::Auth) => {
                // Not to be let in when it asks again on the same connection.
                self.has_been_faced = false;
                Ok(Auth::reject())
            }
            Some(FaultKind::Drop) => Err(russh::Error::Disconnect),
            Some(FaultKind::Stall) => {
                tokio::select! {
                    () = self.cut.cancelled() => {}
                    () = tokio::time::sleep(STALL_MAX) => {}
                }
                Err(russh::Error::Disconnect)
            }
            _ => Ok(Auth::Accept),
        }
    }

    fn channels_open(&mut self) -> usize {
        self.running.retain(|_, gone| !gone.is_cancelled());
        self.channels.len() + self.running.len()
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        match self.target_for(user, offer.public_key) {
            Some(target) => self.face(&target).await,
            None => Ok(Auth::reject()),
        }
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        let Some(target) = self.target_for(user, key.public_key) else {
            return Ok(Auth::reject());
        };
        self.stage
            .log
            .write(&target.name, Happening::ConnectionOpened);
        target.add_line(self.cut.clone());
        self.target = Some(target);
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(target) = self.target.clone() else {
            return Err(russh::Error::NotAuthenticated);
        };
        let fault = target.strike(&self.stage.log, |kind| kind == FaultKind::NoChannel);
        if fault.is_some() {
            reply
                .reject(ChannelOpenFailure::AdministrativelyProhibited)
                .await;
        } else if self.channels_open() >= CHANNELS_MAX {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
        } else {
            self.stage.log.write(&target.name, Happening::ChannelOpened);
            self.channels.insert(channel.id(), channel);
            reply.accept().await;
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        // A channel runs one command; a second request on it is refused, as RFC 4254, section 6.5 has it.
        let (Some(target), Some(channel)) = (&self.target, self.channels.remove(&id)) else {
            return session.channel_failure(id);
        };
        let gone = CancellationToken::new();
        self.running.insert(id, gone.clone());
        let (reading, writing) = channel.split();
        let run = ChannelRun {
            stage: Arc::clone(&self.stage),
            target: Arc::clone(target),
            command: command.to_vec(),
            writing,
            session: session.handle(),
            gone,
            cut: self.cut.clone(),
        };
        tokio::spawn(run.answer(reading));
        Ok(())
    }

    async fn channel_close(
        &mut self,
        id: ChannelId,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channels.remove(&id);
        if let Some(gone) = self.running.remove(&id) {
            gone.cancel();
        }
        Ok(())
    }

    // What follows a target of the fleet does not have. It has to be said: a client waits for the answer.

    async fn pty_request(
        &mut self,
        id: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        _name: &str,
        _value: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn shell_request(
        &mut self,
        id: ChannelId,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        _name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn x11_request(
        &mut self,
        id: ChannelId,
        _single_connection: bool,
        _protocol: &str,
        _cookie: &str,
        _screen: u32,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }
}

impl Drop for Connection {
    /// The session lets go of it when the connection ends, however that comes about.
    fn drop(&mut self) {
        self.cut.cancel();
        for gone in self.running.values() {
            gone.cancel();
        }
        if let Some(target) = &self.target {
            target.remove_cut_lines();
            self.stage
                .log
                .write(&target.name, Happening::ConnectionClosed);
        }
    }
}

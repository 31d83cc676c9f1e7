//! An encrypted connection to a host that has let us in, and the channels on it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use russh::{
    Channel, Disconnect,
    client::{Handle, Msg},
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};
use tokio_util::task::TaskTracker;

use super::{
    handler::{Client, Fate, ssh_text},
    jump::JumpLease,
    leash::Leash,
};
use crate::transport::{SessionError, endings::Endings};

/// How long a server that has none of our channels open may go on refusing one: it closes them a moment after us.
const REFUSED_ALONE_MAX: Duration = Duration::from_secs(2);
/// How long to wait after a refusal before asking again, at first and at most. A channel of ours that closes
/// ends the wait at once.
const ASK_AGAIN: Duration = Duration::from_millis(20);
const ASK_AGAIN_MAX: Duration = Duration::from_secs(1);

/// How long processes that are being ended may take before the connection is closed under them: their own command,
/// and the signals after it.
const TIDY_MAX: Duration = Duration::from_secs(20);

pub(super) struct Connection {
    handle: Handle<Client>,
    fate: Arc<Fate>,
    /// Channels of ours that are open.
    open: AtomicUsize,
    /// Told when one of them closes.
    freed: Notify,
    /// The tasks that work on channels: they outlive whoever started them while they tidy up.
    tasks: TaskTracker,
    endings: Endings,
    _leash: Leash,
    /// The place on the connection that this one runs through.
    _through: Option<JumpLease>,
}

/// A channel, counted as long as it is held.
pub(super) struct Counted {
    pub(super) channel: Channel<Msg>,
    pub(super) place: Place,
}

/// Counts one channel of a connection.
pub(super) struct Place(Arc<Connection>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.freed.notify_one();
    }
}

impl Connection {
    pub(super) fn new(
        handle: Handle<Client>,
        fate: Arc<Fate>,
        leash: Leash,
        through: Option<JumpLease>,
    ) -> Self {
        Self {
            handle,
            fate,
            open: AtomicUsize::new(0),
            freed: Notify::new(),
            tasks: TaskTracker::new(),
            endings: Endings::default(),
            _leash: leash,
            _through: through,
        }
    }

    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// What was given up, and is being ended over this connection.
    pub(super) const fn endings(&self) -> &Endings {
        &self.endings
    }

    pub(super) fn is_open(&self) -> bool {
        !self.handle.is_closed()
    }

    pub(super) fn broken(&self) -> SessionError {
        SessionError::Broken {
            message: self.fate.reason(),
        }
    }

    /// Opens a channel for one process. A server that allows no more at once is asked again when one of ours has
    /// closed. Must not be dropped half way: the server would keep the channel.
    pub(super) async fn open_channel(self: &Arc<Self>) -> Result<Counted, SessionError> {
        let mut alone_since = None;
        let mut pause = ASK_AGAIN;
        loop {
            let freed = self.freed.notified();
            let refusal = match self.handle.channel_open_session().await {
                Ok(channel) => {
                    self.open.fetch_add(1, Ordering::Relaxed);
                    let place = Place(Arc::clone(self));
                    return Ok(Counted { channel, place });
                }
                Err(russh::Error::ChannelOpenFailure(refusal)) => refusal,
                Err(_) => return Err(self.broken()),
            };
            if self.open.load(Ordering::Relaxed) == 0 {
                let since = *alone_since.get_or_insert_with(Instant::now);
                if since.elapsed() > REFUSED_ALONE_MAX {
                    return Err(SessionError::Refused {
                        message: format!("the server refuses to open a channel ({refusal:?})"),
                    });
                }
            } else {
                alone_since = None;
            }
            tokio::select! {
                () = freed => {}
                () = sleep(pause) => pause = (pause * 2).min(ASK_AGAIN_MAX),
            }
        }
    }

    /// Opens a channel to another host, through this one.
    pub(super) async fn open_way(&self, host: &str, port: u16) -> Result<Channel<Msg>, String> {
        let origin = ("127.0.0.1", 0);
        self.handle
            .channel_open_direct_tcpip(host, u32::from(port), origin.0, origin.1)
            .await
            .map_err(|error| match error {
                russh::Error::ChannelOpenFailure(refusal) => format!("{refusal:?}"),
                other => ssh_text(&other),
            })
    }

    /// Waits for what still tidies up, and says goodbye within `limit`.
    pub(super) async fn close(&self, limit: Duration) {
        self.tasks.close();
        // Whoever has not finished by then loses the connection.
        let _ = timeout(TIDY_MAX, self.tasks.wait()).await;
        let goodbye = async {
            if self
                .handle
                .disconnect(Disconnect::ByApplication, "", "")
                .await
                .is_ok()
            {
                self.fate.over().await;
            }
        };
        let _ = timeout(limit, goodbye).await;
    }
}

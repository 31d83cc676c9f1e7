//! From a target to a session: settings, way, handshake, login.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use russh::{
    client::{self, Config},
    keys::Algorithm,
};
use tokio::{
    io::BufReader,
    time::{Instant, timeout_at},
};

use super::{
    algorithms::preferred,
    authentication::log_in,
    connection::Connection,
    controller_user::ControllerUser,
    dial::dial,
    handler::{Client, ClientError, Fate, ssh_text},
    host_key::{HostKeyGate, HostKeyRefusal, KnownHostsFiles},
    jump::{JumpLease, Jumps},
    keyring::Keyring,
    leash::{Leash, leash},
    session::SshSession,
    setting::misconfigured,
    settings::{AlgorithmLists, Jump, Settings},
    ssh_config::SshConfigFile,
};
use crate::{
    clock::Clock,
    model::{Target, format_duration},
    transport::{ConnectError, ConnectReason, Pending, Session, Transport, deadline::deadline_in},
};

/// How often an idle server is asked whether it is there, and how often in a row it may be silent.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVES_UNANSWERED_MAX: usize = 3;
/// Messages of one channel that may wait for the task that reads it. That task does little else, so a handful is
/// enough to keep both busy.
const CHANNEL_MESSAGES_MAX: usize = 16;
/// What is read from a socket at once: a message costs two reads otherwise, one for its length.
const READ_BYTES: usize = 8 << 10;
/// Hosts on the way to a target. More of them are a `ProxyJump` that leads back to where it came from.
const JUMPS_MAX: usize = 8;
/// Sets of algorithms that are remembered. A project has one or two.
const CONFIGS_MAX: usize = 64;

/// Reaches targets over SSH. Cloning one gives the same one: its keys, files and connections are shared.
#[derive(Clone)]
pub struct Ssh {
    shared: Arc<Shared>,
}

struct Shared {
    user: ControllerUser,
    clock: Clock,
    ssh_config: OnceLock<Result<SshConfigFile, String>>,
    keyring: Keyring,
    known_hosts: Arc<KnownHostsFiles>,
    jumps: Jumps,
    configs: Mutex<HashMap<ConfigKey, Arc<Config>>>,
}

/// A host whose key is accepted, and that knows nothing of us yet.
struct Greeted {
    handle: client::Handle<Client>,
    fate: Arc<Fate>,
    leash: Leash,
}

type ConfigKey = (AlgorithmLists, Vec<Algorithm>, bool);

impl Ssh {
    /// Reads nothing yet: files are read when the first target needs them.
    #[must_use]
    pub fn new(user: ControllerUser, clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                user,
                clock,
                ssh_config: OnceLock::new(),
                keyring: Keyring::default(),
                known_hosts: Arc::default(),
                jumps: Jumps::default(),
                configs: Mutex::default(),
            }),
        }
    }
}

impl Transport for Ssh {
    fn connect(&self, target: Arc<Target>) -> Pending<'_, Result<Arc<dyn Session>, ConnectError>> {
        Box::pin(async move {
            let ssh_config = self.shared.ssh_config(&target)?;
            let settings = Settings::of_target(&target, &self.shared.user, ssh_config)?;
            let way = self.shared.way(&settings)?;
            let connection = self.shared.connect(&settings, &way).await?;
            Ok(Arc::new(SshSession {
                connection,
                disconnect_timeout: settings.disconnect_timeout,
            }) as Arc<dyn Session>)
        })
    }
}

impl Shared {
    fn ssh_config(&self, target: &Target) -> Result<&SshConfigFile, ConnectError> {
        let read = || match &self.user.home {
            Some(home) => SshConfigFile::read(home),
            None => Ok(SshConfigFile::empty()),
        };
        match self.ssh_config.get_or_init(read) {
            Ok(file) => Ok(file),
            // Whoever does not want the file is not kept from working by it.
            Err(_) if super::setting::flag(target, "load-config")? == Some(false) => {
                Ok(SshConfigFile::nothing())
            }
            Err(why) => Err(
                misconfigured(format!("`~/.ssh/config` can't be read: {why}"))
                    .with_help("mend the file, or set `load-config: false` under `config: ssh:`"),
            ),
        }
    }

    /// The hosts that lead to one, the last before it first. All of them are known before the first is called, so a
    /// way that leads in a circle is never begun.
    fn way(&self, settings: &Settings) -> Result<Vec<Settings>, ConnectError> {
        let mut way: Vec<Settings> = Vec::new();
        while let Some((last, before)) = way.last().unwrap_or(settings).jumps.split_last() {
            if way.len() >= JUMPS_MAX {
                let message =
                    format!("more than {JUMPS_MAX} hosts lead to the target, `{last}` among them");
                return Err(misconfigured(message)
                    .with_help("look for a `ProxyJump` or `proxyjump` that leads back to itself"));
            }
            let ssh_config = match self.ssh_config.get() {
                Some(Ok(file)) if settings.load_config => Some(file),
                _ => None,
            };
            let mut jump =
                Settings::of_jump(&Jump::parse(last)?, settings, &self.user, ssh_config)?;
            if !before.is_empty() {
                jump.jumps = before.to_vec();
            }
            way.push(jump);
        }
        Ok(way)
    }

    /// A connection to a host, over those that lead to it.
    fn connect<'a>(
        &'a self,
        settings: &'a Settings,
        way: &'a [Settings],
    ) -> Pending<'a, Result<Arc<Connection>, ConnectError>> {
        Box::pin(async move {
            let through = match way {
                [] => None,
                [last, before @ ..] => {
                    let open = self.connect(last, before);
                    let lease = self.jumps.lease(last.sharing_key(), open).await;
                    Some(lease.map_err(|error| ConnectError {
                        message: format!("through `{}`: {}", place(last), error.message),
                        ..error
                    })?)
                }
            };
            let deadline = deadline_in(settings.connect_timeout);
            let connected = timeout_at(deadline, self.enter(settings, through, deadline)).await;
            let connection = connected.unwrap_or_else(|_| Err(too_slow(settings)))?;
            Ok(Arc::new(connection))
        })
    }

    /// Shakes hands and logs in.
    async fn enter(
        &self,
        settings: &Settings,
        through: Option<JumpLease>,
        deadline: Instant,
    ) -> Result<Connection, ConnectError> {
        let mut first = self.gate(settings).likely_algorithms();
        let mut asked_again = false;
        let greeted = loop {
            match self
                .shake_hands(settings, through.as_ref(), &first, deadline)
                .await?
            {
                Ok(greeted) => break greeted,
                Err(ClientError::HostKey(refusal)) => match *refusal {
                    HostKeyRefusal::OtherAlgorithms(known, _) if !asked_again => {
                        first = known;
                        asked_again = true;
                    }
                    HostKeyRefusal::Final(error) | HostKeyRefusal::OtherAlgorithms(_, error) => {
                        return Err(error);
                    }
                },
                Err(ClientError::Ssh(error)) => return Err(no_handshake(settings, &error)),
            }
        };
        let Greeted {
            mut handle,
            fate,
            leash,
        } = greeted;
        log_in(&mut handle, &fate, settings, &self.keyring).await?;
        Ok(Connection::new(handle, fate, leash, through))
    }

    async fn shake_hands(
        &self,
        settings: &Settings,
        through: Option<&JumpLease>,
        first: &[Algorithm],
        deadline: Instant,
    ) -> Result<Result<Greeted, ClientError>, ConnectError> {
        let gate = self.gate(settings);
        let config = self.config(settings, first, gate.trusts_authorities())?;
        let fate = Fate::new();
        let client = Client {
            gate,
            fate: Arc::clone(&fate),
        };
        let (leash, greeted) = if let Some(lease) = through {
            let way = lease.connection().open_way(&settings.host, settings.port);
            let way = way.await.map_err(|why| no_way(settings, &why))?;
            let (leash, stream) = leash(way.into_stream());
            (leash, client::connect_stream(config, stream, client).await)
        } else {
            let stream = dial(&settings.host, settings.port, deadline).await?;
            let (leash, stream) = leash(BufReader::with_capacity(READ_BYTES, stream));
            (leash, client::connect_stream(config, stream, client).await)
        };
        Ok(greeted.map(|handle| Greeted {
            handle,
            fate,
            leash,
        }))
    }

    fn gate(&self, settings: &Settings) -> HostKeyGate {
        HostKeyGate {
            files: Arc::clone(&self.known_hosts),
            paths: settings.known_hosts.clone(),
            check: settings.host_key_check,
            host: settings.known_as.clone(),
            port: settings.port,
            clock: self.clock.clone(),
        }
    }

    fn config(
        &self,
        settings: &Settings,
        first: &[Algorithm],
        certificates: bool,
    ) -> Result<Arc<Config>, ConnectError> {
        let key = (settings.algorithms.clone(), first.to_vec(), certificates);
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = configs.get(&key) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(Config {
            preferred: preferred(&settings.algorithms, first, certificates)?,
            keepalive_interval: Some(KEEPALIVE),
            keepalive_max: KEEPALIVES_UNANSWERED_MAX,
            channel_buffer_size: CHANNEL_MESSAGES_MAX,
            client_id: russh::SshId::Standard(
                concat!("SSH-2.0-segue_", env!("CARGO_PKG_VERSION")).into(),
            ),
            ..Config::default()
        });
        if configs.len() < CONFIGS_MAX {
            configs.insert(key, Arc::clone(&config));
        }
        Ok(config)
    }
}

fn place(settings: &Settings) -> String {
    format!("{}:{}", settings.host, settings.port)
}

fn too_slow(settings: &Settings) -> ConnectError {
    let message = format!(
        "{} answered, but did not let us in within {}",
        place(settings),
        format_duration(settings.connect_timeout)
    );
    ConnectError::new(ConnectReason::TimedOut, message).with_help(
        "the host may be busy: give it longer with `connect-timeout` under `config: ssh:`",
    )
}

fn no_way(settings: &Settings, why: &str) -> ConnectError {
    let message = format!("the host before it can't reach {}: {why}", place(settings));
    ConnectError::new(ConnectReason::Refused, message)
        .with_help("check that the host is up, and `AllowTcpForwarding` of the host before it")
}

fn no_handshake(settings: &Settings, error: &russh::Error) -> ConnectError {
    let message = format!("no handshake with {}: {}", place(settings), ssh_text(error));
    let help = match error {
        russh::Error::NoCommonAlgo { kind, .. } => {
            use russh::AlgorithmKind;
            let setting = match kind {
                AlgorithmKind::Kex => "kex-algorithms",
                AlgorithmKind::Key => "host-key-algorithms",
                AlgorithmKind::Cipher => "encryption-algorithms",
                _ => "mac-algorithms",
            };
            format!("if the host is too old for others, set `{setting}: [defaults, ...]` with one of its own under `config: ssh:`")
        }
        russh::Error::Disconnect | russh::Error::HUP | russh::Error::IO(_) => {
            "it may have too many connections that are not logged in (`MaxStartups` of sshd), or block this address".to_owned()
        }
        _ => format!("check that an SSH server listens on port {}", settings.port),
    };
    ConnectError::new(ConnectReason::Protocol, message).with_help(help)
}

//! How to reach and enter one host: the inventory's settings before those of `~/.ssh/config` before our own.

use std::{path::PathBuf, time::Duration};

use super::{
    controller_user::ControllerUser,
    setting::{duration, flag, list, misconfigured, port, secret, text},
    ssh_config::{HostLines, SshConfigFile},
};
use crate::{
    model::{ContentHash, Map, Secret, Target, Value},
    transport::ConnectError,
};

/// Bolt's default, too.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Bolt's default, too.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The keys that OpenSSH tries when nothing is configured, the cheapest first.
const DEFAULT_IDENTITIES: [&str; 3] = ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"];

/// Everything that is known about a host before it is called.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    /// The name of the host in `known_hosts`.
    pub(super) known_as: String,
    /// The key that the inventory names. It must be usable.
    pub(super) private_key: Option<Identity>,
    /// Keys that are tried if they are there.
    pub(super) identities: Vec<Identity>,
    /// Of the agent's keys only those that are among the identities.
    pub(super) identities_only: bool,
    pub(super) agent: Option<PathBuf>,
    pub(super) password: Option<Secret<String>>,
    pub(super) host_key_check: HostKeyCheck,
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) connect_timeout: Duration,
    pub(super) disconnect_timeout: Duration,
    pub(super) algorithms: AlgorithmLists,
    /// The hosts to go through, nearest to the controller first.
    pub(super) jumps: Vec<String>,
    /// Whether `~/.ssh/config` counts.
    pub(super) load_config: bool,
}

/// A private key, and what opens it.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) source: KeySource,
    pub(super) passphrase: Option<Secret<String>>,
}

#[derive(Clone, Debug)]
pub(super) enum KeySource {
    File(PathBuf),
    Data(Secret<String>),
}

/// What happens with hosts whose key is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum HostKeyCheck {
    /// They are refused.
    Strict,
    /// Their key is remembered; a changed key is refused.
    AcceptNew,
    /// Every key is accepted.
    Off,
}

/// The algorithms that the inventory names, where it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct AlgorithmLists {
    pub(super) kex: Option<Vec<String>>,
    pub(super) encryption: Option<Vec<String>>,
    pub(super) mac: Option<Vec<String>>,
    pub(super) host_key: Option<Vec<String>>,
}

impl AlgorithmLists {
    /// Whether signatures with SHA-1 are asked for, as only hosts of long ago need them.
    pub(super) fn allow_ssh_rsa(&self) -> bool {
        let lists = self.host_key.iter();
        lists.flatten().any(|name| name == "ssh-rsa")
    }
}

impl Settings {
    /// The settings of a target.
    pub(super) fn of_target(
        target: &Target,
        user: &ControllerUser,
        ssh_config: &SshConfigFile,
    ) -> Result<Self, ConnectError> {
        let load_config = flag(target, "load-config")?.unwrap_or(true);
        let lines = if load_config {
            ssh_config.host(&target.host)
        } else {
            HostLines::default()
        };
        let login = match (&target.user, text(target, "user")?) {
            (Some(login), _) => Some(login.clone()),
            (None, configured) => configured,
        };
        let mut settings = Self::of_lines(&target.host, login, user, &lines)?;
        if let Some(port) = target.port.or(port(target, "port")?) {
            settings.port = port;
        }
        if let Some(check) = host_key_check(target)? {
            settings.host_key_check = check;
        }
        if let Some(paths) = list(target, "known-hosts")? {
            settings.know_only(paths.iter().map(|path| user.expand(path)), user);
        }
        if let Some(timeout) = duration(target, "connect-timeout")? {
            settings.connect_timeout = timeout;
        }
        if let Some(timeout) = duration(target, "disconnect-timeout")? {
            settings.disconnect_timeout = timeout;
        }
        if let Some(jumps) = text(target, "proxyjump")? {
            settings.jumps = jump_list(jumps.split(','));
        }
        if !load_config {
            settings.agent = None;
            settings.load_config = false;
        }
        let passphrase = secret(target, "passphrase")?;
        settings.private_key = key_source(target, user)?.map(|source| Identity {
            source,
            passphrase: passphrase.clone(),
        });
        if settings.private_key.is_some() {
            settings.identities = Vec::new();
        }
        for identity in &mut settings.identities {
            identity.passphrase.clone_from(&passphrase);
        }
        settings.password = secret(target, "password")?;
        settings.algorithms = AlgorithmLists {
            kex: list(target, "kex-algorithms")?,
            encryption: list(target, "encryption-algorithms")?,
            mac: list(target, "mac-algorithms")?,
            host_key: list(target, "host-key-algorithms")?,
        };
        Ok(settings)
    }

    /// The settings of a host that the way to a target leads through. What the inventory says of the target about
    /// keys and host keys holds for it too, but never the target's password, name or port.
    pub(super) fn of_jump(
        jump: &Jump,
        through: &Self,
        user: &ControllerUser,
        ssh_config: Option<&SshConfigFile>,
    ) -> Result<Self, ConnectError> {
        let lines = ssh_config.map_or_else(HostLines::default, |file| file.host(&jump.host));
        let mut settings = Self::of_lines(&jump.host, jump.user.clone(), user, &lines)?;
        if let Some(port) = jump.port {
            settings.port = port;
        }
        if lines.identity_files.is_empty() {
            settings.private_key.clone_from(&through.private_key);
            settings.identities.clone_from(&through.identities);
        }
        settings.agent.clone_from(&through.agent);
        settings.load_config = through.load_config;
        settings.host_key_check = through.host_key_check;
        settings.known_hosts.clone_from(&through.known_hosts);
        settings.connect_timeout = through.connect_timeout;
        settings.disconnect_timeout = through.disconnect_timeout;
        Ok(settings)
    }

    fn of_lines(
        name: &str,
        login: Option<String>,
        user: &ControllerUser,
        lines: &HostLines,
    ) -> Result<Self, ConnectError> {
        let no_name = || {
            misconfigured(format!("no user to log in to `{name}` with"))
                .with_help("set `user` under `config: ssh:` in the inventory")
        };
        let login = login
            .or_else(|| lines.user.clone())
            .or_else(|| user.name.clone())
            .ok_or_else(no_name)?;
        let port = lines.port.unwrap_or(22);
        let host = match &lines.host_name {
            Some(real) => real.replace("%h", name).replace("%%", "%"),
            None => name.to_owned(),
        };
        let tokens = Tokens {
            name: &host,
            port,
            login: &login,
            user,
        };
        let mut settings = Self {
            known_as: lines.host_key_alias.clone().unwrap_or_else(|| host.clone()),
            private_key: None,
            identities: identities(lines, &tokens, user),
            identities_only: lines.identities_only,
            agent: user.agent.clone(),
            password: None,
            host_key_check: check_of_word(lines.host_key_check.as_deref()),
            known_hosts: Vec::new(),
            connect_timeout: lines.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            disconnect_timeout: DISCONNECT_TIMEOUT,
            algorithms: AlgorithmLists::default(),
            jumps: jump_list(lines.jumps.iter().flatten().map(String::as_str)),
            load_config: true,
            host: host.clone(),
            port,
            user: login.clone(),
        };
        match &lines.known_hosts {
            Some(paths) => {
                let paths = paths.iter().filter(|path| *path != "none");
                settings.know_only(paths.map(|path| tokens.expand(path)), user);
            }
            None => settings.know_only([user.expand("~/.ssh/known_hosts")], user),
        }
        Ok(settings)
    }

    fn know_only(&mut self, paths: impl IntoIterator<Item = PathBuf>, user: &ControllerUser) {
        let paths = paths.into_iter();
        self.known_hosts = paths.chain(user.system_known_hosts.clone()).collect();
    }

    /// The same for two hosts that one connection serves, another for others.
    pub(super) fn sharing_key(&self) -> ContentHash {
        // Secrets are part of what is hashed: `Debug` would hide that two keys differ.
        let secrets = |identity: &Identity| {
            let data = match &identity.source {
                KeySource::File(path) => path.display().to_string(),
                KeySource::Data(data) => data.reveal().clone(),
            };
            (
                data,
                identity
                    .passphrase
                    .as_ref()
                    .map(|word| word.reveal().clone()),
            )
        };
        let identities: Vec<_> = self
            .private_key
            .iter()
            .chain(&self.identities)
            .map(secrets)
            .collect();
        let text = format!(
            "{:?}",
            (
                (&self.host, self.port, &self.user, &self.known_as),
                (identities, self.identities_only, &self.agent),
                (self.host_key_check, &self.known_hosts),
                (&self.jumps, self.load_config),
            )
        );
        ContentHash::of(text.as_bytes())
    }
}

/// One host of a `ProxyJump` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Jump {
    pub(super) user: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl Jump {
    /// Reads `[ssh://][user@]host[:port]`, with an IPv6 address in brackets.
    pub(super) fn parse(text: &str) -> Result<Self, ConnectError> {
        let wrong = || {
            misconfigured(format!("`{text}` in `proxyjump` is not a host"))
                .with_help("write `[user@]host[:port]`, several separated by commas")
        };
        let rest = text.trim().trim_start_matches("ssh://");
        let (user, address) = match rest.rsplit_once('@') {
            Some((user, address)) => (Some(user.to_owned()), address),
            None => (None, rest),
        };
        let (host, port) = match address.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']').ok_or_else(wrong)?;
                (host, port.strip_prefix(':'))
            }
            None => match address.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (address, None),
            },
        };
        let port = port.map(str::parse).transpose().map_err(|_| wrong())?;
        if host.is_empty() || port == Some(0) || user.as_deref() == Some("") {
            return Err(wrong());
        }
        Ok(Self {
            user,
            host: host.to_owned(),
            port,
        })
    }
}

/// `none` means that there are none, as in OpenSSH.
fn jump_list<'a>(jumps: impl Iterator<Item = &'a str>) -> Vec<String> {
    let jumps = jumps.map(str::trim).filter(|jump| !jump.is_empty());
    jumps
        .filter(|jump| *jump != "none")
        .map(str::to_owned)
        .collect()
}

fn identities(lines: &HostLines, tokens: &Tokens<'_>, user: &ControllerUser) -> Vec<Identity> {
    let paths: Vec<PathBuf> = if lines.identity_files.is_empty() {
        DEFAULT_IDENTITIES.map(|path| user.expand(path)).to_vec()
    } else {
        let paths = lines.identity_files.iter();
        paths
            .map(|path| tokens.expand(&path.to_string_lossy()))
            .collect()
    };
    let identity = |path| Identity {
        source: KeySource::File(path),
        passphrase: None,
    };
    paths.into_iter().map(identity).collect()
}

/// What the `%` tokens of `ssh_config(5)` stand for.
struct Tokens<'a> {
    name: &'a str,
    port: u16,
    login: &'a str,
    user: &'a ControllerUser,
}

impl Tokens<'_> {
    fn expand(&self, text: &str) -> PathBuf {
        let mut expanded = String::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                expanded.push(letter);
                continue;
            }
            match letters.next() {
                Some('h' | 'n' | 'k') => expanded.push_str(self.name),
                Some('p') => expanded.push_str(&self.port.to_string()),
                Some('r') => expanded.push_str(self.login),
                Some('u') => expanded.push_str(self.user.name.as_deref().unwrap_or_default()),
                Some('d') => {
                    let home = self
                        .user
                        .home
                        .as_deref()
                        .unwrap_or(std::path::Path::new(""));
                    expanded.push_str(&home.to_string_lossy());
                }
                Some('%') | None => expanded.push('%'),
                Some(other) => expanded.extend(['%', other]),
            }
        }
        self.user.expand(&expanded)
    }
}

fn check_of_word(word: Option<&str>) -> HostKeyCheck {
    match word {
        Some("no" | "off" | "false") => HostKeyCheck::Off,
        Some("accept-new") => HostKeyCheck::AcceptNew,
        // Nobody is there to be asked.
        _ => HostKeyCheck::Strict,
    }
}

fn host_key_check(target: &Target) -> Result<Option<HostKeyCheck>, ConnectError> {
    let Some(value) = target.setting("host-key-check") else {
        return Ok(None);
    };
    match value.revealed() {
        Value::Null => Ok(None),
        Value::Bool(true) => Ok(Some(HostKeyCheck::Strict)),
        Value::Bool(false) => Ok(Some(HostKeyCheck::Off)),
        Value::String(word) if word == "accept-new" => Ok(Some(HostKeyCheck::AcceptNew)),
        _ => Err(
            misconfigured("`host-key-check` is neither true, false nor `accept-new`")
                .with_help("mend `host-key-check` under `config: ssh:` in the inventory"),
        ),
    }
}

/// `private-key` is a path, or a map with the key itself in `key-data`.
fn key_source(target: &Target, user: &ControllerUser) -> Result<Option<KeySource>, ConnectError> {
    let Some(value) = target.setting("private-key") else {
        return Ok(None);
    };
    let data = |map: &Map| Some(map.get("key-data")?.revealed().as_str()?.to_owned());
    match value.revealed() {
        Value::Null => Ok(None),
        Value::String(path) => Ok(Some(KeySource::File(user.expand(path)))),
        Value::Map(map) if data(map).is_some() => {
            Ok(data(map).map(|data| KeySource::Data(Secret::new(data))))
        }
        _ => Err(
            misconfigured("`private-key` is neither a path nor a map with `key-data`")
                .with_help("mend `private-key` under `config: ssh:` in the inventory"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> ControllerUser {
        ControllerUser {
            name: Some("me".to_owned()),
            home: Some(PathBuf::from("/home/me")),
            agent: Some(PathBuf::from("/agent")),
            system_known_hosts: Some(PathBuf::from("/etc/known")),
        }
    }

    fn target(settings: &[(&str, Value)]) -> Target {
        let mut target = Target::new("web1", "ssh");
        let settings = settings.iter();
        target.config = settings
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect();
        target
    }

    fn settings(target: &Target) -> Result<Settings, ConnectError> {
        Settings::of_target(target, &user(), &SshConfigFile::empty())
    }

    #[test]
    fn target_with_nothing_configured_has_the_defaults_of_openssh() {
        let settings = settings(&target(&[])).unwrap();
        assert_eq!(
            (
                settings.host.as_str(),
                settings.port,
                settings.user.as_str()
            ),
            ("web1", 22, "me")
        );
        assert_eq!(settings.host_key_check, HostKeyCheck::Strict);
        assert_eq!(settings.connect_timeout, Duration::from_secs(10));
        assert_eq!(settings.identities.len(), 3);
        let files = ["/home/me/.ssh/known_hosts", "/etc/known"].map(PathBuf::from);
        assert_eq!(settings.known_hosts, files);
    }

    #[test]
    fn load_config_off_leaves_the_agent_alone() {
        let off = target(&[("load-config", false.into())]);
        assert_eq!(settings(&off).unwrap().agent, None);
    }

    #[test]
    fn wrong_kinds_of_values_are_named() {
        for (key, value) in [
            ("user", 7.into()),
            ("connect-timeout", "soon".into()),
            ("connect-timeout", 0.into()),
            ("host-key-check", "maybe".into()),
            ("private-key", true.into()),
            ("load-config", "no".into()),
            ("kex-algorithms", Value::Array(vec![1.into()])),
        ] {
            let error = settings(&target(&[(key, value)])).unwrap_err();
            assert!(error.message.contains(key), "{}", error.message);
        }
    }

    #[test]
    fn jumps_are_read_with_users_ports_and_addresses() {
        let jump = Jump::parse("ssh://ops@[2001:db8::1]:2200").unwrap();
        assert_eq!(
            (jump.user.as_deref(), jump.host.as_str(), jump.port),
            (Some("ops"), "2001:db8::1", Some(2200))
        );
        assert_eq!(Jump::parse("bastion").unwrap().port, None);
        for wrong in ["", "@host", "host:", "host:0", "host:70000", "[::1"] {
            assert!(Jump::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn password_of_a_target_is_not_given_to_the_hosts_before_it() {
        let target = target(&[
            ("password", "hunter2".into()),
            ("proxyjump", "ops@bastion:2200".into()),
        ]);
        let settings = settings(&target).unwrap();
        assert!(settings.password.is_some());
        let jump = Jump::parse(&settings.jumps[0]).unwrap();
        let jump = Settings::of_jump(&jump, &settings, &user(), None).unwrap();
        assert_eq!((jump.user.as_str(), jump.port), ("ops", 2200));
        assert!(jump.password.is_none());
    }
}

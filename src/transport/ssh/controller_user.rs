//! Who runs Segue, as far as SSH wants to know: a name to log in with, a home with keys in it, an agent.

use std::{env, path::PathBuf};

/// The user on the controller. A value of its own, so that a test or a server need not touch the environment.
#[derive(Clone, Debug, Default)]
pub struct ControllerUser {
    /// The name to log in with where nothing else is configured.
    pub name: Option<String>,
    /// Where `.ssh` is.
    pub home: Option<PathBuf>,
    /// The socket of the SSH agent.
    pub agent: Option<PathBuf>,
    /// The `known_hosts` file for all users of the controller.
    pub system_known_hosts: Option<PathBuf>,
}

impl ControllerUser {
    /// The user of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let name = ["USER", "LOGNAME"].into_iter().find_map(set);
        Self {
            name: name
                .and_then(|name| name.into_string().ok())
                .or_else(name_in_passwd),
            home: set("HOME").map(PathBuf::from),
            agent: set("SSH_AUTH_SOCK").map(PathBuf::from),
            system_known_hosts: Some(PathBuf::from("/etc/ssh/ssh_known_hosts")),
        }
    }

    /// The path with `~` for the home in full.
    pub(super) fn expand(&self, path: &str) -> PathBuf {
        match (&self.home, path.strip_prefix("~/")) {
            (Some(home), Some(rest)) => home.join(rest),
            _ => PathBuf::from(path),
        }
    }
}

/// Cron jobs and containers often set no `USER`.
fn name_in_passwd() -> Option<String> {
    let me = rustix::process::getuid().as_raw().to_string();
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == me).then(|| name.to_owned())
    })
}

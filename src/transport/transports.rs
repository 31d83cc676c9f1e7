//! The transports of a job, by the names that inventories give them.

use std::sync::Arc;

use super::{ConnectError, ConnectReason, Local, Pending, Session, Ssh, Transport};
use crate::model::{Target, Value, nearest};

/// Those that there are, and those of Bolt that there are not yet.
const SUPPORTED: [&str; 3] = ["ssh", "local", "remote"];

/// Finds the target on which the tasks of remote targets run, by the name that `run-on` gives.
pub type FindProxy = dyn Fn(&str) -> Result<Arc<Target>, String> + Send + Sync;

/// Sends each target to the transport that its inventory names.
#[derive(Clone)]
pub struct Transports {
    ssh: Ssh,
    local: Local,
    proxy: Option<Arc<FindProxy>>,
}

impl Transports {
    #[must_use]
    pub fn new(ssh: Ssh) -> Self {
        Self {
            ssh,
            local: Local,
            proxy: None,
        }
    }

    /// The same, where tasks of remote targets may run on other machines than this one.
    #[must_use]
    pub fn with_proxies(mut self, find: Arc<FindProxy>) -> Self {
        self.proxy = Some(find);
        self
    }

    /// The machine that stands in for a target that has no shell of its own.
    fn proxy_of(&self, target: &Target) -> Result<Arc<Target>, ConnectError> {
        let name = target.setting("run-on").and_then(Value::as_str);
        let proxy = match (name, &self.proxy) {
            (Some(name), Some(find)) => find(name),
            (None | Some("localhost"), _) => Ok(Arc::new(Target::new("localhost", "local"))),
            (Some(name), None) => Err(format!("`{name}` is not known here")),
        };
        let wrong = |why: String| {
            let message = format!("no task of `{}` can be run: {why}", target.name);
            ConnectError::new(ConnectReason::Misconfigured, message)
                .with_help("set `run-on` under `config: remote:` to a target that is reached by `ssh` or `local`")
        };
        match proxy {
            Ok(proxy) if proxy.transport == "remote" => {
                Err(wrong(format!("`{}` is a remote target itself", proxy.name)))
            }
            Ok(proxy) => Ok(proxy),
            Err(why) => Err(wrong(why)),
        }
    }
}

impl Transport for Transports {
    fn connect(&self, target: Arc<Target>) -> Pending<'_, Result<Arc<dyn Session>, ConnectError>> {
        match target.transport.as_str() {
            "ssh" => self.ssh.connect(target),
            "local" => self.local.connect(target),
            "remote" => match self.proxy_of(&target) {
                Ok(proxy) => self.connect(proxy),
                Err(error) => Box::pin(async { Err(error) }),
            },
            other => {
                let error = unsupported(other);
                Box::pin(async { Err(error) })
            }
        }
    }
}

fn unsupported(transport: &str) -> ConnectError {
    let message = format!("the transport `{transport}` is not supported");
    let help = match nearest(transport, SUPPORTED) {
        Some(near) => format!("did you mean `transport: {near}`?"),
        None => "set `transport` under `config:` in the inventory to `ssh` or `local`".to_owned(),
    };
    ConnectError::new(ConnectReason::Misconfigured, message).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, transport::ControllerUser};

    async fn refusal(transport: &str) -> ConnectError {
        let transports = Transports::new(Ssh::new(ControllerUser::default(), Clock::System));
        let target = Arc::new(Target::new("web1", transport));
        match transports.connect(target).await {
            Ok(_) => panic!("`{transport}` was connected to"),
            Err(error) => error,
        }
    }

    #[tokio::test]
    async fn remote_targets_are_reached_through_the_machine_that_stands_in_for_them() {
        let transports = Transports::new(Ssh::new(ControllerUser::default(), Clock::System));
        let mut target = Target::new("switch1", "remote");
        assert!(transports.connect(Arc::new(target.clone())).await.is_ok());
        target.config.insert("run-on".to_owned(), "other".into());
        let transports = transports.with_proxies(Arc::new(|name| match name {
            "other" => Ok(Arc::new(Target::new("other", "remote"))),
            _ => Err("nobody knows it".to_owned()),
        }));
        let Err(error) = transports.connect(Arc::new(target)).await else {
            panic!("a remote target stood in for another");
        };
        assert!(error.message.contains("`other` is a remote target itself"));
    }

    #[tokio::test]
    async fn transport_that_there_is_not_is_refused_with_those_that_there_are() {
        let error = refusal("winrm").await;
        assert_eq!(error.reason, ConnectReason::Misconfigured);
        assert!(error.help.unwrap().contains("`ssh` or `local`"));
        let typo = refusal("shs").await;
        assert_eq!(typo.help.as_deref(), Some("did you mean `transport: ssh`?"));
    }
}

//! The transports of a job, by the names that inventories give them.

use std::sync::Arc;

use super::{ConnectError, ConnectReason, Local, Pending, Session, Ssh, Transport};
use crate::model::{Target, nearest};

/// Those that there are, and those of Bolt that there are not yet.
const SUPPORTED: [&str; 2] = ["ssh", "local"];

/// Sends each target to the transport that its inventory names.
#[derive(Clone)]
pub struct Transports {
    ssh: Ssh,
    local: Local,
}

impl Transports {
    #[must_use]
    pub fn new(ssh: Ssh) -> Self {
        Self { ssh, local: Local }
    }
}

impl Transport for Transports {
    fn connect(&self, target: Arc<Target>) -> Pending<'_, Result<Arc<dyn Session>, ConnectError>> {
        match target.transport.as_str() {
            "ssh" => self.ssh.connect(target),
            "local" => self.local.connect(target),
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
    async fn transport_that_there_is_not_is_refused_with_those_that_there_are() {
        let error = refusal("winrm").await;
        assert_eq!(error.reason, ConnectReason::Misconfigured);
        assert!(error.help.unwrap().contains("`ssh` or `local`"));
        let typo = refusal("shs").await;
        assert_eq!(typo.help.as_deref(), Some("did you mean `transport: ssh`?"));
    }
}

//! Reaching one target. The only room that opens connections to targets.
//!
//! A transport moves bytes: it knows nothing of tasks, quoting, escalation or plans.

mod capped;
#[cfg(test)]
mod contract;
mod deadline;
mod endings;
mod error;
mod local;
#[cfg(test)]
mod openssh;
mod process_group;
mod scripted;
mod ssh;
mod streams;
mod transports;

pub use self::{
    endings::GivenUp,
    error::{ConnectError, ConnectReason, SessionError},
    local::Local,
    scripted::{Reply, Scripted},
    ssh::{ControllerUser, Ssh},
    transports::{FindProxy, Transports},
};

use std::{future::Future, pin::Pin, sync::Arc};

use crate::model::{Output, OutputStream, Payload, Target};

/// A future of a transport.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One way to reach targets.
pub trait Transport: Send + Sync {
    /// Opens a connection that serves a target for the whole job.
    fn connect(&self, target: Arc<Target>) -> Pending<'_, Result<Arc<dyn Session>, ConnectError>>;
}

/// A connection to one target. Several payloads may run on it at once.
pub trait Session: Send + Sync {
    /// Runs a payload to its end. Dropping the future ends the remote process group.
    ///
    /// # Errors
    /// The connection broke, or the payload ran out of time; never that the process failed. Who ran out of time is told
    /// so soon, also when the process takes long to end.
    fn run<'a>(
        &'a self,
        payload: &'a Payload,
        watch: Option<&'a OutputWatch<'a>>,
    ) -> Pending<'a, Result<Output, SessionError>>;

    /// Whether the connection still stands, as far as is known without asking.
    fn is_open(&self) -> bool;

    /// Whether something that was given up is being ended on the target.
    fn is_ending(&self) -> bool {
        false
    }

    /// Waits until nothing is being ended any more, which takes no longer than some 20 seconds. What could not be ended
    /// is told once.
    fn given_up(&self) -> Pending<'_, GivenUp> {
        Box::pin(std::future::ready(GivenUp::Ended))
    }

    /// Says goodbye. A connection that is dropped without it is closed all the same.
    fn close(&self) -> Pending<'_, ()>;
}

/// Is told of output as it comes, while the future of [`Session::run`] is polled: it must not block. What goes to a file
/// is not told; of a flood that nobody polls for, only what is kept is told.
pub type OutputWatch<'w> = dyn Fn(OutputStream, &[u8]) + Send + Sync + 'w;

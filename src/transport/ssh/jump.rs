//! Connections to hosts that lead to others, shared by the targets behind them.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::connection::Connection;
use crate::{model::ContentHash, transport::ConnectError};

/// Targets behind one connection. They share its window to the network, and what one of them does not read at once
/// the others wait for; on the other side stands what a bastion accepts of connections at once (10 by default).
const TARGETS_MAX: usize = 32;

/// The connections to jump hosts, by everything that tells two of them apart.
#[derive(Default)]
pub(super) struct Jumps {
    hosts: Mutex<HashMap<ContentHash, Arc<tokio::sync::Mutex<Host>>>>,
}

#[derive(Default)]
struct Host {
    connections: Vec<Weak<Shared>>,
    /// The last time that it could not be reached.
    failure: Option<(Instant, ConnectError)>,
}

struct Shared {
    connection: Arc<Connection>,
    places: Arc<Semaphore>,
}

/// A place on a connection, which stays open as long as somebody has one.
pub(super) struct JumpLease {
    shared: Arc<Shared>,
    _place: OwnedSemaphorePermit,
}

impl JumpLease {
    pub(super) fn connection(&self) -> &Connection {
        &self.shared.connection
    }

    fn of(shared: Arc<Shared>) -> Option<Self> {
        let place = Arc::clone(&shared.places).try_acquire_owned().ok()?;
        shared.connection.is_open().then_some(Self {
            shared,
            _place: place,
        })
    }
}

impl Jumps {
    /// A place on a connection to a host, which `open` opens if none is free. Those who ask while it is being opened
    /// wait, and share its failure.
    pub(super) async fn lease(
        &self,
        key: ContentHash,
        open: impl Future<Output = Result<Arc<Connection>, ConnectError>>,
    ) -> Result<JumpLease, ConnectError> {
        let asked = Instant::now();
        let host = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(hosts.entry(key).or_default())
        };
        let mut host = host.lock().await;
        host.connections.retain(|known| known.strong_count() > 0);
        let free = host
            .connections
            .iter()
            .filter_map(Weak::upgrade)
            .find_map(JumpLease::of);
        if let Some(lease) = free {
            return Ok(lease);
        }
        if let Some((at, error)) = &host.failure
            && *at > asked
        {
            return Err(again(error));
        }
        match open.await {
            Ok(connection) => {
                let shared = Arc::new(Shared {
                    connection,
                    places: Arc::new(Semaphore::new(TARGETS_MAX)),
                });
                host.connections.push(Arc::downgrade(&shared));
                let lost = || {
                    ConnectError::new(
                        crate::transport::ConnectReason::Protocol,
                        "the connection broke as soon as it was open",
                    )
                };
                JumpLease::of(shared).ok_or_else(lost)
            }
            Err(error) => {
                host.failure = Some((Instant::now(), again(&error)));
                Err(error)
            }
        }
    }
}

fn again(error: &ConnectError) -> ConnectError {
    ConnectError {
        reason: error.reason,
        message: error.message.clone(),
        help: error.help.clone(),
    }
}

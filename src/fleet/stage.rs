//! What all connections of a fleet share.

use std::{collections::HashMap, sync::Arc};

use russh::keys::PublicKey;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{Latency, Logbook, played_target::PlayedTarget, processes::Processes};
use crate::model::TargetName;

/// How many targets run commands at a time; the others queue, as on a machine that is busy.
///
/// More than a plan usually takes at once, and with three pipes each far from the limit on open files.
pub(super) const BUSY_TARGETS_MAX: usize = 128;

/// The targets, and what they act on.
pub(super) struct Stage {
    pub(super) targets: HashMap<TargetName, Arc<PlayedTarget>>,
    /// The one key that is let in.
    pub(super) client_key: PublicKey,
    pub(super) log: Logbook,
    pub(super) processes: Processes,
    /// The places for targets that run commands.
    pub(super) places: Semaphore,
    pub(super) latency: Latency,
    pub(super) seed: u64,
    /// Cancelled when the fleet goes.
    pub(super) stopped: CancellationToken,
}

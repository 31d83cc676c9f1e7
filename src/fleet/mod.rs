//! The embedded fleet: an SSH server that plays any number of targets on loopback, with latency and faults by seed.
//!
//! It really runs what it is sent, each target in a directory of its own. Knows nothing of plans or of the controller:
//! whoever wants to reach it reads the inventory that it writes and comes in by the ordinary SSH door.

mod channel_run;
mod connection;
mod demo;
mod error;
mod fault;
mod fault_rule;
#[expect(
    clippy::module_inception,
    reason = "the noun of the room is the room's name"
)]
mod fleet;
mod fleet_file;
mod inventory;
mod keys;
mod latency;
mod line;
mod listener;
mod logbook;
mod open_files;
mod played_target;
mod processes;
mod seed;
mod spec;
mod stage;
mod state;
mod tier;
#[cfg(test)]
mod visitor;

pub use self::{
    demo::FleetProject,
    error::FleetError,
    fault::{Fault, FaultKind},
    fault_rule::{FaultRule, ParseFaultError},
    fleet::Fleet,
    latency::{Latency, ParseLatencyError},
    logbook::{Happening, LogEntry, Logbook, RunEnd, TargetCounts},
    spec::{Answer, FleetGroup, FleetSpec, FleetTarget},
    tier::{FleetTier, ParseTierError},
};

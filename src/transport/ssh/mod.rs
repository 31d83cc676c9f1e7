//! Targets over SSH: the only files that name russh, which changes its interface almost monthly.

mod algorithms;
mod authentication;
mod connection;
mod controller_user;
mod dial;
mod handler;
mod host_key;
mod jump;
mod keyring;
mod known_hosts;
mod leash;
#[cfg(test)]
mod other_servers;
mod process;
mod session;
mod setting;
mod settings;
mod ssh_config;
mod transport;

pub use self::{controller_user::ControllerUser, transport::Ssh};

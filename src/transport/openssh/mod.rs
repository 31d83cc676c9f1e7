//! What SSH does beyond the contract of all transports, against a real OpenSSH server.

mod ending;
mod host_keys;
mod login;
mod server;
mod way;

pub(super) use self::server::{Sshd, ssh_to, target_of};

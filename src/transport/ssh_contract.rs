//! What SSH does beyond the contract, against a real OpenSSH server.

#[path = "../../tests/sshd/mod.rs"]
#[expect(dead_code, reason = "the integration tests use what is not used here")]
mod sshd;

use std::path::PathBuf;

pub(super) use self::sshd::Sshd;
use super::{ControllerUser, Ssh};
use crate::{
    clock::Clock,
    model::{Target, Value},
};

/// A transport of a user whose home is the folder of a server.
pub(super) fn ssh_to(server: &Sshd) -> Ssh {
    Ssh::new(user_of(server), Clock::System)
}

fn user_of(server: &Sshd) -> ControllerUser {
    ControllerUser {
        name: Some(server.user.clone()),
        home: Some(server.folder.path().to_path_buf()),
        agent: None,
        system_known_hosts: None,
    }
}

/// The server as a target, with the key that opens it and the file that knows it.
pub(super) fn target_of(server: &Sshd) -> Target {
    let mut target = Target::new("127.0.0.1", "ssh");
    target.port = Some(server.port);
    set(&mut target, "private-key", server.key());
    set(&mut target, "known-hosts", server.known_hosts());
    target
}

fn set(target: &mut Target, key: &str, path: PathBuf) {
    let path = path.into_os_string().into_string().unwrap();
    target.config.insert(key.to_owned(), Value::String(path));
}

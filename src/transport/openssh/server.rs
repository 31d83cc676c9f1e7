//! A real OpenSSH server as a target, and what else these tests need to log in to one.

#[path = "../../../tests/sshd/mod.rs"]
mod sshd;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use self::sshd::Start;
pub(in crate::transport) use self::sshd::{Sshd, keygen};
use crate::{
    clock::Clock,
    model::{Target, Value},
    transport::{ConnectError, ControllerUser, Session, Ssh, Transport, contract::payload},
};

/// A transport of a user whose home is the folder of a server.
pub(in crate::transport) fn ssh_to(server: &Sshd) -> Ssh {
    Ssh::new(user_of(server), Clock::System)
}

pub(super) fn user_of(server: &Sshd) -> ControllerUser {
    ControllerUser {
        name: Some(server.user.clone()),
        home: Some(server.folder.path().to_path_buf()),
        agent: None,
        system_known_hosts: None,
    }
}

/// The server as a target, with the key that opens it and the file that knows it.
pub(in crate::transport) fn target_of(server: &Sshd) -> Target {
    let mut target = Target::new("127.0.0.1", "ssh");
    target.port = Some(server.port);
    set(&mut target, "private-key", path_value(&server.key()));
    set(
        &mut target,
        "known-hosts",
        path_value(&server.known_hosts()),
    );
    target
}

pub(super) fn set(target: &mut Target, key: &str, value: impl Into<Value>) {
    target.config.insert(key.to_owned(), value.into());
}

pub(super) fn path_value(path: &Path) -> Value {
    Value::from(path.to_str().unwrap())
}

pub(super) type Connected = Result<Arc<dyn Session>, ConnectError>;

pub(super) async fn connect(server: &Sshd, target: Target) -> Connected {
    ssh_to(server).connect(Arc::new(target)).await
}

/// Fails with all that is known when a connection did not come about.
pub(super) async fn greet(server: &Sshd, connected: Connected) -> Arc<dyn Session> {
    let session = connected
        .unwrap_or_else(|error| panic!("{error} (help: {:?})\n{}", error.help, server.log()));
    let output = session.run(&payload("echo hello"), None).await.unwrap();
    assert_eq!(output.stdout, b"hello\n");
    session
}

pub(super) fn refusal(connected: Connected) -> ConnectError {
    match connected {
        Ok(_) => panic!("it let us in"),
        Err(error) => error,
    }
}

pub(super) fn write(server: &Sshd, name: &str, text: &str) -> PathBuf {
    let path = server.file(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// The public part of a key in the server's folder, without its comment.
pub(super) fn public(server: &Sshd, name: &str) -> String {
    let line = std::fs::read_to_string(server.file(&format!("{name}.pub"))).unwrap();
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

pub(super) fn allow(server: &Sshd, key: &str) {
    let path = server.file("authorized_keys");
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(key.as_bytes()).unwrap();
}

pub(super) fn fingerprint(path: &Path) -> String {
    let shown = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    text.split(' ').nth(1).unwrap().to_owned()
}

pub(super) fn without_key(server: &Sshd) -> Target {
    let mut target = target_of(server);
    target.config.shift_remove("private-key");
    target
}

pub(super) fn start(options: &[&str]) -> Sshd {
    let options = options.iter();
    options
        .fold(Sshd::with(1), |start: Start, line| start.option(line))
        .start()
}

pub(super) fn sign(folder: &Path, authority: &str, key: &str, arguments: &[&str]) {
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-I", "test", "-s"])
        .arg(folder.join(authority))
        .args(arguments)
        .arg(folder.join(format!("{key}.pub")))
        .output()
        .unwrap();
    assert!(
        signed.status.success(),
        "{}",
        String::from_utf8_lossy(&signed.stderr)
    );
}

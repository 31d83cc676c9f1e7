//! Who we are: keys, agents, certificates.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use super::server::{
    Sshd, allow, connect, greet, keygen, path_value, refusal, set, sign, start, target_of, user_of,
    without_key,
};
use crate::{
    clock::Clock,
    model::{Map, Value},
    transport::{ConnectReason, Ssh, Transport},
};

/// An SSH agent, ended when it is dropped.
struct Agent {
    process: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(server: &Sshd) -> Self {
        let socket = server.file("agent");
        let mut process = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It says where it listens as soon as it does.
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
        assert!(line.contains("SSH_AUTH_SOCK"), "{line}");
        Self { process, socket }
    }

    fn add(&self, key: &Path) {
        // Without the environment variable for the passphrase it would ask at the terminal.
        let added = Command::new("ssh-add")
            .arg(key)
            .env("SSH_AUTH_SOCK", &self.socket)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            added.status.success(),
            "{}",
            String::from_utf8_lossy(&added.stderr)
        );
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn with_agent(server: &Sshd, agent: &Agent) -> Ssh {
    let mut user = user_of(server);
    user.agent = Some(agent.socket.clone());
    Ssh::new(user, Clock::System)
}

#[tokio::test]
async fn wrong_key_is_refused_with_what_was_tried_and_what_the_server_accepts() {
    let server = Sshd::start();
    keygen(server.folder.path(), "other", &[]);
    let mut target = target_of(&server);
    set(
        &mut target,
        "private-key",
        path_value(&server.file("other")),
    );
    let error = refusal(connect(&server, target).await);
    assert_eq!(error.reason, ConnectReason::AuthenticationRefused);
    let key = server.file("other").display().to_string();
    for part in [key.as_str(), "accepts publickey", &server.user] {
        assert!(
            error.message.contains(part),
            "`{part}` is not in: {}",
            error.message
        );
    }
    assert!(error.help.unwrap().contains("authorized_keys"));
}

#[tokio::test]
async fn host_that_nothing_can_be_offered_to_is_refused_with_what_to_configure() {
    let server = Sshd::start();
    std::fs::rename(server.key(), server.file("elsewhere")).unwrap();
    let error = refusal(connect(&server, without_key(&server)).await);
    assert_eq!(error.reason, ConnectReason::AuthenticationRefused);
    assert!(error.help.unwrap().contains("`private-key`"));
}

#[tokio::test]
async fn file_that_is_no_key_is_told_from_a_key() {
    let server = Sshd::start();
    let mut target = target_of(&server);
    let file = server.file("notes");
    std::fs::write(&file, "buy milk\n").unwrap();
    set(&mut target, "private-key", path_value(&file));
    let error = refusal(connect(&server, target).await);
    assert!(
        error.message.contains("it is no private key"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn keys_of_every_kind_open() {
    let server = Sshd::start();
    for (name, kind) in [
        ("rsa", ["-t", "rsa", "-b", "2048"]),
        ("ecdsa", ["-t", "ecdsa", "-b", "384"]),
    ] {
        allow(&server, &keygen(server.folder.path(), name, &kind));
        let mut target = target_of(&server);
        set(&mut target, "private-key", path_value(&server.file(name)));
        greet(&server, connect(&server, target).await).await;
    }
}

#[tokio::test]
async fn key_in_the_inventory_itself_opens() {
    let server = Sshd::start();
    let data = std::fs::read_to_string(server.key()).unwrap();
    let mut target = target_of(&server);
    let hidden = Value::sensitive(data.as_str().into());
    set(
        &mut target,
        "private-key",
        Map::from_iter([("key-data".to_owned(), hidden)]),
    );
    greet(&server, connect(&server, target).await).await;
}

#[tokio::test]
async fn default_identity_opens() {
    let server = Sshd::start();
    std::fs::create_dir(server.file(".ssh")).unwrap();
    std::fs::rename(server.key(), server.file(".ssh/id_ed25519")).unwrap();
    greet(&server, connect(&server, without_key(&server)).await).await;
}

#[tokio::test]
async fn encrypted_key_needs_its_passphrase() {
    let server = Sshd::start();
    allow(
        &server,
        &keygen(server.folder.path(), "locked", &["-N", "sesame", "-a", "1"]),
    );
    let mut target = target_of(&server);
    set(
        &mut target,
        "private-key",
        path_value(&server.file("locked")),
    );
    let error = refusal(connect(&server, target.clone()).await);
    assert_eq!(error.reason, ConnectReason::Misconfigured);
    assert!(error.message.contains("encrypted") && error.help.unwrap().contains("`passphrase`"));
    set(&mut target, "passphrase", "wrong");
    let error = refusal(connect(&server, target.clone()).await);
    assert_eq!(error.reason, ConnectReason::Misconfigured);
    assert!(!error.message.contains("wrong"), "{}", error.message);
    set(&mut target, "passphrase", Value::sensitive("sesame".into()));
    greet(&server, connect(&server, target).await).await;
}

#[tokio::test]
async fn missing_key_is_a_mistake_of_ours() {
    let server = Sshd::start();
    let mut target = target_of(&server);
    set(&mut target, "private-key", "~/no-such-key");
    let error = refusal(connect(&server, target).await);
    assert_eq!(error.reason, ConnectReason::Misconfigured);
    assert!(
        error.message.contains("no-such-key does not exist"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn agent_opens_and_stays_out_of_it_without_load_config() {
    let server = Sshd::start();
    let agent = Agent::start(&server);
    agent.add(&server.key());
    let ssh = with_agent(&server, &agent);
    let mut target = without_key(&server);
    greet(&server, ssh.connect(Arc::new(target.clone())).await).await;
    set(&mut target, "load-config", false);
    let error = refusal(ssh.connect(Arc::new(target)).await);
    assert_eq!(error.reason, ConnectReason::AuthenticationRefused);
}

#[tokio::test]
async fn agent_that_is_gone_is_named() {
    let server = Sshd::start();
    let agent = Agent::start(&server);
    let ssh = with_agent(&server, &agent);
    let agent_path = agent.socket.clone();
    drop(agent);
    let error = refusal(ssh.connect(Arc::new(without_key(&server))).await);
    let told = format!("and the agent at {} can't be asked", agent_path.display());
    assert!(error.message.contains(&told), "{}", error.message);
    assert!(
        !error.message.contains("refused the agent"),
        "{}",
        error.message
    );
    let help = error.help.unwrap();
    assert!(help.contains("start an agent"), "{help}");
}

#[tokio::test]
async fn encrypted_key_that_the_agent_holds_needs_no_passphrase() {
    let server = Sshd::start();
    allow(&server, &keygen(server.folder.path(), "held", &[]));
    let agent = Agent::start(&server);
    agent.add(&server.file("held"));
    let locked = Command::new("ssh-keygen")
        .args(["-q", "-p", "-P", "", "-N", "sesame", "-f"])
        .arg(server.file("held"))
        .output();
    assert!(locked.unwrap().status.success());
    let mut target = target_of(&server);
    set(&mut target, "private-key", path_value(&server.file("held")));
    let connected = with_agent(&server, &agent).connect(Arc::new(target)).await;
    greet(&server, connected).await;
}

#[tokio::test]
async fn server_that_hangs_up_after_too_many_keys_is_told_from_one_that_refuses() {
    let server = start(&["MaxAuthTries 2"]);
    let agent = Agent::start(&server);
    for name in ["a", "b", "c", "d"] {
        keygen(server.folder.path(), name, &[]);
        agent.add(&server.file(name));
    }
    let connected = with_agent(&server, &agent)
        .connect(Arc::new(without_key(&server)))
        .await;
    let error = refusal(connected);
    assert_eq!(error.reason, ConnectReason::AuthenticationRefused);
    assert!(
        error.message.contains("after too many"),
        "{}",
        error.message
    );
    assert!(error.help.unwrap().contains("`private-key`"));
}

#[tokio::test]
async fn certificate_beside_a_key_opens() {
    let folder = tempfile::tempdir().unwrap();
    keygen(folder.path(), "authority", &[]);
    let trust = format!(
        "TrustedUserCAKeys {}",
        folder.path().join("authority.pub").display()
    );
    let server = start(&[&trust]);
    keygen(folder.path(), "user", &[]);
    sign(folder.path(), "authority", "user", &["-n", &server.user]);
    let mut target = target_of(&server);
    set(
        &mut target,
        "private-key",
        path_value(&folder.path().join("user")),
    );
    greet(&server, connect(&server, target).await).await;
}

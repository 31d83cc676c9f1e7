//! What SSH does beyond the contract of all transports, against a real OpenSSH server.

#[path = "../../tests/sshd/mod.rs"]
mod sshd;

use std::{
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use futures_util::future::{join_all, try_join_all};

pub(super) use self::sshd::Sshd;
use self::sshd::{Start, keygen};
use super::{
    ConnectError, ConnectReason, ControllerUser, Session, SessionError, Ssh, Transport,
    contract::payload,
};
use crate::{
    clock::Clock,
    model::{Exit, Map, Target, Value},
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
    set(&mut target, "private-key", path_value(&server.key()));
    set(
        &mut target,
        "known-hosts",
        path_value(&server.known_hosts()),
    );
    target
}

fn set(target: &mut Target, key: &str, value: impl Into<Value>) {
    target.config.insert(key.to_owned(), value.into());
}

fn path_value(path: &Path) -> Value {
    Value::from(path.to_str().unwrap())
}

type Connected = Result<Arc<dyn Session>, ConnectError>;

async fn connect(server: &Sshd, target: Target) -> Connected {
    ssh_to(server).connect(Arc::new(target)).await
}

/// Fails with all that is known when a connection did not come about.
async fn greet(server: &Sshd, connected: Connected) -> Arc<dyn Session> {
    let session = connected
        .unwrap_or_else(|error| panic!("{error} (help: {:?})\n{}", error.help, server.log()));
    let output = session.run(&payload("echo hello"), None).await.unwrap();
    assert_eq!(output.stdout, b"hello\n");
    session
}

fn refusal(connected: Connected) -> ConnectError {
    match connected {
        Ok(_) => panic!("it let us in"),
        Err(error) => error,
    }
}

fn write(server: &Sshd, name: &str, text: &str) -> PathBuf {
    let path = server.file(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// The public part of a key in the server's folder, without its comment.
fn public(server: &Sshd, name: &str) -> String {
    let line = std::fs::read_to_string(server.file(&format!("{name}.pub"))).unwrap();
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn allow(server: &Sshd, key: &str) {
    let path = server.file("authorized_keys");
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(key.as_bytes()).unwrap();
}

fn fingerprint(path: &Path) -> String {
    let shown = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    text.split(' ').nth(1).unwrap().to_owned()
}

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

fn without_key(server: &Sshd) -> Target {
    let mut target = target_of(server);
    target.config.shift_remove("private-key");
    target
}

fn start(options: &[&str]) -> Sshd {
    let options = options.iter();
    options
        .fold(Sshd::with(1), |start: Start, line| start.option(line))
        .start()
}

// Who we are.

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
    drop(agent);
    let error = refusal(ssh.connect(Arc::new(without_key(&server))).await);
    assert!(error.message.contains("the agent at"), "{}", error.message);
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
        .status();
    assert!(locked.unwrap().success());
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

fn sign(folder: &Path, authority: &str, key: &str, arguments: &[&str]) {
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

// Who they are.

#[tokio::test]
async fn unknown_host_key_is_refused_with_its_fingerprint_and_what_to_type() {
    let server = Sshd::start();
    let mut target = target_of(&server);
    let file = server.file("nobody");
    set(&mut target, "known-hosts", path_value(&file));
    let error = refusal(connect(&server, target).await);
    assert_eq!(error.reason, ConnectReason::HostKeyUnknown);
    let fingerprint = fingerprint(&server.file("host_ed25519"));
    assert!(error.message.contains(&fingerprint), "{}", error.message);
    let command = format!(
        "ssh-keyscan -p {} 127.0.0.1 >> {}",
        server.port,
        file.display()
    );
    let help = error.help.unwrap();
    assert!(help.contains(&command), "{help}");
    assert!(!file.exists(), "nothing was asked to be remembered");
}

#[tokio::test]
async fn changed_host_key_is_refused_with_the_line_and_both_fingerprints() {
    let server = Sshd::start();
    keygen(server.folder.path(), "old", &[]);
    let old = public(&server, "old");
    let file = write(
        &server,
        "changed",
        &format!("# a line\n[127.0.0.1]:{} {old}\n", server.port),
    );
    for check in [Value::Bool(true), "accept-new".into()] {
        let mut target = target_of(&server);
        set(&mut target, "known-hosts", path_value(&file));
        set(&mut target, "host-key-check", check);
        let error = refusal(connect(&server, target).await);
        assert_eq!(error.reason, ConnectReason::HostKeyChanged);
        for part in [
            format!("{}:2", file.display()),
            fingerprint(&server.file("host_ed25519")),
            fingerprint(&server.file("old")),
        ] {
            assert!(
                error.message.contains(&part),
                "`{part}` is not in: {}",
                error.message
            );
        }
    }
}

#[tokio::test]
async fn revoked_host_key_is_refused_even_if_another_line_knows_it() {
    let server = Sshd::start();
    let key = public(&server, "host_ed25519");
    let name = format!("[127.0.0.1]:{}", server.port);
    let file = write(
        &server,
        "revoked",
        &format!("{name} {key}\n@revoked * {key}\n"),
    );
    let mut target = target_of(&server);
    set(&mut target, "known-hosts", path_value(&file));
    let error = refusal(connect(&server, target).await);
    assert_eq!(error.reason, ConnectReason::HostKeyRevoked);
}

#[tokio::test]
async fn names_that_openssh_has_hashed_are_known() {
    let server = Sshd::start();
    let hashed = Command::new("ssh-keygen")
        .args(["-q", "-H", "-f"])
        .arg(server.known_hosts())
        .output();
    assert!(hashed.unwrap().status.success());
    let text = std::fs::read_to_string(server.known_hosts()).unwrap();
    assert!(text.starts_with("|1|"), "{text}");
    greet(&server, connect(&server, target_of(&server)).await).await;
}

#[tokio::test]
async fn host_of_which_an_older_kind_of_key_is_known_is_asked_for_that() {
    let folder = tempfile::tempdir().unwrap();
    keygen(folder.path(), "host_rsa", &["-t", "rsa", "-b", "2048"]);
    let server = start(&[&format!(
        "HostKey {}",
        folder.path().join("host_rsa").display()
    )]);
    let rsa = std::fs::read_to_string(folder.path().join("host_rsa.pub")).unwrap();
    let file = write(
        &server,
        "rsa_known",
        &format!("[127.0.0.1]:{} {rsa}", server.port),
    );
    let mut target = target_of(&server);
    set(&mut target, "known-hosts", path_value(&file));
    greet(&server, connect(&server, target.clone()).await).await;
    // Hashed names are not looked through before the call: the second call finds the key.
    let hashed = Command::new("ssh-keygen")
        .args(["-q", "-H", "-f"])
        .arg(&file)
        .output();
    assert!(hashed.unwrap().status.success());
    greet(&server, connect(&server, target).await).await;
}

#[tokio::test]
async fn any_host_key_does_when_the_check_is_off() {
    let server = Sshd::start();
    let mut target = target_of(&server);
    set(
        &mut target,
        "known-hosts",
        path_value(&server.file("nobody")),
    );
    set(&mut target, "host-key-check", false);
    greet(&server, connect(&server, target).await).await;
    assert!(!server.file("nobody").exists());
}

#[tokio::test]
async fn new_host_keys_are_remembered_once_by_targets_that_come_together() {
    let server = Sshd::with(3).start();
    let file = server.file(".ssh/new_known_hosts");
    let ssh = ssh_to(&server);
    let target = |address: usize| {
        let mut target = target_of(&server);
        target.host = Sshd::address(address).to_string();
        set(&mut target, "known-hosts", path_value(&file));
        set(&mut target, "host-key-check", "accept-new");
        Arc::new(target)
    };
    let calls = (0..12).map(|number| ssh.connect(target(number % 3)));
    try_join_all(calls).await.unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    let mut strict = target_of(&server);
    set(&mut strict, "known-hosts", path_value(&file));
    greet(&server, connect(&server, strict).await).await;
}

#[tokio::test]
async fn host_certificates_are_checked_for_authority_name_and_time() {
    let folder = tempfile::tempdir().unwrap();
    keygen(folder.path(), "authority", &[]);
    for (arguments, accepted) in [
        (["-h", "-n", "127.0.0.*", "-V", "-1h:+1h"], true),
        (["-h", "-n", "web.example.com", "-V", "-1h:+1h"], false),
        (["-h", "-n", "127.0.0.1", "-V", "-2h:-1h"], false),
    ] {
        let _ = std::fs::remove_file(folder.path().join("host"));
        keygen(folder.path(), "host", &[]);
        sign(folder.path(), "authority", "host", &arguments);
        let path = folder.path().display();
        let server = start(&[
            &format!("HostKey {path}/host"),
            &format!("HostCertificate {path}/host-cert.pub"),
        ]);
        let authority = std::fs::read_to_string(folder.path().join("authority.pub")).unwrap();
        let file = write(
            &server,
            "authorities",
            &format!("@cert-authority [127.0.0.*]:* {authority}"),
        );
        let mut target = target_of(&server);
        set(&mut target, "known-hosts", path_value(&file));
        let connected = connect(&server, target).await;
        if accepted {
            greet(&server, connected).await;
        } else {
            assert_eq!(
                refusal(connected).reason,
                ConnectReason::HostKeyUnknown,
                "{arguments:?}"
            );
        }
    }
}

// How we get there.

#[tokio::test]
async fn ssh_config_says_how_and_the_inventory_has_the_last_word() {
    let server = Sshd::start();
    std::fs::create_dir(server.file(".ssh")).unwrap();
    let folder = server.folder.path().display();
    write(
        &server,
        ".ssh/config",
        &format!(
            "Host web1\n  HostName 127.0.0.1\n  Port {}\n  User nobody-here\n  IdentityFile ~/id_%n\n  \
             UserKnownHostsFile {folder}/known_hosts\nHost *\n  ForwardAgent yes\n",
            server.port
        ),
    );
    std::fs::rename(server.key(), server.file("id_127.0.0.1")).unwrap();
    let mut target = Target::new("web1", "ssh");
    let error = refusal(connect(&server, target.clone()).await);
    assert!(error.message.contains("`nobody-here`"), "{}", error.message);
    target.user = Some(server.user.clone());
    greet(&server, connect(&server, target).await).await;
}

#[tokio::test]
async fn targets_behind_a_bastion_share_its_connections() {
    let server = Sshd::with(2).start();
    let ssh = ssh_to(&server);
    let mut target = target_of(&server);
    target.host = Sshd::address(1).to_string();
    set(
        &mut target,
        "proxyjump",
        format!("127.0.0.1:{}", server.port),
    );
    let target = Arc::new(target);
    let calls = (0..40).map(|_| ssh.connect(Arc::clone(&target)));
    let sessions = try_join_all(calls)
        .await
        .unwrap_or_else(|error| panic!("{error}\n{}", server.log()));
    let command = payload("echo $SSH_CONNECTION; head -c 1000000 /dev/zero");
    let runs = sessions.iter().map(|session| session.run(&command, None));
    for output in join_all(runs).await {
        let output = output.unwrap();
        assert!(output.stdout.len() > 1_000_000);
        assert!(
            output.stdout.starts_with(b"127.0."),
            "the target is reached from the bastion"
        );
    }
    let logins = server.log().matches("Accepted publickey").count();
    assert_eq!(
        logins,
        40 + 2,
        "40 targets need two connections to the bastion"
    );
}

#[tokio::test]
async fn bastion_that_does_not_reach_or_know_is_named() {
    let server = Sshd::start();
    let mut target = target_of(&server);
    set(
        &mut target,
        "proxyjump",
        format!("127.0.0.1:{}", server.port),
    );
    target.port = Some(1);
    let error = refusal(connect(&server, target.clone()).await);
    assert_eq!(error.reason, ConnectReason::Refused);
    assert!(error.message.contains("127.0.0.1:1"), "{}", error.message);
    set(&mut target, "proxyjump", "127.0.0.1:1");
    let error = refusal(connect(&server, target).await);
    assert!(
        error.message.starts_with("through `127.0.0.1:1`"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn bastions_in_a_circle_are_refused() {
    let server = Sshd::start();
    std::fs::create_dir(server.file(".ssh")).unwrap();
    write(
        &server,
        ".ssh/config",
        "Host a\n  ProxyJump b\nHost b\n  ProxyJump a\n",
    );
    let error = refusal(connect(&server, Target::new("a", "ssh")).await);
    assert_eq!(error.reason, ConnectReason::Misconfigured);
}

#[tokio::test]
async fn reasons_for_not_being_reached_are_told_apart() {
    let server = Sshd::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let web_port = web.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut caller, _) = web.accept().unwrap();
        caller
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    for (host, port, reason) in [
        (
            "no-such-host.invalid",
            server.port,
            ConnectReason::Unresolved,
        ),
        ("127.0.0.1", 1, ConnectReason::Refused),
        (
            "127.0.0.1",
            silent.local_addr().unwrap().port(),
            ConnectReason::TimedOut,
        ),
        ("127.0.0.1", web_port, ConnectReason::Protocol),
    ] {
        let mut target = target_of(&server);
        target.host = host.to_owned();
        target.port = Some(port);
        if reason == ConnectReason::TimedOut {
            set(&mut target, "connect-timeout", "100ms");
        }
        let error = refusal(connect(&server, target).await);
        assert_eq!(error.reason, reason, "{error}");
        assert!(error.help.is_some(), "{error}");
    }
}

#[tokio::test]
async fn host_of_long_ago_is_reached_by_those_who_name_its_algorithms() {
    let server = start(&["KexAlgorithms diffie-hellman-group14-sha1"]);
    let mut target = target_of(&server);
    let error = refusal(connect(&server, target.clone()).await);
    assert_eq!(error.reason, ConnectReason::Protocol);
    assert!(
        error.message.contains("diffie-hellman-group14-sha1"),
        "{}",
        error.message
    );
    assert!(error.help.unwrap().contains("kex-algorithms"));
    set(
        &mut target,
        "kex-algorithms",
        vec!["defaults", "diffie-hellman-group14-sha1"],
    );
    greet(&server, connect(&server, target).await).await;
}

// What becomes of it.

#[tokio::test]
async fn connection_that_dies_breaks_what_runs_on_it() {
    let server = Sshd::start();
    let session = connect(&server, target_of(&server)).await.unwrap();
    let error = session
        .run(&payload("kill -KILL $PPID; sleep 1000"), None)
        .await
        .unwrap_err();
    assert!(matches!(error, SessionError::Broken { .. }), "{error}");
    assert!(!session.is_open());
    let error = session.run(&payload("true"), None).await.unwrap_err();
    assert!(matches!(error, SessionError::Broken { .. }), "{error}");
}

#[tokio::test]
async fn closed_session_is_not_open() {
    let server = Sshd::start();
    let session = greet(&server, connect(&server, target_of(&server)).await).await;
    assert!(session.is_open());
    session.close().await;
    assert!(!session.is_open());
    let error = session.run(&payload("true"), None).await.unwrap_err();
    assert!(matches!(error, SessionError::Broken { .. }), "{error}");
}

#[tokio::test]
async fn processes_wait_for_their_turn_where_the_server_allows_few_at_once() {
    let server = start(&["MaxSessions 2"]);
    let session = connect(&server, target_of(&server)).await.unwrap();
    let command = payload("sleep 0.1; exit 5");
    let runs = (0..8).map(|_| session.run(&command, None));
    for output in join_all(runs).await {
        assert_eq!(output.unwrap().exit, Exit::Code(5));
    }
}

#[tokio::test]
async fn timeout_counts_while_a_process_waits_for_its_turn() {
    let server = start(&["MaxSessions 1"]);
    let session = connect(&server, target_of(&server)).await.unwrap();
    let busy = payload("sleep 1000");
    let mut late = payload("echo never");
    late.timeout = Duration::from_millis(300);
    tokio::select! {
        // The first one that is polled has the place.
        biased;
        result = session.run(&busy, None) => panic!("it ended: {result:?}"),
        result = session.run(&late, None) => {
            assert!(matches!(result, Err(SessionError::TimedOut)), "{result:?}");
        }
    }
}

#[tokio::test]
async fn server_that_allows_no_process_at_all_is_told_from_a_broken_one() {
    let server = start(&["MaxSessions 0"]);
    let session = connect(&server, target_of(&server)).await.unwrap();
    let error = session.run(&payload("true"), None).await.unwrap_err();
    assert!(matches!(error, SessionError::Refused { .. }), "{error}");
    assert!(session.is_open());
}

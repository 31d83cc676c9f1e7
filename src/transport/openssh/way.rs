//! How we get there: `~/.ssh/config`, bastions, and hosts that can't be reached.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
    time::Duration,
};

use futures_util::future::{join_all, try_join_all};

use super::server::{Sshd, connect, greet, refusal, set, ssh_to, start, target_of, write};
use crate::{
    model::Target,
    transport::{ConnectReason, Transport, contract::payload},
};

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
async fn handshake_that_is_given_up_leaves_no_connection_behind() {
    let server = Sshd::start();
    let stalling = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut target = target_of(&server);
    target.port = Some(stalling.local_addr().unwrap().port());
    set(&mut target, "connect-timeout", "100ms");
    let ended = std::thread::spawn(move || {
        let (mut caller, _) = stalling.accept().unwrap();
        caller.write_all(b"SSH-2.0-Stalling\r\n").unwrap();
        caller
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        // Its end comes as the end of what it sends, or as an error if it left something unread.
        let read = caller.read_to_end(&mut Vec::new());
        !read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    });
    let error = refusal(connect(&server, target).await);
    assert_eq!(error.reason, ConnectReason::TimedOut, "{error}");
    let ended = tokio::task::spawn_blocking(|| ended.join().unwrap()).await;
    assert!(ended.unwrap(), "the connection is still open");
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

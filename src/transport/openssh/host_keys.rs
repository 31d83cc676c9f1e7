//! Who they are: known, changed, revoked and certified host keys.

use std::{process::Command, sync::Arc};

use futures_util::future::try_join_all;

use super::server::{
    Sshd, connect, fingerprint, greet, keygen, path_value, public, refusal, set, sign, ssh_to,
    start, target_of, write,
};
use crate::{
    model::Value,
    transport::{ConnectReason, Transport},
};

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

//! What every transport does, written once and run for each of them: SSH against a real OpenSSH server.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use rustix::process::{Pid, test_kill_process};

use super::{
    GivenUp, Local, Session, SessionError, Transport,
    openssh::{Sshd, ssh_to, target_of},
};
use crate::model::{Exit, Output, OutputCap, OutputStream, Payload, Secret, Stdin, Stdout, Target};

/// Longer than any condition here takes on the slowest machine; no test waits for it unless it fails.
const DEADLINE: Duration = Duration::from_mins(1);
/// Timeouts to try, until one is long enough for a shell to start its children on a busy machine.
const TIMEOUTS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(5),
    Duration::from_secs(50),
];

/// A session to test, and what must live as long as it.
pub(super) struct Subject {
    pub(super) session: Arc<dyn Session>,
    pub(super) folder: tempfile::TempDir,
    _server: Option<Sshd>,
}

async fn local() -> Subject {
    let target = Arc::new(Target::new("localhost", "local"));
    Subject {
        session: Local.connect(target).await.unwrap(),
        folder: tempfile::tempdir().unwrap(),
        _server: None,
    }
}

async fn ssh() -> Subject {
    let server = Sshd::start();
    let session = ssh_to(&server).connect(Arc::new(target_of(&server))).await;
    Subject {
        session: session
            .unwrap_or_else(|error| panic!("{error} ({:?})\n{}", error.help, server.log())),
        folder: tempfile::tempdir().unwrap(),
        _server: Some(server),
    }
}

macro_rules! contract {
    ($($behaviour:ident),* $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                super::$behaviour(super::local().await).await;
            })*
        }
        mod ssh {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                super::$behaviour(super::ssh().await).await;
            })*
        }
    };
}

contract![
    bytes_and_exit_code_come_back_as_they_are,
    five_megabytes_go_each_way,
    input_ends,
    process_that_does_not_read_its_input_ends,
    input_comes_from_a_file,
    missing_input_file_starts_nothing,
    output_goes_to_a_file,
    long_output_keeps_its_head_and_tail,
    watcher_is_told_every_byte_in_order,
    signal_that_ended_the_process_is_told,
    process_that_leaves_a_daemon_with_its_output_has_ended,
    twenty_run_at_once,
    flood_does_not_hold_up_others,
    caller_who_is_busy_elsewhere_does_not_hold_up_others,
    input_that_is_not_read_does_not_hold_up_others,
    timeout_ends_the_group_with_its_children,
    timeout_runs_the_command_that_ends_it,
    timeout_ends_what_a_process_that_has_ended_left_behind,
    who_ran_out_of_time_is_told_while_it_is_still_being_ended,
    dropping_the_future_ends_the_group,
    closing_waits_until_the_group_has_ended,
];

/// Over SSH this takes the server's help, which OpenSSH refuses to those who log in as root.
#[tokio::test]
async fn local_group_ends_without_a_command_for_it() {
    let subject = local().await;
    let path = subject.folder.path().join("pids");
    let mut payload = payload(&format!("trap '' TERM; {}", endless(&path)));
    expect_timeout_to_end(&subject, &mut payload, &path).await;
}

pub(super) fn payload(command: &str) -> Payload {
    Payload {
        command: command.into(),
        stdin: Stdin::empty(),
        stdout: Stdout::Keep(OutputCap::default()),
        timeout: DEADLINE,
        end: None,
    }
}

fn bytes(count: usize) -> Vec<u8> {
    // Not random, but without a period that a lost packet could hide behind.
    (0..count)
        .map(|index| u8::try_from((index * index / 7 + index) % 251).unwrap())
        .collect()
}

fn input(bytes: Vec<u8>) -> Stdin {
    Stdin::Bytes(Arc::new(Secret::new(bytes)))
}

pub(super) async fn run(subject: &Subject, command: &str) -> Output {
    subject.session.run(&payload(command), None).await.unwrap()
}

/// Waits until something is so.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(DEADLINE, waiting).await;
    assert!(waited.is_ok(), "{what}: not so within {DEADLINE:?}");
}

/// Whether a process runs. One that has ended and that nobody has asked for does not.
fn runs(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let zombie = stat
        .rsplit(')')
        .next()
        .is_some_and(|rest| rest.trim_start().starts_with('Z'));
    !zombie && Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid).is_ok())
}

fn pids(path: &Path) -> Vec<i32> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // The last line may be half written.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| line.parse().unwrap()).collect()
}

/// A command that writes its own process id and that of a child into a file, and runs until it is ended.
fn endless(path: &Path) -> String {
    format!(
        "sleep 1000 & printf '%s\\n' $$ $! > '{}'; wait",
        path.display()
    )
}

/// Such a command, with the one that ends its group: what a shell started is the leader of it everywhere.
fn endless_payload(path: &Path) -> Payload {
    let mut payload = payload(&endless(path));
    payload.end = Some(format!("kill -TERM -$(head -n 1 '{}')", path.display()).into());
    payload
}

/// Runs such a command until its time is over, and waits until its processes have ended.
async fn expect_timeout_to_end(subject: &Subject, payload: &mut Payload, path: &Path) {
    for timeout in TIMEOUTS {
        payload.timeout = timeout;
        let error = subject.session.run(payload, None).await.unwrap_err();
        assert!(matches!(error, SessionError::TimedOut(_)), "{error}");
        let pids = pids(path);
        if pids.len() == 2 {
            let ended = || !pids.iter().any(|pid| runs(*pid));
            return until("the processes have ended", ended).await;
        }
    }
    panic!("it did not start within {TIMEOUTS:?}");
}

async fn bytes_and_exit_code_come_back_as_they_are(subject: Subject) {
    let output = run(
        &subject,
        r"printf '\000\377\r\n'; printf 'oh\n' >&2; exit 7",
    )
    .await;
    assert_eq!(output.stdout, b"\0\xff\r\n");
    assert_eq!(output.stderr, b"oh\n");
    assert_eq!(output.exit, Exit::Code(7));
    assert_eq!(output.omitted, 0);
}

async fn five_megabytes_go_each_way(subject: Subject) {
    let sent = bytes(5 << 20);
    let mut payload = payload("tee /dev/stderr");
    payload.stdin = input(sent.clone());
    let output = subject.session.run(&payload, None).await.unwrap();
    assert_eq!(output.exit, Exit::Code(0));
    assert!(
        output.stdout == sent,
        "{} bytes came back on stdout",
        output.stdout.len()
    );
    assert!(
        output.stderr == sent,
        "{} bytes came back on stderr",
        output.stderr.len()
    );
}

async fn input_ends(subject: Subject) {
    let output = run(&subject, "cat; echo done").await;
    assert_eq!(output.stdout, b"done\n");
}

async fn process_that_does_not_read_its_input_ends(subject: Subject) {
    let mut payload = payload("echo early; exit 3");
    payload.stdin = input(bytes(5 << 20));
    let output = subject.session.run(&payload, None).await.unwrap();
    assert_eq!(
        (output.stdout, output.exit),
        (b"early\n".to_vec(), Exit::Code(3))
    );
}

async fn input_comes_from_a_file(subject: Subject) {
    let path = subject.folder.path().join("input");
    let sent = bytes(1 << 20);
    std::fs::write(&path, &sent).unwrap();
    let mut payload = payload("cat");
    payload.stdin = Stdin::File(Arc::new(path));
    let output = subject.session.run(&payload, None).await.unwrap();
    assert!(
        output.stdout == sent,
        "{} bytes came back",
        output.stdout.len()
    );
}

async fn missing_input_file_starts_nothing(subject: Subject) {
    let started = subject.folder.path().join("started");
    let mut payload = payload(&format!("touch '{}'", started.display()));
    payload.stdin = Stdin::File(Arc::new(subject.folder.path().join("missing")));
    let error = subject.session.run(&payload, None).await.unwrap_err();
    assert!(matches!(error, SessionError::LocalFile { .. }), "{error}");
    assert!(!started.exists());
}

async fn output_goes_to_a_file(subject: Subject) {
    let path = subject.folder.path().join("output");
    let sent = bytes(1 << 20);
    let mut payload = payload("echo note >&2; cat");
    payload.stdin = input(sent.clone());
    payload.stdout = Stdout::File(path.clone());
    let output = subject.session.run(&payload, None).await.unwrap();
    assert!(std::fs::read(&path).unwrap() == sent);
    assert_eq!(
        (output.stdout, output.stderr),
        (Vec::new(), b"note\n".to_vec())
    );
}

async fn long_output_keeps_its_head_and_tail(subject: Subject) {
    let mut payload = payload("printf begin; head -c 1000000 /dev/zero; printf end");
    payload.stdout = Stdout::Keep(OutputCap {
        head_bytes: 5,
        tail_bytes: 3,
    });
    let output = subject.session.run(&payload, None).await.unwrap();
    assert_eq!(
        (output.stdout, output.omitted),
        (b"beginend".to_vec(), 1_000_000)
    );
}

async fn watcher_is_told_every_byte_in_order(subject: Subject) {
    let told = Arc::new(Mutex::new((Vec::new(), Vec::new())));
    let watch = {
        let told = Arc::clone(&told);
        move |stream: OutputStream, bytes: &[u8]| {
            let mut told = told.lock().unwrap();
            match stream {
                OutputStream::Stdout => told.0.extend_from_slice(bytes),
                OutputStream::Stderr => told.1.extend_from_slice(bytes),
            }
        }
    };
    let sent = bytes(1 << 20);
    let mut payload = payload("echo one >&2; cat; echo two >&2");
    payload.stdin = input(sent.clone());
    subject.session.run(&payload, Some(&watch)).await.unwrap();
    let told = told.lock().unwrap();
    assert!(told.0 == sent, "{} bytes were told", told.0.len());
    assert_eq!(told.1, b"one\ntwo\n");
}

async fn signal_that_ended_the_process_is_told(subject: Subject) {
    let output = run(&subject, "echo before; kill -KILL $$").await;
    assert_eq!(output.exit, Exit::Signal("KILL".to_owned()));
    assert_eq!(output.stdout, b"before\n");
}

async fn process_that_leaves_a_daemon_with_its_output_has_ended(subject: Subject) {
    let file = subject.folder.path().join("pids");
    let command = format!(
        "echo one; sleep 3600 & echo $! >{}; echo two; exit 6",
        file.display()
    );
    let output = run(&subject, &command).await;
    assert_eq!(output.stdout, b"one\ntwo\n");
    assert_eq!(output.exit, Exit::Code(6));
    let daemon = pids(&file)[0];
    assert!(runs(daemon), "the daemon is none of our business");
    let daemon = Pid::from_raw(daemon).unwrap();
    rustix::process::kill_process(daemon, rustix::process::Signal::KILL).unwrap();
}

async fn twenty_run_at_once(subject: Subject) {
    let one = |number: usize| {
        let subject = &subject;
        async move {
            let output = run(subject, &format!("cat; echo {number}; exit {number}")).await;
            assert_eq!(output.stdout, format!("{number}\n").as_bytes());
            assert_eq!(output.exit, Exit::Code(i32::try_from(number).unwrap()));
        }
    };
    join_all((0..20).map(one)).await;
}

async fn flood_does_not_hold_up_others(subject: Subject) {
    let mut flood = payload("yes");
    flood.stdout = Stdout::Keep(OutputCap {
        head_bytes: 1000,
        tail_bytes: 1000,
    });
    let others = async {
        for number in 0..5 {
            let output = run(&subject, &format!("echo {number}")).await;
            assert_eq!(output.stdout, format!("{number}\n").as_bytes());
        }
    };
    tokio::select! {
        result = subject.session.run(&flood, None) => panic!("the flood ended: {result:?}"),
        () = others => {}
    }
}

async fn caller_who_is_busy_elsewhere_does_not_hold_up_others(subject: Subject) {
    let flood = payload("head -c 30000000 /dev/zero");
    let mut flooded = std::pin::pin!(subject.session.run(&flood, None));
    // Started, and then left alone while it prints.
    assert!(futures_util::poll!(flooded.as_mut()).is_pending());
    for number in 0..5 {
        let output = run(&subject, &format!("echo {number}")).await;
        assert_eq!(output.stdout, format!("{number}\n").as_bytes());
    }
    let output = flooded.await.unwrap();
    assert_eq!(output.stdout.len() as u64 + output.omitted, 30_000_000);
}

async fn input_that_is_not_read_does_not_hold_up_others(subject: Subject) {
    let mut deaf = payload("sleep 120");
    deaf.stdin = input(bytes(5 << 20));
    let others = async {
        for _ in 0..3 {
            let mut echo = payload("cat");
            echo.stdin = input(bytes(3 << 20));
            let output = subject.session.run(&echo, None).await.unwrap();
            assert_eq!(output.stdout.len(), 3 << 20);
        }
    };
    tokio::select! {
        result = subject.session.run(&deaf, None) => panic!("it ended: {result:?}"),
        () = others => {}
    }
}

async fn timeout_ends_the_group_with_its_children(subject: Subject) {
    let path = subject.folder.path().join("pids");
    let mut payload = endless_payload(&path);
    expect_timeout_to_end(&subject, &mut payload, &path).await;
}

async fn timeout_runs_the_command_that_ends_it(subject: Subject) {
    let path = subject.folder.path().join("pids");
    // It hides in a session of its own, where no signal to the group of its shell reaches it.
    let hidden = format!("setsid sh -c \"{}\"", endless(&path).replace('$', "\\$"));
    let mut payload = payload(&hidden);
    payload.end = Some(format!("xargs kill -KILL < '{}'", path.display()).into());
    expect_timeout_to_end(&subject, &mut payload, &path).await;
}

async fn timeout_ends_what_a_process_that_has_ended_left_behind(subject: Subject) {
    let path = subject.folder.path().join("pids");
    let loud = format!(
        "trap '' PIPE; echo $$ >'{0}'; (while :; do echo on; sleep 0.01; done) & echo $! >>'{0}'",
        path.display()
    );
    let mut payload = payload(&loud);
    payload.end = endless_payload(&path).end;
    expect_timeout_to_end(&subject, &mut payload, &path).await;
}

async fn who_ran_out_of_time_is_told_while_it_is_still_being_ended(subject: Subject) {
    let path = subject.folder.path().join("pids");
    let go = subject.folder.path().join("go");
    let mut payload = payload(&format!("trap '' TERM; {}", endless(&path)));
    payload.end = Some(
        format!(
            "until [ -e '{}' ]; do sleep 0.01; done; kill -KILL -$(head -n 1 '{}')",
            go.display(),
            path.display()
        )
        .into(),
    );
    for timeout in TIMEOUTS {
        payload.timeout = timeout;
        let error = subject.session.run(&payload, None).await.unwrap_err();
        let pids = pids(&path);
        if pids.len() != 2 {
            continue;
        }
        assert!(
            matches!(error, SessionError::TimedOut(GivenUp::MayGoOn)),
            "{error}"
        );
        assert!(subject.session.is_ending() && runs(pids[0]));
        std::fs::write(&go, "").unwrap();
        assert_eq!(subject.session.given_up().await, GivenUp::Ended);
        assert!(!subject.session.is_ending() && !runs(pids[0]));
        return;
    }
    panic!("it did not start within {TIMEOUTS:?}");
}

async fn dropping_the_future_ends_the_group(subject: Subject) {
    let path = subject.folder.path().join("pids");
    let payload = endless_payload(&path);
    tokio::select! {
        result = subject.session.run(&payload, None) => panic!("it ended: {result:?}"),
        () = until("the process has started", || pids(&path).len() == 2) => {}
    }
    let pids = pids(&path);
    until("the group has ended", || !pids.iter().any(|pid| runs(*pid))).await;
    // The session serves others still.
    assert_eq!(run(&subject, "echo on").await.stdout, b"on\n");
}

async fn closing_waits_until_the_group_has_ended(subject: Subject) {
    let path = subject.folder.path().join("pids");
    let payload = endless_payload(&path);
    tokio::select! {
        result = subject.session.run(&payload, None) => panic!("it ended: {result:?}"),
        () = until("the process has started", || pids(&path).len() == 2) => {}
    }
    subject.session.close().await;
    let pids = pids(&path);
    until("the group has ended", || !pids.iter().any(|pid| runs(*pid))).await;
}

//! What becomes of a connection that stands.

use std::time::Duration;

use futures_util::future::join_all;

use super::server::{Sshd, connect, greet, start, target_of};
use crate::{
    model::Exit,
    transport::{SessionError, contract::payload},
};

#[tokio::test]
async fn connection_that_dies_breaks_what_runs_on_it() {
    let server = Sshd::start();
    let session = connect(&server, target_of(&server)).await.unwrap();
    let error = session
        .run(&payload("kill -KILL $PPID; sleep 120"), None)
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
    let busy = payload("sleep 120");
    let mut late = payload("echo never");
    late.timeout = Duration::from_millis(300);
    tokio::select! {
        // The first one that is polled has the place.
        biased;
        result = session.run(&busy, None) => panic!("it ended: {result:?}"),
        result = session.run(&late, None) => {
            assert!(matches!(result, Err(SessionError::NotBegun)), "{result:?}");
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

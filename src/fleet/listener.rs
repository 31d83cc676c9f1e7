//! The loopback ports of a fleet, and the connections that come in on them.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use russh::server::{self, Config};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::{connection::Connection, line::Line, stage::Stage};

/// 10,000 targets with one connection each, and again as many that are just being closed: Linux' usual hard limit
/// on open files.
const CONNECTIONS_MAX: usize = 20_000;
/// How many may knock at the same moment; a larger number is cut down to this by Linux (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;
/// How long is waited when there is no file descriptor for one more connection: until some have been closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Takes a free port of the loopback interface, and of no other. Nobody can connect to it until it listens.
pub(super) fn bind() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(socket)
}

/// Lets clients in on a port until the fleet goes.
pub(super) fn listen(socket: TcpSocket, config: Arc<Config>, stage: Arc<Stage>) -> io::Result<()> {
    let listener = socket.listen(BACKLOG)?;
    tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let stopped = stage.stopped.clone();
        tokio::select! {
            biased;
            () = stopped.cancelled() => {}
            () = accept(&listener, &config, &stage, &places) => {}
        }
    });
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    config: &Arc<Config>,
    stage: &Arc<Stage>,
    places: &Arc<Semaphore>,
) {
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, Arc::clone(config), Arc::clone(stage), place));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve(
    stream: TcpStream,
    config: Arc<Config>,
    stage: Arc<Stage>,
    place: OwnedSemaphorePermit,
) {
    // Not worth an error: without it the answers are slower.
    let _ = stream.set_nodelay(true);
    let cut = stage.stopped.child_token();
    let connection = Connection::new(stage, cut.clone(), place);
    // The session goes on in a task of its own. How it ends is the client's concern, and the log's.
    let _ = server::run_stream(config, Line::new(stream, cut), connection).await;
}

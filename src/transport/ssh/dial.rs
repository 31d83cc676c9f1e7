//! Calling a host: name, addresses, TCP.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout_at},
};

use crate::transport::{ConnectError, ConnectReason};

/// Addresses of one name that are tried, in the order that the resolver gives them: the fair share of the time
/// that each has would not do for more.
const ADDRESSES_MAX: usize = 8;

/// A TCP connection to the first address of the host that answers, before the deadline.
pub(super) async fn dial(
    host: &str,
    port: u16,
    deadline: Instant,
) -> Result<TcpStream, ConnectError> {
    let addresses = resolve(host, port, deadline).await?;
    let mut last = None;
    for (index, address) in addresses.iter().enumerate() {
        // An address that swallows everything must leave time for those after it.
        let others = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        let share = deadline.saturating_duration_since(Instant::now()) / others;
        match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Every message of SSH is small and waited for. Where it fails, the connection is merely slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = Some(failed(host, *address, &error)),
            Err(_) => last = Some(timed_out(host, *address)),
        }
    }
    Err(last.unwrap_or_else(|| unresolved(host, "it has no address")))
}

async fn resolve(
    host: &str,
    port: u16,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, ConnectError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match timeout_at(deadline, lookup_host((host, port))).await {
        Ok(Ok(addresses)) => Ok(addresses.take(ADDRESSES_MAX).collect()),
        Ok(Err(error)) => Err(unresolved(host, &error.to_string())),
        Err(_) => Err(unresolved(host, "the name server did not answer in time")),
    }
}

fn unresolved(host: &str, why: &str) -> ConnectError {
    let message = format!("`{host}` does not resolve to an address: {why}");
    ConnectError::new(ConnectReason::Unresolved, message)
        .with_help("check the name, or set `host` under `config: ssh:` to an address")
}

fn failed(host: &str, address: SocketAddr, error: &io::Error) -> ConnectError {
    if error.kind() == io::ErrorKind::TimedOut {
        return timed_out(host, address);
    }
    let message = match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("nothing listens on {}", place(host, address)),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            format!("no route to {}", place(host, address))
        }
        _ => format!("can't connect to {}: {error}", place(host, address)),
    };
    let help = format!(
        "check that sshd runs there, and `port` ({})",
        address.port()
    );
    ConnectError::new(ConnectReason::Refused, message).with_help(help)
}

fn timed_out(host: &str, address: SocketAddr) -> ConnectError {
    let message = format!("{} did not answer in time", place(host, address));
    ConnectError::new(ConnectReason::TimedOut, message).with_help(
        "check that the host is up and no firewall drops the packets; `connect-timeout` under `config: ssh:` gives it longer",
    )
}

/// An address, with the name that it was found by.
fn place(host: &str, address: SocketAddr) -> String {
    if host == address.ip().to_string() {
        address.to_string()
    } else {
        format!("{host} ({address})")
    }
}

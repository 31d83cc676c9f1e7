//! The wire between a client and the fleet, which the fleet can cut.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A connection that ends with a reset as soon as its token is cancelled: no goodbye, as with a pulled plug.
pub(super) struct Line {
    stream: TcpStream,
    cut: CancellationToken,
    /// Wakes a session that waits for its client when the line is cut.
    wake: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Line {
    pub(super) fn new(stream: TcpStream, cut: CancellationToken) -> Self {
        Self {
            stream,
            cut: cut.clone(),
            wake: Box::pin(cut.cancelled_owned()),
        }
    }

    fn check(&self) -> io::Result<()> {
        if !self.cut.is_cancelled() {
            return Ok(());
        }
        // Without it the reset becomes an orderly end; the line is dead all the same.
        let _ = self.stream.set_zero_linger();
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Polled for its waker: whether it is ready is what `check` asks.
        let _ = self.wake.as_mut().poll(context);
        self.check()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

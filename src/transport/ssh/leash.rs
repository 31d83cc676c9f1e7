//! A stream that ends when nobody needs it any more.
//!
//! russh works on a connection in a task of its own, which goes on after a handshake has been given up, for as long
//! as the server keeps the connection open. On a leash it ends with us.

use std::{
    convert::Infallible,
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::oneshot,
};

/// Holds a stream open. Dropping it ends the stream for whoever reads from it.
#[derive(Debug)]
pub(super) struct Leash(
    #[expect(dead_code, reason = "dropping it is all it does")] oneshot::Sender<Infallible>,
);

/// A stream on a leash.
#[derive(Debug)]
pub(super) struct Leashed<S> {
    stream: S,
    held: oneshot::Receiver<Infallible>,
    let_go: bool,
}

pub(super) fn leash<S>(stream: S) -> (Leash, Leashed<S>) {
    let (holder, held) = oneshot::channel();
    let leashed = Leashed {
        stream,
        held,
        let_go: false,
    };
    (Leash(holder), leashed)
}

impl<S: AsyncRead + Unpin> AsyncRead for Leashed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Nothing is ever sent: it is ready when the other end is gone.
        if self.let_go || Pin::new(&mut self.held).poll(context).is_ready() {
            self.let_go = true;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Leashed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

//! A connection, and the ways to end it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::{io, mem};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;

/// The time that a closed connection waits for the caller's own close.
const LINGER: Duration = Duration::from_secs(1);

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// RST.
    Reset,
    /// FIN at once.
    HangUp,
    /// FIN after the answers under way.
    Finish,
}

/// The connection of a request.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) peer_port: u16,
    pub(crate) endings: UnboundedSender<Ending>,
}

impl Connection {
    pub(crate) fn end(&self, ending: Ending) {
        // It fails on a connection that has ended already.
        let _ = self.endings.send(ending);
    }
}

/// A socket that is reset when it is dropped, if so told.
pub(crate) struct Socket {
    tcp: Option<TcpStream>,
    reset: Arc<AtomicBool>,
}

impl Socket {
    pub(crate) fn new(tcp: TcpStream, reset: Arc<AtomicBool>) -> Self {
        Self {
            tcp: Some(tcp),
            reset,
        }
    }

    fn tcp(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        self.get_mut()
            .tcp
            .as_mut()
            .map(Pin::new)
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let Some(mut tcp) = mem::take(&mut self.tcp) else {
            return;
        };
        if self.reset.load(Ordering::Relaxed) {
            // It fails on a socket that is reset already.
            let _ = tcp.set_zero_linger();
            return;
        }
        // FIN must be sent before the connection counts as closed; tokio shuts a socket down at once.
        let _ = Pin::new(&mut tcp).poll_shutdown(&mut Context::from_waker(Waker::noop()));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(read_out(tcp));
        }
    }
}

/// Reads the bytes that still come, because closing a socket with unread bytes sends RST.
async fn read_out(mut tcp: TcpStream) {
    let mut rest = [0; 1024];
    let _ = tokio::time::timeout(LINGER, async {
        while matches!(tcp.read(&mut rest).await, Ok(1..)) {}
    })
    .await;
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.tcp()?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.tcp()?.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp()?.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp()?.poll_shutdown(context)
    }
}

//! One connection, and the ways to end it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::{io, mem};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;

/// How long a connection that was hung up waits for the caller's own close.
const LINGER: Duration = Duration::from_secs(1);

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// RST.
    Reset,
    /// FIN, whatever is under way.
    HangUp,
    /// FIN after what is under way.
    Finish,
}

/// What a request knows of its connection.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) peer_port: u16,
    pub(crate) endings: UnboundedSender<Ending>,
}

impl Connection {
    pub(crate) fn end(&self, ending: Ending) {
        // A connection that is already gone needs no end.
        let _ = self.endings.send(ending);
    }
}

/// A socket that can be told to reset when it is dropped.
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
        // tokio shuts a socket down at once; FIN must be out before anybody counts the connection as closed.
        let _ = Pin::new(&mut tcp).poll_shutdown(&mut Context::from_waker(Waker::noop()));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(read_out(tcp));
        }
    }
}

/// Reads what still comes: closing a socket with unread bytes in it would send RST.
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

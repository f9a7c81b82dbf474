//! The thread that accepts connections and serves them.

use crate::StartError;
use crate::serve::connection::{Connection, Ending, Socket};
use crate::serve::service;
use crate::state::State;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsAcceptor;

/// The time that a look-up of an upstream's name may delay a stop.
const STOP_WITHIN: Duration = Duration::from_secs(1);

pub(crate) fn bind(host: IpAddr, port: u16) -> Result<TcpListener, StartError> {
    if !host.is_loopback() {
        return Err(StartError::NotLoopback(host));
    }
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse(port),
        _ => StartError::Listen { host, port, source },
    };
    let listener = TcpListener::bind((host, port)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

/// Serves until the other end of `stopped` is dropped.
pub(crate) fn spawn(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    state: Arc<State>,
    stopped: oneshot::Receiver<()>,
) -> Result<JoinHandle<()>, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    let listener = {
        let _guard = runtime.enter();
        tokio::net::TcpListener::from_std(listener).map_err(StartError::Thread)?
    };
    let serve = move || {
        runtime.block_on(async {
            tokio::select! {
                () = accept(&listener, acceptor, &state) => {}
                _ = stopped => {}
            }
        });
        drop(listener);
        runtime.shutdown_timeout(STOP_WITHIN);
    };
    thread::Builder::new()
        .name("bedrock-local".to_owned())
        .spawn(serve)
        .map_err(StartError::Thread)
}

async fn accept(
    listener: &tokio::net::TcpListener,
    acceptor: Option<TlsAcceptor>,
    state: &Arc<State>,
) {
    let router = service::router(Arc::clone(state));
    loop {
        // A caller that leaves before it is accepted is not a failure of the listener.
        if let Ok((tcp, peer)) = listener.accept().await {
            state.accepted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(serve(
                tcp,
                peer,
                acceptor.clone(),
                router.clone(),
                Arc::clone(state),
            ));
        }
    }
}

/// One connection, from its acceptance to its end.
async fn serve(
    tcp: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    state: Arc<State>,
) {
    let _open = Open::new(&state);
    // A small body must not wait for the acknowledgement of its headers. The call fails on a dead connection only.
    let _ = tcp.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let socket = Socket::new(tcp, Arc::clone(&reset));
    let (endings, told) = mpsc::unbounded_channel();
    let router = router.layer(Extension(Connection {
        peer_port: peer.port(),
        endings,
    }));
    match acceptor {
        None => serve_http(socket, router, told, &reset).await,
        Some(acceptor) => {
            // A caller that does not trust the certificate ends the handshake. Tests count the completed ones.
            if let Ok(stream) = acceptor.accept(socket).await {
                state.handshakes.fetch_add(1, Ordering::Relaxed);
                serve_http(stream, router, told, &reset).await;
            }
        }
    }
}

/// HTTP/1.1 and HTTP/2, told apart by the first bytes.
async fn serve_http(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    router: Router,
    mut told: mpsc::UnboundedReceiver<Ending>,
    reset: &AtomicBool,
) {
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(router)));
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            Some(ending) = told.recv() => match ending {
                Ending::Finish => connection.as_mut().graceful_shutdown(),
                Ending::HangUp => return,
                Ending::Reset => return reset.store(true, Ordering::Relaxed),
            },
        }
    }
}

/// Counts a connection as open while it lives.
struct Open<'a>(&'a State);

impl<'a> Open<'a> {
    fn new(state: &'a State) -> Self {
        state.open.send_modify(|open| *open += 1);
        Self(state)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}

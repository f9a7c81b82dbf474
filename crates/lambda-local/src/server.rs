//! HTTP on loopback.

use std::{io, net::SocketAddr};

use axum::{Router, serve::ListenerExt};
use tokio::{net::TcpListener, task::JoinHandle};

/// An HTTP server; it stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start(listener: TcpListener, router: Router) -> io::Result<Self> {
        let address = listener.local_addr()?;
        // Nagle's algorithm would delay small responses, and the delay would be measured as the function's.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let task = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { address, task })
    }

    pub(crate) async fn on_port(port: u16, router: Router) -> io::Result<Self> {
        Self::start(TcpListener::bind(("127.0.0.1", port)).await?, router)
    }

    /// Where it listens, such as `http://127.0.0.1:9001`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

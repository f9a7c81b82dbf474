//! The handle of a running stand-in.

use crate::state::State;
use crate::{Answer, Builder, ReceivedRequest};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// A running stand-in. It stops, with all of its connections, when it is dropped.
#[must_use = "the stand-in stops when it is dropped"]
pub struct BedrockLocal {
    address: SocketAddr,
    certificate_authority: Option<String>,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl BedrockLocal {
    pub(crate) fn running(
        address: SocketAddr,
        certificate_authority: Option<String>,
        state: Arc<State>,
        stop: oneshot::Sender<()>,
        thread: JoinHandle<()>,
    ) -> Self {
        Self {
            address,
            certificate_authority,
            state,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Settings for a stand-in over plain HTTP on a free port, with the workspace's models.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The address for `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`. Over TLS the host is `localhost`.
    #[must_use]
    pub fn endpoint_url(&self) -> String {
        match self.certificate_authority {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }

    /// The certificate authority that clients must trust, over TLS.
    #[must_use]
    pub fn certificate_authority_pem(&self) -> Option<&str> {
        self.certificate_authority.as_deref()
    }

    /// Scripts an answer: each correctly signed request takes the oldest one that is left.
    pub fn enqueue(&self, answer: Answer) {
        self.state.enqueue(answer);
    }

    /// Gives this answer to every request without a scripted one. Faults still apply.
    pub fn always(&self, answer: Answer) {
        self.respond_with(move |_| answer.clone());
    }

    /// Gives the function's answer to every request without a scripted one. Faults still apply.
    pub fn respond_with(
        &self,
        responder: impl Fn(&ReceivedRequest) -> Answer + Send + Sync + 'static,
    ) {
        self.state.respond_with(Arc::new(responder));
    }

    /// The requests for models so far, refused ones included, in the order in which they were complete.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.state.requests()
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.accepted.load(Ordering::Relaxed)
    }

    /// TLS handshakes completed so far.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.state.handshakes.load(Ordering::Relaxed)
    }

    /// `GET /ping` so far.
    #[must_use]
    pub fn pings(&self) -> usize {
        self.state.pings.load(Ordering::Relaxed)
    }

    /// Connections that are open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        *self.state.open.borrow()
    }

    /// Waits until no connection is open, as after [`Answer::close_connection_afterwards`].
    pub async fn all_connections_closed(&self) {
        // It cannot fail, because this handle holds the state and so the sender.
        let _ = self
            .state
            .open
            .subscribe()
            .wait_for(|open| *open == 0)
            .await;
    }

    /// Stops listening and closes every connection; the port is free when it returns.
    pub async fn stop(self) {
        drop(self);
    }
}

impl fmt::Debug for BedrockLocal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BedrockLocal")
            .field("endpoint_url", &self.endpoint_url())
            .finish_non_exhaustive()
    }
}

impl Drop for BedrockLocal {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It fails on a thread that panicked, which has stopped already.
            let _ = thread.join();
        }
    }
}

//! Lambda's Runtime API (version 2018-06-01) on loopback.

mod desk;
mod reply;
mod routes;

use std::{sync::Arc, time::Instant};

use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{Deadline, Invocation};
pub(crate) use desk::Settled;
use desk::{Desk, Job};

/// What became of the start of the function.
#[derive(Debug, Clone)]
pub(crate) enum Startup {
    AskedForAnEvent {
        at: Instant,
    },
    Failed {
        error_type: String,
        error_message: String,
        body: Bytes,
    },
}

/// The server; it stops when dropped.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    desk: Arc<Desk>,
    startup: watch::Receiver<Option<Startup>>,
    server: JoinHandle<()>,
}

impl RuntimeApi {
    pub(crate) fn serve(listener: TcpListener, function_arn: String) -> Self {
        let (desk, startup) = Desk::new(function_arn);
        let desk = Arc::new(desk);
        let router = routes::router(Arc::clone(&desk));
        // Small answers must leave at once: what is measured here is the function and not Nagle's algorithm.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Self {
            desk,
            startup,
            server,
        }
    }

    /// Waits for the function's first word.
    pub(crate) async fn startup(&mut self) -> Startup {
        let startup = self
            .startup
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|startup| startup.clone());
        match startup {
            Some(startup) => startup,
            // The desk holds the sender for as long as this exists.
            None => std::future::pending().await,
        }
    }

    /// How often the function has asked for an event.
    pub(crate) fn asked(&self) -> u64 {
        self.desk.asked()
    }

    /// Waits until the function has asked more often than this.
    pub(crate) async fn asked_since(&self, times: u64) {
        self.desk.asked_since(times).await;
    }

    /// Puts an event on the desk, for the function's next `/next`.
    pub(crate) fn hand_over(
        &self,
        payload: Bytes,
        invocation: Invocation,
        deadline: Deadline,
    ) -> Pending {
        let (handed_sender, handed) = oneshot::channel();
        let (outcome_sender, outcome) = oneshot::channel();
        self.desk.put(Job {
            payload,
            invocation,
            deadline,
            handed: handed_sender,
            outcome: outcome_sender,
        });
        Pending { handed, outcome }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An event on the desk or with the function.
pub(crate) struct Pending {
    handed: oneshot::Receiver<()>,
    outcome: oneshot::Receiver<Settled>,
}

impl Pending {
    /// Waits until the function has the event.
    pub(crate) async fn handed_over(&mut self) {
        if (&mut self.handed).await.is_err() {
            std::future::pending().await
        }
    }

    /// Waits for what the function posts.
    pub(crate) async fn settled(self) -> Settled {
        match self.outcome.await {
            Ok(settled) => settled,
            // Nothing will come; the deadline or the end of the process decides.
            Err(_) => std::future::pending().await,
        }
    }
}

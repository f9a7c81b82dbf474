//! Lambda's Runtime API (version 2018-06-01) on loopback.

mod body;
mod reply;
mod routes;
mod state;

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};

use crate::{Deadline, Invocation, Server};
pub(crate) use state::{Completed, Reply, ResponseStream};
use state::{Event, RuntimeState};

/// How the start of the function went.
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
    state: Arc<RuntimeState>,
    startup: watch::Receiver<Option<Startup>>,
    _server: Server,
}

impl RuntimeApi {
    pub(crate) fn serve(listener: TcpListener, function_arn: String) -> std::io::Result<Self> {
        let (state, startup) = RuntimeState::new(function_arn);
        let state = Arc::new(state);
        let server = Server::start(listener, routes::router(Arc::clone(&state)))?;
        Ok(Self {
            state,
            startup,
            _server: server,
        })
    }

    /// Waits until the function has asked for its first event, or has reported that it cannot start.
    pub(crate) async fn startup(&mut self) -> Startup {
        let startup = self
            .startup
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|startup| startup.clone());
        match startup {
            Some(startup) => startup,
            // Unreachable: the state holds the sender for as long as this exists.
            None => std::future::pending().await,
        }
    }

    /// How often the function has asked for an event.
    pub(crate) fn polls(&self) -> u64 {
        self.state.polls()
    }

    /// Waits until the function has asked more often than this.
    pub(crate) async fn polled_since(&self, polls: u64) {
        self.state.polled_since(polls).await;
    }

    /// Has an event wait for the function's next `/next`.
    pub(crate) fn hand_over(
        &self,
        payload: Bytes,
        invocation: Invocation,
        deadline: Deadline,
    ) -> Pending {
        let (received_sender, received) = oneshot::channel();
        let (reply_sender, reply) = oneshot::channel();
        self.state.put(Event {
            payload,
            invocation,
            deadline,
            received: received_sender,
            reply: reply_sender,
        });
        Pending { received, reply }
    }
}

/// An event that waits for the function or is in flight.
pub(crate) struct Pending {
    received: oneshot::Receiver<()>,
    reply: oneshot::Receiver<Reply>,
}

impl Pending {
    /// Waits until the function has the event.
    pub(crate) async fn received(&mut self) {
        if (&mut self.received).await.is_err() {
            std::future::pending().await
        }
    }

    /// Waits for what the function posts.
    pub(crate) async fn reply(self) -> Reply {
        match self.reply.await {
            Ok(reply) => reply,
            // No reply will come. The deadline or the end of the process ends the invocation.
            Err(_) => std::future::pending().await,
        }
    }
}

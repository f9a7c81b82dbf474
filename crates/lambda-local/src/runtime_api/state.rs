//! The state of the Runtime API: whether the function has started, which event waits for it, and which invocation is in flight.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use uuid::Uuid;

use super::Startup;
use crate::{Deadline, Invocation, Outcome};

/// An event for the function, and the caller's ends of two channels.
pub(super) struct Event {
    pub(super) payload: Bytes,
    pub(super) invocation: Invocation,
    pub(super) deadline: Deadline,
    /// Told when the function has received the event.
    pub(super) received: oneshot::Sender<()>,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// An event as the function receives it.
pub(super) struct Delivery {
    pub(super) payload: Bytes,
    pub(super) invocation: Invocation,
    pub(super) request_id: String,
    pub(super) deadline_millis: u128,
}

/// The function's reply to an event.
pub(crate) enum Reply {
    /// A response or an error, all of it.
    Whole(Completed),
    /// A response that comes in chunks.
    Streaming(ResponseStream),
}

/// A response that the function still writes. The channel holds one chunk: a slow reader slows the function.
pub(crate) struct ResponseStream {
    pub(crate) headers: HeaderMap,
    pub(crate) chunks: mpsc::Receiver<Bytes>,
    pub(crate) completed: oneshot::Receiver<Completed>,
}

/// How an invocation ended.
pub(crate) struct Completed {
    /// A streamed response's body is empty here.
    pub(crate) outcome: Outcome,
    /// From the moment that the function received the event to the moment that its answer had arrived.
    pub(crate) duration: Duration,
    /// How often the function had asked for an event by then.
    pub(crate) polls: u64,
}

/// The state of one execution environment: at most one event waits, and at most one is in flight.
#[derive(Debug)]
pub(super) struct RuntimeState {
    pub(super) function_arn: String,
    startup: watch::Sender<Option<Startup>>,
    polls: watch::Sender<u64>,
    arrived: Notify,
    events: Mutex<Events>,
}

#[derive(Default)]
struct Events {
    waiting: Option<Event>,
    in_flight: Option<InFlight>,
}

struct InFlight {
    request_id: String,
    received_at: Instant,
    caller: Caller,
}

/// The channel to the caller of an invocation.
enum Caller {
    ForReply(oneshot::Sender<Reply>),
    ForEndOfStream {
        completed: oneshot::Sender<Completed>,
        /// Whether the function's connection broke before the response was whole.
        is_broken: bool,
    },
}

impl fmt::Debug for Events {
    /// Events may hold prompts, so none of their content is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("waiting", &self.waiting.is_some())
            .field("in_flight", &self.in_flight.is_some())
            .finish()
    }
}

impl RuntimeState {
    pub(super) fn new(function_arn: String) -> (Self, watch::Receiver<Option<Startup>>) {
        let (startup, receiver) = watch::channel(None);
        (
            Self {
                function_arn,
                startup,
                polls: watch::Sender::new(0),
                arrived: Notify::new(),
                events: Mutex::default(),
            },
            receiver,
        )
    }

    pub(super) fn put(&self, event: Event) {
        self.events().waiting = Some(event);
        self.arrived.notify_one();
    }

    /// Keeps how the start went. Only the first call counts; returns whether this was it.
    pub(super) fn set_startup(&self, startup: Startup) -> bool {
        self.startup.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(startup);
            }
            first
        })
    }

    /// Notes that the function asks for an event.
    pub(super) fn count_poll(&self) {
        self.set_startup(Startup::AskedForAnEvent { at: Instant::now() });
        self.polls.send_modify(|polls| *polls += 1);
    }

    pub(super) fn polls(&self) -> u64 {
        *self.polls.borrow()
    }

    pub(super) async fn polled_since(&self, polls: u64) {
        // The channel stays open: this state holds its sender.
        let _ = self.polls.subscribe().wait_for(|now| *now > polls).await;
    }

    /// Whether a caller still waits for the function's answer, so that it may not ask for an event.
    ///
    /// A response whose connection broke ends here: the function still runs, so Lambda calls the request truncated.
    pub(super) fn owes_an_answer(&self) -> bool {
        let mut events = self.events();
        let broken = events.in_flight.take_if(|in_flight| {
            matches!(
                in_flight.caller,
                Caller::ForEndOfStream {
                    is_broken: true,
                    ..
                }
            )
        });
        if let Some(broken) = broken {
            broken.complete(truncated(), self.polls());
        }
        events
            .in_flight
            .as_ref()
            .is_some_and(|in_flight| !in_flight.is_abandoned())
    }

    /// Waits for an event, for as long as it takes: an idle execution environment is frozen, not answered.
    pub(super) async fn take(&self) -> Delivery {
        loop {
            if let Some(delivery) = self.try_take() {
                return delivery;
            }
            self.arrived.notified().await;
        }
    }

    fn try_take(&self) -> Option<Delivery> {
        let mut events = self.events();
        // The event of a caller that has stopped waiting is dropped.
        let event = events
            .waiting
            .take()
            .filter(|event| !event.reply.is_closed())?;
        let request_id = event
            .invocation
            .request_id
            .clone()
            .unwrap_or_else(|| Uuid::new_v4().to_string());
        events.in_flight = Some(InFlight {
            request_id: request_id.clone(),
            received_at: Instant::now(),
            caller: Caller::ForReply(event.reply),
        });
        let _ = event.received.send(());
        Some(Delivery {
            payload: event.payload,
            invocation: event.invocation,
            request_id,
            deadline_millis: event.deadline.epoch_millis(),
        })
    }

    /// Whether the invocation is in flight and has no response yet, nor the beginning of one.
    pub(super) fn awaits_reply(&self, request_id: &str) -> bool {
        self.events().in_flight.as_ref().is_some_and(|in_flight| {
            in_flight.request_id == request_id && matches!(in_flight.caller, Caller::ForReply(_))
        })
    }

    /// Begins a streamed response and gives the end for its chunks; `None` where the invocation is not in flight, or streams already.
    pub(super) fn begin_stream(
        &self,
        request_id: &str,
        headers: HeaderMap,
    ) -> Option<mpsc::Sender<Bytes>> {
        let mut events = self.events();
        let in_flight = events.in_flight.as_mut().filter(|in_flight| {
            in_flight.request_id == request_id && matches!(in_flight.caller, Caller::ForReply(_))
        })?;
        let (chunk_sender, chunks) = mpsc::channel(1);
        let (completed_sender, completed) = oneshot::channel();
        let streaming = Caller::ForEndOfStream {
            completed: completed_sender,
            is_broken: false,
        };
        if let Caller::ForReply(reply) = std::mem::replace(&mut in_flight.caller, streaming) {
            let stream = ResponseStream {
                headers,
                chunks,
                completed,
            };
            // Sending fails where the caller has stopped waiting, which is not an error of the function.
            drop(reply.send(Reply::Streaming(stream)));
        }
        Some(chunk_sender)
    }

    /// Notes that the connection of a streamed response broke. The end of the process or its next poll says what that was.
    pub(super) fn break_stream(&self, request_id: &str) {
        let mut events = self.events();
        if let Some(InFlight {
            request_id: id,
            caller: Caller::ForEndOfStream { is_broken, .. },
            ..
        }) = events.in_flight.as_mut()
        {
            *is_broken = id == request_id;
        }
    }

    /// Gives the outcome to the caller; `false` where the invocation is not in flight.
    pub(super) fn complete(&self, request_id: &str, outcome: Outcome) -> bool {
        let in_flight = self
            .events()
            .in_flight
            .take_if(|in_flight| in_flight.request_id == request_id);
        in_flight
            .map(|in_flight| in_flight.complete(outcome, self.polls()))
            .is_some()
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight {
    fn is_abandoned(&self) -> bool {
        match &self.caller {
            Caller::ForReply(reply) => reply.is_closed(),
            Caller::ForEndOfStream { completed, .. } => completed.is_closed(),
        }
    }

    fn complete(self, outcome: Outcome, polls: u64) {
        let completed = Completed {
            outcome,
            duration: self.received_at.elapsed(),
            polls,
        };
        // Sending fails where the caller has stopped waiting, which is not an error of the function.
        match self.caller {
            Caller::ForReply(reply) => drop(reply.send(Reply::Whole(completed))),
            Caller::ForEndOfStream { completed: end, .. } => drop(end.send(completed)),
        }
    }
}

/// The name that AWS's own Runtime Interface Emulator has for it.
fn truncated() -> Outcome {
    Outcome::error(
        "Runtime.TruncatedHTTPRequest",
        "The connection ended before the response was complete.",
    )
}

//! A response body as a series of steps: bytes, pauses, and the ways to break off.

use crate::connection::{Connection, Ending};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// The bytes sent before a break need this long to leave the process before the connection is closed.
const BEFORE_BREAK: Duration = Duration::from_millis(50);

/// A wait that is overdue by more than this starts anew; by less, it is made up for, so that a pace does not drift.
const MADE_UP_FOR: Duration = Duration::from_millis(10);

/// One step of a body.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Bytes(Bytes),
    /// A frame of an event stream, with the event's or the exception's type.
    Event {
        name: String,
        bytes: Bytes,
    },
    /// From when the last wait was over.
    Wait(Duration),
    /// Nothing more comes, and the connection stays open.
    Stall,
    /// FIN in the middle of the body.
    HangUp,
    /// RST.
    Reset,
    /// The body ends.
    End,
}

impl Step {
    pub(crate) fn is_event(&self, event_type: &str) -> bool {
        matches!(self, Self::Event { name, .. } if name == event_type)
    }

    pub(crate) fn is_delta(&self) -> bool {
        self.is_event("contentBlockDelta")
    }

    /// The bytes in pieces of at most that length, with a wait before each; any other step as it is.
    pub(crate) fn trickle(self, piece: usize, every: Duration) -> Vec<Self> {
        match self {
            Self::Bytes(bytes) | Self::Event { bytes, .. } => bytes
                .chunks(piece)
                .flat_map(|chunk| [Self::Wait(every), Self::Bytes(bytes.slice_ref(chunk))])
                .collect(),
            other => vec![other],
        }
    }
}

/// Steps that are made while they are sent. They can be taken once, by the first clone that is sent.
#[derive(Clone)]
pub(crate) struct LiveSteps(Arc<Mutex<Option<BoxStream<'static, Step>>>>);

impl LiveSteps {
    pub(crate) fn new(steps: impl Stream<Item = Step> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(steps.boxed()))))
    }

    pub(crate) fn take(&self) -> BoxStream<'static, Step> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.unwrap_or_else(|| stream::empty().boxed())
    }
}

impl fmt::Debug for LiveSteps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LiveSteps").finish_non_exhaustive()
    }
}

/// The body that takes these steps. `closes` closes the connection when the body is complete.
pub(crate) fn body(
    steps: impl Stream<Item = Step> + Send + 'static,
    closes: bool,
    connection: Connection,
) -> Body {
    let delivery = Delivery {
        steps: steps.boxed(),
        due: Instant::now(),
        closes,
        connection,
    };
    Body::from_stream(stream::unfold(delivery, |mut delivery| async {
        let bytes = delivery.next_bytes().await?;
        Some((Ok::<_, Infallible>(bytes), delivery))
    }))
}

struct Delivery {
    steps: BoxStream<'static, Step>,
    /// When the last wait was over.
    due: Instant,
    closes: bool,
    connection: Connection,
}

impl Delivery {
    async fn next_bytes(&mut self) -> Option<Bytes> {
        loop {
            match self.steps.next().await? {
                Step::Bytes(bytes) | Step::Event { bytes, .. } => return Some(bytes),
                Step::Wait(time) => self.wait(time).await,
                Step::Stall => pending().await,
                Step::HangUp => self.break_off(Ending::HangUp).await,
                Step::Reset => self.break_off(Ending::Reset).await,
                Step::End => return None,
            }
        }
    }

    async fn wait(&mut self, time: Duration) {
        let overdue = Instant::now().saturating_duration_since(self.due + time);
        self.due += time + overdue.saturating_sub(MADE_UP_FOR);
        sleep_until(self.due).await;
    }

    async fn break_off(&mut self, ending: Ending) {
        sleep(BEFORE_BREAK).await;
        self.connection.end(ending);
        pending().await
    }
}

impl Drop for Delivery {
    /// hyper drops a body when it has taken all of it, and only then.
    fn drop(&mut self) {
        if self.closes {
            self.connection.end(Ending::Finish);
        }
    }
}

//! Response bodies as series of steps: bytes, pauses, and the ways to break off.

use crate::fault::StreamFault;
use crate::serve::connection::{Connection, Ending};
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

/// A wait that ends late by at most this is made up for by the next one, so that a pace does not drift.
const MADE_UP_FOR: Duration = Duration::from_millis(10);

/// The body of a response.
#[derive(Debug, Clone)]
pub(crate) struct ResponseBody {
    pub(crate) payload: Payload,
    /// Whether the connection is closed when the body is complete.
    pub(crate) closes: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// Bytes whose length is announced.
    Whole(Bytes, Pace),
    /// The frames of an event stream, and the fault that breaks it.
    Stream(Frames, Option<StreamFault>),
}

#[derive(Debug, Clone)]
pub(crate) enum Frames {
    Scripted(Vec<Step>),
    Live(LiveSteps),
}

/// How a body whose length is known is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    AtOnce,
    StallAt(usize),
    CutAt(usize),
    Trickle { chunk: usize, every: Duration },
}

/// One step of a body.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Bytes(Bytes),
    /// A frame of an event stream, with the type of its event or exception.
    Event {
        name: String,
        bytes: Bytes,
    },
    /// A pause, from the end of the last one.
    Wait(Duration),
    /// No more bytes come, and the connection stays open.
    Stall,
    /// FIN in the middle of the body.
    HangUp,
    /// RST.
    Reset,
    /// The body ends.
    End,
}

/// Steps that are made while they are sent. The first clone that is sent takes them.
#[derive(Clone)]
pub(crate) struct LiveSteps(Arc<Mutex<Option<BoxStream<'static, Step>>>>);

impl ResponseBody {
    pub(crate) fn into_http(self, connection: Connection) -> Body {
        match self.payload {
            Payload::Whole(bytes, Pace::AtOnce) if !self.closes => bytes.into(),
            Payload::Whole(bytes, pace) => {
                Delivery::start(stream::iter(pace.steps(&bytes)), self.closes, connection)
            }
            Payload::Stream(frames, None) => {
                Delivery::start(frames.into_steps(), self.closes, connection)
            }
            Payload::Stream(frames, Some(fault)) => {
                Delivery::start(fault.apply(frames.into_steps()), self.closes, connection)
            }
        }
    }
}

impl Pace {
    fn steps(self, bytes: &Bytes) -> Vec<Step> {
        let first = |length: usize| Step::Bytes(bytes.slice(..length.min(bytes.len())));
        match self {
            Self::AtOnce => vec![Step::Bytes(bytes.clone())],
            Self::StallAt(length) => vec![first(length), Step::Stall],
            Self::CutAt(length) => vec![first(length), Step::HangUp],
            Self::Trickle { chunk, every } => Step::Bytes(bytes.clone()).trickle(chunk, every),
        }
    }
}

impl Frames {
    fn into_steps(self) -> BoxStream<'static, Step> {
        match self {
            Self::Scripted(steps) => stream::iter(steps).boxed(),
            Self::Live(steps) => steps.take(),
        }
    }
}

impl Step {
    pub(crate) fn is_event(&self, event_type: &str) -> bool {
        matches!(self, Self::Event { name, .. } if name == event_type)
    }

    pub(crate) fn is_delta(&self) -> bool {
        self.is_event("contentBlockDelta")
    }

    /// The bytes in chunks of at most that length, with a wait before each; any other step as it is.
    pub(crate) fn trickle(self, length: usize, every: Duration) -> Vec<Self> {
        match self {
            Self::Bytes(bytes) | Self::Event { bytes, .. } => bytes
                .chunks(length)
                .flat_map(|chunk| [Self::Wait(every), Self::Bytes(bytes.slice_ref(chunk))])
                .collect(),
            other => vec![other],
        }
    }
}

impl LiveSteps {
    pub(crate) fn new(steps: impl Stream<Item = Step> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(steps.boxed()))))
    }

    fn take(&self) -> BoxStream<'static, Step> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.unwrap_or_else(|| stream::empty().boxed())
    }
}

impl fmt::Debug for LiveSteps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LiveSteps").finish_non_exhaustive()
    }
}

/// A body that is being sent.
struct Delivery {
    steps: BoxStream<'static, Step>,
    /// When the last wait was over.
    due: Instant,
    closes: bool,
    connection: Connection,
}

impl Delivery {
    fn start(
        steps: impl Stream<Item = Step> + Send + 'static,
        closes: bool,
        connection: Connection,
    ) -> Body {
        let delivery = Self {
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

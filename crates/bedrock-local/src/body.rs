//! A response body that can stall, trickle and break off.

use crate::answer::Pace;
use crate::connection::{Connection, Ending};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// What was sent of a broken answer needs this long to leave the process before its connection is closed.
const BEFORE_CUT: Duration = Duration::from_millis(50);

/// A body whose announced length may be more than it ever sends.
pub(crate) struct PacedBody {
    rest: Bytes,
    /// Bytes that may still be sent before a stall or a cut.
    allowed: usize,
    pace: Pace,
    wait: Option<Pin<Box<Sleep>>>,
    connection: Connection,
    closes: bool,
}

impl PacedBody {
    pub(crate) fn new(body: Bytes, pace: Pace, closes: bool, connection: Connection) -> Self {
        let allowed = match pace {
            Pace::StallAt(bytes) | Pace::CutAt(bytes) => bytes.min(body.len()),
            Pace::AtOnce | Pace::Trickle { .. } => body.len(),
        };
        Self {
            rest: body,
            allowed,
            pace,
            wait: None,
            connection,
            closes,
        }
    }

    /// Bytes that can be sent now.
    fn next_chunk(&mut self) -> Bytes {
        let length = match self.pace {
            Pace::Trickle { chunk, .. } => chunk.min(self.allowed),
            _ => self.allowed,
        };
        self.allowed -= length;
        self.rest.split_to(length)
    }

    /// Waits that long once; the next call starts anew.
    fn poll_wait(&mut self, context: &mut Context<'_>, duration: Duration) -> Poll<()> {
        let wait = self.wait.get_or_insert_with(|| Box::pin(sleep(duration)));
        ready!(wait.as_mut().poll(context));
        self.wait = None;
        Poll::Ready(())
    }

    fn poll_cut(&mut self, context: &mut Context<'_>) -> Poll<()> {
        ready!(self.poll_wait(context, BEFORE_CUT));
        self.connection.end(Ending::HangUp);
        Poll::Pending
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let body = self.get_mut();
        if body.allowed == 0 {
            return match body.pace {
                Pace::CutAt(_) => body.poll_cut(context).map(|()| None),
                Pace::StallAt(_) => Poll::Pending,
                Pace::AtOnce | Pace::Trickle { .. } => Poll::Ready(None),
            };
        }
        if let Pace::Trickle { every, .. } = body.pace {
            ready!(body.poll_wait(context, every));
        }
        Poll::Ready(Some(Ok(Frame::data(body.next_chunk()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && !matches!(self.pace, Pace::CutAt(_) | Pace::StallAt(_))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

impl Drop for PacedBody {
    /// hyper drops a body when it has taken all of it, and only then.
    fn drop(&mut self) {
        if self.closes {
            self.connection.end(Ending::Finish);
        }
    }
}

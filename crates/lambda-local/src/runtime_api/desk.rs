//! Where the event waits for the function and the function's answer finds its caller.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot, watch};
use uuid::Uuid;

use super::Startup;
use crate::{Deadline, Invocation, Outcome};

/// An event and those who wait for it.
pub(super) struct Job {
    pub(super) payload: Bytes,
    pub(super) invocation: Invocation,
    pub(super) deadline: Deadline,
    pub(super) handed: oneshot::Sender<()>,
    pub(super) outcome: oneshot::Sender<Settled>,
}

/// What became of an event.
pub(crate) struct Settled {
    pub(crate) outcome: Outcome,
    /// From the moment that the function was handed the event to the moment that its answer had arrived.
    pub(crate) duration: Duration,
    /// How often the function had asked for an event by then.
    pub(crate) asked: u64,
}

/// An event as the function receives it.
pub(super) struct Delivery {
    pub(super) payload: Bytes,
    pub(super) invocation: Invocation,
    pub(super) request_id: String,
    pub(super) deadline_millis: u128,
}

/// The one place of a sandbox: one event waiting, one in work.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) function_arn: String,
    startup: watch::Sender<Option<Startup>>,
    asked: watch::Sender<u64>,
    arrived: Notify,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    waiting: Option<Job>,
    in_work: Option<InWork>,
}

struct InWork {
    request_id: String,
    since: Instant,
    outcome: oneshot::Sender<Settled>,
}

impl std::fmt::Debug for Places {
    /// Events are not for logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Places")
            .field("waiting", &self.waiting.is_some())
            .field("in_work", &self.in_work.is_some())
            .finish()
    }
}

impl Desk {
    pub(super) fn new(function_arn: String) -> (Self, watch::Receiver<Option<Startup>>) {
        let (startup, receiver) = watch::channel(None);
        (
            Self {
                function_arn,
                startup,
                asked: watch::Sender::new(0),
                arrived: Notify::new(),
                places: Mutex::default(),
            },
            receiver,
        )
    }

    pub(super) fn put(&self, job: Job) {
        self.places().waiting = Some(job);
        self.arrived.notify_one();
    }

    /// Keeps the function's first word; later ones change nothing. Tells whether this was the first.
    pub(super) fn start_is(&self, startup: Startup) -> bool {
        self.startup.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(startup);
            }
            first
        })
    }

    /// Notes that the function asks for an event.
    pub(super) fn asks(&self) {
        self.start_is(Startup::AskedForAnEvent { at: Instant::now() });
        self.asked.send_modify(|times| *times += 1);
    }

    pub(super) fn asked(&self) -> u64 {
        *self.asked.borrow()
    }

    pub(super) async fn asked_since(&self, times: u64) {
        // The sender is this desk's own.
        let _ = self.asked.subscribe().wait_for(|now| *now > times).await;
    }

    /// Tells whether the function still owes an answer to somebody who waits for it.
    pub(super) fn owes_an_answer(&self) -> bool {
        self.places()
            .in_work
            .as_ref()
            .is_some_and(|work| !work.outcome.is_closed())
    }

    /// Waits for an event, for as long as it takes: an idle sandbox is frozen, not answered.
    pub(super) async fn take(&self) -> Delivery {
        loop {
            if let Some(delivery) = self.try_take() {
                return delivery;
            }
            self.arrived.notified().await;
        }
    }

    fn try_take(&self) -> Option<Delivery> {
        let mut places = self.places();
        // A caller who has stopped waiting takes his event with him.
        let job = places
            .waiting
            .take()
            .filter(|job| !job.outcome.is_closed())?;
        let request_id = job
            .invocation
            .request_id
            .clone()
            .unwrap_or_else(|| Uuid::new_v4().to_string());
        places.in_work = Some(InWork {
            request_id: request_id.clone(),
            since: Instant::now(),
            outcome: job.outcome,
        });
        let _ = job.handed.send(());
        Some(Delivery {
            payload: job.payload,
            invocation: job.invocation,
            request_id,
            deadline_millis: job.deadline.epoch_millis(),
        })
    }

    pub(super) fn is_in_work(&self, request_id: &str) -> bool {
        self.places()
            .in_work
            .as_ref()
            .is_some_and(|work| work.request_id == request_id)
    }

    /// Gives the outcome to the caller; `false` when no such event is in work.
    pub(super) fn settle(&self, request_id: &str, outcome: Outcome) -> bool {
        let work = self
            .places()
            .in_work
            .take_if(|work| work.request_id == request_id);
        // The caller may have stopped waiting, which is no fault of the function.
        work.map(|work| {
            let settled = Settled {
                outcome,
                duration: work.since.elapsed(),
                asked: self.asked(),
            };
            drop(work.outcome.send(settled));
        })
        .is_some()
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The state that the handle and the connections of one stand-in share.

use crate::{
    Answer, Fault, FaultKind, ModelTable, Operation, ReceivedRequest, RequestLine, Upstream,
};
use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use time::Date;
use tokio::sync::watch;

pub(crate) type Responder = Arc<dyn Fn(&ReceivedRequest) -> Answer + Send + Sync>;
pub(crate) type Listener = Arc<dyn Fn(&RequestLine) + Send + Sync>;

/// The settings, fixed when the stand-in starts.
pub(crate) struct Settings {
    pub(crate) models: ModelTable,
    pub(crate) region: String,
    pub(crate) verify_signatures: bool,
    pub(crate) today: Option<Date>,
    pub(crate) tokens_per_second: Option<NonZeroU32>,
    pub(crate) upstream: Option<Upstream>,
    pub(crate) on_request: Option<Listener>,
    pub(crate) requests_forgotten: bool,
}

pub(crate) struct State {
    pub(crate) settings: Settings,
    queue: Mutex<VecDeque<Answer>>,
    faults: Mutex<Vec<Fault>>,
    responder: Mutex<Option<Responder>>,
    requests: Mutex<Vec<ReceivedRequest>>,
    pub(crate) accepted: AtomicUsize,
    pub(crate) handshakes: AtomicUsize,
    pub(crate) pings: AtomicUsize,
    /// The connections that are open now.
    pub(crate) open: watch::Sender<usize>,
}

impl State {
    pub(crate) fn new(settings: Settings, faults: Vec<Fault>) -> Self {
        Self {
            settings,
            queue: Mutex::default(),
            faults: Mutex::new(faults),
            responder: Mutex::default(),
            requests: Mutex::default(),
            accepted: AtomicUsize::default(),
            handshakes: AtomicUsize::default(),
            pings: AtomicUsize::default(),
            open: watch::Sender::new(0),
        }
    }

    pub(crate) fn enqueue(&self, answer: Answer) {
        lock(&self.queue).push_back(answer);
    }

    pub(crate) fn dequeue(&self) -> Option<Answer> {
        lock(&self.queue).pop_front()
    }

    pub(crate) fn respond_with(&self, responder: Responder) {
        *lock(&self.responder) = Some(responder);
    }

    pub(crate) fn responder(&self) -> Option<Responder> {
        lock(&self.responder).clone()
    }

    pub(crate) fn record(&self, request: &ReceivedRequest) {
        if !self.settings.requests_forgotten {
            lock(&self.requests).push(request.clone());
        }
    }

    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.requests).clone()
    }

    /// The first fault that applies to the operation and is not used up. It is counted as used once.
    pub(crate) fn next_fault(&self, operation: Operation) -> Option<FaultKind> {
        let streams = operation == Operation::ConverseStream;
        let mut faults = lock(&self.faults);
        let fault = faults
            .iter_mut()
            .filter(|fault| streams || !fault.kind.is_of_streams())
            .find(|fault| fault.times != Some(0))?;
        fault.times = fault.times.map(|times| times - 1);
        Some(fault.kind.clone())
    }
}

/// A panic while the lock is held, as in a test's own closure, does not make the state unreadable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

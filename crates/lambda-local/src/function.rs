//! A started function.

use std::{
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{
    Builder, Deadline, Invocation, MAX_EVENT_BYTES, Outcome, Phase,
    process::Process,
    runtime_api::{Pending, RuntimeApi, Settled},
};

/// A function process that has asked for its first event, and the Runtime API around it.
///
/// It takes one event at a time, as one sandbox does; calls that overlap wait for their turn. The process and everything
/// it started are killed when this is dropped.
#[derive(Debug)]
pub struct Function {
    // Dropped in this order: the process before the Runtime API that it speaks to.
    process: Process,
    api: RuntimeApi,
    turn: tokio::sync::Mutex<()>,
    timeout: Duration,
    init: Phase,
    freeze: bool,
    unthrottled: Option<String>,
}

/// What the builder hands over.
pub(crate) struct Parts {
    pub(crate) api: RuntimeApi,
    pub(crate) process: Process,
    pub(crate) timeout: Duration,
    pub(crate) init: Phase,
    pub(crate) freeze: bool,
    pub(crate) unthrottled: Option<String>,
}

impl Function {
    /// Starts with the program that Lambda would run as `bootstrap`.
    pub fn builder(program: impl Into<PathBuf>) -> Builder {
        Builder::new(program.into())
    }

    pub(crate) fn new(parts: Parts) -> Self {
        let function = Self {
            process: parts.process,
            api: parts.api,
            turn: tokio::sync::Mutex::new(()),
            timeout: parts.timeout,
            init: parts.init,
            freeze: parts.freeze,
            unthrottled: parts.unthrottled,
        };
        function.pause();
        function
    }

    /// Hands the function an event, as a synchronous Invoke does, and waits for what becomes of it.
    pub async fn invoke(&self, payload: impl Into<Bytes>) -> Outcome {
        self.invoke_with(payload, Invocation::default()).await
    }

    /// Hands the function an event with a deadline, ids and contexts of the caller's choice.
    pub async fn invoke_with(&self, payload: impl Into<Bytes>, invocation: Invocation) -> Outcome {
        let _turn = self.turn.lock().await;
        let _awake = self.wake();
        let settled = self.hand_over(payload.into(), invocation).await;
        if self.freeze {
            self.asks_again(settled.asked).await;
        }
        settled.outcome
    }

    /// Hands the function an event, waits until it asks for the next one, and tells what it took.
    pub async fn measure(&self, payload: impl Into<Bytes>) -> (Outcome, Phase) {
        self.measure_with(payload, Invocation::default()).await
    }

    /// Measures an invocation with a deadline, ids and contexts of the caller's choice.
    pub async fn measure_with(
        &self,
        payload: impl Into<Bytes>,
        invocation: Invocation,
    ) -> (Outcome, Phase) {
        let _turn = self.turn.lock().await;
        let meter = self.process.meter();
        let _awake = self.wake();
        let settled = self.hand_over(payload.into(), invocation).await;
        self.asks_again(settled.asked).await;
        let phase = self.process.phase_since(meter, settled.duration);
        (settled.outcome, phase)
    }

    async fn hand_over(&self, payload: Bytes, invocation: Invocation) -> Settled {
        if payload.len() > MAX_EVENT_BYTES {
            return Settled {
                outcome: refused_for_its_size(),
                duration: Duration::ZERO,
                // Nothing is to be waited for: the function was not asked.
                asked: 0,
            };
        }
        let deadline = invocation.deadline.unwrap_or(Deadline::In(self.timeout));
        let started = Instant::now();
        let pending = self.api.hand_over(payload, invocation, deadline);
        let ended = tokio::select! {
            biased;
            settled = answer(pending, deadline, self.timeout) => match settled {
                Some(settled) => return settled,
                None => self.killed_for_its_time().await,
            },
            status = self.process.exited() => Outcome::Exited { status },
        };
        Settled {
            outcome: ended,
            duration: started.elapsed(),
            asked: self.api.asked(),
        }
    }

    /// Waits until the function asks for an event again, or never will.
    async fn asks_again(&self, asked: u64) {
        tokio::select! {
            () = self.api.asked_since(asked) => (),
            _ = self.process.exited() => (),
            // It has answered, and is free to do what it likes before it asks, but not for longer than an invocation.
            () = tokio::time::sleep(self.timeout) => (),
        }
    }

    fn pause(&self) {
        if self.freeze {
            self.process.freeze();
        }
    }

    /// Lets the process go on until what is returned is dropped, also where the caller stops waiting.
    fn wake(&self) -> Awake<'_> {
        if self.freeze {
            self.process.thaw();
        }
        Awake(self)
    }

    async fn killed_for_its_time(&self) -> Outcome {
        self.process.kill();
        self.process.exited().await;
        Outcome::TimedOut
    }

    /// What the function has written to stdout so far: all of it that was written before an answer is there with the answer.
    /// Bytes that are no UTF-8 are replaced. Empty when the output [is inherited](Builder::inherit_output).
    pub fn stdout(&self) -> String {
        self.process.stdout()
    }

    /// What the function has written to stderr so far; see [`stdout`](Self::stdout).
    pub fn stderr(&self) -> String {
        self.process.stderr()
    }

    /// The process id; also the id of its process group.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the INIT took: from just before the program began to its first request for an event.
    pub fn init(&self) -> &Phase {
        &self.init
    }

    /// Why the function has all the CPU of the machine though [`Cpu::ByMemory`](crate::Cpu::ByMemory) was asked for: one sentence.
    /// `None` when it is throttled as asked, or when nobody asked.
    pub fn unthrottled(&self) -> Option<&str> {
        self.unthrottled.as_deref()
    }

    /// The memory that the process has resident, in bytes.
    ///
    /// # Errors
    ///
    /// When the process has ended, or the system has no `/proc`.
    pub fn resident_memory(&self) -> io::Result<u64> {
        self.process.resident_memory()
    }

    /// How many descriptors the process has open.
    ///
    /// # Errors
    ///
    /// When the process has ended, or the system has no `/proc`.
    pub fn open_descriptors(&self) -> io::Result<usize> {
        self.process.open_descriptors()
    }
}

/// A function that is not frozen.
struct Awake<'a>(&'a Function);

impl Drop for Awake<'_> {
    fn drop(&mut self) {
        self.0.pause();
    }
}

/// What the function makes of the event; `None` when its time is over first.
async fn answer(mut pending: Pending, deadline: Deadline, timeout: Duration) -> Option<Settled> {
    // A function that does not come back for the event has as long as Lambda would give it.
    tokio::time::timeout(timeout, pending.handed_over())
        .await
        .ok()?;
    tokio::time::timeout(deadline.time_left(timeout), pending.settled())
        .await
        .ok()
}

fn refused_for_its_size() -> Outcome {
    let message = format!(
        "Request must be smaller than {MAX_EVENT_BYTES} bytes for the InvokeFunction operation"
    );
    let error_type = "RequestEntityTooLargeException".to_owned();
    let body = serde_json::json!({ "errorType": error_type, "errorMessage": message })
        .to_string()
        .into();
    Outcome::Error { error_type, body }
}

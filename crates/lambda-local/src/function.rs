//! A started function.

use std::{
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use tokio::{sync::mpsc, time::timeout_at};

use crate::{
    Builder, Deadline, Invocation, MAX_EVENT_BYTES, Outcome, Phase, ResponsePart,
    process::Process,
    runtime_api::{Completed, Pending, Reply, ResponseStream, RuntimeApi},
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

/// The parts of a function that has started.
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
        self.invoke_to(payload.into(), invocation, None).await
    }

    /// Hands the function an event and passes a streamed response on as it comes, chunk by chunk.
    ///
    /// The function waits while the channel is full, as for a slow reader. It runs to its end also when the receiver is dropped, as on
    /// Lambda. A response that is not streamed is in the [`Outcome`] alone.
    pub async fn invoke_with_response_stream(
        &self,
        payload: impl Into<Bytes>,
        invocation: Invocation,
        parts: mpsc::Sender<ResponsePart>,
    ) -> Outcome {
        self.invoke_to(payload.into(), invocation, Some(parts))
            .await
    }

    async fn invoke_to(
        &self,
        payload: Bytes,
        invocation: Invocation,
        parts: Option<mpsc::Sender<ResponsePart>>,
    ) -> Outcome {
        let _turn = self.turn.lock().await;
        let _awake = self.wake();
        let completed = self.hand_over(payload, invocation, parts).await;
        if self.freeze {
            self.polls_again(completed.polls).await;
        }
        completed.outcome
    }

    /// Hands the function an event, waits until it asks for the next one, and tells what it took.
    pub async fn measure(&self, payload: impl Into<Bytes>) -> (Outcome, Phase) {
        self.measure_to(payload.into(), Invocation::default(), None)
            .await
    }

    /// Measures an invocation whose streamed response is passed on as by
    /// [`invoke_with_response_stream`](Self::invoke_with_response_stream).
    pub async fn measure_with_response_stream(
        &self,
        payload: impl Into<Bytes>,
        invocation: Invocation,
        parts: mpsc::Sender<ResponsePart>,
    ) -> (Outcome, Phase) {
        self.measure_to(payload.into(), invocation, Some(parts))
            .await
    }

    async fn measure_to(
        &self,
        payload: Bytes,
        invocation: Invocation,
        parts: Option<mpsc::Sender<ResponsePart>>,
    ) -> (Outcome, Phase) {
        let _turn = self.turn.lock().await;
        let meter = self.process.meter();
        let _awake = self.wake();
        let completed = self.hand_over(payload, invocation, parts).await;
        self.polls_again(completed.polls).await;
        let phase = self.process.phase_since(meter, completed.duration);
        (completed.outcome, phase)
    }

    async fn hand_over(
        &self,
        payload: Bytes,
        invocation: Invocation,
        parts: Option<mpsc::Sender<ResponsePart>>,
    ) -> Completed {
        let started = Instant::now();
        let ended = if payload.len() > MAX_EVENT_BYTES {
            Ended::As(Outcome::event_too_large())
        } else {
            let deadline = invocation.deadline.unwrap_or(Deadline::In(self.timeout));
            let pending = self.api.hand_over(payload, invocation, deadline);
            self.ended(pending, deadline, parts).await
        };
        let outcome = match ended {
            Ended::Completed(completed) => return completed,
            Ended::As(outcome) => outcome,
            Ended::Overdue => self.killed_for_its_time().await,
        };
        Completed {
            outcome,
            duration: started.elapsed(),
            // One fewer than counted, so that nothing waits for a further poll.
            polls: self.api.polls().saturating_sub(1),
        }
    }

    /// How the event's invocation ends: by the function's answer, by the end of its process, or by its deadline.
    async fn ended(
        &self,
        mut pending: Pending,
        deadline: Deadline,
        parts: Option<mpsc::Sender<ResponsePart>>,
    ) -> Ended {
        // A function that does not ask for the event has the time of an invocation to do so.
        let received = tokio::time::timeout(self.timeout, pending.received());
        tokio::select! {
            biased;
            received = received => if received.is_err() { return Ended::Overdue },
            status = self.process.exited() => return Ended::As(Outcome::Exited { status }),
        }
        let overdue_at = tokio::time::Instant::now() + deadline.time_left(self.timeout);
        let stream = tokio::select! {
            biased;
            reply = timeout_at(overdue_at, pending.reply()) => match reply {
                Ok(Reply::Whole(completed)) => return Ended::Completed(completed),
                Ok(Reply::Streaming(stream)) => stream,
                Err(_) => return Ended::Overdue,
            },
            status = self.process.exited() => return Ended::As(Outcome::Exited { status }),
        };
        let passed_on = timeout_at(overdue_at, self.pass_on(stream, parts)).await;
        passed_on.unwrap_or(Ended::Overdue)
    }

    /// Passes a streamed response on, or collects it where it is to go nowhere.
    async fn pass_on(
        &self,
        mut stream: ResponseStream,
        parts: Option<mpsc::Sender<ResponsePart>>,
    ) -> Ended {
        let mut collected = BytesMut::new();
        if let Some(parts) = &parts {
            drop(parts.send(ResponsePart::Headers(stream.headers)).await);
        }
        // The end of the process ends the chunks too: all that it had sent is passed on before.
        while let Some(chunk) = stream.chunks.recv().await {
            match &parts {
                Some(parts) => drop(parts.send(ResponsePart::Chunk(chunk)).await),
                None => collected.extend_from_slice(&chunk),
            }
        }
        tokio::select! {
            biased;
            Ok(mut completed) = stream.completed => {
                if let Outcome::Response { body, .. } = &mut completed.outcome {
                    *body = collected.freeze();
                }
                Ended::Completed(completed)
            }
            status = self.process.exited() => Ended::As(Outcome::Exited { status }),
        }
    }

    /// Waits until the function asks for an event again, or has ended or used up its time.
    async fn polls_again(&self, polls: u64) {
        tokio::select! {
            () = self.api.polled_since(polls) => (),
            _ = self.process.exited() => (),
            // A function may work on after its answer, but not for longer than an invocation.
            () = tokio::time::sleep(self.timeout) => (),
        }
    }

    /// Whether the process has ended.
    pub(crate) fn has_exited(&self) -> bool {
        self.process.has_exited()
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

    /// The function's stdout so far. All that it wrote before an answer is there with the answer.
    /// Bytes that are not UTF-8 are replaced. Empty when the output [is inherited](Builder::inherit_output).
    pub fn stdout(&self) -> String {
        self.process.stdout()
    }

    /// The function's stderr so far; see [`stdout`](Self::stdout).
    pub fn stderr(&self) -> String {
        self.process.stderr()
    }

    /// The process id; also the id of its process group.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The INIT phase, from just before the program began to its first request for an event.
    pub fn init(&self) -> &Phase {
        &self.init
    }

    /// Why the function has all the CPU of the machine though [`Cpu::ByMemory`](crate::Cpu::ByMemory) was asked for: one sentence.
    /// `None` when it is throttled as asked, or when it was not asked for.
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

/// How an invocation ended.
enum Ended {
    /// By what the function posted.
    Completed(Completed),
    /// Without an answer.
    As(Outcome),
    /// By the deadline; the process still runs.
    Overdue,
}

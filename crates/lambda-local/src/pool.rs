//! Several processes of one function, as Lambda runs several execution environments.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::{Builder, Function, Invocation, Outcome, ResponsePart, StartError};

/// Why an invocation did not reach the function.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// As many invocations as may be in flight are.
    #[error(
        "The function is at its concurrency of {0}. Try again when one of its invocations has ended, or allow more."
    )]
    TooManyRequests(usize),
    /// A process that was needed did not start.
    #[error("{0}")]
    Start(#[from] StartError),
}

/// Processes of one function. One is started when an invocation finds none that is idle, up to a concurrency; each takes one event at
/// a time and is used again.
#[derive(Debug)]
pub struct Pool {
    builder: Builder,
    concurrency: usize,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Function>>,
}

impl Pool {
    /// A pool without a process yet, for at most so many invocations at once.
    pub fn new(builder: Builder, concurrency: usize) -> Self {
        Self {
            builder,
            concurrency,
            permits: Arc::new(Semaphore::new(concurrency)),
            idle: Mutex::default(),
        }
    }

    /// Invokes the function in a process that is idle, or in a new one.
    ///
    /// # Errors
    ///
    /// When the concurrency is reached, or a new process does not start.
    pub async fn invoke(
        &self,
        payload: impl Into<Bytes>,
        invocation: Invocation,
    ) -> Result<Outcome, InvokeError> {
        let lease = self.lease(self.permit()?).await?;
        let outcome = lease.function.invoke_with(payload, invocation).await;
        lease.end();
        Ok(outcome)
    }

    /// Invokes the function and passes a streamed response on as
    /// [`Function::invoke_with_response_stream`] does.
    ///
    /// # Errors
    ///
    /// When the concurrency is reached, or a new process does not start.
    pub async fn invoke_with_response_stream(
        &self,
        payload: impl Into<Bytes>,
        invocation: Invocation,
        parts: mpsc::Sender<ResponsePart>,
    ) -> Result<Outcome, InvokeError> {
        let lease = self.lease(self.permit()?).await?;
        let function = &lease.function;
        let outcome = function
            .invoke_with_response_stream(payload, invocation, parts)
            .await;
        lease.end();
        Ok(outcome)
    }

    /// Invokes the function once the concurrency allows it, as Lambda does with an asynchronous event.
    pub(crate) async fn invoke_in_turn(
        &self,
        payload: Bytes,
        invocation: Invocation,
    ) -> Result<Outcome, InvokeError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| InvokeError::TooManyRequests(self.concurrency))?;
        let lease = self.lease(permit).await?;
        let outcome = lease.function.invoke_with(payload, invocation).await;
        lease.end();
        Ok(outcome)
    }

    /// The settings that the processes are started with.
    pub(crate) fn builder(&self) -> &Builder {
        &self.builder
    }

    fn permit(&self) -> Result<OwnedSemaphorePermit, InvokeError> {
        Arc::clone(&self.permits)
            .try_acquire_owned()
            .map_err(|_| InvokeError::TooManyRequests(self.concurrency))
    }

    async fn lease(&self, permit: OwnedSemaphorePermit) -> Result<Lease<'_>, StartError> {
        // The one that was used last is the likeliest to be warm.
        let idle = self.idle().pop();
        let function = match idle {
            Some(function) => function,
            None => self.builder.clone().start().await?,
        };
        Ok(Lease {
            pool: self,
            function,
            _permit: permit,
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Function>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A process in use. It is killed where the caller gives up before the [end](Self::end): it may be busy for long.
struct Lease<'a> {
    pool: &'a Pool,
    function: Function,
    // Dropped last: the next invocation finds the process idle again.
    _permit: OwnedSemaphorePermit,
}

impl Lease<'_> {
    fn end(self) {
        if !self.function.has_exited() {
            self.pool.idle().push(self.function);
        }
    }
}

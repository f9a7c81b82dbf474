//! The rows that have no answer, asked of a function in several processes.

use std::{
    collections::BTreeMap,
    fs::File,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bedrock_function::{config::Config, errors::ErrorCode};
use lambda_local::{Invocation, InvokeError, Outcome, Pool, Signals};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{
    Failure, Input, Journal, Place, Plan, Progress, Row,
    check::hash_of,
    limiter::Limiter,
    reply::{InvocationError, Reply, line_of_error, line_of_reply},
};

/// How often a row is asked, the first time included, where the error may pass by itself. The function itself tries
/// three times before it gives up.
const ATTEMPTS: u32 = 6;

/// The longest wait before the second attempt; it doubles with each. The wait is a random part of it (full jitter), so
/// that rows that were throttled together do not come back together.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// How long a stopped run waits for what is in flight: most answers take less, and they are paid for.
const GRACE: Duration = Duration::from_secs(5);

/// How often the journal is flushed to the disk.
const FLUSH: Duration = Duration::from_secs(1);

/// One X-Ray trace for all rows. `lambda_runtime` sets `_X_AMZN_TRACE_ID` at each invocation, and glibc's `setenv` keeps
/// every value that a variable has ever had: with a trace for each row, each process would grow by 160 bytes a row.
const TRACE_ID: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";

/// What a run came to.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Rows that got a line.
    pub asked: u64,
    /// Those of them that got an answer.
    pub answered: u64,
    /// Those of them that failed, by code.
    pub failed: BTreeMap<String, u64>,
    /// Attempts beyond the first.
    pub retries: u64,
    /// The estimated price of the answers in USD.
    pub cost_usd: f64,
    /// How long it took.
    pub seconds: f64,
    /// Rows that were in flight when the run was stopped, and are asked again.
    pub dropped: usize,
    /// The signal that stopped the run.
    #[serde(skip)]
    pub stopped_by: Option<u8>,
}

impl Run {
    /// Appends a row's line, and counts it. Says where it is, and what it cost.
    pub(crate) fn record(
        &mut self,
        journal: &mut Journal,
        line: &[u8],
    ) -> Result<(Place, f64), Failure> {
        let Some(reply) = Reply::parse(line) else {
            return Err(system("a line of the journal is none"));
        };
        let (is_answer, cost_usd) = (reply.is_answer(), reply.cost_usd.unwrap_or_default());
        let place = journal.append(line, is_answer)?;
        self.asked += 1;
        self.answered += u64::from(is_answer);
        self.cost_usd += cost_usd;
        if !is_answer {
            let code = reply.code.unwrap_or_default().into_owned();
            *self.failed.entry(code).or_default() += 1;
        }
        Ok((place, cost_usd))
    }
}

/// How rows are asked.
#[derive(Debug)]
pub struct Options {
    /// Rows at once, at most.
    pub concurrency: usize,
    /// How often a line tells how far it is, where there is no terminal.
    pub report_every: Duration,
}

/// A row on its way to a worker.
struct Job {
    index: usize,
    row: Row,
}

/// What has come of the rows so far.
struct Ledger {
    journal: Journal,
    places: Vec<Place>,
    run: Run,
}

struct Shared {
    pool: Pool,
    config: Config,
    limiter: Limiter,
    ledger: Mutex<Ledger>,
    jobs: tokio::sync::Mutex<mpsc::Receiver<Job>>,
    stop: watch::Sender<bool>,
    in_flight: AtomicUsize,
    progress: Arc<Progress>,
}

/// What rows are asked of: the function, and its configuration.
#[derive(Debug)]
pub struct Asked {
    /// Its processes.
    pub pool: Pool,
    /// By which each row was checked.
    pub config: Config,
}

/// Asks every row that has no answer. Gives the journal back, and the places of all lines.
///
/// # Errors
///
/// When a line cannot be written, a process of the function does not start, or the input has changed.
pub async fn run(
    input: Input,
    (plan, journal): (Plan, Journal),
    asked: Asked,
    options: &Options,
    progress: Arc<Progress>,
    signals: &mut Signals,
) -> Result<(Journal, Vec<Place>, Run), Failure> {
    let started = Instant::now();
    let flushed = journal.handle().map_err(system)?;
    let (sender, jobs) = mpsc::channel(options.concurrency);
    let shared = Arc::new(Shared {
        pool: asked.pool,
        config: asked.config,
        limiter: Limiter::new(options.concurrency),
        ledger: Mutex::new(Ledger {
            journal,
            places: plan.places,
            run: Run::default(),
        }),
        jobs: tokio::sync::Mutex::new(jobs),
        stop: watch::Sender::new(false),
        in_flight: AtomicUsize::new(0),
        progress: Arc::clone(&progress),
    });
    let feeding = Arc::clone(&shared);
    let feeder = tokio::task::spawn_blocking(move || feed(&input, &feeding, &sender));
    let mut workers: JoinSet<_> = (0..options.concurrency)
        .map(|_| work(Arc::clone(&shared)))
        .collect();
    let mut ended = tokio::select! {
        ended = all(&mut workers) => ended.map(|()| None),
        number = signals.received() => Ok(Some(number)),
        failure = flush(flushed) => Err(failure),
        () = progress.lines(options.report_every) => Ok(None),
    };
    if let Ok(Some(_)) = ended {
        shared.stop.send_replace(true);
        let last = tokio::select! {
            last = tokio::time::timeout(GRACE, all(&mut workers)) => last.unwrap_or(Ok(())),
            _ = signals.received() => Ok(()),
        };
        ended = last.and(ended);
    }
    let dropped = shared.in_flight.load(Ordering::Relaxed);
    workers.shutdown().await;
    shared.jobs.lock().await.close();
    let fed = feeder.await.map_err(system)?;
    let Some(shared) = Arc::into_inner(shared) else {
        return Err(system("a task of the run goes on"));
    };
    let ledger = shared
        .ledger
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let mut run = ledger.run;
    (run.stopped_by, run.dropped) = (ended?, dropped);
    fed?;
    ledger.journal.flush()?;
    run.seconds = started.elapsed().as_secs_f64();
    Ok((ledger.journal, ledger.places, run))
}

/// Waits for all workers, and stops at the first failure.
async fn all(workers: &mut JoinSet<Result<(), Failure>>) -> Result<(), Failure> {
    while let Some(joined) = workers.join_next().await {
        joined.map_err(system)??;
    }
    Ok(())
}

/// Hands out the rows that have no answer. It waits while all workers are busy.
fn feed(input: &Input, shared: &Shared, jobs: &mpsc::Sender<Job>) -> Result<(), Failure> {
    let mut rows = input.rows()?;
    let count = shared.ledger().places.len();
    for index in 0..count {
        let row = input.row_again(&mut rows)?;
        let is_answered = shared.ledger().places[index].is_answer();
        if !is_answered && jobs.blocking_send(Job { index, row }).is_err() {
            // Nobody works any more.
            return Ok(());
        }
    }
    Ok(())
}

/// Flushes the journal to the disk for as long as that works.
async fn flush(file: File) -> Failure {
    let file = Arc::new(file);
    loop {
        tokio::time::sleep(FLUSH).await;
        let flushed = Arc::clone(&file);
        match tokio::task::spawn_blocking(move || flushed.sync_data()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                return system(format!(
                    "the journal cannot be flushed to the disk ({error})"
                ));
            }
            Err(error) => return system(error),
        }
    }
}

async fn work(shared: Arc<Shared>) -> Result<(), Failure> {
    let mut stop = shared.stop.subscribe();
    loop {
        let job = tokio::select! {
            biased;
            _ = stop.wait_for(|stops| *stops) => return Ok(()),
            job = shared.next() => job,
        };
        let Some(job) = job else { return Ok(()) };
        let Some((line, attempts)) = shared.ask(&job.row, &mut stop).await? else {
            return Ok(());
        };
        shared.record(job.index, &line, attempts)?;
    }
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn next(&self) -> Option<Job> {
        self.jobs.lock().await.recv().await
    }

    /// The line that a row gets, and after how many attempts; none, where the run is stopped before.
    async fn ask(
        &self,
        row: &Row,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<(Vec<u8>, u32)>, Failure> {
        let hash = hash_of(&row.task, &self.config);
        let mut attempts = 0;
        loop {
            let place = tokio::select! {
                biased;
                _ = stop.wait_for(|stops| *stops) => return Ok(None),
                place = self.limiter.place() => place.map_err(system)?,
            };
            attempts += 1;
            let replied = self.invoke(row, hash).await?;
            let is_throttled = matches!(&replied, Err(error) if error.status_code() == 429);
            self.limiter.end(place, is_throttled);
            let error = match replied {
                Ok(line) => return Ok(Some((line, attempts))),
                Err(error) => error,
            };
            if attempts == ATTEMPTS || !error.is_retryable() {
                let line = line_of_error(&row.id, &error, Some(attempts), hash).map_err(system)?;
                return Ok(Some((line, attempts)));
            }
            tokio::select! {
                biased;
                _ = stop.wait_for(|stops| *stops) => return Ok(None),
                () = tokio::time::sleep(wait(attempts)) => {}
            }
        }
    }

    async fn invoke(
        &self,
        row: &Row,
        hash: u64,
    ) -> Result<Result<Vec<u8>, InvocationError>, Failure> {
        let invocation = Invocation {
            trace_id: Some(TRACE_ID.to_owned()),
            ..Invocation::default()
        };
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let outcome = self.pool.invoke(row.task.clone(), invocation).await;
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        let outcome = outcome.map_err(|error| match error {
            InvokeError::Start(error) => Failure::Function(error),
            error => system(error),
        })?;
        Ok(match outcome {
            Outcome::Response { body, .. } => {
                line_of_reply(&row.id, &body, hash).ok_or_else(InvocationError::no_reply)
            }
            failed => Err(InvocationError::of(&failed)),
        })
    }

    fn record(&self, index: usize, line: &[u8], attempts: u32) -> Result<(), Failure> {
        let mut ledger = self.ledger();
        let Ledger {
            journal,
            places,
            run,
        } = &mut *ledger;
        run.retries += u64::from(attempts - 1);
        let (place, cost_usd) = run.record(journal, line)?;
        places[index] = place;
        self.progress.done(place.is_answer(), cost_usd);
        Ok(())
    }
}

/// What Lambda calls the errors that it reports in the function's place.
const EXITED: &str = "Runtime.ExitError";
const TIMED_OUT: &str = "Sandbox.Timedout";

impl InvocationError {
    fn of(outcome: &Outcome) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Report {
            error_message: String,
        }
        let code = match outcome {
            Outcome::Error { error_type, .. } => error_type,
            Outcome::TimedOut => TIMED_OUT,
            _ => EXITED,
        };
        let reported = match outcome {
            Outcome::Error { body, .. } => serde_json::from_slice(body).ok(),
            _ => None,
        };
        Self {
            code: code.to_owned(),
            message: reported.map_or_else(
                || outcome.to_string(),
                |report: Report| report.error_message,
            ),
        }
    }

    fn no_reply() -> Self {
        Self {
            code: "InternalError".to_owned(),
            message: "The function's reply is none to a task. Build it from the same commit as this program.".to_owned(),
        }
    }

    /// Whether it may pass by itself.
    fn is_retryable(&self) -> bool {
        let is_of_lambda = [EXITED, TIMED_OUT].contains(&self.code.as_str());
        is_of_lambda || self.error_code().is_some_and(ErrorCode::is_retryable)
    }
}

/// A random wait after so many attempts.
fn wait(attempts: u32) -> Duration {
    FIRST_WAIT.mul_f64(f64::from(1 << (attempts - 1)) * fastrand::f64())
}

pub(crate) fn system(problem: impl std::fmt::Display) -> Failure {
    Failure::System(problem.to_string())
}

//! Many processes at once.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use lambda_local::Function;
use tokio::{
    sync::{Barrier, Semaphore},
    task::JoinSet,
};

use crate::{
    Fault, Progress, Run, Violation, bedrock::Bedrock, case::Case, invoke::invoke, program,
};

/// How many callers there are. A process answers one invocation at a time, so each caller has one to itself, as on Lambda.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// How many callers, and as many processes.
    pub callers: u32,
    /// How many invocations each of them makes, one after the other.
    pub calls: u32,
}

/// How long Bedrock takes to answer: long enough that all callers wait for it together.
const THINKING: Duration = Duration::from_millis(100);

/// Processes that start together: more would only wait for one another's share of the machine.
const STARTING: usize = 8;

impl Crowd {
    /// The whole of it: 200 callers.
    pub const FULL: Self = Self {
        callers: 200,
        calls: 10,
    };

    /// As many as start in a second or two.
    pub const SHORT: Self = Self {
        callers: 10,
        calls: 10,
    };
}

/// One of ten invocations is throttled to the end, and one of ten once; at different times for different callers.
fn case(caller: u32, number: u32) -> Case {
    let fault = match (caller + number) % 10 {
        0 => Fault::Throttled,
        5 => Fault::ThrottledOnce,
        _ => Fault::None,
    };
    Case {
        caller,
        number,
        fault,
    }
}

/// What the callers share.
struct Shared {
    bedrock: Bedrock,
    everyone: Barrier,
    done: AtomicU32,
    waiting: AtomicU32,
    most_waiting: AtomicU32,
    progress: Progress,
    all: u32,
}

/// Has every caller invoke a process of its own, all at the same time, and checks that each gets its own answers.
///
/// # Errors
///
/// The first thing that was not as it must be.
pub async fn crowd(program: &Path, crowd: Crowd, progress: &Progress) -> Result<Run, Violation> {
    let bedrock = Bedrock::start(THINKING).await?;
    let functions = start_all(program, &bedrock, crowd.callers, progress).await?;
    let shared = Arc::new(Shared {
        bedrock,
        everyone: Barrier::new(functions.len()),
        done: AtomicU32::new(0),
        waiting: AtomicU32::new(0),
        most_waiting: AtomicU32::new(0),
        progress: progress.clone(),
        all: crowd.callers * crowd.calls,
    });
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for (caller, function) in (0..).zip(functions) {
        callers.spawn(call(caller, crowd.calls, function, Arc::clone(&shared)));
    }
    let mut run = Run::of_processes(crowd.callers);
    // The first violation ends the run: dropping the set stops the other callers.
    while let Some(calls) = callers.join_next().await {
        calls??.into_iter().for_each(|case| run.count(case));
    }
    run.seconds = started.elapsed().as_secs_f64();
    run.most_at_once = shared.most_waiting.load(Ordering::Relaxed);
    Ok(run)
}

async fn start_all(
    program: &Path,
    bedrock: &Bedrock,
    count: u32,
    progress: &Progress,
) -> Result<Vec<Function>, Violation> {
    let turns = Arc::new(Semaphore::new(STARTING));
    let mut starting = JoinSet::new();
    for _ in 0..count {
        let (program, url, turns) = (
            program.to_owned(),
            bedrock.endpoint_url(),
            Arc::clone(&turns),
        );
        starting.spawn(async move {
            // The semaphore is never closed: without its turn a process would start all the same.
            let _turn = turns.acquire().await.ok();
            program::start(&program, &url).await
        });
    }
    let mut functions = Vec::new();
    while let Some(function) = starting.join_next().await {
        functions.push(function??);
        progress.show("starting", functions.len() as u32, count, String::new);
    }
    Ok(functions)
}

/// Makes one caller's invocations, once everyone is ready, and says which they were.
async fn call(
    caller: u32,
    calls: u32,
    function: Function,
    shared: Arc<Shared>,
) -> Result<Vec<Case>, Violation> {
    let cases: Vec<_> = (0..calls).map(|number| case(caller, number)).collect();
    shared.everyone.wait().await;
    for case in &cases {
        let waiting = shared.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        shared.most_waiting.fetch_max(waiting, Ordering::Relaxed);
        let result = invoke(&function, &shared.bedrock, *case).await;
        shared.waiting.fetch_sub(1, Ordering::Relaxed);
        result?;
        let done = shared.done.fetch_add(1, Ordering::Relaxed) + 1;
        shared
            .progress
            .show("many processes", done, shared.all, || {
                format!(", {waiting} at once")
            });
    }
    Ok(cases)
}

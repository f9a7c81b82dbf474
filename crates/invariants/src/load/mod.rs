//! The function under load, as real processes between Lambda's Runtime API and a stand-in for Bedrock.
//!
//! Two loads are put on it by one [`run`] each:
//!
//! - [`ONE_PROCESS`] answers very many invocations, some of which meet faults. Every reply is the right one, resident memory stays
//!   flat, and no descriptor is left open.
//! - [`MANY_PROCESSES`] answer at once, through one Bedrock that throttles. Each caller gets the answer to its own prompt, or 429
//!   where Bedrock throttles every attempt.
//!
//! It is not a benchmark, because it checks replies and not speed. It is not an ignored test either, because it runs at two sizes (in
//! full by `make load`, in short by the function's tests) and with a function built by any profile. A run stops at the first
//! [`Violation`].

mod bedrock;
mod case;
mod invoke;
mod report;
mod resources;
mod violation;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bedrock_local::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use lambda_local::Function;
use tokio::{
    sync::{Barrier, Semaphore},
    task::JoinSet,
};

pub use case::Fault;
pub use indicatif::ProgressBar;
pub use report::{Report, Run};
pub use resources::Resources;
pub use violation::Violation;

use crate::MODEL;
use bedrock::Bedrock;
use case::Case;
use resources::Samples;

/// The size of a load, and its faults.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Processes, each with a caller of its own: a process answers one invocation at a time, as on Lambda.
    pub processes: u32,
    /// Invocations of each process, one after the other.
    pub invocations: u32,
    /// One invocation of this many meets a fault; 0: none does.
    pub fault_every: u32,
    /// The faults, in turn.
    pub faults: &'static [Fault],
    /// How long Bedrock takes to answer.
    pub thinking: Duration,
}

/// One process: 20,000 invocations, 2 % of which meet a fault.
pub const ONE_PROCESS: Load = Load {
    processes: 1,
    invocations: 20_000,
    fault_every: 50,
    faults: &case::OF_ONE_PROCESS,
    thinking: Duration::ZERO,
};

/// 200 processes. One of ten invocations is throttled to the end, and one of ten once; at different times for different callers.
/// Bedrock takes long enough that all callers wait for it together.
pub const MANY_PROCESSES: Load = Load {
    processes: 200,
    invocations: 10,
    fault_every: 5,
    faults: &case::OF_MANY_PROCESSES,
    thinking: Duration::from_millis(100),
};

/// Processes that start together: more would only wait for one another's share of the machine.
const STARTING: usize = 8;

/// 200 processes share the machine's few cores while they start: Lambda's ten seconds are for one.
const INIT_TIMEOUT: Duration = Duration::from_secs(60);

impl Load {
    fn case(self, process: u32, number: u32) -> Case {
        let turn = process + number;
        let is_faulty = self.fault_every != 0 && turn.is_multiple_of(self.fault_every);
        let fault = if is_faulty {
            self.faults[(turn / self.fault_every) as usize % self.faults.len()]
        } else {
            case::NONE
        };
        Case {
            process,
            number,
            fault,
        }
    }
}

/// What the callers share.
struct Shared {
    bedrock: Bedrock,
    load: Load,
    ready: Barrier,
    run: Mutex<Run>,
    waiting: AtomicU32,
    most_waiting: AtomicU32,
    progress: ProgressBar,
}

/// Has every caller invoke a process of `program`, all at the same time, and checks every reply; of one process, its memory and its
/// descriptors too.
///
/// # Errors
///
/// The first violation.
pub async fn run(program: &Path, load: Load, progress: &ProgressBar) -> Result<Run, Violation> {
    let bedrock = Bedrock::start(load.thinking).await?;
    let functions = start_all(program, &bedrock.endpoint_url(), load.processes, progress).await?;
    progress.reset();
    progress.set_message("invocations");
    progress.set_length((load.processes * load.invocations).into());
    let shared = Arc::new(Shared {
        bedrock,
        load,
        ready: Barrier::new(functions.len()),
        run: Mutex::new(Run::of_processes(load.processes)),
        waiting: AtomicU32::new(0),
        most_waiting: AtomicU32::new(0),
        progress: progress.clone(),
    });
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for (process, function) in (0..).zip(functions) {
        callers.spawn(call(process, function, Arc::clone(&shared)));
    }
    let mut samples = Samples::default();
    // The first violation ends the run: dropping the set stops the other callers.
    while let Some(taken) = callers.join_next().await {
        samples = taken??;
    }
    let mut run = *shared.run.lock().unwrap_or_else(PoisonError::into_inner);
    run.seconds = started.elapsed().as_secs_f64();
    run.most_at_once = shared.most_waiting.load(Ordering::Relaxed);
    if load.processes == 1 {
        run.resources = Some(samples.judge()?);
    }
    Ok(run)
}

async fn start_all(
    program: &Path,
    bedrock_url: &str,
    count: u32,
    progress: &ProgressBar,
) -> Result<Vec<Function>, Violation> {
    progress.set_message("starting");
    progress.set_length(count.into());
    let turns = Arc::new(Semaphore::new(STARTING));
    let mut starting = JoinSet::new();
    for _ in 0..count {
        let builder = Function::builder(program)
            .credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None)
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock_url)
            .env("BEDROCK_MODEL_IDS", MODEL)
            .init_timeout(INIT_TIMEOUT);
        let turns = Arc::clone(&turns);
        starting.spawn(async move {
            // The semaphore is never closed: without its turn a process would start all the same.
            let _turn = turns.acquire().await.ok();
            builder.start().await
        });
    }
    let mut functions = Vec::new();
    while let Some(function) = starting.join_next().await {
        functions.push(function??);
        progress.inc(1);
    }
    Ok(functions)
}

/// Makes one caller's invocations, once every caller is ready, and samples what a process that is alone uses.
async fn call(process: u32, function: Function, shared: Arc<Shared>) -> Result<Samples, Violation> {
    let load = shared.load;
    let mut samples = Samples::default();
    shared.ready.wait().await;
    for number in 0..load.invocations {
        let case = load.case(process, number);
        let waiting = shared.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        shared.most_waiting.fetch_max(waiting, Ordering::Relaxed);
        let result = invoke::invoke(&function, &shared.bedrock, case).await;
        shared.waiting.fetch_sub(1, Ordering::Relaxed);
        result?;
        let mut run = shared.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.count(case.fault);
        if load.processes == 1 && Samples::is_due(number, load.invocations) {
            samples.take(&function)?;
        }
        shared.progress.inc(1);
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn one_process_meets_each_of_its_faults_in_the_short_run_too() {
        let met: HashSet<_> = (0..500)
            .map(|number| {
                let short = Load {
                    fault_every: 25,
                    ..ONE_PROCESS
                };
                short.case(0, number).fault.words
            })
            .collect();
        let all = case::OF_ONE_PROCESS.map(|fault| fault.words);
        assert!(all.iter().all(|words| met.contains(words)), "{met:?}");
    }
}

//! One process, many invocations.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    Fault, Progress, Run, Violation, bedrock::Bedrock, case::Case, invoke::invoke,
    number::megabytes, program, resources::Samples,
};

/// How much one process is given.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// How many invocations.
    pub invocations: u32,
    /// Each invocation whose number this divides meets a fault; 0: none does.
    pub fault_every: u32,
}

impl Soak {
    /// The whole of it: 20,000 invocations, 2 % of which meet a fault.
    pub const FULL: Self = Self {
        invocations: 20_000,
        fault_every: 50,
    };

    /// A minute's work in seconds, with each fault at least once.
    pub const SHORT: Self = Self {
        invocations: 500,
        fault_every: 25,
    };

    fn case(self, number: u32) -> Case {
        let is_faulty = self.fault_every != 0 && number.is_multiple_of(self.fault_every);
        let fault = if is_faulty {
            Fault::IN_TURN[(number / self.fault_every) as usize % Fault::IN_TURN.len()]
        } else {
            Fault::None
        };
        Case {
            caller: 0,
            number,
            fault,
        }
    }
}

/// Gives one process of `program` its invocations, one after the other, and checks every reply, its memory and its descriptors.
///
/// # Errors
///
/// The first thing that was not as it must be.
pub async fn soak(program: &Path, soak: Soak, progress: &Progress) -> Result<Run, Violation> {
    let bedrock = Bedrock::start(Duration::ZERO).await?;
    let function = program::start(program, &bedrock.endpoint_url()).await?;
    let started = Instant::now();
    let mut samples = Samples::default();
    let mut run = Run::of_processes(1);
    for number in 0..soak.invocations {
        let case = soak.case(number);
        invoke(&function, &bedrock, case).await?;
        run.count(case);
        if Samples::is_due(number, soak.invocations) {
            samples.take(&function)?;
        }
        progress.show("one process", number + 1, soak.invocations, || {
            format!(", {}", megabytes(samples.latest_memory() as f64))
        });
    }
    run.seconds = started.elapsed().as_secs_f64();
    run.resources = Some(samples.judge()?);
    Ok(run)
}

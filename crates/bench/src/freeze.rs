//! The first invocation after a freeze that outlasts what a connection pool may keep idle.

use std::time::Duration;

use anyhow::Result;
use indicatif::ProgressBar;
use lambda_local::Cpu;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::{
    Spread,
    bedrock::{Bedrock, invoke},
    sample::{EVENT, Measured},
    subject::{Name, Subject},
};

/// Longer than the function's pool keeps a connection (`crates/bedrock-function/src/bedrock/http.rs`).
const FREEZE: Duration = Duration::from_secs(65);

/// What the first invocation after a freeze took, with the CPU of 128 MB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AfterFreeze {
    /// The function.
    pub name: Name,
    /// How long it was frozen, in seconds.
    pub frozen_seconds: u64,
    /// The invocation, in milliseconds.
    pub first: Spread,
    /// TLS handshakes of the invocation, the mean of the processes.
    pub handshakes: f64,
}

/// Freezes that many processes of each function that asks Bedrock, all at the same time, and then invokes one after the other.
pub(crate) async fn after_freeze(
    bedrock: &Bedrock,
    subjects: &[Subject],
    processes: u32,
    progress: &ProgressBar,
) -> Result<Vec<AfterFreeze>> {
    if processes == 0 {
        return Ok(Vec::new());
    }
    let mut frozen = Vec::new();
    for subject in subjects {
        if !subject.name.is_peer() || !subject.asks_bedrock() {
            continue;
        }
        let mut functions = Vec::new();
        for _ in 0..processes {
            let function = bedrock.start_function(subject, Cpu::ByMemory).await?;
            invoke(&function, subject, EVENT).await?;
            functions.push(function);
        }
        frozen.push((subject, functions));
    }
    progress.reset();
    progress.set_message("functions that were frozen");
    progress.set_length(frozen.len() as u64);
    sleep(FREEZE).await;
    let mut rows = Vec::new();
    for (subject, functions) in &frozen {
        let (mut times, before) = (Vec::new(), bedrock.handshakes());
        for function in functions {
            let phase = invoke(function, subject, EVENT).await?;
            times.push(Measured::of(subject, phase)?.milliseconds);
        }
        rows.push(AfterFreeze {
            name: subject.name,
            frozen_seconds: FREEZE.as_secs(),
            first: Spread::of(&times),
            handshakes: (bedrock.handshakes() - before) as f64 / f64::from(processes),
        });
        progress.inc(1);
    }
    Ok(rows)
}

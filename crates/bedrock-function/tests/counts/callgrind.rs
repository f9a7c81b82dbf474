//! Counts the instructions of a process with valgrind.
//!
//! Valgrind shows every program the same processor, so that these counts are one machine's as much
//! as another's; what is left is glibc's version. Over plain HTTP: a handshake is not of one length.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use bedrock_local::{ACCESS_KEY_ID, Answer, BedrockLocal, SECRET_ACCESS_KEY};
use lambda_local::{Function, Invocation};
use rustix::process::{Pid, Signal, kill_process};

use crate::deployed::deployed_environment;

const EVENT: &str = include_str!("../../../../events/bedrock-test-001.json");

/// What a process takes from its start until it waits for an event, after that many invocations.
pub(crate) async fn instructions(program: &Path, invocations: u64) -> u64 {
    let bedrock = BedrockLocal::builder().start().await.unwrap();
    bedrock.always(Answer::converse_text("An answer of some thirty letters."));
    let directory = tempfile::tempdir().unwrap();
    let counts = directory.path().join("counts");
    let function = start(program, &counts, &bedrock.endpoint_url()).await;
    for _ in 0..invocations {
        invoke(&function).await;
    }
    end(&function).await;
    total(&std::fs::read_to_string(&counts).unwrap())
}

async fn start(program: &Path, counts: &Path, bedrock_url: &str) -> Function {
    let counts = format!("--callgrind-out-file={}", counts.display());
    let program = program.display().to_string();
    Function::builder(valgrind())
        .args(["--tool=callgrind", "--quiet", &counts, &program])
        .function_name("bedrock-function")
        .credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, Some("session-token"))
        .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock_url)
        .envs(deployed_environment())
        .env("BEDROCK_PRECONNECT", "0")
        // Fifty times slower than without valgrind, on a machine that may be busy.
        .init_timeout(Duration::from_secs(60))
        .start()
        .await
        .unwrap()
}

/// Where valgrind is: a program is started by its path.
fn valgrind() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("valgrind"))
        .find(|program| program.is_file())
        .expect("valgrind is missing: install it (Debian, Ubuntu: apt install valgrind)")
}

async fn invoke(function: &Function) {
    let invocation = Invocation {
        request_id: Some("11111111-2222-3333-4444-555555555555".to_owned()),
        ..Invocation::default()
    };
    let outcome = function.invoke_with(EVENT, invocation).await;
    let reply = String::from_utf8_lossy(outcome.response().expect("an answer"));
    assert!(reply.contains(r#""statusCode":200"#), "{reply}");
}

/// Ends the process in the way that has valgrind write its counts: a killed one writes none.
async fn end(function: &Function) {
    let pid = Pid::from_raw(function.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    // Comes back when the process has ended.
    let outcome = function.invoke("{}").await;
    assert!(outcome.response().is_none(), "{outcome}");
}

/// Of a line such as `totals: 1234567`.
fn total(counts: &str) -> u64 {
    let line = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    line.expect("a total").trim().parse().unwrap()
}

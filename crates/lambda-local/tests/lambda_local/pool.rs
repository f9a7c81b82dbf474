//! Several processes of one function.

use std::{collections::BTreeSet, sync::Arc};

use crate::common::{Pace, fixture, json};
use lambda_local::{Invocation, InvokeError, Outcome, Pool};
use serde_json::{Value, json};

async fn pid(pool: &Pool) -> Value {
    let outcome = pool.invoke(r#"{"do":"pid"}"#, Invocation::default()).await;
    json(&outcome.unwrap())
}

/// An invocation that has begun and goes on until its pace steps.
async fn begun(pool: &Arc<Pool>) -> (Pace, tokio::task::JoinHandle<Result<Outcome, InvokeError>>) {
    let mut pace = Pace::listen().await;
    let event = json!({ "do": "wait", "pace": pace.address() }).to_string();
    let pool = Arc::clone(pool);
    let task = tokio::spawn(async move { pool.invoke(event, Invocation::default()).await });
    pace.accept().await;
    (pace, task)
}

#[tokio::test]
async fn a_process_is_used_again() {
    let pool = Pool::new(fixture(), 2);
    assert_eq!(pid(&pool).await, pid(&pool).await);
}

#[tokio::test]
async fn invocations_at_once_run_in_processes_of_their_own_up_to_the_concurrency() {
    let pool = Arc::new(Pool::new(fixture(), 3));
    let mut running = Vec::new();
    for _ in 0..3 {
        running.push(begun(&pool).await);
    }
    match pool.invoke("{}", Invocation::default()).await {
        Err(InvokeError::TooManyRequests(3)) => {}
        other => panic!("{other:?}"),
    }
    let mut pids = BTreeSet::new();
    for (mut pace, task) in running {
        pace.step().await;
        pids.insert(json(&task.await.unwrap().unwrap()).as_u64());
    }
    assert_eq!(pids.len(), 3);
    assert!(pids.contains(&pid(&pool).await.as_u64()));
}

#[tokio::test]
async fn a_process_that_ended_is_replaced() {
    let pool = Pool::new(fixture(), 1);
    let first = pid(&pool).await;
    let outcome = pool.invoke(r#"{"do":"exit"}"#, Invocation::default()).await;
    assert!(matches!(outcome, Ok(Outcome::Exited { .. })), "{outcome:?}");
    assert_ne!(pid(&pool).await, first);
}

#[tokio::test]
async fn a_caller_who_gives_up_leaves_no_busy_process_to_the_next() {
    let pool = Arc::new(Pool::new(fixture(), 1));
    let (_pace, task) = begun(&pool).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    pid(&pool).await;
}

#[tokio::test]
async fn a_process_that_does_not_start_is_an_error_and_takes_no_place() {
    let pool = Pool::new(fixture().args(["init-error"]), 1);
    for _ in 0..2 {
        match pool.invoke("{}", Invocation::default()).await {
            Err(InvokeError::Start(error)) => {
                assert!(error.to_string().contains("Fixture.Refused"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
}

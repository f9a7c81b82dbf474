//! What a function takes is told, and it gets no more CPU than it is given.

use std::{io::Write, time::Duration};

use lambda_local::{Cpu, Function, Usage};

use crate::common::{fixture, json};

/// Busy for this much CPU time, which is more than a function of 128 MB has in two periods.
const SPIN: &str = r#"{"do":"spin","ms":6}"#;

async fn throttled() -> Option<Function> {
    let function = fixture().cpu(Cpu::ByMemory).freeze().start().await.unwrap();
    match function.unthrottled() {
        Some(reason) => {
            let skipped = format!("skipped, for this machine sets no limit: {reason}\n");
            let _ = std::io::stderr().write_all(skipped.as_bytes());
            None
        }
        None => Some(function),
    }
}

async fn usage(function: &Function, event: &'static str) -> Usage {
    let (outcome, phase) = function.measure(event).await;
    json(&outcome);
    phase.usage.unwrap()
}

/// Fails unless the process comes to a stop; the kernel tells of it some time after the signal.
async fn assert_stops(function: &Function) {
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", function.pid())).unwrap();
        stat.rsplit(") ").next().unwrap().chars().next().unwrap()
    };
    let stopped = async {
        while state() != 'T' {
            tokio::task::yield_now().await;
        }
    };
    let stopped = tokio::time::timeout(Duration::from_secs(10), stopped).await;
    assert!(stopped.is_ok(), "it goes on, in state {}", state());
}

#[tokio::test]
async fn cpu_time_is_that_of_the_invocation_alone() {
    let function = fixture().start().await.unwrap();
    let busy = usage(&function, SPIN).await;
    assert!(busy.cpu_time >= Duration::from_millis(6), "{busy:?}");
    let idle = usage(&function, "{}").await;
    assert!(idle.cpu_time < busy.cpu_time, "{idle:?}");
}

#[tokio::test]
async fn peak_memory_and_faults_are_those_of_the_phase() {
    let function = fixture().start().await.unwrap();
    let init = function.init().usage.unwrap();
    assert!(init.cpu_time > Duration::ZERO && init.minor_faults > 0);
    let large = usage(&function, r#"{"do":"answer of","bytes":4000000}"#).await;
    assert!(
        large.peak_memory > init.peak_memory + 4_000_000,
        "{large:?}"
    );
    assert!(large.minor_faults > 900, "{large:?}");
    usage(&function, "{}").await;
    let small = usage(&function, "{}").await;
    assert!(small.peak_memory < large.peak_memory, "{small:?}");
}

#[tokio::test]
async fn init_has_all_the_cpu_and_an_invocation_its_memorys_share() {
    let Some(function) = throttled().await else {
        return;
    };
    assert_eq!(function.init().usage.unwrap().throttled_periods, 0);
    // 6 ms of work at 1.45 ms per period: held in three periods at least, whatever else the machine does.
    assert!(usage(&function, SPIN).await.throttled_periods >= 3);
}

#[tokio::test]
async fn a_function_of_more_memory_gets_more() {
    if throttled().await.is_none() {
        return;
    }
    let function = fixture().memory_mb(3_538).cpu(Cpu::ByMemory);
    let function = function.start().await.unwrap();
    assert_eq!(usage(&function, SPIN).await.throttled_periods, 0);
}

#[tokio::test]
async fn a_throttled_function_sees_the_same_environment() {
    let Some(function) = throttled().await else {
        return;
    };
    let plain = fixture().start().await.unwrap();
    let [behind_gate, plain] = [&function, &plain].map(|function| async {
        let environment = json(&function.invoke(r#"{"do":"environment"}"#).await);
        let names = environment.as_object().unwrap().keys().cloned();
        names.collect::<Vec<_>>()
    });
    assert_eq!(behind_gate.await, plain.await);
}

#[tokio::test]
async fn an_event_over_lambdas_limit_is_refused_when_measured_too() {
    let function = fixture().start().await.unwrap();
    let event = "1".repeat(lambda_local::MAX_EVENT_BYTES + 1);
    let (outcome, _) = function.measure(event).await;
    assert!(
        outcome.to_string().contains("RequestEntityTooLarge"),
        "{outcome}"
    );
}

#[tokio::test]
async fn a_function_that_nobody_waits_for_any_more_is_frozen() {
    let function = fixture().freeze().start().await.unwrap();
    let left = tokio::time::timeout(
        Duration::from_millis(50),
        function.invoke(r#"{"do":"hang"}"#),
    );
    assert!(left.await.is_err());
    assert_stops(&function).await;
}

#[tokio::test]
async fn a_frozen_function_does_nothing_between_invocations() {
    let function = fixture().freeze().start().await.unwrap();
    json(&function.invoke("{}").await);
    assert_stops(&function).await;
    json(&function.invoke("{}").await);
}

#[tokio::test]
async fn a_frozen_function_ends_with_its_owner() {
    let function = fixture().freeze().start().await.unwrap();
    let pid = function.pid();
    drop(function);
    assert!(!crate::common::runs(pid));
}

#[tokio::test]
async fn no_control_group_is_left_behind() {
    let Some(function) = throttled().await else {
        return;
    };
    let groups = std::fs::read_to_string(format!("/proc/{}/cgroup", function.pid())).unwrap();
    let own = groups.lines().find(|line| line.contains("lambda-local-"));
    let name = own.unwrap().rsplit('/').next().unwrap().to_owned();
    drop(function);
    let left = std::process::Command::new("find")
        .args(["/sys/fs/cgroup", "-name", &name])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "");
}

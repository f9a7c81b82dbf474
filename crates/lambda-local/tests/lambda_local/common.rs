//! The functions that the tests start.

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use lambda_local::{Builder, Function, Outcome};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The function in tests/fixture: cargo builds it for a test run beside the tests' own folder, and gives no variable for its path.
pub(crate) fn fixture_path() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples")
        .join("fixture");
    assert!(
        path.exists(),
        "{} is missing: run `cargo test -p lambda-local`, which builds it",
        path.display()
    );
    path
}

pub(crate) fn fixture() -> Builder {
    Function::builder(fixture_path())
}

pub(crate) fn json(outcome: &Outcome) -> Value {
    let body = outcome
        .response()
        .unwrap_or_else(|| panic!("no response: {outcome}"));
    serde_json::from_slice(body).unwrap()
}

/// Whether a process of this id runs; one that is dead but not collected does not.
pub(crate) fn runs(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap().starts_with('Z'))
}

/// Whether the process ends; the kernel takes its time to end one, and init to collect one that was left behind.
pub(crate) fn ends(pid: u32) -> bool {
    let given_up = Instant::now() + Duration::from_secs(60);
    while runs(pid) && Instant::now() < given_up {
        thread::yield_now();
    }
    !runs(pid)
}

/// What the fixture waits for where its event names this address: one byte for each step.
pub(crate) struct Pace {
    listener: TcpListener,
    stream: Option<TcpStream>,
}

impl Pace {
    pub(crate) async fn listen() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            stream: None,
        }
    }

    pub(crate) fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// Waits until the fixture has come to the place where it waits.
    pub(crate) async fn accept(&mut self) {
        self.stream = Some(self.listener.accept().await.unwrap().0);
    }

    /// Lets the fixture go on.
    pub(crate) async fn step(&mut self) {
        if self.stream.is_none() {
            self.accept().await;
        }
        self.stream.as_mut().unwrap().write_u8(b'.').await.unwrap();
    }

    /// Waits until the fixture is done with it.
    pub(crate) async fn closed(mut self) {
        let mut stream = self.stream.take().unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    }
}

//! The stack in the foreground, reloading the function as its code changes.

use std::{
    ffi::OsString,
    fs,
    net::{Ipv4Addr, TcpStream},
    process::Command,
    time::Duration,
};

use bedrock_local::BedrockLocal;
use bytes::Bytes;
use lambda_local::Signals;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

use super::{bedrock, emulator::Emulator, environment, post, say};
use crate::{
    deployed::Deployment,
    failure::Failure,
    project::{self, FUNCTION},
    tools,
};

/// The port that `cargo lambda invoke` uses when it is given none.
const WELL_KNOWN_PORT: u16 = 9000;

/// How long a function that was just compiled may take to start, on a busy machine.
const START: Duration = Duration::from_secs(15);

/// A `make watch` that runs.
#[derive(Serialize, Deserialize, Debug, Clone, Copy)]
pub(crate) struct Running {
    pub(crate) port: u16,
    pub(crate) pid: u32,
}

impl Running {
    /// The one that runs now. The state file of one that has died is ignored.
    pub(crate) fn find() -> Option<Self> {
        let state = fs::read(project::watch_state()).ok()?;
        let running: Self = serde_json::from_slice(&state).ok()?;
        (running.process_is_there() && running.listens()).then_some(running)
    }

    fn process_is_there(self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        pid.is_some_and(|pid| test_kill_process(pid).is_ok())
    }

    fn listens(self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
    }
}

/// The state file; it is removed when this is dropped.
struct StateFile;

impl StateFile {
    /// Written whole or not at all: another program may be reading it.
    fn write(running: Running) -> std::io::Result<Self> {
        let path = project::watch_state();
        let directory = path.parent().unwrap_or(&path);
        fs::create_dir_all(directory)?;
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        serde_json::to_writer(&mut file, &running)?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(Self)
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(project::watch_state());
    }
}

/// Runs the stack until a signal stops it.
pub(crate) async fn watch(
    options: &bedrock_local::StandInOptions,
    signals: &mut Signals,
) -> Result<(), Failure> {
    let started = tokio::select! {
        started = Watched::start(options) => started?,
        number = signals.received() => return Err(Failure::Stopped(number)),
    };
    started.until_stopped(signals).await
}

/// The running stack. Dropping it stops the stand-in and removes the state file.
struct Watched {
    emulator: Emulator,
    _stand_in: BedrockLocal,
    _state: StateFile,
}

impl Watched {
    async fn start(options: &bedrock_local::StandInOptions) -> Result<Self, Failure> {
        if let Some(running) = Running::find() {
            return Err(Failure::WatchRunsAlready(running.pid));
        }
        let granted = environment::granted()?;
        let stand_in = bedrock::start(options, None).await?;
        let settings = environment::settings(&granted, &stand_in.endpoint_url());
        let emulator = Emulator::start(WELL_KNOWN_PORT, || reloading(&settings)).await?;
        let state = StateFile::write(Running {
            port: emulator.port,
            pid: std::process::id(),
        })?;
        say(&[
            (
                "function",
                format!("{FUNCTION}, debug build, reloaded when its code changes"),
            ),
            (
                "emulator",
                format!("cargo lambda watch at {}", emulator.url()),
            ),
            ("bedrock", bedrock::described(&stand_in, options)),
            ("model", environment::default_model(&granted)),
            ("use", in_another_terminal()),
        ]);
        Ok(Self {
            emulator,
            _stand_in: stand_in,
            _state: state,
        })
    }

    async fn until_stopped(self, signals: &mut Signals) -> Result<(), Failure> {
        let result = tokio::select! {
            _ = signals.received() => Ok(()),
            status = self.emulator.group.exited() => Err(Failure::EmulatorEnded(status)),
        };
        // The function is in a process group of its own: the emulator ends it when it is asked to stop, and not when it is killed.
        self.emulator.group.stop().await;
        result
    }
}

/// Hands the event to the function that is being watched.
pub(crate) async fn invoke_running(running: Running, event: Bytes) -> Result<Bytes, Failure> {
    say(&[(
        "function",
        format!(
            "{FUNCTION} in the running make watch (process {}, port {})",
            running.pid, running.port
        ),
    )]);
    post(running.port, event, environment::timeout() + START).await
}

fn reloading(settings: &[(OsString, OsString)]) -> Result<Command, Failure> {
    let mut command = tools::cargo_lambda()?;
    command.args(["watch", "--disable-cors", "--locked", "-p", FUNCTION]);
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    Ok(command)
}

/// The commands to type. Once the function is deployed, they call the deployed one without TARGET=local.
fn in_another_terminal() -> String {
    let target = if Deployment::is_recorded() {
        " TARGET=local"
    } else {
        ""
    };
    format!("make invoke{target} and make ask{target} in another terminal; Ctrl-C stops")
}

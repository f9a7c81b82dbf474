//! The settings of a function, and its start.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::net::TcpListener;

use crate::{
    Cpu, Function, StartError,
    cpu::Group,
    environment::{self, Settings},
    function::Parts,
    process::{Destination, Process, Program},
    runtime_api::{RuntimeApi, Startup},
};

/// The settings of a function; made by [`Function::builder`].
#[derive(Debug, Clone)]
pub struct Builder {
    program: PathBuf,
    args: Vec<OsString>,
    variables: BTreeMap<OsString, Option<OsString>>,
    name: String,
    region: String,
    memory_mb: u32,
    timeout: Duration,
    init_timeout: Duration,
    inherit_output: bool,
    cpu: Cpu,
    freeze: bool,
}

impl Builder {
    pub(crate) fn new(program: PathBuf) -> Self {
        let name = program.file_stem().map_or_else(
            || "function".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        Self {
            program,
            args: Vec::new(),
            variables: BTreeMap::new(),
            name,
            region: "ap-northeast-1".to_owned(),
            memory_mb: 128,
            timeout: Duration::from_secs(60),
            // Lambda's own limit for INIT.
            init_timeout: Duration::from_secs(10),
            inherit_output: false,
            cpu: Cpu::Full,
            freeze: false,
        }
    }

    /// Sets a variable of the function's environment; wins over what Lambda sets. Nothing is inherited from the caller.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), Some(value.into()));
        self
    }

    /// Sets several variables, as [`env`](Self::env) does one.
    #[must_use]
    pub fn envs<N: Into<OsString>, V: Into<OsString>>(
        self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        variables
            .into_iter()
            .fold(self, |builder, (name, value)| builder.env(name, value))
    }

    /// Leaves a variable out, also one that Lambda sets.
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), None);
        self
    }

    /// Sets the credentials of the execution role: access key id, secret access key and session token. None are set by default.
    #[must_use]
    pub fn credentials(
        self,
        access_key_id: &str,
        secret_access_key: &str,
        session_token: Option<&str>,
    ) -> Self {
        let builder = self
            .env("AWS_ACCESS_KEY_ID", access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", secret_access_key);
        match session_token {
            Some(token) => builder.env("AWS_SESSION_TOKEN", token),
            None => builder,
        }
    }

    /// Sets the arguments of the process; Lambda gives none.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the function's name; by default the program's file name without its extension.
    #[must_use]
    pub fn function_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the Region; by default `ap-northeast-1`.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Sets the memory that the function is told it has, in MB; by default 128. Nothing enforces it but [`Cpu::ByMemory`], for CPU.
    #[must_use]
    pub fn memory_mb(mut self, memory_mb: u32) -> Self {
        self.memory_mb = memory_mb;
        self
    }

    /// Sets how long an invocation may take; by default 60 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long the process may take to ask for its first event; by default 10 s, as on Lambda.
    #[must_use]
    pub fn init_timeout(mut self, init_timeout: Duration) -> Self {
        self.init_timeout = init_timeout;
        self
    }

    /// Lets the function write to the caller's stderr as it goes, both its stdout and its stderr, instead of keeping what it writes.
    #[must_use]
    pub fn inherit_output(mut self) -> Self {
        self.inherit_output = true;
        self
    }

    /// Sets what CPU the function gets after its INIT; by default all.
    #[must_use]
    pub fn cpu(mut self, cpu: Cpu) -> Self {
        self.cpu = cpu;
        self
    }

    /// Stops the process between invocations, as Lambda freezes its sandboxes; by default it goes on.
    #[must_use]
    pub fn freeze(mut self) -> Self {
        self.freeze = true;
        self
    }

    /// Starts the process and waits until it asks for its first event.
    ///
    /// # Errors
    ///
    /// When the process cannot be started, reports an initialisation error, ends, or asks for nothing within
    /// [`init_timeout`](Self::init_timeout). Nothing of it is left running then.
    pub async fn start(self) -> Result<Function, StartError> {
        let program =
            std::path::absolute(&self.program).map_err(|source| self.cannot_spawn(source))?;
        // Checked here, because a shell may start the program, and would only end.
        fs::metadata(&program).map_err(|source| self.cannot_spawn(source))?;
        let task_root = program.parent().unwrap_or(Path::new("/"));
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(StartError::Listen)?;
        let runtime_api = listener.local_addr().map_err(StartError::Listen)?;
        let arn = self.arn_of(&self.name);
        let mut api = RuntimeApi::serve(listener, arn).map_err(StartError::Listen)?;
        let settings = Settings {
            name: &self.name,
            memory_mb: self.memory_mb,
            region: &self.region,
            runtime_api,
            task_root,
        };
        let (cpu, unthrottled) = self.cpu_group();
        let process = Process::spawn(Program {
            path: &program,
            args: &self.args,
            variables: &self.environment(&settings),
            directory: task_root,
            output: if self.inherit_output {
                Destination::CallersStderr
            } else {
                Destination::Kept
            },
            cpu,
        })
        .map_err(|source| self.cannot_spawn(source))?;
        let first_next_at = self.wait_for_first_next(&mut api, &process).await?;
        let init = process.first_phase(first_next_at);
        process
            .limit_cpu(self.memory_mb)
            .map_err(StartError::Limit)?;
        Ok(Function::new(Parts {
            api,
            process,
            timeout: self.timeout,
            init,
            freeze: self.freeze,
            unthrottled,
        }))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How long an invocation may take.
    pub(crate) fn invocation_timeout(&self) -> Duration {
        self.timeout
    }

    /// The ARN that a function of this name would have here.
    pub(crate) fn arn_of(&self, name: &str) -> String {
        format!(
            "arn:aws:lambda:{}:{}:function:{name}",
            self.region,
            crate::ACCOUNT_ID
        )
    }

    /// The group that limits the CPU, or why there is none.
    fn cpu_group(&self) -> (Option<Group>, Option<String>) {
        match self.cpu {
            Cpu::Full => (None, None),
            Cpu::ByMemory => match Group::make(self.memory_mb) {
                Ok(group) => (Some(group), None),
                Err(reason) => (None, Some(reason)),
            },
        }
    }

    fn environment(&self, settings: &Settings<'_>) -> BTreeMap<OsString, OsString> {
        let mut variables = environment::variables(settings);
        for (name, value) in &self.variables {
            match value {
                Some(value) => variables.insert(name.clone(), value.clone()),
                None => variables.remove(name),
            };
        }
        variables
    }

    async fn wait_for_first_next(
        &self,
        api: &mut RuntimeApi,
        process: &Process,
    ) -> Result<std::time::Instant, StartError> {
        tokio::select! {
            biased;
            startup = api.startup() => match startup {
                Startup::AskedForAnEvent { at } => Ok(at),
                Startup::Failed { error_type, error_message, body } => Err(StartError::Init { error_type, error_message, body }),
            },
            status = process.exited() => Err(StartError::Exited { status, stderr: process.stderr() }),
            () = tokio::time::sleep(self.init_timeout) => Err(StartError::TimedOut { after: self.init_timeout, stderr: process.stderr() }),
        }
    }

    fn cannot_spawn(&self, source: std::io::Error) -> StartError {
        StartError::Spawn {
            program: self.program.clone(),
            source,
        }
    }
}

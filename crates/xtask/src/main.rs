//! The program behind `make invoke`, `make ask`, `make chat` and `make watch`.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | the function answered, with a status code of 2xx |
//! | 1 | the function answered with another status code |
//! | 2 | the input is wrong: the event file, the prompt, an option, or AWS credentials are missing |
//! | 3 | a tool is missing, or the function does not compile |
//! | 4 | the local stack did not start, or the function gave no reply |
//! | 128 + n | signal n stopped it |

mod chat;
mod cli;
mod commands;
mod deployed;
mod event;
mod failure;
mod function;
mod japanese;
mod output;
mod project;
mod reply;
mod response;
mod stack;
mod tools;

use std::{io::Write, process::ExitCode};

use clap::Parser;

use cli::{Cli, Command};
use failure::Failure;
use lambda_local::Signals;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(code) => code,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{}", japanese::sentence(&failure));
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen()?;
    match command {
        Command::Invoke { event, options } => {
            unless_stopped(&mut signals, commands::invoke(event.as_ref(), options)).await
        }
        Command::Ask {
            prompt,
            schema,
            options,
        } => {
            let work = commands::ask(&prompt, schema.as_ref(), options);
            unless_stopped(&mut signals, work).await
        }
        Command::Chat {
            page: true,
            options,
        } => chat::page::serve(&options, &mut signals).await,
        Command::Chat { options, .. } => unless_stopped(&mut signals, chat::run(&options)).await,
        Command::Watch { bedrock } => {
            stack::watch(&bedrock, &mut signals).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The result of the work, or the signal that ended it. All that the work has started ends with it.
async fn unless_stopped<T>(
    signals: &mut Signals,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        result = work => result,
        number = signals.received() => Err(Failure::Stopped(number)),
    }
}

//! Lambda on this machine: the Runtime API around function processes, and the ways in which Lambda is called.
//!
//! [`Function`] starts a bootstrap binary as Lambda would, in an environment that holds what Lambda sets and nothing else,
//! answers its calls to the Runtime API on loopback, and hands it one event at a time.
//!
//! ```no_run
//! # async fn example() -> Result<(), lambda_local::StartError> {
//! use lambda_local::{Function, Outcome};
//!
//! let function = Function::builder("target/debug/bootstrap").env("GREETING", "hello").start().await?;
//! match function.invoke(r#"{"prompt":"hi"}"#).await {
//!     Outcome::Response { body, .. } => println!("{}", String::from_utf8_lossy(&body)),
//!     failed => println!("{failed}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The process and everything it started end when the [`Function`] is dropped, or when this program is killed.
//!
//! A [`Pool`] runs several processes of one function, and serves them to other programs as Lambda's Invoke API
//! ([`Pool::serve_invoke_api`]) and as a Function URL ([`Pool::serve_function_url`]). Streamed responses are passed on chunk by chunk.
//!
//! It is an instrument too: [`Function::measure`] tells what an invocation took, [`Function::init`] what the INIT did, and
//! [`Builder::cpu`] and [`Builder::freeze`] give the process the CPU and the pauses that it would have on Lambda.

mod builder;
mod cpu;
mod environment;
mod error;
mod function;
mod function_error;
mod function_url;
mod invocation;
mod invoke_api;
mod locale;
mod phase;
mod pool;
mod process;
mod runtime_api;
mod server;
mod signals;

pub use builder::Builder;
pub use cpu::Cpu;
pub use error::StartError;
pub use function::Function;
pub use invocation::{Deadline, Invocation, Outcome, ResponsePart};
pub use locale::{is_japanese, localized};
pub use phase::{Phase, Usage};
pub use pool::{InvokeError, Pool};
pub use process::{ExitStatus, Output, ProcessGroup};
pub use server::Server;
pub use signals::{Signals, stopped};

/// The account that AWS's own documentation uses; invoked ARNs carry it.
pub const ACCOUNT_ID: &str = "123456789012";

/// The largest event that Lambda's synchronous Invoke takes, in bytes.
pub const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// The largest response that Lambda's Runtime API takes when it is not streamed, in bytes: it names this number in its 413.
pub const MAX_RESPONSE_BYTES: usize = MAX_EVENT_BYTES + 100;

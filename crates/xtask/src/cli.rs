//! The command line. Every value may come from a variable too, because a Makefile cannot put a prompt on a command line safely.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};

use crate::{deployed::Deployment, failure::Failure};

/// Runs the function on this machine with a stand-in for Bedrock, or calls the deployed one.
#[derive(Parser)]
#[command(name = "xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Invokes the function with an event and prints its reply, and nothing else, on stdout
    Invoke {
        /// The file that holds the event, in JSON
        #[arg(env = "XTASK_EVENT")]
        event: OsString,
        #[command(flatten)]
        options: Options,
    },
    /// Asks the function and prints the answer's text, and nothing else, on stdout
    Ask {
        /// The prompt
        #[arg(env = "XTASK_PROMPT", allow_hyphen_values = true)]
        prompt: String,
        /// A file with a JSON Schema that the answer must satisfy
        #[arg(
            long,
            env = "XTASK_SCHEMA",
            default_value = "",
            hide_default_value = true,
            value_name = "FILE"
        )]
        schema: OsString,
        #[command(flatten)]
        options: Options,
    },
    /// Asks the function line by line and remembers what was said; an empty line ends it
    Chat {
        /// Serves a page for it on 127.0.0.1, and prints the page's address
        #[arg(long, env = "XTASK_PAGE", value_parser = FalseyValueParser::new())]
        page: bool,
        #[command(flatten)]
        options: Options,
    },
    /// Runs the function until Ctrl-C, and again whenever its code changes
    Watch {
        #[command(flatten)]
        bedrock: bedrock_local::StandInOptions,
    },
}

#[derive(Args)]
pub(crate) struct Options {
    /// Where the function runs: local or aws; by default on AWS when it is deployed, and else locally
    #[arg(
        long,
        env = "XTASK_TARGET",
        default_value = "",
        hide_default_value = true
    )]
    target: String,
    /// The model to ask, one of those that the function is granted; by default the first of them. An event names its own
    #[arg(
        long,
        env = "XTASK_MODEL",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) bedrock: bedrock_local::StandInOptions,
}

/// Where the function runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Target {
    Local,
    Aws,
}

impl Options {
    /// The target: the one that is named, or else AWS once the function is deployed.
    pub(crate) fn target(&self) -> Result<Target, Failure> {
        match self.target.as_str() {
            "" if Deployment::is_recorded() => Ok(Target::Aws),
            "" => Ok(Target::Local),
            target => {
                Target::from_str(target, false).map_err(|_| Failure::Target(target.to_owned()))
            }
        }
    }
}

//! The options of a program that has a stand-in of its own.

use clap::Args;

use crate::{Builder, Fault, ParseFaultError, Upstream, UpstreamError};

/// How the stand-in for Bedrock answers. An empty variable counts as not set.
#[derive(Args, Debug, Clone)]
pub struct StandInOptions {
    /// A fault of the stand-in, such as throttle:2 or delay:8s; several with commas
    #[arg(
        long = "fault",
        env = "XTASK_FAULT",
        value_delimiter = ',',
        value_name = "FAULT"
    )]
    faults: Vec<String>,
    /// A server that speaks OpenAI's chat completions and gives the answers, such as http://localhost:11434/v1
    #[arg(
        long,
        env = "XTASK_UPSTREAM",
        default_value = "",
        hide_default_value = true,
        value_name = "URL"
    )]
    upstream: String,
    /// The model's name on that server
    #[arg(
        long,
        env = "XTASK_UPSTREAM_MODEL",
        default_value = "",
        hide_default_value = true,
        value_name = "MODEL"
    )]
    upstream_model: String,
}

/// An option that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StandInOptionsError {
    /// A word is no fault.
    #[error("{0}")]
    Fault(#[from] ParseFaultError),
    /// The address or the model of the upstream is missing.
    #[error(
        "An upstream needs both its address and its model. Give UPSTREAM=http://localhost:11434/v1 and UPSTREAM_MODEL=NAME."
    )]
    HalfUpstream,
    /// The upstream cannot be used.
    #[error("{0}")]
    Upstream(#[from] UpstreamError),
}

impl StandInOptions {
    /// Whether no option is given.
    pub fn is_plain(&self) -> bool {
        self.named_faults().next().is_none()
            && self.upstream.is_empty()
            && self.upstream_model.is_empty()
    }

    /// A stand-in with these options.
    ///
    /// # Errors
    ///
    /// The first option that cannot be used.
    pub fn builder(&self) -> Result<Builder, StandInOptionsError> {
        let faults: Result<Vec<Fault>, _> = self.named_faults().map(str::parse).collect();
        let builder = Builder::default().default_faults(faults?);
        match (self.upstream.as_str(), self.upstream_model.as_str()) {
            ("", "") => Ok(builder),
            ("", _) | (_, "") => Err(StandInOptionsError::HalfUpstream),
            (url, model) => Ok(builder.upstream(Upstream::new(url, model)?)),
        }
    }

    /// The address of the API whose model answers; empty where none does.
    pub fn upstream(&self) -> &str {
        &self.upstream
    }

    /// Who gives the answers, for the line that describes the stand-in.
    pub fn who_answers(&self) -> String {
        match self.upstream.as_str() {
            "" => "which is no model".to_owned(),
            upstream => format!("answering with {} at {upstream}", self.upstream_model),
        }
    }

    fn named_faults(&self) -> impl Iterator<Item = &str> {
        self.faults
            .iter()
            .map(|fault| fault.trim())
            .filter(|fault| !fault.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        options: StandInOptions,
    }

    fn options(words: &[&str]) -> StandInOptions {
        let words = ["program"].iter().chain(words);
        Program::try_parse_from(words).unwrap().options
    }

    #[test]
    fn a_comma_too_many_names_no_fault() {
        for (fault, count) in [("throttle:1, slow:1ms,", 2), (",", 0), ("", 0)] {
            let options = options(&["--fault", fault]);
            assert_eq!(options.named_faults().count(), count, "{fault}");
            assert_eq!(options.is_plain(), count == 0, "{fault}");
        }
        assert!(options(&["--fault", "throttle:1,"]).builder().is_ok());
    }

    #[test]
    fn half_an_upstream_is_refused() {
        for half in ["--upstream", "--upstream-model"] {
            let error = options(&[half, "http://localhost:1"]).builder();
            assert!(
                matches!(error, Err(StandInOptionsError::HalfUpstream)),
                "{half}"
            );
        }
    }
}

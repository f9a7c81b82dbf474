//! The environment of the function, parsed once at start into types that cannot be wrong.

mod env;
mod granted;

use std::time::Duration;

use env::{count, destination, endpoint, parsed, region, seconds, switch};

pub use env::ConfigError;
pub use granted::{Api, GrantedModels, ModelFacts, Parameter, Price, StructuredOutput};

use crate::{
    log::Level,
    text::{MaxTokens, Probability, ServiceTier},
};

/// What `BEDROCK_TIMEOUT_SECONDS` is when it is not set: the function's own time-out as deployed.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// What `BEDROCK_MAX_PROMPT_CHARS` is when it is not set. The longest context of the models in
/// `models.json` is a million tokens; a token of English is about four characters.
const DEFAULT_MAX_PROMPT_CHARS: usize = 4_000_000;

/// Everything the function reads from its environment.
#[derive(Clone, Debug)]
pub struct Config {
    /// `BEDROCK_MODEL_IDS`: the models granted; the first is used when the event names none.
    pub models: GrantedModels,
    /// `BEDROCK_MAX_TOKENS`: the length of an answer, in tokens, for events that do not say.
    pub max_tokens: MaxTokens,
    /// `BEDROCK_MAX_TOKENS_LIMIT`: the most that an event may ask for, in tokens, whatever its model
    /// could answer with.
    pub max_tokens_limit: MaxTokens,
    /// `BEDROCK_TEMPERATURE`: for events that do not say.
    pub temperature: Probability,
    /// `BEDROCK_SERVICE_TIER`: for events that do not say.
    pub service_tier: ServiceTier,
    /// `BEDROCK_TIMEOUT_SECONDS`: the longest that a call may take, whatever its deadline says.
    pub timeout: Duration,
    /// `BEDROCK_MAX_PROMPT_CHARS`: longer requests are refused before anything is sent.
    pub max_prompt_chars: usize,
    /// `BEDROCK_STREAM`: whether answers may be streamed, which needs
    /// `bedrock:InvokeModelWithResponseStream`.
    pub stream: bool,
    /// `BEDROCK_PRECONNECT`: whether the connection is opened during INIT.
    pub preconnect: bool,
    /// `BEDROCK_LOG_CONTENT`: whether prompts and answers are logged. For local use.
    pub log_content: bool,
    /// `BEDROCK_METRICS_NAMESPACE`: where the metrics of the log line go; none without it.
    pub metrics: Option<Destination>,
    /// `AWS_LAMBDA_LOG_LEVEL`: the least severe level that is logged.
    pub log_level: Level,
    /// `AWS_REGION` (or `AWS_DEFAULT_REGION`): where Bedrock is called.
    pub region: String,
    /// `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`: another address for Bedrock Runtime.
    pub endpoint_url: Option<String>,
    /// `AWS_CA_BUNDLE`: a PEM file of root certificates that replaces the embedded ones.
    pub ca_bundle: Option<String>,
}

/// Where the metrics of the log line go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// `BEDROCK_METRICS_NAMESPACE`.
    pub namespace: String,
    /// `AWS_LAMBDA_FUNCTION_NAME`, a dimension of every metric.
    pub function_name: String,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    ///
    /// The first variable that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        // A value that is not UTF-8 is refused: no variable here takes a U+FFFD.
        let lossy = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        Self::from_lookup(|name| std::env::var_os(name).map(lossy))
    }

    /// Reads the variables through `lookup`. A variable that is set to nothing counts as not set,
    /// as in AWS's own tools.
    ///
    /// # Errors
    ///
    /// The first variable that is missing or wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let get = |name: &str| {
            lookup(name)
                .map(|v| v.trim().to_owned())
                .filter(|v| !v.is_empty())
        };
        Ok(Self {
            models: GrantedModels::parse(get("BEDROCK_MODEL_IDS"), get("BEDROCK_MODEL_TABLE"))?,
            max_tokens: parsed("BEDROCK_MAX_TOKENS", get("BEDROCK_MAX_TOKENS"))?
                .unwrap_or(MaxTokens::DEFAULT),
            max_tokens_limit: parsed("BEDROCK_MAX_TOKENS_LIMIT", get("BEDROCK_MAX_TOKENS_LIMIT"))?
                .unwrap_or(MaxTokens::LARGEST),
            temperature: parsed("BEDROCK_TEMPERATURE", get("BEDROCK_TEMPERATURE"))?
                .unwrap_or(Probability::ZERO),
            service_tier: parsed("BEDROCK_SERVICE_TIER", get("BEDROCK_SERVICE_TIER"))?
                .unwrap_or_default(),
            timeout: seconds("BEDROCK_TIMEOUT_SECONDS", get("BEDROCK_TIMEOUT_SECONDS"))?
                .unwrap_or(DEFAULT_TIMEOUT),
            max_prompt_chars: count("BEDROCK_MAX_PROMPT_CHARS", get("BEDROCK_MAX_PROMPT_CHARS"))?
                .unwrap_or(DEFAULT_MAX_PROMPT_CHARS),
            stream: switch("BEDROCK_STREAM", get("BEDROCK_STREAM"))?.unwrap_or(false),
            preconnect: switch("BEDROCK_PRECONNECT", get("BEDROCK_PRECONNECT"))?.unwrap_or(true),
            log_content: switch("BEDROCK_LOG_CONTENT", get("BEDROCK_LOG_CONTENT"))?
                .unwrap_or(false),
            metrics: get("BEDROCK_METRICS_NAMESPACE")
                .map(|namespace| destination(namespace, get("AWS_LAMBDA_FUNCTION_NAME")))
                .transpose()?,
            log_level: parsed("AWS_LAMBDA_LOG_LEVEL", get("AWS_LAMBDA_LOG_LEVEL"))?
                .unwrap_or(Level::Info),
            region: region(get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION")))?,
            endpoint_url: endpoint(get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME"))?,
            ca_bundle: get("AWS_CA_BUNDLE"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables: BTreeMap<String, String> = [
            ("AWS_REGION", "ap-northeast-1"),
            ("BEDROCK_MODEL_IDS", "jp.amazon.nova-2-lite-v1:0"),
        ]
        .iter()
        .chain(variables)
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
        Config::from_lookup(|name| variables.get(name).cloned())
    }

    fn problem(name: &str, value: &str) -> String {
        with(&[(name, value)]).unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_the_walkthroughs() {
        let config = with(&[]).unwrap();
        assert_eq!(config.max_tokens.get(), 4096);
        assert_eq!(config.temperature.get(), 0.0);
        assert_eq!(config.timeout, Duration::from_secs(60));
        assert!(config.preconnect);
        assert!(!config.log_content);
    }

    #[test]
    fn the_first_model_is_the_default_one_and_spaces_around_ids_are_ignored() {
        let config = with(&[("BEDROCK_MODEL_IDS", "a.b-1:0, c.d-2:0")]).unwrap();
        assert_eq!(config.models.default_model().as_str(), "a.b-1:0");
        assert_eq!(config.models.to_string(), "a.b-1:0, c.d-2:0");
    }

    #[test]
    fn each_wrong_value_is_named_with_its_variable_and_what_it_takes() {
        for (name, value, takes) in [
            ("BEDROCK_MODEL_IDS", "a,,b", "empty"),
            ("BEDROCK_MODEL_IDS", "a b", "a b"),
            ("BEDROCK_MODEL_TABLE", "{", "JSON array"),
            ("BEDROCK_MAX_TOKENS", "0", "1 to"),
            ("BEDROCK_MAX_TOKENS", "many", "1 to"),
            ("BEDROCK_MAX_TOKENS_LIMIT", "0", "1 to"),
            ("BEDROCK_TEMPERATURE", "1.1", "0 to 1"),
            ("BEDROCK_TEMPERATURE", "NaN", "0 to 1"),
            ("BEDROCK_SERVICE_TIER", "FLEX", "default or flex"),
            ("BEDROCK_TIMEOUT_SECONDS", "0", "1 to 900"),
            ("BEDROCK_TIMEOUT_SECONDS", "901", "1 to 900"),
            ("BEDROCK_MAX_PROMPT_CHARS", "0", "at least 1"),
            ("BEDROCK_PRECONNECT", "yes", "0 or 1"),
            ("BEDROCK_LOG_CONTENT", "true", "0 or 1"),
            ("BEDROCK_METRICS_NAMESPACE", "AWS/Lambda", "BedrockOnLambda"),
            ("BEDROCK_METRICS_NAMESPACE", "two words", "BedrockOnLambda"),
            ("AWS_LAMBDA_LOG_LEVEL", "LOUD", "INFO"),
            ("AWS_REGION", "Tokyo!", "ap-northeast-1"),
            (
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
                "localhost:8080",
                "http://",
            ),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://", "host"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://[", "host"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://a:99999", "host"),
            (
                "BEDROCK_MODEL_IDS",
                "arn:aws:bedrock:r:123456789012:inference-profile/x",
                "has an ARN",
            ),
        ] {
            let problem = problem(name, value);
            assert!(problem.starts_with(name), "{name}={value}: {problem}");
            assert!(problem.contains(takes), "{name}={value}: {problem}");
        }
    }

    #[test]
    fn a_missing_model_list_says_what_to_give() {
        let problem = problem("BEDROCK_MODEL_IDS", " ");
        assert!(
            problem.starts_with("BEDROCK_MODEL_IDS is not set"),
            "{problem}"
        );
    }

    #[test]
    fn the_whole_table_of_models_is_accepted_as_rows() {
        let table: serde_json::Value =
            serde_json::from_str(include_str!("../../../../models.json")).unwrap();
        let config = with(&[("BEDROCK_MODEL_TABLE", &table["models"].to_string())]).unwrap();
        let facts = config.models.facts(config.models.default_model()).unwrap();
        assert_eq!(facts.max_output_tokens.unwrap().get(), 64_000);
    }
}

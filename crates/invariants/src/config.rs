//! The function's configuration, as a deployment of three models gives it.

use bedrock_function::config::{Config, ConfigError};

/// The default model: by `Converse`, with every parameter.
pub const MODEL: &str = "jp.amazon.nova-2-lite-v1:0";

/// A model that refuses `temperature` and `topP`.
pub const CLAUDE: &str = "jp.anthropic.claude-haiku-5-5";

/// The model that is reached by `InvokeModel`.
pub const TITAN: &str = "amazon.titan-text-express-v1";

/// The longest prompt taken, in characters: short, so that a generated one can be too long.
const MAX_PROMPT_CHARS: &str = "2000";

/// The configuration. The environment of the process is not read.
///
/// # Errors
///
/// None, as long as `models.json` holds what the function reads of it.
pub fn config() -> Result<Config, ConfigError> {
    let table: serde_json::Value =
        serde_json::from_str(include_str!("../../../models.json")).unwrap_or_default();
    Config::from_lookup(|name| match name {
        "AWS_REGION" => Some("ap-northeast-1".to_owned()),
        "BEDROCK_MODEL_IDS" => Some([MODEL, CLAUDE, TITAN].join(",")),
        "BEDROCK_MODEL_TABLE" => Some(table["models"].to_string()),
        "BEDROCK_MAX_PROMPT_CHARS" => Some(MAX_PROMPT_CHARS.to_owned()),
        _ => None,
    })
}

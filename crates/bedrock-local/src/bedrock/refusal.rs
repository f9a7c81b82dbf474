//! Refusals in AWS's terms, and the checks of a model's id.

use crate::{Answer, Model, ModelTable};
use time::Date;

/// An error type of Bedrock's with its status and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error_type: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, error_type: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            error_type,
            message: message.into(),
        }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationException", message)
    }

    /// A refusal of the model's own, as Bedrock passes it on.
    pub(crate) fn of_the_model(message: &str) -> Self {
        Self::validation(format!(
            "The model returned the following errors: {message}"
        ))
    }

    /// A body that is not Converse's JSON.
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        let message = format!("The body of Converse {}. Correct it.", defect(error));
        Self::new(400, "SerializationException", message)
    }
}

/// The place of an error in a body, without the content there, which may be a prompt.
pub(crate) fn defect(error: &serde_json::Error) -> String {
    let what = if error.is_data() {
        "has a member of the wrong type"
    } else {
        "is not JSON"
    };
    format!("{what} at line {}, column {}", error.line(), error.column())
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::error(refusal.status, refusal.error_type, &refusal.message)
    }
}

/// Finds the model that an id or an ARN names.
pub(crate) fn resolve<'a>(
    table: &'a ModelTable,
    region: &str,
    model_id: &str,
    today: Date,
) -> Result<&'a Model, Refusal> {
    let id = bare_id(model_id, region).ok_or_else(unknown)?;
    match table.find(id) {
        Some(model) if model.has_ended(today) => Err(ended()),
        Some(model) => Ok(model),
        None if table
            .models
            .iter()
            .any(|model| model.foundation_model == id) =>
        {
            Err(profile_required(model_id))
        }
        None => Err(unknown()),
    }
}

/// The id, or the last part of an ARN of this Region; none for any other ARN.
fn bare_id<'a>(model_id: &'a str, region: &str) -> Option<&'a str> {
    let Some(arn) = model_id.strip_prefix("arn:") else {
        return Some(model_id);
    };
    let mut parts = arn.splitn(5, ':');
    let [_partition, service, arn_region, _account, resource] =
        std::array::from_fn(|_| parts.next().unwrap_or(""));
    let (kind, id) = resource.split_once('/')?;
    let known = matches!(kind, "inference-profile" | "foundation-model");
    (service == "bedrock" && arn_region == region && known).then_some(id)
}

fn unknown() -> Refusal {
    Refusal::validation("The provided model identifier is invalid.")
}

fn ended() -> Refusal {
    let message = "This model version has reached the end of its life. Please refer to the AWS documentation for more details.";
    Refusal::new(404, "ResourceNotFoundException", message)
}

fn profile_required(model_id: &str) -> Refusal {
    Refusal::validation(format!(
        "Invocation of model ID {model_id} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model."
    ))
}

//! Which model an id names, and what Bedrock refuses by the id alone.

use crate::{Model, ModelTable, refusal::Refusal};
use time::Date;

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

/// The id itself, or the last part of an ARN of this Region; none for any other ARN.
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

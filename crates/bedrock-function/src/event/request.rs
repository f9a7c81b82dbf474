//! From the keys of an event to a request that can be sent.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    EventError, Request,
    json::{Field, Fields, Kind, array, boolean, number, string, wrong_kind},
};
use crate::{
    config::Config,
    error::InvalidRequest,
    granted::ModelFacts,
    model::{MaxTokens, ModelId, Probability, Role, TextRequest, Turn},
};

/// More turns than fit any model's context at a sentence each, and few enough to check at once.
const MOST_MESSAGES: usize = 10_000;

/// The most that `inferenceConfig.stopSequences` takes, by Bedrock's service model.
const MOST_STOP_SEQUENCES: usize = 2_500;

/// Checks every key that means something.
pub(super) fn checked(fields: &Fields<'_>, config: &Config) -> Result<Request, EventError> {
    let prompt = prompt(fields.prompt)?;
    let model = model(fields.model_id, config)?;
    let facts = config.models.facts(&model);
    let max_tokens = max_tokens(fields.max_tokens, config, facts)?;
    let (temperature, top_p) = sampling(fields, config, facts)?;
    let text = TextRequest {
        system: fields
            .system
            .map(|raw| non_empty("system", raw))
            .transpose()?,
        earlier: earlier(fields.messages)?,
        stop_sequences: stop_sequences(fields.stop_sequences, facts)?,
        model,
        prompt,
        max_tokens,
        temperature,
        top_p,
    };
    fits_the_model(&text)?;
    fits_the_limit(&text, config.max_prompt_chars)?;
    let wants_usage = fields.usage.map(|raw| boolean("usage", raw)).transpose()?;
    Ok(Request {
        text,
        wants_usage: wants_usage.unwrap_or(false),
    })
}

fn prompt(field: Field<'_>) -> Result<String, EventError> {
    let prompt = field.map(|raw| string("prompt", raw)).transpose()?;
    prompt
        .filter(|prompt| !prompt.is_empty())
        .ok_or(EventError::NoPrompt)
}

fn model(field: Field<'_>, config: &Config) -> Result<ModelId, InvalidRequest> {
    let Some(raw) = field else {
        return Ok(config.models.default_model().clone());
    };
    // What was asked for is not repeated: a key can be mistaken for another.
    config
        .models
        .get(&string("modelId", raw)?)
        .cloned()
        .ok_or_else(|| {
            InvalidRequest::new(
                "modelId names a model that this function may not call.",
                format!(
                    "Use one of {}, or deploy with the one you want.",
                    config.models
                ),
            )
        })
}

fn max_tokens(
    field: Field<'_>,
    config: &Config,
    facts: Option<&ModelFacts>,
) -> Result<MaxTokens, InvalidRequest> {
    let of_the_model = facts
        .and_then(|facts| facts.max_output_tokens)
        .unwrap_or(MaxTokens::LARGEST);
    let most = of_the_model.min(config.max_tokens_limit);
    let Some(raw) = field else {
        return Ok(config.max_tokens.min(most));
    };
    let range = if most < of_the_model {
        format!("a whole number from 1 to {most}, which is this function's limit")
    } else {
        format!("a whole number from 1 to {most}, which is what this model can answer with")
    };
    let wanted: MaxTokens = number::<u64, _>("maxTokens", &range, raw)?;
    if wanted <= most {
        Ok(wanted)
    } else {
        let remedy = format!("Send {range}.");
        Err(InvalidRequest::new("maxTokens is out of range.", remedy))
    }
}

/// `temperature` and `topP`. The configured temperature steps back where the model refuses it, or
/// refuses it beside the `topP` that the event asks for.
fn sampling(
    fields: &Fields<'_>,
    config: &Config,
    facts: Option<&ModelFacts>,
) -> Result<(Option<Probability>, Option<Probability>), InvalidRequest> {
    let temperature = probability("temperature", fields.temperature, facts)?;
    let top_p = probability("topP", fields.top_p, facts)?;
    let is_exclusive = ["temperature", "topP"]
        .iter()
        .all(|name| names(facts.map(|f| &f.exclusive_parameters), name));
    if is_exclusive && temperature.is_some() && top_p.is_some() {
        return Err(InvalidRequest::new(
            "This model takes temperature or topP, not both.",
            "Leave one of them out.",
        ));
    }
    let steps_back = names(facts.map(|f| &f.refused_parameters), "temperature")
        || (is_exclusive && top_p.is_some());
    let default = Some(config.temperature).filter(|_| !steps_back);
    Ok((temperature.or(default), top_p))
}

fn probability(
    name: &str,
    field: Field<'_>,
    facts: Option<&ModelFacts>,
) -> Result<Option<Probability>, InvalidRequest> {
    let Some(raw) = field else {
        return Ok(None);
    };
    not_refused(name, facts)?;
    number::<f64, _>(name, "a number from 0 to 1", raw).map(Some)
}

fn stop_sequences(
    field: Field<'_>,
    facts: Option<&ModelFacts>,
) -> Result<Vec<String>, InvalidRequest> {
    let Some(raw) = field else {
        return Ok(Vec::new());
    };
    not_refused("stopSequences", facts)?;
    array("stopSequences", MOST_STOP_SEQUENCES, raw)?
        .into_iter()
        .enumerate()
        .map(|(index, raw)| non_empty(&format!("stopSequences[{index}]"), raw))
        .collect()
}

fn not_refused(name: &str, facts: Option<&ModelFacts>) -> Result<(), InvalidRequest> {
    if names(facts.map(|f| &f.refused_parameters), name) {
        let refusal = format!("This model does not take {name}.");
        return Err(InvalidRequest::new(
            refusal,
            "Leave it out, or choose another model.",
        ));
    }
    Ok(())
}

fn names(parameters: Option<&Vec<String>>, name: &str) -> bool {
    parameters.is_some_and(|parameters| parameters.iter().any(|p| p == name))
}

/// The earlier turns: user and assistant in turn, as Bedrock wants them around the prompt.
fn earlier(field: Field<'_>) -> Result<Vec<Turn>, InvalidRequest> {
    let Some(raw) = field else {
        return Ok(Vec::new());
    };
    let turns = array("messages", MOST_MESSAGES, raw)?
        .into_iter()
        .enumerate()
        .map(|(index, raw)| turn(index, raw))
        .collect::<Result<Vec<_>, _>>()?;
    let expected = [Role::User, Role::Assistant];
    let is_in_turn = turns
        .iter()
        .zip(expected.iter().cycle())
        .all(|(turn, role)| turn.role == *role);
    if is_in_turn && turns.len() % 2 == 0 {
        Ok(turns)
    } else {
        Err(InvalidRequest::new(
            "messages does not alternate between user and assistant.",
            "Send the earlier turns from the first user's to the last assistant's; prompt is then the next user's.",
        ))
    }
}

fn turn(index: usize, raw: &RawValue) -> Result<Turn, InvalidRequest> {
    #[derive(Deserialize)]
    struct Parts<'a> {
        #[serde(borrow)]
        role: Option<&'a RawValue>,
        #[serde(borrow)]
        text: Option<&'a RawValue>,
    }
    let shape = "an object such as {\"role\": \"user\", \"text\": \"…\"}";
    let name = format!("messages[{index}]");
    let parts: Parts<'_> = Some(raw)
        .filter(|raw| Kind::of(raw.get()) == Kind::Object)
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .ok_or_else(|| wrong_kind(&name, raw, shape))?;
    let part = |key: &str, value: Field<'_>| {
        let missing =
            || InvalidRequest::new(format!("{name} has no {key}."), format!("Send {shape}."));
        non_empty(&format!("{name}.{key}"), value.ok_or_else(missing)?)
    };
    let role = match part("role", parts.role)?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        _ => {
            let happened = format!("{name}.role is neither user nor assistant.");
            return Err(InvalidRequest::new(
                happened,
                "Send one of the two; a system prompt goes into system.",
            ));
        }
    };
    Ok(Turn {
        role,
        text: part("text", parts.text)?,
    })
}

fn non_empty(name: &str, raw: &RawValue) -> Result<String, InvalidRequest> {
    let text = string(name, raw)?;
    if text.is_empty() {
        return Err(InvalidRequest::new(
            format!("{name} is empty."),
            "Send some text, or leave it out.",
        ));
    }
    Ok(text)
}

fn fits_the_model(request: &TextRequest) -> Result<(), InvalidRequest> {
    if request.model.is_titan_text() && (request.system.is_some() || !request.earlier.is_empty()) {
        return Err(InvalidRequest::new(
            "Titan Text takes a prompt alone, without system and messages.",
            "Leave them out, or choose another model.",
        ));
    }
    Ok(())
}

fn fits_the_limit(request: &TextRequest, most: usize) -> Result<(), InvalidRequest> {
    let chars: usize = [Some(&request.prompt), request.system.as_ref()]
        .into_iter()
        .flatten()
        .chain(request.earlier.iter().map(|turn| &turn.text))
        .map(|text| text.chars().count())
        .sum();
    if chars <= most {
        return Ok(());
    }
    Err(InvalidRequest::new(
        format!(
            "The prompt, with system and messages, has {chars} characters; this function takes {most}."
        ),
        "Shorten it, or raise BEDROCK_MAX_PROMPT_CHARS.",
    ))
}

//! What this deployment allows: from what the caller wants to a request that can be sent.

use std::sync::Arc;

use json_schema::Schema;

use crate::{
    config::{Api, Config, ModelFacts, Parameter, StructuredOutput},
    doors::{Delivery, Wanted},
    errors::InvalidRequest,
    text::{MaxTokens, ModelId, Probability, ServiceTier, Structured, TextRequest, Way},
};

/// Checks what is wanted against the models that are granted, what each of them takes, and the
/// function's limits.
///
/// # Errors
///
/// The first thing that is not allowed.
pub fn admit(wanted: Wanted, config: &Config) -> Result<TextRequest, InvalidRequest> {
    if wanted.delivery == Delivery::Streamed && !config.stream {
        return Err(InvalidRequest::new(
            "This function does not stream its answers.",
            "Deploy it with STREAM=1, or leave out stream and the header accept: text/event-stream.",
        ));
    }
    let model = model(wanted.model.as_deref(), config)?;
    let facts = config.models.facts(&model);
    let max_tokens = max_tokens(wanted.max_tokens, config, facts)?;
    for (parameter, is_wanted) in [
        (Parameter::Temperature, wanted.temperature.is_some()),
        (Parameter::TopP, wanted.top_p.is_some()),
        (Parameter::StopSequences, wanted.stop_sequences.is_some()),
    ] {
        if is_wanted && refuses(facts, parameter) {
            return Err(InvalidRequest::new(
                format!("This model does not take {}.", parameter.name()),
                "Leave it out, or choose another model.",
            ));
        }
    }
    let temperature = temperature(&wanted, config.temperature, facts)?;
    let service_tier = service_tier(wanted.service_tier.unwrap_or(config.service_tier), facts)?;
    let retries = wanted.schema_retries;
    let structured = wanted
        .schema
        .map(|schema| structured(*schema, retries, facts));
    let request = TextRequest {
        model,
        prompt: wanted.prompt,
        system: wanted.system,
        earlier: wanted.earlier,
        max_tokens,
        temperature,
        top_p: wanted.top_p,
        stop_sequences: wanted.stop_sequences.unwrap_or_default(),
        service_tier,
        structured: structured.transpose()?.map(Arc::new),
    };
    fits_the_api(&request, config)?;
    fits_the_limit(&request, config.max_prompt_chars)?;
    Ok(request)
}

fn model(wanted: Option<&str>, config: &Config) -> Result<ModelId, InvalidRequest> {
    let Some(id) = wanted else {
        return Ok(config.models.default_model().clone());
    };
    // What was asked for is not repeated: a key can be mistaken for another.
    config.models.get(id).cloned().ok_or_else(|| {
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
    wanted: Option<f64>,
    config: &Config,
    facts: Option<&ModelFacts>,
) -> Result<MaxTokens, InvalidRequest> {
    let of_the_model = facts
        .and_then(|facts| facts.max_output_tokens)
        .unwrap_or(MaxTokens::LARGEST);
    let most = of_the_model.min(config.max_tokens_limit);
    let Some(wanted) = wanted else {
        return Ok(config.max_tokens.min(most));
    };
    let bound = if most < of_the_model {
        "this function's limit"
    } else {
        "what this model can answer with"
    };
    let range = format!("a whole number from 1 to {most}, which is {bound}");
    if wanted.fract() != 0.0 {
        return Err(InvalidRequest::new(
            "maxTokens is not a whole number.",
            format!("Send {range}."),
        ));
    }
    // A number below 0 or beyond 64 bits becomes the nearest one that fits, which is out of range too.
    MaxTokens::try_from(wanted as u64)
        .ok()
        .filter(|tokens| *tokens <= most)
        .ok_or_else(|| InvalidRequest::out_of_range("maxTokens", &range))
}

/// The temperature of the event, or the configured one: that is left out where the model refuses
/// it, or refuses it beside the `topP` of the event.
fn temperature(
    wanted: &Wanted,
    configured: Probability,
    facts: Option<&ModelFacts>,
) -> Result<Option<Probability>, InvalidRequest> {
    let is_exclusive = facts.is_some_and(|facts| {
        [Parameter::Temperature, Parameter::TopP]
            .iter()
            .all(|parameter| facts.exclusive_parameters.contains(parameter))
    });
    let is_excluded = is_exclusive && wanted.top_p.is_some();
    if is_excluded && wanted.temperature.is_some() {
        return Err(InvalidRequest::new(
            "This model takes temperature or topP, not both.",
            "Leave one of them out.",
        ));
    }
    let is_left_out = is_excluded || refuses(facts, Parameter::Temperature);
    Ok(wanted
        .temperature
        .or(Some(configured).filter(|_| !is_left_out)))
}

/// The tier, where the model is served in it. The standard one is never refused: no model is without it.
fn service_tier(
    tier: ServiceTier,
    facts: Option<&ModelFacts>,
) -> Result<ServiceTier, InvalidRequest> {
    let is_served = tier.is_default()
        || facts.is_some_and(|facts| facts.flex_price_per_million_tokens.is_some());
    if is_served {
        return Ok(tier);
    }
    Err(InvalidRequest::new(
        "Bedrock does not serve this model in its flexible tier.",
        "Send \"serviceTier\": \"default\", or choose a model that has a flexPricePerMillionTokens in models.json.",
    ))
}

/// How the model is told of the schema; an error where the model cannot be held to one.
fn structured(
    schema: Schema,
    retries: u8,
    facts: Option<&ModelFacts>,
) -> Result<Structured, InvalidRequest> {
    let known = facts.map_or(StructuredOutput::None, |facts| facts.structured_output);
    let way = match known {
        StructuredOutput::Native => match schema.refused_as_grammar() {
            None => Way::TextFormat,
            Some(problem) => return Err(InvalidRequest::of_schema(&problem)),
        },
        StructuredOutput::Tool => Way::Tool {
            input_schema: schema
                .as_tool_input()
                .map_err(|problem| InvalidRequest::of_schema(&problem))?,
        },
        StructuredOutput::None => {
            return Err(InvalidRequest::new(
                "This model cannot be brought to satisfy a schema.",
                "Leave schema out, or choose a model whose structuredOutput in models.json is native or tool.",
            ));
        }
    };
    Ok(Structured {
        schema,
        way,
        retries,
    })
}

fn refuses(facts: Option<&ModelFacts>, parameter: Parameter) -> bool {
    facts.is_some_and(|facts| facts.refused_parameters.contains(&parameter))
}

fn fits_the_api(request: &TextRequest, config: &Config) -> Result<(), InvalidRequest> {
    let is_conversation = request.system.is_some() || !request.earlier.is_empty();
    if is_conversation && config.models.api(&request.model) == Api::InvokeModel {
        return Err(InvalidRequest::new(
            "Titan Text takes a prompt alone, without system and messages.",
            "Leave them out, or choose another model.",
        ));
    }
    Ok(())
}

fn fits_the_limit(request: &TextRequest, most: usize) -> Result<(), InvalidRequest> {
    let chars: usize = request.texts().map(|text| text.chars().count()).sum();
    if chars <= most {
        return Ok(());
    }
    let others = match request.structured {
        None => "system and messages",
        Some(_) => "system, messages and schema",
    };
    Err(InvalidRequest::new(
        format!("The prompt, with {others}, has {chars} characters; this function takes {most}."),
        "Shorten it, or raise BEDROCK_MAX_PROMPT_CHARS.",
    ))
}

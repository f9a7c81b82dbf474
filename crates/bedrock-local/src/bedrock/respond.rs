//! The path from a request to its answer.

use crate::bedrock::refusal::{self, Refusal};
use crate::bedrock::{converse, converse_stream, titan};
use crate::generate::{self, Prompt, Reply};
use crate::signature;
use crate::state::{Settings, State};
use crate::{Answer, Api, FaultKind, Model, Operation, ReceivedRequest};
use futures_util::stream::StreamExt;
use std::time::Instant;
use time::OffsetDateTime;

/// Checks the signature, then takes the first there is of: a scripted answer, a fault, the test's function, Bedrock's rules.
pub(crate) async fn answer(state: &State, request: &ReceivedRequest) -> Answer {
    let settings = &state.settings;
    if settings.verify_signatures
        && let Err(refusal) =
            signature::verify(request, &settings.region, OffsetDateTime::now_utc())
    {
        return refusal.into();
    }
    if let Some(scripted) = state.dequeue() {
        return scripted;
    }
    match state.next_fault(request.operation) {
        Some(fault) => faulty(state, request, &fault).await,
        None => unscripted(state, request, None).await,
    }
}

async fn faulty(state: &State, request: &ReceivedRequest, fault: &FaultKind) -> Answer {
    match fault.replacement() {
        Some(answer) => answer,
        None => fault.change_delivery(unscripted(state, request, Some(fault)).await),
    }
}

async fn unscripted(state: &State, request: &ReceivedRequest, fault: Option<&FaultKind>) -> Answer {
    match state.responder() {
        Some(responder) => responder(request),
        None => own(state, request, fault)
            .await
            .unwrap_or_else(|refused| refused),
    }
}

/// Bedrock's answer or refusal, with the text of the stand-in or of the upstream.
async fn own(
    state: &State,
    request: &ReceivedRequest,
    fault: Option<&FaultKind>,
) -> Result<Answer, Answer> {
    let settings = &state.settings;
    let started = Instant::now();
    let today = settings.today.unwrap_or_else(models::today);
    let model = refusal::resolve(&settings.models, &settings.region, &request.model_id, today)?;
    let prompt = parse(request, model)?;
    match request.operation {
        Operation::ConverseStream => stream(settings, &prompt, fault, started).await,
        Operation::InvokeModel => Ok(titan::render(&reply(settings, &prompt, fault).await?)),
        _ => {
            let reply = reply(settings, &prompt, fault).await?;
            let (tool, tier) = (prompt.tool(), prompt.tier.as_ref());
            Ok(converse::render(&reply, tool, tier, started.elapsed()))
        }
    }
}

async fn reply(
    settings: &Settings,
    prompt: &Prompt<'_>,
    fault: Option<&FaultKind>,
) -> Result<Reply, Answer> {
    let mut reply = match &settings.upstream {
        Some(upstream) => upstream.answer(prompt).await?,
        None => generate::answer(prompt, fault == Some(&FaultKind::Schema)),
    };
    if let Some(fault) = fault {
        fault.change_reply(&mut reply);
    }
    Ok(reply)
}

async fn stream(
    settings: &Settings,
    prompt: &Prompt<'_>,
    fault: Option<&FaultKind>,
    started: Instant,
) -> Result<Answer, Answer> {
    let (parts, pace) = match &settings.upstream {
        Some(upstream) => (upstream.stream(prompt).await?.boxed(), None),
        None => {
            let reply = generate::answer(prompt, fault == Some(&FaultKind::Schema));
            let parts = converse_stream::parts(reply);
            (parts.boxed(), settings.tokens_per_second)
        }
    };
    Ok(converse_stream::render(parts, prompt, pace, fault, started))
}

fn parse<'a>(request: &ReceivedRequest, model: &'a Model) -> Result<Prompt<'a>, Refusal> {
    match request.operation {
        Operation::Converse => converse::parse(&request.body, model),
        Operation::ConverseStream => {
            converse_stream::check(model)?;
            converse::parse(&request.body, model)
        }
        Operation::InvokeModel if model.api == Api::InvokeModel => {
            titan::parse(&request.body, model)
        }
        Operation::InvokeModel => Err(Refusal::validation(
            "bedrock-local, the stand-in for Amazon Bedrock, speaks InvokeModel only for Titan Text. Use Converse for this model.",
        )),
        other => Err(Refusal::new(
            404,
            "UnknownOperationException",
            format!(
                "bedrock-local, the stand-in for Amazon Bedrock, does not speak {other}. Use Converse, ConverseStream or InvokeModel."
            ),
        )),
    }
}

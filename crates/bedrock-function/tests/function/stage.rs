//! What every test stands on: one function process, one Bedrock, and an event from one to the other.

use bedrock_local::{ACCESS_KEY_ID, Answer, BedrockLocal, SECRET_ACCESS_KEY};
use lambda_local::{Builder, Deadline, Function, Invocation, Outcome};
use serde_json::{Value, json};
use tokio::task::JoinSet;

pub(crate) const MODEL: &str = "jp.amazon.nova-2-lite-v1:0";
pub(crate) const TITAN: &str = "amazon.titan-text-express-v1";
pub(crate) const REQUEST_ID: &str = "REQUEST-ID";
pub(crate) const SESSION_TOKEN: &str = "session-token-of-the-test";

/// A running function and the Bedrock that it calls.
pub(crate) struct Stage {
    pub(crate) bedrock: BedrockLocal,
    pub(crate) function: Function,
}

/// What came back from one invocation.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) raw: String,
    pub(crate) status: u64,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap()
    }

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// The function's program with the environment that a deployment of `MODEL` and Titan would give it.
pub(crate) fn program(bedrock_url: &str) -> Builder {
    let table: Value = serde_json::from_str(include_str!("../../../../models.json")).unwrap();
    Function::builder(env!("CARGO_BIN_EXE_bedrock-function"))
        .credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, Some(SESSION_TOKEN))
        .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock_url)
        .env("BEDROCK_MODEL_IDS", format!("{MODEL},{TITAN}"))
        .env("BEDROCK_MODEL_TABLE", table["models"].to_string())
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|program| program).await
    }

    /// A stage whose function is started with more than the usual environment.
    pub(crate) async fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let bedrock = BedrockLocal::builder().start().await.unwrap();
        let function = change(program(&bedrock.endpoint_url()))
            .start()
            .await
            .unwrap();
        Self { bedrock, function }
    }

    pub(crate) async fn invoke(&self, event: &Value) -> Reply {
        self.invoke_raw(event.to_string()).await
    }

    pub(crate) async fn invoke_raw(&self, payload: impl Into<Vec<u8>>) -> Reply {
        reply(text(&self.outcome(payload).await))
    }

    /// What Lambda gets of an invocation with `REQUEST_ID`.
    pub(crate) async fn outcome(&self, payload: impl Into<Vec<u8>>) -> Outcome {
        let invocation = Invocation {
            request_id: Some(REQUEST_ID.to_owned()),
            ..Invocation::default()
        };
        self.function.invoke_with(payload.into(), invocation).await
    }

    /// Invokes the function with another deadline than its configured time-out sets.
    pub(crate) async fn invoke_until(&self, deadline: Deadline, event: &Value) -> Reply {
        let invocation = Invocation {
            deadline: Some(deadline),
            ..Invocation::default()
        };
        let outcome = self
            .function
            .invoke_with(event.to_string(), invocation)
            .await;
        reply(text(&outcome))
    }

    /// Has Bedrock answer `answer` to a plain prompt.
    pub(crate) async fn invoke_answered(&self, answer: Answer) -> Reply {
        self.bedrock.enqueue(answer);
        self.invoke(&json!({"prompt": "hi"})).await
    }

    /// The bodies that Bedrock received, as JSON.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.bedrock
            .requests()
            .iter()
            .map(|request| request.json().unwrap())
            .collect()
    }

    /// Proves that the process has taken no harm.
    pub(crate) async fn assert_serves_on(&self) {
        let reply = self
            .invoke_answered(Answer::converse_text("still here"))
            .await;
        assert_eq!(reply.body["text"], "still here");
    }
}

/// The payload of an invocation that did not fail.
pub(crate) fn text(outcome: &Outcome) -> String {
    match outcome.response() {
        Some(body) => String::from_utf8(body.to_vec()).unwrap(),
        None => panic!("the invocation failed: {outcome}"),
    }
}

/// Awaits checks that run side by side, each on a process of its own.
pub(crate) async fn all(mut checks: JoinSet<()>) {
    while let Some(result) = checks.join_next().await {
        result.unwrap();
    }
}

fn reply(raw: String) -> Reply {
    let value: Value = serde_json::from_str(&raw).unwrap();
    let body = value["body"]
        .as_str()
        .expect("a body that is a JSON string");
    Reply {
        status: value["statusCode"].as_u64().unwrap(),
        body: serde_json::from_str(body).unwrap(),
        raw,
    }
}

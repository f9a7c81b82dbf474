//! JSON by a schema: as text, and as the input of a tool; what Bedrock refuses of either.

use crate::support::{MICRO, NOVA, TIME_OUT, TITAN, client, message, stand_in, text};
use aws_sdk_bedrockruntime::types::{
    ConversationRole, JsonSchemaDefinition, OutputConfig, OutputFormat, OutputFormatStructure,
    OutputFormatType,
};
use bedrock_local::{BedrockLocal, Fault, ModelTable};
use serde_json::{Value, json};

/// Takes `outputConfig`.
const NATIVE: &str = "jp.anthropic.claude-haiku-4-5-20251001-v1:0";

async fn unsigned() -> BedrockLocal {
    let models = ModelTable::bundled().unwrap().with_active(TITAN);
    let builder = BedrockLocal::builder().verify_signatures(false);
    builder.models(models).start().await.unwrap()
}

/// The status and body of the answer to a request with these members beside its message.
async fn post(bedrock: &BedrockLocal, model: &str, more: Value) -> (u16, Value) {
    let mut body = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/model/{model}/converse", bedrock.endpoint_url());
    let request = client.post(url).timeout(TIME_OUT).json(&body);
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

async fn refusal(bedrock: &BedrockLocal, model: &str, more: Value) -> String {
    let (status, body) = post(bedrock, model, more).await;
    assert_eq!(status, 400, "{body}");
    body["message"].as_str().unwrap().to_owned()
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"b": {"type": "integer"}, "a": {"type": "array", "items": {"type": "string"}}},
        "required": ["b"],
    })
}

fn closed(schema: Value) -> Value {
    let mut schema = schema;
    schema["additionalProperties"] = json!(false);
    schema
}

fn text_format(schema: &Value) -> Value {
    let json_schema = json!({"schema": schema.to_string(), "name": "n"});
    json!({"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": json_schema}}}})
}

fn forced_tool(schema: &Value) -> Value {
    json!({"toolConfig": {
        "tools": [{"toolSpec": {"name": "n", "inputSchema": {"json": schema}}}],
        "toolChoice": {"tool": {"name": "n"}},
    }})
}

#[tokio::test]
async fn a_schema_is_answered_with_the_same_value_each_time() {
    let bedrock = unsigned().await;
    for _ in 0..2 {
        let (status, body) = post(&bedrock, NATIVE, text_format(&closed(schema()))).await;
        assert_eq!(status, 200, "{body}");
        let content = &body["output"]["message"]["content"];
        assert_eq!(content, &json!([{"text": r#"{"a":["a"],"b":1}"#}]));
        assert_eq!(body["stopReason"], "end_turn");

        let (_, body) = post(&bedrock, NOVA, forced_tool(&schema())).await;
        let content = &body["output"]["message"]["content"];
        let call = json!({"toolUseId": "tooluse_bedrock-local", "name": "n", "input": {"a": ["a"], "b": 1}});
        assert_eq!(content, &json!([{"toolUse": call}]));
        assert_eq!(body["stopReason"], "tool_use");
    }
}

#[tokio::test]
async fn a_limit_of_tokens_cuts_the_value_too() {
    let bedrock = unsigned().await;
    for (model, mut more) in [
        (NATIVE, text_format(&closed(schema()))),
        (NOVA, forced_tool(&schema())),
    ] {
        more["inferenceConfig"] = json!({"maxTokens": 1});
        let (_, body) = post(&bedrock, model, more).await;
        assert_eq!(body["stopReason"], "max_tokens", "{body}");
    }
}

#[tokio::test]
async fn the_fault_violates_the_schema_and_leaves_other_answers_alone() {
    let fault: Fault = "schema".parse().unwrap();
    let builder = BedrockLocal::builder().verify_signatures(false);
    let bedrock = builder.default_faults([fault]).start().await.unwrap();
    let (_, body) = post(&bedrock, NOVA, forced_tool(&schema())).await;
    let input = &body["output"]["message"]["content"][0]["toolUse"]["input"];
    assert_eq!(input, &json!({"a": ["a"]}));
    let (_, body) = post(&bedrock, NATIVE, text_format(&closed(schema()))).await;
    assert_eq!(
        body["output"]["message"]["content"][0]["text"],
        r#"{"a":["a"]}"#
    );
    let (_, body) = post(&bedrock, NATIVE, json!({})).await;
    assert_eq!(body["stopReason"], "end_turn");
}

#[tokio::test]
async fn what_a_model_does_not_take_is_refused() {
    let bedrock = unsigned().await;
    for (model, more, says) in [
        (
            NOVA,
            text_format(&closed(schema())),
            "doesn't support the outputConfig.textFormat field",
        ),
        (TITAN, forced_tool(&schema()), "doesn't support tool use"),
        (
            NATIVE,
            text_format(&schema()),
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        (
            NATIVE,
            text_format(&json!({"type": "integer", "maximum": 3})),
            "output_config.format.schema: For 'integer' type, property 'maximum' is not supported",
        ),
        (
            NATIVE,
            text_format(&json!({"type": "array", "items": {"$ref": "#"}})),
            "output_config.format.schema: The schema has a $ref at /items that leads back to itself.",
        ),
        (
            NOVA,
            forced_tool(&closed(schema())),
            "#/toolConfig/tools/0/toolSpec/inputSchema/json: extraneous key [additionalProperties] is not permitted",
        ),
        (
            NOVA,
            forced_tool(&json!({"type": "array"})),
            "toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.",
        ),
        (
            NOVA,
            json!({"toolConfig": {"tools": []}}),
            "calls a tool only where toolChoice.tool names it",
        ),
    ] {
        let message = refusal(&bedrock, model, more).await;
        assert!(message.contains(says), "{message}");
    }
    let mut strict = forced_tool(&closed(schema()));
    strict["toolConfig"]["tools"][0]["toolSpec"]["strict"] = json!(true);
    let (status, _) = post(&bedrock, NATIVE, strict.clone()).await;
    assert_eq!(status, 200);
    strict["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"] = schema();
    let message = refusal(&bedrock, MICRO, strict.clone()).await;
    assert!(message.contains("toolSpec.strict"), "{message}");
    let message = refusal(&bedrock, NATIVE, strict).await;
    assert!(
        message.contains("tools.0.custom: For 'object' type"),
        "{message}"
    );
    let mut unnamed = forced_tool(&schema());
    unnamed["toolConfig"]["toolChoice"]["tool"]["name"] = json!("other");
    let message = refusal(&bedrock, NOVA, unnamed).await;
    assert!(message.contains("toolChoice.tool.name"), "{message}");
}

#[tokio::test]
async fn the_signed_request_of_a_client_takes_a_schema_too() {
    let bedrock = stand_in().await;
    let answer = client(&bedrock)
        .converse()
        .model_id(NATIVE)
        .messages(message(ConversationRole::User, "hi"))
        .output_config(output_config())
        .send()
        .await
        .unwrap();
    assert_eq!(text(&answer), r#"{"a":["a"],"b":1}"#);
}

fn output_config() -> OutputConfig {
    let definition = JsonSchemaDefinition::builder()
        .schema(closed(schema()).to_string())
        .build()
        .unwrap();
    let format = OutputFormat::builder()
        .r#type(OutputFormatType::JsonSchema)
        .structure(OutputFormatStructure::JsonSchema(definition))
        .build()
        .unwrap();
    OutputConfig::builder().text_format(format).build()
}

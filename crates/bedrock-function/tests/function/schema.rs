//! Answers that are JSON by a schema: how the model is asked, what is checked, and what the caller is told.

use std::time::Duration;

use bedrock_local::{Answer, Fault};
use serde_json::{Value, json};

use super::schemas::schemas;
use super::stage::{MODEL, Reply, Stage, TITAN, program};

/// Called by `outputConfig`.
const NATIVE: &str = "jp.anthropic.claude-haiku-4-5-20251001-v1:0";

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"city": {"type": "string"}, "rain": {"type": ["boolean", "null"]}},
        "required": ["city", "rain"],
        "additionalProperties": false,
    })
}

fn event(model: &str, schema: &Value) -> Value {
    json!({"prompt": "hi", "modelId": model, "schema": schema, "usage": true})
}

async fn stage() -> Stage {
    Stage::with(|p| p.env("BEDROCK_MODEL_IDS", format!("{MODEL},{NATIVE},{TITAN}"))).await
}

/// A stage whose Bedrock has a fault.
async fn stage_with(fault: &str) -> Stage {
    let fault: Fault = fault.parse().unwrap();
    let bedrock = bedrock_local::BedrockLocal::builder().default_faults([fault]);
    let bedrock = bedrock.start().await.unwrap();
    let ids = format!("{MODEL},{NATIVE}");
    let program = program(&bedrock.endpoint_url()).env("BEDROCK_MODEL_IDS", ids);
    let function = program.start().await.unwrap();
    Stage { bedrock, function }
}

fn tool_answer(input: &str, stop_reason: &str) -> Answer {
    let body = format!(
        r#"{{"output":{{"message":{{"role":"assistant","content":[{{"text":"Well: "}},{{"toolUse":{{"toolUseId":"t","name":"answer","input":{input}}}}}]}}}},"stopReason":"{stop_reason}","usage":{{"inputTokens":10,"outputTokens":5,"totalTokens":15}},"metrics":{{"latencyMs":1}}}}"#
    );
    Answer::raw(200, "application/json", body)
}

fn last_line(stage: &Stage) -> Value {
    serde_json::from_str(stage.function.stdout().lines().last().unwrap()).unwrap()
}

#[tokio::test]
async fn a_model_with_structured_output_is_told_the_schema_as_text_format() {
    let stage = stage().await;
    let reply = stage.invoke(&event(NATIVE, &schema())).await;
    assert_eq!(reply.status, 200, "{}", reply.raw);
    let sent = &stage.sent()[0];
    let format = &sent["outputConfig"]["textFormat"];
    assert_eq!(format["type"], "json_schema");
    assert_eq!(format["structure"]["jsonSchema"]["name"], "answer");
    let text = format["structure"]["jsonSchema"]["schema"].as_str();
    assert_eq!(text, Some(schema().to_string().as_str()));
    assert!(sent.get("toolConfig").is_none());
    assert_eq!(reply.body["json"], json!({"city": "city", "rain": true}));
    assert_eq!(reply.body["text"], r#"{"city":"city","rain":true}"#);
    assert_eq!(reply.body["stopReason"], "end_turn");
}

#[tokio::test]
async fn any_other_model_must_call_a_tool_whose_input_is_the_schema() {
    let stage = stage().await;
    let reply = stage.invoke(&event(MODEL, &schema())).await;
    assert_eq!(reply.status, 200, "{}", reply.raw);
    let sent = &stage.sent()[0];
    assert!(sent.get("outputConfig").is_none());
    assert_eq!(
        sent["toolConfig"],
        json!({
            "toolChoice": {"tool": {"name": "answer"}},
            "tools": [{"toolSpec": {
                "name": "answer",
                "description": "Takes the whole answer.",
                // At its top, Amazon Nova takes no more than these.
                "inputSchema": {"json": {
                    "type": "object",
                    "properties": schema()["properties"],
                    "required": ["city", "rain"],
                }},
            }}],
        })
    );
    assert_eq!(reply.body["json"], json!({"city": "city", "rain": true}));
    assert_eq!(reply.body["stopReason"], "tool_use");
}

#[tokio::test]
async fn the_order_and_the_numbers_of_a_tools_input_stay_as_the_model_wrote_them() {
    let stage = stage().await;
    let input = r#"{ "z": 12345678901234567890123, "a": [1.50, "\u6771"] }"#;
    stage.bedrock.enqueue(tool_answer(input, "tool_use"));
    let reply = stage
        .invoke(&json!({"prompt": "hi", "schema": {"type": "object"}}))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.raw);
    let body: Value = serde_json::from_str(&reply.raw).unwrap();
    let body = body["body"].as_str().unwrap();
    let compact = r#""json":{"z":12345678901234567890123,"a":[1.50,"\u6771"]}"#;
    assert!(body.contains(compact), "{body}");
    assert_eq!(reply.body["text"], input);
    // The reason is the ordinary one of this way, so that it is told with `usage` alone.
    assert!(reply.body.get("stopReason").is_none());
}

async fn unsatisfied(stage: &Stage, event: &Value) -> Reply {
    let reply = stage.invoke(event).await;
    assert_eq!(
        (reply.status, reply.code()),
        (502, "SchemaNotSatisfied"),
        "{}",
        reply.raw
    );
    assert!(reply.body.get("text").is_none() && reply.body.get("json").is_none());
    reply
}

#[tokio::test]
async fn an_answer_that_violates_the_schema_is_an_error_with_the_place_and_without_the_value() {
    let stage = stage().await;
    let rows = json!({
        "type": "object",
        "properties": {"rows": {"type": "array", "items": schema()}},
        "required": ["rows"],
        "additionalProperties": false,
    });
    let answer = r#"{"rows":[{"city":"SECRET-CITY","rain":"SECRET-VALUE"}]}"#;
    stage.bedrock.enqueue(tool_answer(answer, "tool_use"));
    let by_tool = unsatisfied(&stage, &event(MODEL, &rows)).await;
    stage.bedrock.enqueue(Answer::converse_text(answer));
    let by_text = unsatisfied(&stage, &event(NATIVE, &rows)).await;
    for (reply, model) in [(by_tool, MODEL), (by_text, NATIVE)] {
        assert_eq!(
            reply.body["violation"],
            json!({"pointer": "/rows/0/rain", "keyword": "type"})
        );
        let message = reply.message();
        let says = format!(
            "The answer of {model} does not satisfy the schema of the event: type at /rows/0/rain."
        );
        assert!(message.starts_with(&says), "{message}");
        assert!(!reply.raw.contains("SECRET"), "{}", reply.raw);
    }
    let line = last_line(&stage);
    assert_eq!(
        (&line["outcome"], &line["statusCode"]),
        (&json!("SchemaNotSatisfied"), &json!(502))
    );
    // It is paid all the same.
    assert!(
        line["costUsd"].is_f64() && line["outputTokens"].is_u64(),
        "{line}"
    );
    assert!(!stage.function.stdout().contains("SECRET"));
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_said_to_be_none() {
    let stage = stage().await;
    for text in ["Here it is: {}", "{\"city\":", "{}\u{200b}"] {
        stage.bedrock.enqueue(Answer::converse_text(text));
        let reply = unsatisfied(&stage, &event(NATIVE, &schema())).await;
        assert!(reply.message().contains("is not JSON"), "{}", reply.raw);
        assert!(reply.body.get("violation").is_none());
    }
    // A model that was to call the tool and did not.
    stage
        .bedrock
        .enqueue(Answer::converse_text("{\"city\":\"a\",\"rain\":null}"));
    let reply = unsatisfied(&stage, &event(MODEL, &schema())).await;
    assert!(reply.message().contains("is not JSON"), "{}", reply.raw);
}

#[tokio::test]
async fn an_answer_that_was_cut_is_said_to_be_cut_and_not_asked_for_again() {
    let stage = stage().await;
    for model in [MODEL, NATIVE] {
        let mut event = event(model, &schema());
        event["maxTokens"] = json!(2);
        event["schemaRetries"] = json!(2);
        let before = stage.bedrock.requests().len();
        let reply = unsatisfied(&stage, &event).await;
        assert_eq!(reply.body["stopReason"], "max_tokens", "{model}");
        assert!(reply.message().contains("was cut before"), "{}", reply.raw);
        assert!(reply.message().contains("raise maxTokens"), "{}", reply.raw);
        assert_eq!(stage.bedrock.requests().len(), before + 1, "{model}");
    }
    // Even an input that satisfies the schema as far as it goes.
    let whole = r#"{"city":"a","rain":true}"#;
    stage.bedrock.enqueue(tool_answer(whole, "max_tokens"));
    unsatisfied(&stage, &event(MODEL, &schema())).await;
}

#[tokio::test]
async fn no_second_call_is_made_that_was_not_asked_for() {
    let stage = stage_with("schema").await;
    unsatisfied(&stage, &event(MODEL, &schema())).await;
    unsatisfied(&stage, &event(NATIVE, &schema())).await;
    assert_eq!(stage.bedrock.requests().len(), 2);
}

#[tokio::test]
async fn a_retry_asks_the_same_again_and_all_of_it_is_counted() {
    let stage = stage_with("schema:2").await;
    let mut event = event(MODEL, &schema());
    event["schemaRetries"] = json!(2);
    let reply = stage.invoke(&event).await;
    assert_eq!(reply.status, 200, "{}", reply.raw);
    let sent = stage.sent();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|body| *body == sent[0]));
    let line = last_line(&stage);
    assert_eq!(line["attempts"], 3);
    for count in [&reply.body["usage"], &line] {
        // One token of the prompt for each, and the tokens of three answers.
        assert_eq!(count["inputTokens"], 3, "{count}");
        let output = count["outputTokens"].as_u64().unwrap();
        assert!(output > 3 * 4, "{count}");
    }
    assert_eq!(reply.body["costUsd"], line["costUsd"]);
}

#[tokio::test]
async fn a_retry_that_fails_is_logged_as_that_with_what_the_answer_before_it_took() {
    let stage = stage().await;
    stage.bedrock.enqueue(tool_answer("{}", "tool_use"));
    let refusal = Answer::error(403, "AccessDeniedException", "no");
    stage.bedrock.enqueue(refusal);
    let mut event = event(MODEL, &schema());
    event["schemaRetries"] = json!(1);
    let reply = stage.invoke(&event).await;
    assert_eq!(reply.code(), "AccessDeniedException", "{}", reply.raw);
    let line = last_line(&stage);
    assert_eq!(line["outcome"], "AccessDeniedException");
    assert_eq!(
        (&line["inputTokens"], &line["attempts"]),
        (&json!(10), &json!(2))
    );
    assert_eq!(line.get("stopReason"), None, "{line}");
}

#[tokio::test]
async fn retries_end_and_what_they_took_is_counted_in_the_error_too() {
    let stage = stage_with("schema").await;
    let mut event = event(NATIVE, &schema());
    event["schemaRetries"] = json!(1);
    unsatisfied(&stage, &event).await;
    assert_eq!(stage.bedrock.requests().len(), 2);
    let line = last_line(&stage);
    assert_eq!(
        (&line["attempts"], &line["inputTokens"]),
        (&json!(2), &json!(2))
    );

    // A call that fails after one that was paid.
    stage.bedrock.enqueue(Answer::converse_text("no JSON"));
    stage
        .bedrock
        .enqueue(Answer::error(400, "ValidationException", "x"));
    let reply = stage.invoke(&event).await;
    assert_eq!(reply.code(), "ValidationException");
    let line = last_line(&stage);
    assert_eq!(
        (&line["attempts"], &line["inputTokens"]),
        (&json!(2), &json!(10))
    );
    assert!(line["costUsd"].is_f64(), "{line}");
}

#[tokio::test]
async fn no_retry_begins_that_could_not_end_in_time() {
    let stage = Stage::with(|p| p.timeout(Duration::from_secs(6))).await;
    let slow = tool_answer("{}", "tool_use").after(Duration::from_secs(3));
    stage.bedrock.enqueue(slow);
    let mut event = event(MODEL, &schema());
    event["schemaRetries"] = json!(2);
    unsatisfied(&stage, &event).await;
    assert_eq!(stage.bedrock.requests().len(), 1);
}

#[tokio::test]
async fn what_no_answer_could_be_checked_by_is_refused_before_anything_is_sent() {
    let stage = stage().await;
    let deep = (0..40).fold(json!({}), |inner, _| json!({"items": inner}));
    let large = json!({"type": "object", "description": "x".repeat(64 * 1024)});
    let open = json!({"type": "object", "properties": {"a": {"type": "object"}}, "additionalProperties": false});
    for (model, schema, says) in [
        (
            MODEL,
            json!("my prompt"),
            "schema is a string. Send a JSON Schema",
        ),
        (MODEL, json!([]), "schema is an array."),
        (MODEL, large, "schema has 655"),
        (
            MODEL,
            deep,
            "schema has more than 32 schemas inside one another",
        ),
        (
            MODEL,
            json!({"$ref": "https://example.com/schema.json"}),
            "schema has a $ref that leads to no definition of it.",
        ),
        (
            MODEL,
            json!({"type": "object", "properties": {"a": {"$ref": "#"}}}),
            "schema has a $ref at /properties/a that leads back to itself.",
        ),
        (
            MODEL,
            json!({"type": "object", "oneOf": []}),
            "schema has oneOf, by which answers are not checked here.",
        ),
        (
            MODEL,
            json!({"type": "object", "my secret prompt": 1}),
            "schema has a keyword that is none of JSON Schema's.",
        ),
        (
            MODEL,
            json!({"type": "array"}),
            "schema is not of type object.",
        ),
        (
            NATIVE,
            open,
            "schema has an object at /properties/a without \"additionalProperties\": false",
        ),
        (
            NATIVE,
            json!({"type": "integer", "minimum": 1}),
            "schema has minimum, which this model refuses.",
        ),
        (
            TITAN,
            schema(),
            "This model cannot be brought to satisfy a schema.",
        ),
    ] {
        let reply = stage.invoke(&event(model, &schema)).await;
        let told = (reply.status, reply.code());
        assert_eq!(told, (400, "InvalidRequest"), "{}", reply.raw);
        assert!(reply.message().starts_with(says), "{}", reply.message());
        assert!(!reply.raw.contains("my "), "{}", reply.raw);
    }
    assert!(stage.bedrock.requests().is_empty());
    // What a grammar has no place for, a tool has; and a text can be JSON of any type.
    let bounded = json!({"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}}});
    let reply = stage.invoke(&event(MODEL, &bounded)).await;
    assert_eq!(reply.body["json"], json!({"a": 3}));
    let reply = stage
        .invoke(&event(NATIVE, &json!({"type": "integer"})))
        .await;
    assert_eq!(
        (&reply.body["json"], &reply.body["text"]),
        (&json!(1), &json!("1"))
    );
}

#[tokio::test]
async fn schema_retries_takes_zero_to_two_and_only_with_a_schema() {
    let stage = stage().await;
    for (retries, schema, says) in [
        (
            json!(3),
            schema(),
            "schemaRetries is out of range. Send 0, 1 or 2.",
        ),
        (json!(-1), schema(), "schemaRetries is out of range."),
        (json!(0.5), schema(), "schemaRetries is out of range."),
        (json!("1"), schema(), "schemaRetries is a string."),
        (
            json!(1),
            Value::Null,
            "schemaRetries is given without a schema. Send schema too, or leave it out.",
        ),
    ] {
        let reply = stage
            .invoke(&json!({"prompt": "hi", "schema": schema, "schemaRetries": retries}))
            .await;
        assert_eq!((reply.status, reply.code()), (400, "InvalidRequest"));
        assert!(reply.message().starts_with(says), "{}", reply.raw);
    }
    assert!(stage.bedrock.requests().is_empty());
    let none = json!({"prompt": "hi", "schema": null, "schemaRetries": 0});
    let reply = stage.invoke(&none).await;
    assert_eq!(reply.status, 200);
    assert!(reply.body.get("json").is_none());
}

#[tokio::test]
async fn a_model_of_which_nothing_is_known_takes_no_schema() {
    let stage = Stage::with(|p| p.env("BEDROCK_MODEL_TABLE", "[]")).await;
    let reply = stage.invoke(&event(MODEL, &schema())).await;
    assert!(
        reply.message().contains("structuredOutput"),
        "{}",
        reply.raw
    );
    assert!(stage.bedrock.requests().is_empty());
}

/// 500 random schemas, each as the value of a member, because a tool's input is an object.
#[tokio::test]
async fn what_the_stand_in_makes_from_any_schema_comes_back_unchanged() {
    let stage = stage().await;
    let (mut by_tool, mut by_text) = (0, 0);
    for schema in schemas(500) {
        let definitions = |name: &str| schema[name].clone();
        let (defs, older) = (definitions("$defs"), definitions("definitions"));
        let mut inner = schema.clone();
        inner
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !["$defs", "definitions"].contains(&name.as_str()));
        let schema = json!({
            "type": "object",
            "properties": {"value": inner},
            "required": ["value"],
            "additionalProperties": false,
            "$defs": defs,
            "definitions": older,
        });
        let parsed = json_schema::Schema::parse(&schema.to_string()).unwrap();
        let Some(sample) = parsed.sample() else {
            continue;
        };
        let validator = jsonschema::validator_for(&schema).unwrap();
        let is_native = parsed.refused_as_grammar().is_none();
        for model in [Some(MODEL), is_native.then_some(NATIVE)]
            .into_iter()
            .flatten()
        {
            let reply = stage.invoke(&event(model, &schema)).await;
            assert_eq!(reply.status, 200, "{schema}\n{}", reply.raw);
            assert_eq!(reply.body["text"], sample, "{schema}");
            assert!(
                validator.is_valid(&reply.body["json"]),
                "{schema}\n{sample}"
            );
            let json: Value = serde_json::from_str(&sample).unwrap();
            assert_eq!(reply.body["json"], json);
            by_tool += usize::from(model == MODEL);
            by_text += usize::from(model == NATIVE);
        }
    }
    assert!(
        by_tool > 450 && by_text > 50,
        "{by_tool} by a tool, {by_text} as text"
    );
}

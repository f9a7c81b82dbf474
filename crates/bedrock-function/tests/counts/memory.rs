//! How often a long prompt is in memory at once. The peak is the kernel's: `VmHWM` of the process.

use std::time::Duration;

use bedrock_local::{ACCESS_KEY_ID, Answer, BedrockLocal, EventStream, SECRET_ACCESS_KEY};
use lambda_local::{Function, Invocation, ResponsePart};
use serde_json::{Value, json};

use crate::deployed::deployed_environment;

/// What Lambda hands over is 6 MB at the most, escapes included.
const PROMPT_BYTES: usize = 5_000_000;

/// Of the prompt's size. They are 2.0 to 2.3: what it is made from, what is made, and buffers. One
/// copy more would be 3.0.
const MOST_COPIES: f64 = 2.6;

/// A second and a third are no worse than the first: what it leaves behind is of use to them.
const PROMPTS: usize = 3;

/// The most copies of the prompt in memory at once, above what ordinary invocations take.
async fn copies(event: &Value) -> f64 {
    let bedrock = BedrockLocal::builder().start().await.unwrap();
    bedrock.always(Answer::converse_text("An answer."));
    let function = Function::builder(env!("CARGO_BIN_EXE_bedrock-function"))
        .credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None)
        .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.endpoint_url())
        // GLIBC_TUNABLES among them: glibc would otherwise keep freed blocks of this size in its heap, where
        // the next one of a slightly other size finds no place: 3.6 copies after five prompts.
        .envs(deployed_environment())
        .env("BEDROCK_MAX_PROMPT_CHARS", PROMPT_BYTES.to_string())
        .start()
        .await
        .unwrap();
    let mut ordinary = 0;
    for _ in 0..3 {
        let event = json!({"prompt": "hi"}).to_string();
        ordinary = ordinary.max(peak_of(&function, event).await);
    }
    let mut large = 0;
    for _ in 0..PROMPTS {
        large = large.max(peak_of(&function, event.to_string()).await);
    }
    (large - ordinary) as f64 / PROMPT_BYTES as f64
}

/// The most memory that the process had resident during an invocation, in bytes.
async fn peak_of(function: &Function, event: String) -> u64 {
    let (outcome, phase) = function.measure(event).await;
    let reply = String::from_utf8_lossy(outcome.response().unwrap());
    assert!(reply.contains(r#""statusCode":200"#), "{reply}");
    phase.usage.unwrap().peak_memory
}

fn http(prompt: &str) -> Value {
    let body = json!({"prompt": prompt}).to_string();
    json!({"requestContext": {"http": {}}, "body": body})
}

async fn assert_few_copies(event: Value) {
    let copies = copies(&event).await;
    assert!(
        copies <= MOST_COPIES,
        "{copies:.2} times the prompt's size, {MOST_COPIES} at the most"
    );
}

#[tokio::test]
async fn a_long_prompt_is_in_memory_less_than_three_times() {
    assert_few_copies(json!({"prompt": "x".repeat(PROMPT_BYTES)})).await;
    assert_few_copies(json!({"prompt": "あ".repeat(PROMPT_BYTES / 3)})).await;
}

/// An escape can keep a text from being taken as it is.
#[tokio::test]
async fn a_long_prompt_of_many_lines_is_in_memory_less_than_three_times() {
    let lines = "A line of the usual length, with a \"quoted\" part.\n";
    assert_few_copies(json!({"prompt": lines.repeat(PROMPT_BYTES / lines.len())})).await;
}

#[tokio::test]
async fn a_long_prompt_over_http_is_in_memory_less_than_three_times() {
    let lines = "A line of the usual length, of which there are many.\n";
    assert_few_copies(http(&lines.repeat(PROMPT_BYTES / lines.len()))).await;
}

/// The function as it is deployed to stream.
async fn streaming(bedrock: &BedrockLocal) -> Function {
    Function::builder(env!("CARGO_BIN_EXE_bedrock-function"))
        .credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None)
        .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.endpoint_url())
        .envs(deployed_environment())
        .env("BEDROCK_STREAM", "1")
        .start()
        .await
        .unwrap()
}

/// The most memory that streaming an answer of this many KB takes, above what ordinary invocations take, in bytes.
async fn streaming_takes(kilobytes: usize) -> u64 {
    let bedrock = BedrockLocal::builder().start().await.unwrap();
    let deltas = |count| EventStream::of_deltas(vec!["x".repeat(1_000); count]);
    let function = streaming(&bedrock).await;
    let mut peaks = Vec::new();
    for count in [10, 10, kilobytes] {
        bedrock.enqueue(Answer::stream(deltas(count)));
        let event = json!({"prompt": "hi", "stream": true}).to_string();
        let (outcome, phase) = function.measure(event).await;
        let events = outcome.response().unwrap();
        assert!(events.len() > count * 1_000 && events.ends_with(b"\n\n"));
        peaks.push(phase.usage.unwrap().peak_memory);
    }
    peaks[2].saturating_sub(peaks[1])
}

#[tokio::test]
async fn a_streamed_answer_of_5_mb_is_never_in_memory_as_a_whole() {
    let taken = streaming_takes(5_000).await;
    assert!(taken < 1_000_000, "{taken} bytes more than a short answer");
}

/// A caller that takes nothing holds the function up, which then takes nothing from Bedrock. However long
/// this takes on a busy machine, memory must not grow.
#[tokio::test]
async fn a_slow_caller_slows_the_stream_and_fills_no_memory() {
    /// 20 MB in all, of which a function that did not wait would take a good part meanwhile.
    const DELTAS: usize = 2_000;
    let bedrock = BedrockLocal::builder().start().await.unwrap();
    let answer = EventStream::of_deltas(vec!["x".repeat(10_000); DELTAS]);
    bedrock.enqueue(Answer::stream(answer));
    let function = streaming(&bedrock).await;
    let before = function.resident_memory().unwrap();
    let (parts, mut received) = tokio::sync::mpsc::channel(1);
    let event = json!({"prompt": "hi", "stream": true}).to_string();
    let invocation = function.invoke_with_response_stream(event, Invocation::default(), parts);
    let caller = async {
        let first = received.recv().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let meanwhile = function.resident_memory().unwrap();
        let mut bytes = 0;
        while let Some(part) = received.recv().await {
            if let ResponsePart::Chunk(chunk) = part {
                bytes += chunk.len();
            }
        }
        (first, meanwhile, bytes)
    };
    let (_, (first, meanwhile, bytes)) = tokio::join!(invocation, caller);
    assert!(first.is_some() && bytes > DELTAS * 10_000);
    let taken = meanwhile.saturating_sub(before);
    // A first call takes some 2 MB of code and buffers; a function that did not wait took 10 MB.
    assert!(
        taken < 4_000_000,
        "{taken} bytes while the caller took nothing"
    );
}

//! ConverseStream, read with the real SDK.

use crate::support::{
    MICRO, NOVA, TIME_OUT, TITAN, client, configuration, converse, keys, message, refusal,
    stand_in, text,
};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::BehaviorVersion;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse_stream::{
    ConverseStreamError, ConverseStreamOutput,
};
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_sdk_bedrockruntime::types::{
    ContentBlockDelta, ConversationRole, ConverseStreamOutput as Event, StopReason, TokenUsage,
};
use aws_smithy_types::event_stream::RawMessage;
use bedrock_local::{
    Answer, BedrockLocal, EventStream, Fault, ModelTable, Operation, TlsIdentity, count_tokens,
};
use std::time::{Duration, Instant};

pub(crate) type StreamResult = Result<ConverseStreamOutput, SdkError<ConverseStreamError>>;
type EventError = SdkError<ConverseStreamOutputError, RawMessage>;

pub(crate) async fn open(client: &Client, model_id: &str, prompt: &str) -> StreamResult {
    client
        .converse_stream()
        .model_id(model_id)
        .messages(message(ConversationRole::User, prompt))
        .send()
        .await
}

/// What a stream brought until it ended.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The events' names, without the deltas.
    pub(crate) frame: Vec<&'static str>,
    pub(crate) deltas: Vec<String>,
    reasoning: String,
    pub(crate) stop: Option<StopReason>,
    pub(crate) usage: Option<TokenUsage>,
    error: Option<EventError>,
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        self.deltas.concat()
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::MessageStart(start) => {
                assert_eq!(start.role(), &ConversationRole::Assistant);
                self.frame.push("messageStart");
            }
            Event::ContentBlockDelta(delta) => match delta.delta().unwrap() {
                ContentBlockDelta::Text(text) => self.deltas.push(text.clone()),
                ContentBlockDelta::ReasoningContent(reasoning) => {
                    self.reasoning += reasoning.as_text().unwrap();
                }
                other => panic!("{other:?}"),
            },
            Event::ContentBlockStop(_) => self.frame.push("contentBlockStop"),
            Event::MessageStop(stop) => {
                self.frame.push("messageStop");
                self.stop = Some(stop.stop_reason);
            }
            Event::Metadata(metadata) => {
                assert!(metadata.metrics().unwrap().latency_ms() >= 0);
                self.frame.push("metadata");
                self.usage = metadata.usage;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The type and message of the exception that ended a stream. The SDK tells the type by the variant alone: it has no code.
pub(crate) fn exception(seen: &Seen) -> (String, &str) {
    let error = seen.error.as_ref().unwrap().as_service_error().unwrap();
    let variant = format!("{error:?}");
    let name = variant.split('(').next().unwrap().to_owned();
    (name, error.message().unwrap())
}

/// Reads a stream to its end, or to its error.
pub(crate) async fn read(mut output: ConverseStreamOutput) -> Seen {
    let mut seen = Seen::default();
    loop {
        match tokio::time::timeout(TIME_OUT, output.stream.recv())
            .await
            .unwrap()
        {
            Ok(Some(event)) => seen.take(event),
            Ok(None) => return seen,
            Err(error) => {
                seen.error = Some(error);
                return seen;
            }
        }
    }
}

pub(crate) async fn seen_of(bedrock: &BedrockLocal, prompt: &str) -> Seen {
    read(open(&client(bedrock), NOVA, prompt).await.unwrap()).await
}

async fn scripted(events: EventStream) -> Seen {
    let bedrock = stand_in().await;
    bedrock.enqueue(Answer::stream(events));
    seen_of(&bedrock, "Hello").await
}

const WHOLE: [&str; 4] = [
    "messageStart",
    "contentBlockStop",
    "messageStop",
    "metadata",
];

#[tokio::test]
async fn a_stream_has_the_text_the_usage_and_the_reason_of_the_whole_answer() {
    let bedrock = stand_in().await;
    for prompt in ["Where is Tokyo?", "東京はどこ"] {
        let whole = converse(&client(&bedrock), NOVA, prompt).await.unwrap();
        let seen = seen_of(&bedrock, prompt).await;
        assert_eq!(seen.frame, WHOLE);
        assert_eq!(seen.text(), text(&whole));
        assert_eq!(seen.stop.as_ref(), Some(whole.stop_reason()));
        assert_eq!(seen.usage.as_ref(), whole.usage());
        assert!(seen.deltas.iter().all(|delta| count_tokens(delta) == 1));
    }
    assert_eq!(bedrock.requests()[1].operation, Operation::ConverseStream);
}

#[tokio::test]
async fn a_stream_comes_over_http_2_too() {
    let identity = TlsIdentity::localhost().unwrap();
    let bedrock = BedrockLocal::builder().tls(identity).start().await.unwrap();
    let seen = seen_of(&bedrock, "Hello").await;
    assert_eq!(seen.frame, WHOLE);
    let version = format!("{:?}", bedrock.requests()[0].version);
    assert_eq!(version, "HTTP/2.0");
}

#[tokio::test]
async fn max_tokens_cuts_a_stream() {
    let bedrock = stand_in().await;
    let inference = aws_sdk_bedrockruntime::types::InferenceConfiguration::builder();
    let output = client(&bedrock)
        .converse_stream()
        .model_id(MICRO)
        .messages(message(ConversationRole::User, "Hello"))
        .inference_config(inference.max_tokens(3).build())
        .send()
        .await
        .unwrap();
    let seen = read(output).await;
    assert_eq!(seen.deltas, ["This", " is ", "not "]);
    assert_eq!(seen.stop, Some(StopReason::MaxTokens));
}

#[tokio::test]
async fn what_converse_refuses_is_refused_before_the_stream() {
    let bedrock = stand_in().await;
    let client = client(&bedrock);
    for (model_id, prompt, status) in [
        (TITAN, "Hello", 404),
        ("amazon.nova-micro-v1:0", "Hello", 400),
        ("amazon.nova-pico-v1:0", "Hello", 400),
        (NOVA, " ", 400),
    ] {
        let whole = refusal(converse(&client, model_id, prompt).await);
        assert_eq!(refusal(open(&client, model_id, prompt).await), whole);
        assert_eq!(whole.0, status);
    }
}

#[tokio::test]
async fn a_stream_must_be_signed() {
    let bedrock = stand_in().await;
    let stranger = configuration(&bedrock)
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(keys(bedrock_local::ACCESS_KEY_ID, "another"));
    let result = open(&Client::from_conf(stranger.build()), NOVA, "Hello").await;
    let (status, error_type, _) = refusal(result);
    assert_eq!(
        (status, error_type.as_str()),
        (403, "InvalidSignatureException")
    );
}

#[tokio::test]
async fn a_model_whose_row_does_not_stream_is_refused() {
    let models = ModelTable::bundled().unwrap().with_active(TITAN);
    let bedrock = BedrockLocal::builder()
        .models(models)
        .start()
        .await
        .unwrap();
    let expected = (
        400,
        "ValidationException".to_owned(),
        "The model is unsupported for streaming.".to_owned(),
    );
    assert_eq!(
        refusal(open(&client(&bedrock), TITAN, "Hello").await),
        expected
    );
}

/// Reads a stream of some fifty seconds up to its first delta.
pub(crate) async fn assert_first_delta_comes_alone(client: &Client) {
    let mut output = open(client, NOVA, "Hello").await.unwrap();
    let mut seen = Seen::default();
    while seen.deltas.is_empty() {
        let event = tokio::time::timeout(TIME_OUT, output.stream.recv()).await;
        seen.take(
            event
                .expect("the first delta waits for others")
                .unwrap()
                .unwrap(),
        );
    }
}

#[tokio::test]
async fn a_delta_is_sent_before_the_next_one_is_due() {
    let bedrock = BedrockLocal::builder().tokens_per_second(1.try_into().unwrap());
    let bedrock = bedrock.start().await.unwrap();
    assert_first_delta_comes_alone(&client(&bedrock)).await;
}

#[tokio::test]
async fn a_pace_is_kept() {
    let bedrock = BedrockLocal::builder().tokens_per_second(500.try_into().unwrap());
    let bedrock = bedrock.start().await.unwrap();
    let started = Instant::now();
    let seen = seen_of(&bedrock, "Hello").await;
    let waits = u32::try_from(seen.deltas.len()).unwrap() - 1;
    assert!(started.elapsed() >= waits * Duration::from_millis(2));
}

#[tokio::test]
async fn a_scripted_stream_comes_event_by_event() {
    let deltas = ["", "東", "\u{1f469}", "\u{200d}\u{1f680}"];
    let seen = scripted(EventStream::of_deltas(deltas).every(Duration::from_millis(1))).await;
    assert_eq!(
        (seen.deltas, seen.frame),
        (deltas.map(str::to_owned).into(), WHOLE.into())
    );
    assert_eq!(seen.usage.unwrap().output_tokens(), 4);
    let broken = EventStream::default().message_start().delta("To");
    let broken = broken
        .wait(Duration::from_millis(1))
        .exception("throttlingException", "Slow down.");
    let seen = scripted(broken).await;
    assert_eq!(seen.text(), "To");
    assert_eq!(
        exception(&seen),
        ("ThrottlingException".to_owned(), "Slow down.")
    );
}

#[tokio::test]
async fn a_scripted_stream_can_break_in_every_way() {
    let start = || EventStream::default().message_start().delta("To");
    let corrupt = scripted(start().corrupt_delta("kyo")).await;
    assert!(
        matches!(corrupt.error, Some(SdkError::ResponseError(_))),
        "{corrupt:?}"
    );
    for broken in [start().reset(), start().hang_up()] {
        let seen = scripted(broken).await;
        assert_eq!(seen.text(), "To");
        assert!(seen.error.is_some(), "{seen:?}");
    }
    let bedrock = stand_in().await;
    bedrock.enqueue(Answer::stream(start().stall()));
    let mut output = open(&client(&bedrock), NOVA, "Hello").await.unwrap();
    for _ in 0..2 {
        output.stream.recv().await.unwrap().unwrap();
    }
    let silence = tokio::time::timeout(Duration::from_millis(200), output.stream.recv()).await;
    assert!(silence.is_err(), "{silence:?}");
    assert_eq!(bedrock.open_connections(), 1);
}

async fn with(fault: &str) -> BedrockLocal {
    let faults = [fault.parse::<Fault>().unwrap()];
    BedrockLocal::builder()
        .default_faults(faults)
        .start()
        .await
        .unwrap()
}

/// What a stream brings with that fault, and without it.
async fn faulty(fault: &str) -> (Seen, Seen) {
    let bedrock = with(&format!("{fault}:1")).await;
    let faulty = seen_of(&bedrock, "Hello").await;
    let sound = seen_of(&bedrock, "Hello").await;
    assert_eq!(sound.frame, WHOLE, "the fault is used up");
    (faulty, sound)
}

const TWO_DELTAS: &str = "This is ";

#[tokio::test]
async fn a_stream_can_stop_without_message_stop() {
    let (seen, _) = faulty("stream-stop").await;
    assert_eq!(
        (seen.text().as_str(), seen.frame),
        (TWO_DELTAS, vec!["messageStart"])
    );
    assert!(seen.error.is_none() && seen.stop.is_none());
}

#[tokio::test]
async fn a_connection_can_end_in_the_middle_of_a_stream() {
    for fault in ["stream-reset", "truncated"] {
        let (seen, _) = faulty(fault).await;
        assert_eq!(seen.text(), TWO_DELTAS, "{fault}");
        assert!(seen.error.unwrap().as_service_error().is_none(), "{fault}");
    }
}

#[tokio::test]
async fn every_exception_can_come_first_in_the_middle_and_last() {
    for name in [
        "InternalServerException",
        "ModelStreamErrorException",
        "ServiceUnavailableException",
        "ThrottlingException",
        "ValidationException",
    ] {
        let (seen, _) = faulty(&format!("stream-error-first:{name}")).await;
        assert!(seen.frame.is_empty() && seen.deltas.is_empty());
        assert_eq!(exception(&seen).0, name);
        let (seen, _) = faulty(&format!("stream-error:{name}")).await;
        assert_eq!(
            (seen.text().as_str(), exception(&seen).0.as_str()),
            (TWO_DELTAS, name)
        );
        let (seen, sound) = faulty(&format!("stream-error-last:{name}")).await;
        assert_eq!(seen.text(), sound.text());
        assert_eq!(exception(&seen).0, name);
        assert!(seen.stop.is_none() && !exception(&seen).1.is_empty());
    }
}

#[tokio::test]
async fn an_event_can_have_a_wrong_checksum() {
    let (seen, _) = faulty("stream-malformed").await;
    assert_eq!(seen.text(), TWO_DELTAS);
    assert!(
        matches!(seen.error, Some(SdkError::ResponseError(_))),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_stream_can_lack_its_metadata() {
    let (seen, sound) = faulty("stream-no-metadata").await;
    assert_eq!(seen.frame, WHOLE[..3]);
    assert_eq!((seen.text(), seen.stop), (sound.text(), sound.stop));
    assert!(seen.usage.is_none() && seen.error.is_none());
}

#[tokio::test]
async fn a_stream_can_have_empty_deltas() {
    let (seen, sound) = faulty("stream-empty-deltas").await;
    assert_eq!(
        (seen.text(), seen.deltas.len()),
        (sound.text(), 2 * sound.deltas.len())
    );
    assert_eq!(seen.frame, WHOLE);
}

#[tokio::test]
async fn a_trickled_stream_is_whole() {
    let (seen, sound) = faulty("trickle:100us").await;
    assert_eq!((seen.deltas, seen.frame), (sound.deltas, sound.frame));
}

#[tokio::test]
async fn a_stream_can_fall_silent_before_its_first_event_and_in_the_middle() {
    for (fault, events) in [("stall", 0), ("stall-body", 3)] {
        let bedrock = with(fault).await;
        let mut output = open(&client(&bedrock), NOVA, "Hello").await.unwrap();
        for _ in 0..events {
            output.stream.recv().await.unwrap().unwrap();
        }
        let silence = tokio::time::timeout(Duration::from_millis(200), output.stream.recv()).await;
        assert!(silence.is_err(), "{fault}: {silence:?}");
    }
}

#[tokio::test]
async fn faults_of_the_answer_itself_show_in_a_stream() {
    let (seen, _) = faulty("filtered").await;
    assert_eq!(seen.stop, Some(StopReason::ContentFiltered));
    let (seen, _) = faulty("max-tokens").await;
    assert_eq!(seen.stop, Some(StopReason::MaxTokens));
    let (seen, _) = faulty("no-text").await;
    assert_eq!(seen.frame, ["messageStart", "messageStop", "metadata"]);
    assert_eq!(
        (seen.deltas.len(), seen.usage.unwrap().output_tokens()),
        (0, 0)
    );
    let (seen, sound) = faulty("reasoning").await;
    assert_eq!(seen.text(), sound.text());
    assert!(seen.reasoning.contains("does not reason"));
    let blocks = seen
        .frame
        .iter()
        .filter(|name| **name == "contentBlockStop");
    assert_eq!(blocks.count(), 2);
}

#[tokio::test]
async fn a_fault_before_the_answer_is_an_ordinary_error_of_a_stream_too() {
    for (fault, status) in [
        ("throttle", 429),
        ("error:ModelErrorException", 424),
        ("html", 502),
    ] {
        let error = open(&client(&with(fault).await), NOVA, "Hello")
            .await
            .unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), status);
    }
}

#[tokio::test]
async fn a_fault_of_streams_waits_for_a_stream() {
    let bedrock = with("stream-stop:1").await;
    converse(&client(&bedrock), NOVA, "Hello").await.unwrap();
    assert_eq!(seen_of(&bedrock, "Hello").await.text(), TWO_DELTAS);
    assert_eq!(seen_of(&bedrock, "Hello").await.frame, WHOLE);
}

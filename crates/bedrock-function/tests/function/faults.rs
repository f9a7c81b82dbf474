//! What Bedrock and the network can do to a call. Each row: the reply, how many requests Bedrock
//! saw, and that the same process answers the next event.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use bedrock_local::{Answer, BedrockLocal, TlsIdentity};
use lambda_local::Deadline;
use serde_json::json;
use tokio::task::JoinSet;

use super::stage::{Stage, all, program, text};

const SECOND: Duration = Duration::from_secs(1);

/// A fault, what the caller is told, and the number of requests it takes.
struct Row {
    name: &'static str,
    answer: Answer,
    status: u64,
    code: &'static str,
    says: &'static str,
    requests: usize,
}

fn row(
    name: &'static str,
    answer: Answer,
    (status, code, says): (u64, &'static str, &'static str),
    requests: usize,
) -> Row {
    Row {
        name,
        answer,
        status,
        code,
        says,
        requests,
    }
}

async fn check(row: Row) {
    let stage = Stage::new().await;
    stage.bedrock.always(row.answer);
    let reply = stage.invoke(&json!({"prompt": "the prompt"})).await;
    if row.code.is_empty() {
        assert_eq!(reply.body, json!({"message": row.says}), "{}", row.name);
    }
    assert_eq!(
        (reply.status, reply.code()),
        (row.status, row.code),
        "{}: {}",
        row.name,
        reply.raw
    );
    assert!(reply.raw.contains(row.says), "{}: {}", row.name, reply.raw);
    assert_eq!(stage.bedrock.requests().len(), row.requests, "{}", row.name);
    stage.assert_serves_on().await;
}

/// Rows wait on their own processes: together they take as long as the slowest.
async fn check_all(rows: Vec<Row>) {
    let checks: JoinSet<()> = rows.into_iter().map(check).collect();
    all(checks).await;
}

const INTERNAL: (u64, &str, &str) = (500, "InternalError", "An error occurred");
const BROKEN: (u64, &str, &str) = (503, "ConnectionFailed", "broke before");
const NO_TEXT: (u64, &str, &str) = (500, "", "Invalid response structure");

#[tokio::test]
async fn errors_that_are_no_json_are_told_by_their_status() {
    let html = || "<html><body>502 Bad Gateway</body></html>";
    let huge = || vec![b'x'; 3_000_000];
    check_all(vec![
        row(
            "HTML, 502",
            Answer::raw(502, "text/html", html()),
            (503, "ServiceUnavailableException", "no capacity"),
            3,
        ),
        row(
            "HTML, 403",
            Answer::raw(403, "text/html", html()),
            (403, "AccessDeniedException", "denied"),
            1,
        ),
        row(
            "empty, 503",
            Answer::raw(503, "application/json", ""),
            (503, "ServiceUnavailableException", "no capacity"),
            3,
        ),
        row(
            "empty, 500",
            Answer::raw(500, "application/json", ""),
            (503, "InternalServerException", "Bedrock failed"),
            3,
        ),
        row(
            "empty, 429",
            Answer::raw(429, "application/json", ""),
            (429, "ThrottlingException", "throttled"),
            1,
        ),
        row(
            "empty, 400",
            Answer::raw(400, "application/json", ""),
            INTERNAL,
            1,
        ),
        row(
            "huge, 429",
            Answer::raw(429, "text/plain", huge()),
            (429, "ThrottlingException", "throttled"),
            1,
        ),
        row(
            "unknown type",
            Answer::error(500, "NoveltyException", "of 2027"),
            INTERNAL,
            3,
        ),
        row(
            "unknown type, 400",
            Answer::error(400, "NoveltyException", "of 2027"),
            INTERNAL,
            1,
        ),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_asked_for_once() {
    let json = |text: &str| Answer::raw(200, "application/json", text.to_owned());
    check_all(vec![
        row("HTML", Answer::raw(200, "text/html", "<html>"), INTERNAL, 1),
        row("malformed", json(r#"{"output": {"message": "#), INTERNAL, 1),
        row("an array", json("[1, 2]"), INTERNAL, 1),
        row(
            "not UTF-8",
            Answer::raw(200, "application/json", vec![b'{', 0xff, 0xfe]),
            INTERNAL,
            1,
        ),
        row("empty", json(""), NO_TEXT, 1),
        row("an empty object", json("{}"), NO_TEXT, 1),
        row(
            "wrong types",
            json(r#"{"output": 7, "stopReason": [], "usage": "no"}"#),
            INTERNAL,
            1,
        ),
        row(
            "cut short",
            Answer::converse_text("a long answer").truncate_at(40),
            BROKEN,
            1,
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_tried_again() {
    check_all(vec![
        row("reset", Answer::reset(), BROKEN, 3),
        row("hung up", Answer::hang_up(), BROKEN, 3),
    ])
    .await;
}

#[tokio::test]
async fn a_connection_that_breaks_while_the_model_may_be_at_work_is_not_tried_again() {
    let late = Duration::from_secs(2);
    check_all(vec![
        row("late reset", Answer::reset().after(late), BROKEN, 1),
        row("late hang-up", Answer::hang_up().after(late), BROKEN, 1),
    ])
    .await;
}

#[tokio::test]
async fn a_wait_that_bedrock_asks_for_and_that_would_not_fit_is_not_begun() {
    let stage = Stage::with(|program| program.timeout(5 * SECOND)).await;
    let throttled = Answer::error(429, "ThrottlingException", "Too many requests");
    stage
        .bedrock
        .always(throttled.header("x-amz-retry-after", "30000"));
    let reply = stage.invoke(&json!({"prompt": "hi"})).await;
    assert_eq!(
        (reply.status, reply.code()),
        (429, "ThrottlingException"),
        "{}",
        reply.raw
    );
    assert_eq!(stage.bedrock.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_lambda_could_not_return_is_named_as_that() {
    let stage = Stage::new().await;
    // Each of these characters is seven bytes of the reply.
    let reply = stage
        .invoke_answered(Answer::converse_text("\u{1}".repeat(1_000_000)))
        .await;
    assert_eq!((reply.status, reply.code()), (502, "AnswerTooLarge"));
    let reply = stage
        .invoke_answered(Answer::converse_text("\u{1}".repeat(800_000)))
        .await;
    assert_eq!(reply.status, 200);
    stage.assert_serves_on().await;
}

#[tokio::test]
async fn the_configured_time_out_bounds_a_call_whose_deadline_is_no_use() {
    let stage = Stage::with(|program| program.env("BEDROCK_TIMEOUT_SECONDS", "1")).await;
    stage.bedrock.always(Answer::silence());
    let in_1970 = Deadline::at_epoch_millis(600_000);
    let reply = stage.invoke_until(in_1970, &json!({"prompt": "hi"})).await;
    assert_eq!(reply.code(), "DeadlineExceeded");
    assert!(reply.message().contains("after 1."), "{reply:?}");
}

#[tokio::test]
async fn a_connection_reset_before_the_request_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            // With no time to linger, dropping it sends a reset.
            connection.set_zero_linger().unwrap();
        }
    });
    let url = format!("http://{address}");
    let reply = invoke_at(&url, &[("BEDROCK_PRECONNECT", "0")]).await;
    // The reset can come while the connection is still being opened: either is told.
    assert!(reply.contains("ConnectionFailed"), "{reply}");
    assert_eq!(accepted.load(Ordering::Relaxed), 3);
}

/// A host that drops packets, without leaving this machine: a listener whose queue is full.
#[tokio::test]
async fn a_network_without_a_way_to_bedrock_is_named_as_that() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(connection)) =
        tokio::time::timeout(SECOND, tokio::net::TcpStream::connect(address)).await
    {
        waiting.push(connection);
    }
    let function = program(&format!("http://{address}"))
        .timeout(6 * SECOND)
        .start()
        .await
        .unwrap();
    let outcome = function.invoke(r#"{"prompt":"hi"}"#).await;
    let reply = text(&outcome);
    assert!(
        reply.contains("ConnectionFailed") && reply.contains("could not be opened"),
        "{reply}"
    );
}

#[tokio::test]
async fn a_connection_that_breaks_once_costs_one_more_request() {
    let stage = Stage::new().await;
    for broken in [Answer::reset(), Answer::hang_up()] {
        let before = stage.bedrock.requests().len();
        stage.bedrock.enqueue(broken);
        stage.bedrock.enqueue(Answer::converse_text("second"));
        let reply = stage.invoke(&json!({"prompt": "hi"})).await;
        assert_eq!(reply.body["text"], "second", "{}", reply.raw);
        assert_eq!(stage.bedrock.requests().len() - before, 2);
    }
}

#[tokio::test]
async fn a_connection_closed_between_invocations_is_no_error() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        stage
            .bedrock
            .enqueue(Answer::converse_text("one").close_connection_afterwards());
        assert_eq!(
            stage.invoke(&json!({"prompt": "hi"})).await.body["text"],
            "one"
        );
        stage.bedrock.all_connections_closed().await;
    }
    stage.assert_serves_on().await;
    assert_eq!(
        stage.bedrock.requests().len(),
        4,
        "no request was sent twice"
    );
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_and_asked_for_once() {
    let text = "x".repeat(400);
    let mut checks = JoinSet::new();
    for answer in [
        Answer::converse_text(&text).after(8 * SECOND),
        Answer::converse_text(&text).trickle(50, SECOND),
        // The SDK's stalled-stream protection would cut this one, and ask again.
        Answer::converse_text(&text).trickle(300, 8 * SECOND),
    ] {
        let text = text.clone();
        checks.spawn(async move {
            let stage = Stage::new().await;
            let reply = stage.invoke_answered(answer).await;
            assert_eq!(reply.body["text"], text, "{}", reply.raw);
            assert_eq!(stage.bedrock.requests().len(), 1);
        });
    }
    all(checks).await;
}

#[tokio::test]
async fn whatever_keeps_the_answer_the_reply_comes_before_the_deadline() {
    let faults = [
        ("slow", Answer::converse_text("late").after(10 * SECOND)),
        ("silence", Answer::silence()),
        (
            "stall after headers",
            Answer::converse_text("late").stall_after_headers(),
        ),
        (
            "stall in the body",
            Answer::converse_text("late").stall_mid_body(),
        ),
        (
            "trickle",
            Answer::converse_text("x".repeat(1000)).trickle(1, SECOND),
        ),
    ];
    let mut checks = JoinSet::new();
    for (name, answer) in faults {
        checks.spawn(async move {
            // The walkthrough's first time-out. The emulator kills a process that exceeds it.
            let stage = Stage::with(|program| program.timeout(3 * SECOND)).await;
            let reply = stage.invoke_answered(answer).await;
            assert_eq!(
                (reply.status, reply.code()),
                (504, "DeadlineExceeded"),
                "{name}: {}",
                reply.raw
            );
            assert!(
                reply.message().contains("had not answered after 2."),
                "{name}: {}",
                reply.raw
            );
            assert!(
                reply.message().contains("Raise the function's time-out"),
                "{name}"
            );
            assert_eq!(stage.bedrock.requests().len(), 1, "{name}");
            stage.assert_serves_on().await;
        });
    }
    all(checks).await;
}

#[tokio::test]
async fn nothing_is_sent_that_could_not_be_answered_in_time() {
    let stage = Stage::new().await;
    let soon = SystemTime::now() + Duration::from_millis(300);
    let reply = stage
        .invoke_until(Deadline::At(soon), &json!({"prompt": "hi"}))
        .await;
    assert_eq!(reply.code(), "DeadlineExceeded");
    assert!(reply.message().contains("Too little time"), "{reply:?}");
    assert!(stage.bedrock.requests().is_empty());
}

#[tokio::test]
async fn no_attempt_is_made_that_would_not_fit_the_time_left() {
    // Each attempt takes 1.2 s; with the wait before it, a second could not end within 2.5 s.
    let stage = Stage::with(|program| program.timeout(3 * SECOND)).await;
    let throttled = Answer::error(429, "ThrottlingException", "Too many requests");
    stage
        .bedrock
        .always(throttled.after(Duration::from_millis(1_200)));
    let reply = stage.invoke(&json!({"prompt": "hi"})).await;
    assert_eq!(
        (reply.status, reply.code()),
        (429, "ThrottlingException"),
        "{}",
        reply.raw
    );
    assert_eq!(stage.bedrock.requests().len(), 1);
}

#[tokio::test]
async fn throttling_that_ends_is_waited_out() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        stage.bedrock.enqueue(Answer::error(
            429,
            "ThrottlingException",
            "Too many requests",
        ));
    }
    stage.bedrock.enqueue(Answer::converse_text("third"));
    let reply = stage.invoke(&json!({"prompt": "hi"})).await;
    assert_eq!(reply.body["text"], "third");
    assert_eq!(stage.bedrock.requests().len(), 3);
}

/// One invocation against another address of Bedrock than the stage's.
async fn invoke_at(url: &str, variables: &[(&str, &str)]) -> String {
    let function = variables
        .iter()
        .fold(program(url), |program, (name, value)| {
            program.env(*name, *value)
        })
        .start()
        .await
        .unwrap();
    let outcome = function.invoke(r#"{"prompt":"hi"}"#).await;
    text(&outcome)
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_named_as_that() {
    let reply = invoke_at("http://bedrock.invalid", &[]).await;
    assert!(
        reply.contains("ConnectionFailed") && reply.contains("host name"),
        "{reply}"
    );
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_named_as_that() {
    let bedrock = BedrockLocal::builder().start().await.unwrap();
    let url = bedrock.endpoint_url();
    bedrock.stop().await;
    let reply = invoke_at(&url, &[]).await;
    assert!(
        reply.contains("ConnectionFailed") && reply.contains("could not be opened"),
        "{reply}"
    );
}

async fn invoke_over_tls(identity: TlsIdentity, trusts: bool) -> (String, usize) {
    let bedrock = BedrockLocal::builder().tls(identity).start().await.unwrap();
    let bundle = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(bundle.path(), bedrock.certificate_authority_pem().unwrap()).unwrap();
    let path = bundle.path().to_str().unwrap();
    let variables = if trusts {
        vec![("AWS_CA_BUNDLE", path)]
    } else {
        vec![]
    };
    let reply = invoke_at(&bedrock.endpoint_url(), &variables).await;
    (reply, bedrock.requests().len())
}

#[tokio::test]
async fn a_bundle_in_the_environment_replaces_the_embedded_roots() {
    let (reply, requests) = invoke_over_tls(TlsIdentity::localhost().unwrap(), true).await;
    assert!(reply.starts_with(r#"{"statusCode":200"#), "{reply}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn the_one_tls_handshake_is_in_init() {
    let identity = TlsIdentity::localhost().unwrap();
    let bedrock = BedrockLocal::builder().tls(identity).start().await.unwrap();
    let bundle = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(bundle.path(), bedrock.certificate_authority_pem().unwrap()).unwrap();
    let program = program(&bedrock.endpoint_url()).env("AWS_CA_BUNDLE", bundle.path());
    let function = program.start().await.unwrap();
    assert_eq!(bedrock.handshakes(), 1);
    for _ in 0..3 {
        let outcome = function.invoke(r#"{"prompt":"hi"}"#).await;
        assert!(text(&outcome).starts_with(r#"{"statusCode":200"#));
    }
    assert_eq!((bedrock.handshakes(), bedrock.connections()), (1, 1));
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_expired_or_of_another_host_is_named_as_that() {
    for (name, identity, trusts) in [
        ("not trusted", TlsIdentity::localhost(), false),
        ("expired", TlsIdentity::expired(), true),
        ("other host", TlsIdentity::other_host(), true),
    ] {
        let (reply, requests) = invoke_over_tls(identity.unwrap(), trusts).await;
        assert!(reply.contains("ConnectionFailed"), "{name}: {reply}");
        assert!(reply.contains("certificate of Bedrock"), "{name}: {reply}");
        assert_eq!(requests, 0, "{name}");
    }
}

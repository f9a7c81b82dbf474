//! Connections: kept, broken, and closed without an announcement.

use crate::support::{NOVA, TIME_OUT, client, closed, configuration, converse, stand_in, text};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use bedrock_local::http::{Request, Version};
use bedrock_local::{Answer, BedrockLocal, Bytes, StartError};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const REQUEST: &[u8] =
    b"POST /model/m/converse HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}";

/// A stand-in with that answer to the bytes of `REQUEST`, and a connection to it on which they were sent.
async fn raw(answer: Answer) -> (BedrockLocal, TcpStream) {
    let bedrock = BedrockLocal::builder()
        .verify_signatures(false)
        .start()
        .await
        .unwrap();
    bedrock.enqueue(answer);
    let mut stream =
        TcpStream::connect(bedrock.endpoint_url().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(TIME_OUT)).unwrap();
    stream.write_all(REQUEST).unwrap();
    (bedrock, stream)
}

#[tokio::test]
async fn calls_share_a_connection() {
    let bedrock = stand_in().await;
    let client = client(&bedrock);
    for _ in 0..3 {
        converse(&client, NOVA, "Hello").await.unwrap();
    }
    let ports: Vec<u16> = bedrock
        .requests()
        .iter()
        .map(|request| request.peer_port)
        .collect();
    assert_eq!((bedrock.connections(), bedrock.open_connections()), (1, 1));
    assert!(ports.iter().all(|port| *port == ports[0]), "{ports:?}");
    assert_eq!(bedrock.requests()[0].version, Version::HTTP_11);
}

#[tokio::test]
async fn a_stale_connection_costs_a_caller_that_retries_one_connection() {
    let bedrock = stand_in().await;
    // The client may or may not have noticed the close when it sends the second request.
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let client = Client::from_conf(configuration(&bedrock).retry_config(retries).build());
    bedrock.enqueue(Answer::converse_text("last words").close_connection_afterwards());
    assert_eq!(
        text(&converse(&client, NOVA, "Hello").await.unwrap()),
        "last words"
    );
    closed(&bedrock).await;
    converse(&client, NOVA, "Hello").await.unwrap();
    assert_eq!((bedrock.connections(), bedrock.requests().len()), (2, 2));
}

#[tokio::test]
async fn the_close_is_not_announced() {
    let (_bedrock, mut stream) =
        raw(Answer::converse_text("last words").close_connection_afterwards()).await;
    let mut received = String::new();
    stream.read_to_string(&mut received).unwrap();
    assert!(
        received.starts_with("HTTP/1.1 200 OK") && received.contains("last words"),
        "{received}"
    );
    assert!(
        !received.to_lowercase().contains("\r\nconnection:"),
        "{received}"
    );
}

#[tokio::test]
async fn a_reset_is_a_reset_and_a_hang_up_an_end() {
    let (_bedrock, mut stream) = raw(Answer::reset()).await;
    assert_eq!(
        stream.read(&mut [0]).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    let (_bedrock, mut stream) = raw(Answer::hang_up()).await;
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_announced() {
    let (_bedrock, mut stream) =
        raw(Answer::raw(200, "text/plain", "0123456789").truncate_at(4)).await;
    let mut received = String::new();
    stream.read_to_string(&mut received).unwrap();
    assert!(
        received.contains("content-length: 10\r\n") && received.ends_with("\r\n\r\n0123"),
        "{received}"
    );
}

#[tokio::test]
async fn an_answer_has_awss_headers() {
    let (_bedrock, mut stream) =
        raw(Answer::error(429, "ThrottlingException", "Slow down.").close_connection_afterwards())
            .await;
    let mut received = String::new();
    stream.read_to_string(&mut received).unwrap();
    let error_type = "x-amzn-errortype: ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/\r\n";
    assert!(
        received.contains(error_type) && received.contains("x-amzn-requestid: "),
        "{received}"
    );
    assert!(
        received.ends_with(r#"{"message":"Slow down."}"#),
        "{received}"
    );
}

#[tokio::test]
async fn http_2_is_spoken_on_plain_connections_with_prior_knowledge() {
    let bedrock = BedrockLocal::builder()
        .verify_signatures(false)
        .start()
        .await
        .unwrap();
    let stream =
        tokio::net::TcpStream::connect(bedrock.endpoint_url().trim_start_matches("http://"))
            .await
            .unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let body = r#"{"messages":[{"role":"user","content":[{"text":"Hello"}]}]}"#;
    let url = format!("{}/model/{NOVA}/converse", bedrock.endpoint_url());
    let response = sender
        .send_request(Request::post(url).body(Full::<Bytes>::from(body)).unwrap())
        .await
        .unwrap();
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (200, Version::HTTP_2)
    );
    assert!(
        String::from_utf8_lossy(&response.collect().await.unwrap().to_bytes())
            .contains("bedrock-local")
    );
    assert_eq!(bedrock.requests()[0].version, Version::HTTP_2);
}

#[tokio::test]
async fn stopping_closes_connections_and_frees_the_port() {
    let bedrock = stand_in().await;
    let address = bedrock
        .endpoint_url()
        .trim_start_matches("http://")
        .to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream
        .write_all(b"GET /ping HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    assert!(stream.read(&mut [0; 512]).unwrap() > 0);
    bedrock.stop().await;
    assert_eq!(stream.read(&mut [0; 512]).unwrap_or(0), 0);
    assert_eq!(
        TcpStream::connect(&address).unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = stand_in().await;
    let port = first
        .endpoint_url()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let error = BedrockLocal::builder()
        .port(port)
        .start()
        .await
        .unwrap_err();
    assert!(
        matches!(error, StartError::PortInUse(taken) if taken == port),
        "{error}"
    );
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let error = BedrockLocal::builder()
        .host([0, 0, 0, 0].into())
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::NotLoopback(_)), "{error}");
}

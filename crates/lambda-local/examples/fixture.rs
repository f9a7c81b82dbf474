//! A function that does as its event says, for the tests of this crate.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a function writes is what the tests look for"
)]

use std::{
    env,
    io::{Read, Write},
    net::TcpStream,
    process::{self, Command},
    thread,
    time::Duration,
};

use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    match env::args().nth(1).as_deref() {
        Some("init-error") => refuse_to_start()?,
        Some("exit-at-once") => {
            eprintln!("no model is set");
            process::exit(3)
        }
        Some("never-asks") => thread::sleep(Duration::from_secs(3600)),
        Some("leaves-a-child") => leave_a_child()?,
        _ => (),
    }
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    match payload["do"].as_str().unwrap_or_default() {
        "context" => Ok(told(&context)),
        "environment" => Ok(env::vars().map(|(k, v)| (k, json!(v))).collect()),
        "fail" => Err("told to fail".into()),
        "exit" => process::exit(7),
        "hang" => std::future::pending().await,
        "spin" => spin(payload["ms"].as_u64().unwrap_or_default()),
        "write" => Ok(write(payload["lines"].as_u64().unwrap_or_default())),
        "answer of" => Ok("x"
            .repeat(usize::try_from(
                payload["bytes"].as_u64().unwrap_or_default(),
            )?)
            .into()),
        "request" => request(&payload, &context.request_id),
        _ => Ok(payload),
    }
}

fn told(context: &Context) -> Value {
    json!({
        "deadline": context.deadline,
        "requestId": context.request_id,
        "arn": context.invoked_function_arn,
        "trace": context.xray_trace_id,
        "custom": context.client_context.as_ref().map(|client| &client.custom),
    })
}

/// Works until this much CPU time has gone, by the time that the process has run and not by a clock on the wall.
fn spin(ms: u64) -> Result<Value, Error> {
    let ran = || -> Result<Duration, Error> {
        let text = std::fs::read_to_string("/proc/self/schedstat")?;
        let nanos = text.split(' ').next().unwrap_or_default().parse()?;
        Ok(Duration::from_nanos(nanos))
    };
    let end = ran()? + Duration::from_millis(ms);
    while ran()? < end {}
    Ok(json!(ms))
}

fn write(lines: u64) -> Value {
    for line in 0..lines {
        println!("out {line}");
        eprintln!("err {line}");
    }
    json!(lines)
}

fn refuse_to_start() -> Result<(), Error> {
    let body = r#"{"errorType":"Fixture.Refused","errorMessage":"told to fail"}"#;
    let length = body.len();
    send(&format!(
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nhost: lambda\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    ))?;
    Ok(())
}

fn leave_a_child() -> Result<(), Error> {
    let child = Command::new("sleep").arg("3600").spawn()?;
    println!("{}", child.id());
    Ok(())
}

/// Speaks to the Runtime API by hand, as no runtime would, and answers with the status.
fn request(event: &Value, request_id: &str) -> Result<Value, Error> {
    let head = event["head"]
        .as_str()
        .unwrap_or_default()
        .replace("{id}", request_id);
    let body = match event["bytes"].as_u64() {
        Some(bytes) => "x".repeat(usize::try_from(bytes)?),
        None => event["body"].as_str().unwrap_or_default().to_owned(),
    };
    let status = send(&format!(
        "{head}\r\nhost: lambda\r\nconnection: close\r\n\r\n{body}"
    ))?;
    Ok(json!(status))
}

fn send(request: &str) -> Result<u16, Error> {
    let mut stream = TcpStream::connect(env::var("AWS_LAMBDA_RUNTIME_API")?)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split(' ').nth(1).ok_or("no status line")?.parse()?)
}

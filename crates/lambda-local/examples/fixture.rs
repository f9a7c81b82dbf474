//! A function that does as its event says, for the tests of this crate.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    match std::env::args().nth(1).as_deref() {
        Some("init-error") => println!(
            "{}",
            post(
                "init/error",
                br#"{"errorType":"Fixture.Refused","errorMessage":"told to fail"}"#
            )?
        ),
        Some("exit-at-once") => {
            eprintln!("no model is set");
            std::process::exit(3)
        }
        Some("never-asks") => std::thread::sleep(Duration::from_secs(3600)),
        Some("leaves-a-child") => drop(std::process::Command::new("sleep").arg("3600").spawn()?),
        _ => (),
    }
    println!("ready");
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = (event.payload, event.context);
    println!("invoked");
    match event["do"].as_str().unwrap_or_default() {
        "context" => Ok(json!({
            "deadline": context.deadline, "requestId": context.request_id, "arn": context.invoked_function_arn,
            "trace": context.xray_trace_id, "clientContext": context.client_context.map(|client| client.custom),
        })),
        "environment" => Ok(std::env::vars()
            .map(|(name, value)| (name, Value::String(value)))
            .collect()),
        "fail" => Err("told to fail".into()),
        "exit" => std::process::exit(7),
        "hang" => std::future::pending().await,
        "write" => Ok(written(event["lines"].as_u64().unwrap_or_default())),
        "post" => Ok(json!(post(
            event["path"].as_str().unwrap_or_default(),
            event["body"].as_str().unwrap_or_default().as_bytes()
        )?)),
        "get" => Ok(json!(request(
            "GET",
            event["path"].as_str().unwrap_or_default(),
            b""
        )?)),
        "large" => Ok(Value::String(
            "x".repeat(event["bytes"].as_u64().unwrap_or_default() as usize),
        )),
        _ => Ok(event),
    }
}

fn written(lines: u64) -> Value {
    for line in 0..lines {
        println!("line {line} to stdout");
        eprintln!("line {line} to stderr");
    }
    json!(lines)
}

/// Speaks to the Runtime API by hand, as no runtime would, and tells the status.
fn post(path: &str, body: &[u8]) -> Result<u16, Error> {
    request("POST", path, body)
}

fn request(method: &str, path: &str, body: &[u8]) -> Result<u16, Error> {
    let host = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let mut stream = TcpStream::connect(&host)?;
    write!(
        stream,
        "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split(' ').nth(1).ok_or("no status line")?.parse()?)
}

//! `make chat PAGE=1`, as a browser and as others see it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Stdio},
};

use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{person::Model, signal, xtask};

/// A page that is served, until this is dropped.
struct Page {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// As it was printed.
    address: String,
    client: Client,
}

impl Page {
    fn serve(model: &Model) -> Self {
        let mut command = model.answers(xtask(&["chat", "--page", "--target", "local"]));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut address = String::new();
        stdout.read_line(&mut address).unwrap();
        Self {
            child,
            stdout,
            address: address.trim_end().to_owned(),
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// `http://127.0.0.1:PORT`.
    fn origin(&self) -> &str {
        let end = self.address.trim_end_matches('/').rfind('/').unwrap();
        &self.address[..end]
    }

    fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.client.get(url.as_ref())
    }

    fn ask(&self, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}ask", self.address)).json(body)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

/// The body up to these words, and with them.
async fn until(response: &mut Response, words: &str) -> String {
    let mut body = String::new();
    while !body.contains(words) {
        let chunk = response.chunk().await.unwrap();
        let chunk = chunk.unwrap_or_else(|| panic!("no {words:?} in {body:?}"));
        let events = std::str::from_utf8(&chunk).unwrap();
        // A comment keeps a silent connection open.
        body.push_str(events.strip_prefix(":\n\n").unwrap_or(events));
    }
    body
}

#[tokio::test]
#[ignore = "run by make test-invoke"]
async fn without_the_token_nothing_is_there() {
    let page = Page::serve(&Model::listen());
    let origin = page.origin();
    let token = page.address[origin.len()..].trim_matches('/');
    assert_eq!(token.len(), 32, "{}", page.address);
    for path in [
        "/",
        "/page.js",
        "/ask",
        "/00000000000000000000000000000000/",
    ] {
        let found = status(page.get(format!("{origin}{path}"))).await;
        assert_eq!(found, StatusCode::NOT_FOUND, "{path}");
    }
    let response = page.get(&page.address).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let policy = &response.headers()[header::CONTENT_SECURITY_POLICY];
    assert!(policy.to_str().unwrap().starts_with("default-src 'none'; "));
    assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer");
    let html = response.text().await.unwrap();
    for file in ["page.css", "page.js"] {
        assert!(html.contains(&format!("\"{file}\"")), "{html}");
        let found = status(page.get(format!("{}{file}", page.address))).await;
        assert_eq!(found, StatusCode::OK, "{file}");
    }
}

#[tokio::test]
#[ignore = "run by make test-invoke"]
async fn another_site_is_refused_and_its_question_is_not_asked() {
    let model = Model::listen();
    let page = Page::serve(&model);
    let question = json!({ "prompt": "theirs?", "messages": [] });
    for (name, value) in [
        (header::ORIGIN, "https://example.com"),
        (header::ORIGIN, "null"),
        (header::ORIGIN, "http://localhost:1"),
        // A name of the site's own that leads to 127.0.0.1.
        (header::HOST, "example.com"),
    ] {
        let refused = page.ask(&question).header(&name, value);
        assert_eq!(status(refused).await, StatusCode::FORBIDDEN, "{name}");
        let refused = page.get(&page.address).header(&name, value);
        assert_eq!(status(refused).await, StatusCode::FORBIDDEN, "{name}");
    }
    let own = page.ask(&json!({ "prompt": "ours?" }));
    let own = own.header(header::ORIGIN, page.origin());
    let answered = tokio::spawn(own.send());
    let messages = tokio::task::spawn_blocking(move || model.says("Ours."));
    assert_eq!(
        messages.await.unwrap(),
        json!([{ "role": "user", "content": "ours?" }])
    );
    assert_eq!(answered.await.unwrap().unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by make test-invoke"]
async fn each_word_is_sent_before_the_model_says_the_next_and_a_page_that_leaves_stops_the_answer()
{
    let model = Model::listen();
    let mut page = Page::serve(&model);
    let messages =
        json!([{ "role": "user", "text": "one?" }, { "role": "assistant", "text": "One." }]);
    let question = page.ask(&json!({ "prompt": "two?", "messages": messages }));
    let asked = tokio::spawn(question.send());
    let (request, mut answering) = model.is_asked();
    assert_eq!(request["messages"][1]["content"], "One.");
    assert_eq!(request["messages"][2]["content"], "two?");
    let mut response = asked.await.unwrap().unwrap();
    for word in ["one ", "two\n"] {
        answering.says(word);
        let expected = format!("event: text\ndata: {}\n\n", json!({ "text": word }));
        assert_eq!(until(&mut response, "\n\n").await, expected);
    }
    answering.ends();
    let done = until(&mut response, "\n\n").await;
    assert!(done.starts_with("event: done\n"), "{done}");
    assert!(done.contains("\"outputTokens\":5"), "{done}");

    let asked = tokio::spawn(page.ask(&json!({ "prompt": "three?" })).send());
    let (_, mut answering) = model.is_asked();
    answering.says("half");
    let mut response = asked.await.unwrap().unwrap();
    until(&mut response, "half").await;
    drop(response);
    answering.until_left();

    let asked = tokio::spawn(page.ask(&json!({ "prompt": "four?" })).send());
    let (_, answering) = model.is_asked();
    drop(answering);
    let mut response = asked.await.unwrap().unwrap();
    let error = until(&mut response, "\n\n").await;
    assert!(
        error.starts_with("event: error\ndata: {\"message\":"),
        "{error}"
    );

    signal(&page.child, Signal::INT);
    assert_eq!(page.child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    assert_eq!(page.stdout.read_line(&mut rest).unwrap(), 0, "{rest}");
}

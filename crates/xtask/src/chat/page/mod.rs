//! `make chat PAGE=1`: a page on loopback for the same conversation. The page keeps the turns, and this program calls the function.
//!
//! Any other page in the browser can send requests here. It does not know the path, and its `Origin` is refused.

use std::{io, process::ExitCode};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use futures_util::{StreamExt, stream};
use lambda_local::{MAX_EVENT_BYTES, Signals};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};
use uuid::Uuid;

use super::conversation::Conversation;
use crate::{cli::Options, failure::Failure, function::Function, output, response::Done, stack};

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page loads its own files, sends to this server, and does nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone)]
struct Page {
    questions: mpsc::Sender<(Question, Events)>,
    /// The model that answers; the function's first one, where there is none.
    model_id: Option<String>,
    /// The address and port that were printed.
    host: String,
}

/// What the page sends.
#[derive(Deserialize)]
struct Question {
    prompt: String,
    #[serde(flatten)]
    conversation: Conversation,
}

/// Names and data of the events that the page is sent.
type Events = mpsc::UnboundedSender<(&'static str, Value)>;

/// Prints the page's address, and serves it until a signal, which is the ordinary way to end it.
pub(crate) async fn serve(options: &Options, signals: &mut Signals) -> Result<ExitCode, Failure> {
    let function = tokio::select! {
        function = Function::start(options, stack::PACE) => function?,
        number = signals.received() => return Err(Failure::Stopped(number)),
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let host = listener.local_addr()?.to_string();
    let path = format!("/{}", Uuid::new_v4().simple());
    output::print(format!("http://{host}{path}/").as_bytes())?;
    let (questions, asked) = mpsc::channel(1);
    let page = Page {
        questions,
        model_id: Conversation::with_model(&options.model).model_id,
        host,
    };
    tokio::select! {
        served = axum::serve(listener, router(page, &path)) => served?,
        () = answer_each(function, asked) => {}
        _ = signals.received() => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn router(page: Page, path: &str) -> Router {
    let file = |content_type: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, content_type)], text) })
    };
    Router::new()
        .route(&format!("{path}/"), file("text/html; charset=utf-8", HTML))
        .route(
            &format!("{path}/page.css"),
            file("text/css; charset=utf-8", STYLE),
        )
        .route(
            &format!("{path}/page.js"),
            file("text/javascript; charset=utf-8", SCRIPT),
        )
        .route(&format!("{path}/ask"), post(ask))
        .layer(DefaultBodyLimit::max(MAX_EVENT_BYTES))
        .layer(middleware::from_fn_with_state(page.clone(), guard))
        .with_state(page)
}

/// Refuses requests from other pages, and keeps the page's path from them.
async fn guard(State(page): State<Page>, request: Request, next: Next) -> Response {
    if !is_own(request.headers(), &page.host) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

/// Whether a request's `Host` is this server, and its `Origin`, where it has one, the page. A site whose name resolves to 127.0.0.1
/// (DNS rebinding) sends that name as `Host`.
fn is_own(headers: &HeaderMap, host: &str) -> bool {
    let origin = headers.get(header::ORIGIN);
    headers.get(header::HOST).is_some_and(|named| named == host)
        && origin.is_none_or(|origin| *origin == *format!("http://{host}"))
}

/// Streams the answer as Server-Sent Events: `text` for each piece, then `done` or `error`.
async fn ask(State(page): State<Page>, Json(mut question): Json<Question>) -> impl IntoResponse {
    question.conversation.model_id = page.model_id;
    let (events, received) = mpsc::unbounded_channel();
    let _ = page.questions.send((question, events)).await;
    let events = stream::unfold(received, |mut received| async {
        Some((received.recv().await?, received))
    });
    let events = events.map(|(name, data)| Event::default().event(name).json_data(data));
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// Answers one question after another: the function takes one event at a time.
async fn answer_each(mut function: Function, mut asked: mpsc::Receiver<(Question, Events)>) {
    while let Some((question, events)) = asked.recv().await {
        tokio::select! {
            last = answer(&mut function, &question, &events) => drop(events.send(last)),
            // The page has stopped the answer, or was closed.
            () = events.closed() => {}
        }
    }
}

/// Sends each piece of the answer on, and gives the last event.
async fn answer(
    function: &mut Function,
    question: &Question,
    events: &Events,
) -> (&'static str, Value) {
    match answered(function, question, events).await {
        Ok(done) => {
            let cut_short_by = done.as_ref().and_then(Done::cut_short_by);
            ("done", json!({ "took": done, "cutShortBy": cut_short_by }))
        }
        Err(failure) => ("error", json!({ "message": failure.to_string() })),
    }
}

async fn answered(
    function: &mut Function,
    question: &Question,
    events: &Events,
) -> Result<Option<Done>, Failure> {
    let conversation = &question.conversation;
    let event = conversation.event(&question.prompt, function.streams());
    let on_text = |text: &str| {
        let _ = events.send(("text", json!({ "text": text })));
        Ok(())
    };
    function
        .ask(event.map_err(io::Error::other)?, on_text)
        .await
}

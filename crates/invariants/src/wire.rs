//! What stands in for the network: an HTTP client that gives one answer, and counts.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;

/// One answer for every request. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    answer: Arc<Mutex<(StatusCode, Vec<u8>)>>,
    requests: Arc<AtomicU32>,
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self {
            answer: Arc::new(Mutex::new((http::StatusCode::OK.into(), Vec::new()))),
            requests: Arc::default(),
        }
    }

    /// Sets the answer and starts counting anew.
    pub(crate) fn answer_with(&self, status: http::StatusCode, body: &[u8]) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) =
            (status.into(), body.to_vec());
        self.requests.store(0, Ordering::Relaxed);
    }

    /// Requests since the answer was set.
    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// For the SDK's configuration.
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        let wire = self.clone();
        http_client_fn(move |_, _| {
            aws_smithy_runtime_api::client::http::SharedHttpConnector::new(wire.clone())
        })
    }
}

impl HttpConnector for Wire {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let (status, body) = self
            .answer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        response
            .headers_mut()
            .insert("content-type", "application/json");
        HttpConnectorFuture::ready(Ok(response))
    }
}

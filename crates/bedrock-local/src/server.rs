//! Starting and stopping: the builder, and the handle that tests hold.

use crate::state::{Listener, Settings, State};
use crate::{
    Answer, Fault, ModelTable, ReceivedRequest, RequestLine, StartError, TlsIdentity, Upstream,
    listen,
};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use time::Date;
use tokio::sync::oneshot;

/// A running stand-in. It stops, with all of its connections, when it is dropped.
#[must_use = "the stand-in stops when it is dropped"]
pub struct BedrockLocal {
    address: SocketAddr,
    certificate_authority: Option<String>,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The settings of a stand-in.
#[derive(Default)]
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    host: Option<IpAddr>,
    port: u16,
    tls: Option<TlsIdentity>,
    models: Option<ModelTable>,
    region: Option<String>,
    today: Option<Date>,
    upstream: Option<Upstream>,
    faults: Vec<Fault>,
    signatures_unchecked: bool,
    on_request: Option<Listener>,
}

impl Builder {
    /// The loopback address to listen on; 127.0.0.1 where nothing is said.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = Some(host);
        self
    }

    /// The port to listen on; 0, a free one, where nothing is said.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Listens over TLS with that certificate.
    pub fn tls(mut self, identity: TlsIdentity) -> Self {
        self.tls = Some(identity);
        self
    }

    /// The models known; the workspace's where nothing is said.
    pub fn models(mut self, models: ModelTable) -> Self {
        self.models = Some(models);
        self
    }

    /// The Region for which requests must be signed; ap-northeast-1 where nothing is said.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The day by which a model's end of life is judged; the real one (UTC) where nothing is said.
    pub fn today(mut self, today: Date) -> Self {
        self.today = Some(today);
        self
    }

    /// Answers come from that server.
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = Some(upstream);
        self
    }

    /// What goes wrong: the first fault that is not used up decides.
    pub fn default_faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults = faults.into_iter().collect();
        self
    }

    /// Whether signatures are checked; they are where nothing is said.
    pub fn verify_signatures(mut self, verify: bool) -> Self {
        self.signatures_unchecked = !verify;
        self
    }

    /// Is told of every request as it is answered; for logs.
    pub fn on_request(mut self, listener: impl Fn(&RequestLine) + Send + Sync + 'static) -> Self {
        self.on_request = Some(Arc::new(listener));
        self
    }

    /// Listens, on a thread of its own: a test may block on a program that calls the stand-in.
    ///
    /// # Errors
    /// When the port is in use, the address is not a loopback one, or a part of the settings cannot be used.
    #[allow(
        clippy::unused_async,
        reason = "a caller must not have to change when starting has to wait"
    )]
    pub async fn start(self) -> Result<BedrockLocal, StartError> {
        let host = self.host.unwrap_or(Ipv4Addr::LOCALHOST.into());
        let acceptor = self.tls.as_ref().map(TlsIdentity::acceptor).transpose()?;
        let listener = listen::bind(host, self.port)?;
        let address = listener.local_addr().map_err(StartError::Thread)?;
        let certificate_authority = self
            .tls
            .as_ref()
            .map(|identity| identity.certificate_authority_pem().to_owned());
        let state = Arc::new(self.state()?);
        let (stop, stopped) = oneshot::channel();
        let thread = listen::spawn(listener, acceptor, Arc::clone(&state), stopped)?;
        Ok(BedrockLocal {
            address,
            certificate_authority,
            state,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    fn state(self) -> Result<State, StartError> {
        let settings = Settings {
            models: self.models.map_or_else(ModelTable::bundled, Ok)?,
            region: self.region.unwrap_or_else(|| "ap-northeast-1".to_owned()),
            verify_signatures: !self.signatures_unchecked,
            today: self.today,
            upstream: self.upstream,
            on_request: self.on_request,
        };
        Ok(State::new(settings, self.faults))
    }
}

impl BedrockLocal {
    /// Settings for a stand-in over plain HTTP on a free port, with the workspace's models.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens, for `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`. Over TLS the host is `localhost`.
    #[must_use]
    pub fn endpoint_url(&self) -> String {
        match self.certificate_authority {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }

    /// The certificate authority that clients must trust, over TLS.
    #[must_use]
    pub fn certificate_authority_pem(&self) -> Option<&str> {
        self.certificate_authority.as_deref()
    }

    /// The next unscripted request for a model gets this answer, if its signature is right.
    pub fn enqueue(&self, answer: Answer) {
        self.state.enqueue(answer);
    }

    /// Every request that finds no scripted answer gets this one.
    pub fn always(&self, answer: Answer) {
        self.respond_with(move |_| answer.clone());
    }

    /// Every request that finds no scripted answer gets what the function says. Faults still apply.
    pub fn respond_with(
        &self,
        responder: impl Fn(&ReceivedRequest) -> Answer + Send + Sync + 'static,
    ) {
        self.state.respond_with(Arc::new(responder));
    }

    /// The requests for models so far, refused ones included, in the order in which they were complete.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.state.requests()
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.accepted.load(Ordering::Relaxed)
    }

    /// TLS handshakes completed so far.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.state.handshakes.load(Ordering::Relaxed)
    }

    /// `GET /ping` so far.
    #[must_use]
    pub fn pings(&self) -> usize {
        self.state.pings.load(Ordering::Relaxed)
    }

    /// Connections that are open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        *self.state.open.borrow()
    }

    /// Waits until no connection is open, as after [`Answer::close_connection_afterwards`].
    pub async fn all_connections_closed(&self) {
        // The sender lives in the state that this handle holds, so waiting cannot fail.
        let _ = self
            .state
            .open
            .subscribe()
            .wait_for(|open| *open == 0)
            .await;
    }

    /// Stops listening and closes every connection; the port is free when it returns.
    #[allow(
        clippy::unused_async,
        reason = "a caller must not have to change when stopping has to wait"
    )]
    pub async fn stop(self) {
        drop(self);
    }
}

impl fmt::Debug for BedrockLocal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BedrockLocal")
            .field("endpoint_url", &self.endpoint_url())
            .finish_non_exhaustive()
    }
}

impl Drop for BedrockLocal {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to stop.
            let _ = thread.join();
        }
    }
}

//! The settings of a stand-in, and its start.

use crate::serve::listen;
use crate::state::{Listener, Settings, State};
use crate::{
    BedrockLocal, Fault, ModelTable, ModelTableError, RequestLine, TlsError, TlsIdentity, Upstream,
    UpstreamError,
};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use time::Date;
use tokio::sync::oneshot;

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
    tokens_per_second: Option<NonZeroU32>,
    on_request: Option<Listener>,
    requests_forgotten: bool,
}

impl Builder {
    /// The loopback address to listen on. Default: 127.0.0.1.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = Some(host);
        self
    }

    /// The port to listen on. Default: 0, which is any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Listens over TLS with that certificate.
    pub fn tls(mut self, identity: TlsIdentity) -> Self {
        self.tls = Some(identity);
        self
    }

    /// The table of models. Default: the workspace's.
    pub fn models(mut self, models: ModelTable) -> Self {
        self.models = Some(models);
        self
    }

    /// The Region for which requests must be signed. Default: ap-northeast-1.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The day by which a model's end of life is judged. Default: today's date in UTC.
    pub fn today(mut self, today: Date) -> Self {
        self.today = Some(today);
        self
    }

    /// The server that answers in place of the stand-in. Default: none.
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = Some(upstream);
        self
    }

    /// The faults: the first one that applies and is not used up decides. Default: none.
    pub fn default_faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults = faults.into_iter().collect();
        self
    }

    /// Whether signatures are checked. Default: true.
    pub fn verify_signatures(mut self, verify: bool) -> Self {
        self.signatures_unchecked = !verify;
        self
    }

    /// The pace of the stand-in's own text in a stream. Default: as fast as it can be sent.
    pub fn tokens_per_second(mut self, pace: NonZeroU32) -> Self {
        self.tokens_per_second = Some(pace);
        self
    }

    /// A function that is called for every answered request, for logs.
    pub fn on_request(mut self, listener: impl Fn(&RequestLine) + Send + Sync + 'static) -> Self {
        self.on_request = Some(Arc::new(listener));
        self
    }

    /// Keeps no request for [`BedrockLocal::requests`], whose memory would grow with each.
    pub fn forget_requests(mut self) -> Self {
        self.requests_forgotten = true;
        self
    }

    /// Listens on a thread of its own, so that a test may block on a program that calls the stand-in.
    ///
    /// # Errors
    /// When the port is in use, the address is not a loopback one, or a part of the settings cannot be used.
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
        Ok(BedrockLocal::running(
            address,
            certificate_authority,
            state,
            stop,
            thread,
        ))
    }

    fn state(self) -> Result<State, StartError> {
        let settings = Settings {
            models: self.models.map_or_else(ModelTable::bundled, Ok)?,
            region: self.region.unwrap_or_else(|| "ap-northeast-1".to_owned()),
            verify_signatures: !self.signatures_unchecked,
            today: self.today,
            tokens_per_second: self.tokens_per_second,
            upstream: self.upstream,
            on_request: self.on_request,
            requests_forgotten: self.requests_forgotten,
        };
        Ok(State::new(settings, self.faults))
    }
}

/// Why the stand-in could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens on the port.
    #[error("Port {0} is in use. Choose another one, or 0 for any free port.")]
    PortInUse(u16),
    /// The address is not one of loopback, to which the stand-in keeps because it checks no caller.
    #[error("The host {0} is not a loopback address. Use 127.0.0.1 or ::1.")]
    NotLoopback(IpAddr),
    /// The address cannot be listened on for another reason.
    #[error("Cannot listen on {host}, port {port}: {source}. Choose another port.")]
    Listen {
        /// The address asked for.
        host: IpAddr,
        /// The port asked for.
        port: u16,
        /// The system's error.
        source: io::Error,
    },
    /// The system gave no thread or event loop.
    #[error(
        "Cannot start the server's thread: {0}. Free some of this machine's resources and try again."
    )]
    Thread(io::Error),
    /// The table of models cannot be used.
    #[error(transparent)]
    Models(#[from] ModelTableError),
    /// The certificate cannot be made or used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The upstream cannot be used.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
}

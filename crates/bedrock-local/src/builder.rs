//! The settings of a stand-in, until it starts.

use crate::state::{Listener, Settings, State};
use crate::{
    BedrockLocal, Fault, ModelTable, RequestLine, StartError, TlsIdentity, Upstream, listen,
};
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

    /// The pace of the stand-in's own text in a stream; as fast as it can be sent where nothing is said.
    pub fn tokens_per_second(mut self, pace: NonZeroU32) -> Self {
        self.tokens_per_second = Some(pace);
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
        };
        Ok(State::new(settings, self.faults))
    }
}

//! The HTTP client: one pool, `ring` for TLS, and the roots that Bedrock's certificates chain to.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_smithy_http_client::{
    pool::{Client, ConnectionPool},
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    connector_metadata::ConnectorMetadata,
    http::{HttpClient, HttpConnectorSettings, SharedHttpConnector},
    runtime_components::RuntimeComponents,
};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::ConnectError;

/// The roots of Amazon Trust Services, which sign the certificates of AWS's endpoints. Reading the
/// operating system's bundle instead is most of what a start costs.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-trust-services.pem");

/// A connection that was unused for longer is not used again: load balancers close them after a minute.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// An HTTP client whose pool can be replaced: the pool itself has no way to give up a connection.
#[derive(Clone, Debug)]
pub(super) struct Http {
    tls_context: TlsContext,
    client: Arc<Mutex<Client>>,
}

impl Http {
    /// Trusts the certificates in the file `ca_bundle` where it is given, and else Amazon's roots.
    pub(super) fn new(ca_bundle: Option<&str>) -> Result<Self, ConnectError> {
        let roots = match ca_bundle {
            Some(path) => read_bundle(path)?,
            None => AMAZON_ROOTS.to_vec(),
        };
        let tls_context = TlsContext::builder()
            .with_trust_store(TrustStore::empty().with_pem_certificate(roots))
            .build()
            .map_err(|error| ConnectError::Http(error.to_string()))?;
        let client = Arc::new(Mutex::new(client(&tls_context)?));
        Ok(Self {
            tls_context,
            client,
        })
    }

    /// Has the next request go out on a new connection.
    pub(super) fn renew(&self) {
        // Building a pool from the same settings has worked before. If it fails now, the old pool is used.
        if let Ok(client) = client(&self.tls_context) {
            *self.current() = client;
        }
    }

    fn current(&self) -> MutexGuard<'_, Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for Http {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.current().http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.current().connector_metadata()
    }
}

fn client(tls_context: &TlsContext) -> Result<Client, ConnectError> {
    let pool = ConnectionPool::builder()
        .idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls_context.clone())
        .build_https()
        .map_err(|error| ConnectError::Http(error.to_string()))?;
    Client::new(&pool).map_err(|error| ConnectError::Http(error.to_string()))
}

fn read_bundle(path: &str) -> Result<Vec<u8>, ConnectError> {
    let wrong = |problem: String| ConnectError::CaBundle {
        path: path.to_owned(),
        problem,
    };
    let pem = std::fs::read(path).map_err(|error| {
        wrong(format!(
            "cannot be read ({error}): give a PEM file or unset it."
        ))
    })?;
    if are_roots(&pem) {
        Ok(pem)
    } else {
        Err(wrong(
            "is not all PEM certificates: give a file that is, or unset it.".to_owned(),
        ))
    }
}

/// Whether a TLS stack can be made of it: the SDK's panics over a certificate that it cannot read,
/// and takes a file without any for an empty list, trusting nothing.
fn are_roots(pem: &[u8]) -> bool {
    let mut roots = RootCertStore::empty();
    let all_read = CertificateDer::pem_slice_iter(pem)
        .all(|certificate| certificate.is_ok_and(|certificate| roots.add(certificate).is_ok()));
    all_read && !roots.is_empty()
}

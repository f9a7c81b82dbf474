//! The HTTP client: one pool, `ring` for TLS, and the roots that Bedrock's certificates chain to.

use std::time::Duration;

use aws_smithy_http_client::{
    pool::{Client, ConnectionPool},
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::ConnectError;

/// The roots of Amazon Trust Services, which sign the certificates of AWS's endpoints. Reading the
/// operating system's bundle instead is most of what a start costs.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-trust-services.pem");

/// Connections idle for longer are not used again: load balancers close them after a minute.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// Makes the client, with the certificates in the file `ca_bundle` for roots where it is given.
pub(super) fn client(ca_bundle: Option<&str>) -> Result<Client, ConnectError> {
    let roots = match ca_bundle {
        Some(path) => read_bundle(path)?,
        None => AMAZON_ROOTS.to_vec(),
    };
    let tls_context = TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(roots))
        .build()
        .map_err(|error| ConnectError::Http(error.to_string()))?;
    let pool = ConnectionPool::builder()
        .idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls_context)
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

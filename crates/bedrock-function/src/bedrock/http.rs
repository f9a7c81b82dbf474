//! The HTTP client: one pool, `ring` for TLS, and the roots that Bedrock's certificates chain to.

use std::time::Duration;

use aws_smithy_http_client::{
    pool::{Client, ConnectionPool},
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
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
    // The TLS stack takes a file without certificates for an empty list and then trusts nothing.
    let begin = b"-----BEGIN CERTIFICATE-----";
    if pem.windows(begin.len()).any(|window| window == begin) {
        Ok(pem)
    } else {
        Err(wrong(
            "holds no PEM certificate: give one that does or unset it.".to_owned(),
        ))
    }
}

//! Certificates that are made for one server and not kept.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::sync::Arc;
use time::{Duration, OffsetDateTime, macros::datetime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{self, ServerConfig, crypto::ring};

/// The certificate of a server, with a certificate authority made for it alone.
#[derive(Debug, Clone)]
pub struct TlsIdentity {
    ca_pem: String,
    leaf: CertificateDer<'static>,
    leaf_key: Vec<u8>,
}

/// Why a certificate could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be made.
    #[error("Cannot make a certificate: {0}. This is a defect of bedrock-local: report it.")]
    Certificate(#[from] rcgen::Error),
    /// The certificate cannot be used.
    #[error("Cannot use the certificate: {0}. This is a defect of bedrock-local: report it.")]
    Configuration(#[from] rustls::Error),
}

impl TlsIdentity {
    /// Valid from yesterday until tomorrow, for localhost, 127.0.0.1 and ::1.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn localhost() -> Result<Self, TlsError> {
        Self::new(LOCAL, around(OffsetDateTime::now_utc()))
    }

    /// Valid in 2020 alone, for localhost.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn expired() -> Result<Self, TlsError> {
        Self::new(LOCAL, around(datetime!(2020-06-01 0:00 UTC)))
    }

    /// Valid today, for another host.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn other_host() -> Result<Self, TlsError> {
        Self::new(&["other-host.example"], around(OffsetDateTime::now_utc()))
    }

    /// The certificate authority, for clients to trust.
    #[must_use]
    pub fn certificate_authority_pem(&self) -> &str {
        &self.ca_pem
    }

    fn new(hosts: &[&str], validity: (OffsetDateTime, OffsetDateTime)) -> Result<Self, TlsError> {
        let (authority, issuer) = authority()?;
        let mut parameters =
            CertificateParams::new(hosts.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        (parameters.not_before, parameters.not_after) = validity;
        parameters.use_authority_key_identifier_extension = true;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let leaf = parameters.signed_by(&key, &issuer)?;
        Ok(Self {
            ca_pem: authority.pem(),
            leaf: leaf.der().clone(),
            leaf_key: key.serialize_der(),
        })
    }

    /// TLS 1.2 and 1.3, HTTP/2 preferred, as Bedrock's endpoint.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let mut configuration =
            ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(
                    vec![self.leaf.clone()],
                    PrivatePkcs8KeyDer::from(self.leaf_key.clone()).into(),
                )?;
        configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(configuration)))
    }
}

const LOCAL: &[&str] = &["localhost", "127.0.0.1", "::1"];

/// A certificate authority: its certificate, and its key to sign with.
fn authority() -> Result<(rcgen::Certificate, Issuer<'static, KeyPair>), rcgen::Error> {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.distinguished_name.push(
        DnType::CommonName,
        "bedrock-local, for this machine's tests",
    );
    let key = KeyPair::generate()?;
    let certificate = parameters.self_signed(&key)?;
    Ok((certificate, Issuer::new(parameters, key)))
}

fn around(day: OffsetDateTime) -> (OffsetDateTime, OffsetDateTime) {
    (day - Duration::DAY, day + Duration::DAY)
}

//! Why the stand-in could not be started.

use crate::{ModelTableError, TlsError, UpstreamError};
use std::{io, net::IpAddr};

/// Why the stand-in could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("port {0} is in use; choose another one, or 0 for any free port")]
    PortInUse(u16),
    /// It answers anybody, so it stays on loopback.
    #[error("the host {0} is not a loopback address; use 127.0.0.1 or ::1")]
    NotLoopback(IpAddr),
    /// Any other failure to listen.
    #[error("cannot listen on {host}, port {port}: {source}; choose another port")]
    Listen {
        /// The address asked for.
        host: IpAddr,
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no thread or event loop.
    #[error(
        "cannot start the server's thread: {0}; free some of this machine's resources and try again"
    )]
    Thread(io::Error),
    /// The table of models.
    #[error(transparent)]
    Models(#[from] ModelTableError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The server that answers in the stand-in's place.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
}

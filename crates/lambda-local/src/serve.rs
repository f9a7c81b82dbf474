//! Serves the function until a signal: Lambda's Invoke API, a Function URL, or both.

use std::sync::Arc;

use lambda_local::{Builder, Pool, stopped};

use crate::{Failure, report};

/// Where to serve the function; 0 is a free port.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Ports {
    /// Serve Lambda's Invoke API on this port of 127.0.0.1 until Ctrl-C; 0 takes a free one and says which
    #[arg(long, value_name = "PORT", conflicts_with = "event")]
    invoke_port: Option<u16>,
    /// Serve the function as a Function URL on this port of 127.0.0.1 until Ctrl-C; 0 takes a free one and says which
    #[arg(long, value_name = "PORT", conflicts_with = "event")]
    url_port: Option<u16>,
}

/// Runs until a signal, which is the ordinary way to end it.
pub(crate) async fn serve(
    function: Builder,
    ports: Ports,
    concurrency: usize,
) -> Result<(), Failure> {
    let pool = Arc::new(Pool::new(function, concurrency));
    let listening = |source| Failure::Listen { source };
    let mut servers = Vec::new();
    if let Some(port) = ports.invoke_port {
        let server = pool.serve_invoke_api(port).await.map_err(listening)?;
        report::note(&format!("Invoke API at {}", server.url()));
        servers.push(server);
    }
    if let Some(port) = ports.url_port {
        let server = pool.serve_function_url(port).await.map_err(listening)?;
        report::note(&format!("Function URL at {}", server.url()));
        servers.push(server);
    }
    stopped().await;
    Ok(())
}

//! Where things are.

use std::path::{Path, PathBuf};

/// The function's package and binary.
pub(crate) const FUNCTION: &str = "bedrock-function";

/// The root of the workspace, where this program was built.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Says where `make watch` listens, while it runs.
pub(crate) fn watch_state() -> PathBuf {
    root().join(".local/watch.json")
}

/// Says which function is deployed, once one is.
pub(crate) fn deployment() -> PathBuf {
    root().join(".local/deployment.json")
}

//! Paths of the workspace.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The function's package and binary.
pub(crate) const FUNCTION: &str = "bedrock-function";

/// The root of the workspace, where this program was built.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The file that says where `make watch` listens, while it runs.
pub(crate) fn watch_state() -> PathBuf {
    root().join(".local/watch.json")
}

/// The file that says which function is deployed, once one is. The CDK app's tests have a folder of their own for what `make deploy` leaves.
pub(crate) fn deployment() -> PathBuf {
    let folder =
        env::var_os("BEDROCK_INFRA_STATE_DIR").map_or_else(|| root().join(".local"), PathBuf::from);
    folder.join("deployment.json")
}

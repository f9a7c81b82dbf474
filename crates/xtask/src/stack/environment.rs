//! The settings of the local function.

use std::{env, ffi::OsString, io, time::Duration};

use bedrock_local::{callers_settings, function_environment};

use models::{Granted, ModelTable};

/// The time-out of a function that is not told otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The models that the local function may call: every row of the workspace's table that Bedrock still serves.
pub(crate) fn granted() -> io::Result<Granted> {
    let table = ModelTable::bundled().map_err(io::Error::other)?;
    Ok(table.granted(models::today())?)
}

/// The settings of the function. The caller's own `BEDROCK_…` variables come last, and win.
pub(crate) fn settings(granted: &Granted, bedrock_url: &str) -> Vec<(OsString, OsString)> {
    let settings = function_environment(bedrock_url, granted)
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()));
    settings.chain(callers_settings()).collect()
}

/// The model that answers when the event names none.
pub(crate) fn default_model(granted: &Granted) -> String {
    let ids = env::var("BEDROCK_MODEL_IDS").unwrap_or_else(|_| granted.ids.clone());
    ids.split(',').next().unwrap_or_default().trim().to_owned()
}

/// The function's time-out: the deployed one is told the same number that Lambda has.
pub(crate) fn timeout() -> Duration {
    let seconds = env::var("BEDROCK_TIMEOUT_SECONDS")
        .ok()
        .and_then(|seconds| seconds.trim().parse().ok());
    seconds.map_or(DEFAULT_TIMEOUT, Duration::from_secs)
}

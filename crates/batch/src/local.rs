//! The function on this machine: its processes, and a stand-in for Bedrock.

use std::{collections::BTreeMap, ffi::OsStr, path::Path, time::Duration};

use bedrock_function::{config::Config, text::ServiceTier};
use bedrock_local::{BedrockLocal, callers_settings, function_environment};
use lambda_local::{Function, Pool};
use models::ModelTable;

use crate::{Failure, Tiers, run::Asked};

/// Many processes share the machine's few cores while they start: Lambda's ten seconds are for one.
const INIT_TIMEOUT: Duration = Duration::from_secs(60);

/// Starts a stand-in. It keeps no request: there may be millions.
///
/// # Errors
///
/// When an option cannot be used, or it does not start.
pub async fn stand_in(options: &bedrock_local::StandInOptions) -> Result<BedrockLocal, Failure> {
    let builder = options
        .builder()
        .map_err(|error| Failure::Setting(error.to_string()))?;
    Ok(builder.forget_requests().start().await?)
}

/// The function's environment: that of the local function, the caller's `BEDROCK_…`, and a default model.
#[derive(Debug, Clone)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// For a Bedrock at that address. `model` is asked by rows that name none; empty for the usual one.
    ///
    /// # Errors
    ///
    /// When the model is not among those that the function may call.
    pub fn new(endpoint_url: &str, model: &str) -> Result<Self, Failure> {
        let lossy = |text: &OsStr| text.to_string_lossy().into_owned();
        let wrong = |error: &dyn std::fmt::Display| Failure::Setting(error.to_string());
        let granted = table()?
            .granted(models::today())
            .map_err(|error| wrong(&error))?;
        let settings = function_environment(endpoint_url, &granted);
        let mut variables: BTreeMap<_, _> = settings
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            // A value that is not UTF-8 is passed on as one that the function refuses.
            .chain(callers_settings().map(|(name, value)| (lossy(&name), lossy(&value))))
            .collect();
        // A line for each of many invocations would stay in memory; what fails is in the output.
        variables.insert("AWS_LAMBDA_LOG_LEVEL".to_owned(), "FATAL".to_owned());
        variables.remove("BEDROCK_METRICS_NAMESPACE");
        if !model.is_empty() {
            let ids = variables.entry("BEDROCK_MODEL_IDS".to_owned()).or_default();
            *ids = first(ids, model)?;
        }
        Ok(Self(variables))
    }

    /// The function's configuration, as the function itself reads it.
    ///
    /// # Errors
    ///
    /// The first variable that is wrong.
    pub fn config(&self) -> Result<Config, Failure> {
        Ok(Config::from_lookup(|name| self.0.get(name).cloned())?)
    }

    /// The tiers of rows that name none, by what is given and by the model table.
    ///
    /// # Errors
    ///
    /// As [`config`](Self::config).
    pub fn tiers(&self, given: Option<ServiceTier>) -> Result<Tiers, Failure> {
        Ok(Tiers::new(given, &self.config()?, &table()?))
    }

    /// The function, to be started in so many processes at most, when they are needed.
    ///
    /// # Errors
    ///
    /// As [`config`](Self::config).
    pub fn function(self, program: &Path, concurrency: usize) -> Result<Asked, Failure> {
        let config = self.config()?;
        let builder = Function::builder(program)
            .envs(self.0)
            .timeout(config.timeout)
            .init_timeout(INIT_TIMEOUT);
        Ok(Asked {
            pool: Pool::new(builder, concurrency),
            config,
        })
    }
}

fn table() -> Result<ModelTable, Failure> {
    ModelTable::bundled().map_err(|error| Failure::Setting(error.to_string()))
}

/// The ids, this one first.
fn first(ids: &str, model: &str) -> Result<String, Failure> {
    let ids: Vec<_> = ids.split(',').map(str::trim).collect();
    if !ids.contains(&model) {
        return Err(Failure::Setting(format!(
            "MODEL={model} is none of the models that the function may call. Use one of {}.",
            ids.join(", ")
        )));
    }
    let others = ids.iter().filter(|id| **id != model).copied();
    Ok([model]
        .into_iter()
        .chain(others)
        .collect::<Vec<_>>()
        .join(","))
}

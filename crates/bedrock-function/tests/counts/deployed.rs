//! What is counted is the function as it is deployed.

use std::collections::BTreeMap;

/// The environment of a function that is deployed with no settings; infra/test/docs.test.ts keeps the file true.
pub(crate) fn deployed_environment() -> BTreeMap<String, String> {
    serde_json::from_str(include_str!("../../../../infra/deployed-environment.json")).unwrap()
}

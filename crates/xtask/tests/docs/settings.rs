//! The pages of settings name every variable that the function reads.

use std::{cell::RefCell, collections::BTreeSet};

use bedrock_function::config::Config;

use super::page::sections;

/// The names that the function asks its environment for.
fn variables() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    let config = Config::from_lookup(|name| {
        asked.borrow_mut().insert(name.to_owned());
        // Without models and a region there is no configuration, and only metrics need the function's name.
        match name {
            "BEDROCK_METRICS_NAMESPACE" => Some("Namespace".to_owned()),
            "AWS_DEFAULT_REGION" => Some("ap-northeast-1".to_owned()),
            "AWS_LAMBDA_FUNCTION_NAME" | "BEDROCK_MODEL_IDS" => Some("name".to_owned()),
            _ => None,
        }
    });
    assert!(config.is_ok(), "{:?}", config.err());
    asked.into_inner()
}

/// Lambda sets these two itself, or AWS's tools take the first for the other.
const NOT_FOR_PEOPLE: [&str; 2] = ["AWS_LAMBDA_FUNCTION_NAME", "AWS_DEFAULT_REGION"];

#[test]
fn the_pages_of_settings_list_every_variable_of_the_function_and_no_other() {
    let mut read = variables();
    assert!(read.len() > 12, "{read:?}");
    for name in NOT_FOR_PEOPLE {
        assert!(read.remove(name), "{name}");
    }
    for page in ["docs/settings.md", "docs/settings.ja.md"] {
        let last = sections(page).pop().unwrap();
        let listed: BTreeSet<_> = last
            .rows
            .iter()
            .map(|row| row[0].trim_matches('`').to_owned())
            .collect();
        assert_eq!(listed, read, "{page}");
    }
}

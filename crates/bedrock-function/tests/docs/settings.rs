//! The pages of settings name every variable that the function reads.

use std::collections::BTreeSet;

use super::page::{read, sections};

/// The names in `get("…")` of config.rs.
fn variables() -> BTreeSet<String> {
    let source = read("crates/bedrock-function/src/config.rs");
    source
        .split("get(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
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

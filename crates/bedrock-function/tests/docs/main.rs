//! The documentation's tables, compared with the code that they describe.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{fmt::Write, path::Path};

use bedrock_function::cause::Cause;

fn table() -> String {
    let mut table =
        String::from("| status | `code` | what happened | what to do |\n|---|---|---|---|\n");
    for cause in Cause::ALL {
        let (status, code) = (cause.code().status(), cause.code().as_str());
        let (happened, remedy) = cause.sentences();
        let filled = |text: &str| {
            text.replace("{model}", "*model*")
                .replace("{waited}", "*n*")
        };
        let (happened, remedy) = (filled(happened), filled(remedy));
        writeln!(table, "| {status} | `{code}` | {happened} | {remedy} |").unwrap();
    }
    table
}

/// With `UPDATE_DOCS=1` the file is rewritten instead: `make docs`.
#[test]
fn the_table_of_errors_in_the_readme_is_the_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme
        .split_once("<!-- errors: made by make docs -->\n")
        .unwrap();
    let (written, after) = rest.split_once("<!-- end -->").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let updated = format!(
            "{before}<!-- errors: made by make docs -->\n{}<!-- end -->{after}",
            table()
        );
        std::fs::write(path, updated).unwrap();
        return;
    }
    assert!(
        written == table(),
        "README.md is behind src/cause.rs: run `make docs`"
    );
}

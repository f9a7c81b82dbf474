//! What the documents say is what was measured.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is the test's failure; clippy.toml's leave for tests does not reach helper functions"
)]

use std::{fs, path::Path};

use bench::{COMPARE_JSON, COMPARE_MARKER, GROWTH_JSON, GROWTH_MARKER, Growth, Results};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// What a document has between a marker and the end of its block.
fn block(path: &str, marker: &str) -> String {
    let document = text(path);
    let (_, rest) = document.split_once(&format!("{marker}\n")).unwrap();
    rest.split_once("<!-- end -->").unwrap().0.to_owned()
}

/// A block of a document and what it says are the same.
fn assert_published<'a>(blocks: impl IntoIterator<Item = (&'a str, String)>, marker: &str) {
    for (path, expected) in blocks {
        assert_eq!(block(path, marker), expected, "{path}, {marker}");
    }
}

#[test]
fn the_tables_of_the_comparison_are_those_of_its_numbers() {
    let results: Results = bench::read(&root().join(COMPARE_JSON)).unwrap();
    assert_published(bench::blocks_of_comparison(&results), COMPARE_MARKER);
    assert_eq!(text("docs/bench/compare.svg"), bench::chart(&results));
}

#[test]
fn the_tables_of_growth_are_those_of_its_numbers() {
    let growth: Growth = bench::read(&root().join(GROWTH_JSON)).unwrap();
    assert_published(bench::blocks_of_growth(&growth), GROWTH_MARKER);
    assert_eq!(text("docs/bench/growth.svg"), growth.chart());
}

#[test]
fn what_is_published_comes_of_at_least_fifteen_cold_starts_throttled() {
    let results: Results = bench::read(&root().join(COMPARE_JSON)).unwrap();
    assert!(results.cold_starts >= 15, "{}", results.cold_starts);
    assert_eq!(results.unthrottled, None);
}

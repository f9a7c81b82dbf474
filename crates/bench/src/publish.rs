//! What a run writes into the documents, and reads again from them.

use std::{fs, path::Path};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    BenchError, Results,
    chart::{Bar, Panel, draw},
    document,
    growth::Growth,
    language::Language,
    results::Row,
    table,
};

/// The beginning of the block that `make bench` makes.
pub const COMPARE_MARKER: &str = "<!-- bench: made by make bench -->";

/// The beginning of the block that `make bench-growth` makes.
pub const GROWTH_MARKER: &str = "<!-- growth: made by make bench-growth -->";

/// Where the numbers of a comparison are kept, from the workspace's folder.
pub const COMPARE_JSON: &str = "docs/bench/compare.json";

/// Where the numbers of growth are kept, from the workspace's folder.
pub const GROWTH_JSON: &str = "docs/bench/growth.json";

/// Every block that these results fill: the document, from the workspace's folder, and the text.
#[must_use]
pub fn blocks_of_comparison(results: &Results) -> Vec<(&'static str, String)> {
    let readme = |language| {
        format!(
            "{}\n{}",
            table::short(results, language),
            table::circumstances(results, language)
        )
    };
    let all = format!(
        "{}\n{}\n{}",
        table::circumstances(results, Language::English),
        table::full(results),
        table::of_targets(results)
    );
    vec![
        ("README.md", readme(Language::English)),
        ("README.ja.md", readme(Language::Japanese)),
        ("docs/benchmarks.md", all),
    ]
}

/// Every block that growth fills.
#[must_use]
pub fn blocks_of_growth(growth: &Growth) -> Vec<(&'static str, String)> {
    vec![("docs/benchmarks.md", growth.to_string())]
}

/// Writes a comparison's numbers, its chart and its blocks below the workspace's folder.
///
/// # Errors
///
/// When the CPU was not limited, a file cannot be written, or a document has no block for it.
pub fn comparison(root: &Path, results: &Results) -> Result<(), BenchError> {
    if let Some(reason) = &results.unthrottled {
        return Err(BenchError::Unthrottled(reason.clone()));
    }
    write_json(&root.join(COMPARE_JSON), results)?;
    write(&root.join("docs/bench/compare.svg"), &chart(results))?;
    fill(root, COMPARE_MARKER, &blocks_of_comparison(results))
}

/// Writes growth's numbers, its chart and its blocks below the workspace's folder.
///
/// # Errors
///
/// When a file cannot be written, or a document has no block for it.
pub fn growth(root: &Path, growth: &Growth) -> Result<(), BenchError> {
    write_json(&root.join(GROWTH_JSON), growth)?;
    write(&root.join("docs/bench/growth.svg"), &growth.chart())?;
    fill(root, GROWTH_MARKER, &blocks_of_growth(growth))
}

fn fill(root: &Path, marker: &str, blocks: &[(&str, String)]) -> Result<(), BenchError> {
    blocks
        .iter()
        .try_for_each(|(path, text)| document::fill(&root.join(path), marker, text))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), BenchError> {
    let json = serde_json::to_string_pretty(value).map_err(BenchError::json(path))?;
    write(path, &format!("{json}\n"))
}

fn write(path: &Path, text: &str) -> Result<(), BenchError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(BenchError::file(folder))?;
    }
    fs::write(path, text).map_err(BenchError::file(path))
}

/// Reads the numbers of an earlier run.
///
/// # Errors
///
/// When there are none.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, BenchError> {
    let text = fs::read_to_string(path).map_err(BenchError::file(path))?;
    serde_json::from_str(&text).map_err(BenchError::json(path))
}

/// The chart of a comparison.
#[must_use]
pub fn chart(results: &Results) -> String {
    let panel = |heading: &str, bar: fn(&Row) -> (Vec<f64>, String)| Panel {
        heading: heading.to_owned(),
        bars: results
            .by_memory
            .iter()
            .filter(|row| row.name.is_peer())
            .map(|row| {
                let (parts, value) = bar(row);
                Bar {
                    label: Language::English.name(row.name).to_owned(),
                    parts,
                    value,
                    is_ours: row.name.is_ours(),
                }
            })
            .collect(),
    };
    draw(
        "A first answer at 128 MB, beside other functions",
        &[
            panel(
                "First answer at 128 MB: INIT (dark), then the first invocation (light)",
                |row| {
                    let value = format!("{} ms", table::number(row.cold.median));
                    (vec![row.init.median, row.first.median], value)
                },
            ),
            panel("Warm invocation at 128 MB, median", |row| {
                (
                    vec![row.warm.p50],
                    format!("{} ms", table::number(row.warm.p50)),
                )
            }),
            panel("Peak resident memory", |row| {
                let megabytes = row.peak_memory.median / 1e6;
                (vec![megabytes], format!("{} MB", table::number(megabytes)))
            }),
        ],
    )
}

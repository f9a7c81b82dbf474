//! Tables in Markdown, with columns that line up in a terminal too.

use crate::{
    Results,
    language::Language,
    results::Row,
    statistics::Spread,
    targets::{Bound, Target, targets},
};

/// Rows of cells under a heading; the first column is text, the others are numbers.
pub(crate) fn markdown(heading: &[&str], rows: &[Vec<String>]) -> String {
    let heading: Vec<String> = heading.iter().map(ToString::to_string).collect();
    let widths: Vec<usize> = (0..heading.len())
        .map(|column| {
            let cells = rows.iter().chain([&heading]).map(|row| width(&row[column]));
            cells.max().unwrap_or(0)
        })
        .collect();
    let rule: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(column, width)| match column {
            0 => "-".repeat(*width),
            _ => format!("{}:", "-".repeat(width.saturating_sub(1))),
        })
        .collect();
    let lines = [&heading, &rule].into_iter().chain(rows);
    lines.map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells: Vec<String> = row
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, all))| {
            let space = " ".repeat(all.saturating_sub(width(cell)));
            match column {
                0 => format!("{cell}{space}"),
                _ => format!("{space}{cell}"),
            }
        })
        .collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Columns of a terminal: Japanese characters take two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|char| if char >= '\u{3000}' { 2 } else { 1 })
        .sum()
}

/// What a reader of the README needs: the functions that somebody would deploy, at the memory that they would give them.
#[must_use]
pub fn short(results: &Results, language: Language) -> String {
    let words = language.words();
    let heading = [
        words.function,
        words.init,
        words.first,
        words.warm_p50,
        words.peak_memory,
        words.zip,
    ];
    let rows = results.by_memory.iter().filter(|row| row.name.is_peer());
    let cells = |row: &Row| {
        vec![
            language.name(row.name).to_owned(),
            format!("{} ms", number(row.init.median)),
            format!("{} ms", number(row.first.median)),
            format!("{} ms", number(row.warm.p50)),
            megabytes(row.peak_memory.median),
            megabytes(row.zip_bytes as f64),
        ]
    };
    markdown(&heading, &rows.map(cells).collect::<Vec<_>>())
}

/// Everything, for both shares of CPU.
#[must_use]
pub fn full(results: &Results) -> String {
    let throttled = match &results.unthrottled {
        None => format!("With the CPU of {} MB after INIT", results.memory_mb),
        Some(reason) => format!("With all the CPU again ({reason})"),
    };
    format!(
        "With all the CPU of the machine (in brackets the middle half):\n\n{}\n{throttled}:\n\n{}",
        every_column(&results.full_cpu),
        every_column(&results.by_memory)
    )
}

fn every_column(rows: &[Row]) -> String {
    let heading = [
        "function",
        "init ms",
        "first invocation ms",
        "warm p50 / p99 ms",
        "CPU ms: init / first / warm",
        "throttled: first / warm",
        "peak RSS MB",
        "zip MB",
        "handshakes: init / invoke",
        "crates",
    ];
    let cells = |row: &Row| {
        vec![
            Language::English.name(row.name).to_owned(),
            spread(row.init),
            spread(row.first),
            format!("{} / {}", number(row.warm.p50), number(row.warm.p99)),
            format!(
                "{} / {} / {}",
                number(row.init_cpu.median),
                number(row.first_cpu.median),
                number(row.warm_cpu.median)
            ),
            format!(
                "{:.0} / {:.0} %",
                row.first_throttled * 100.0,
                row.warm_throttled * 100.0
            ),
            number(row.peak_memory.median / 1e6),
            number(row.zip_bytes as f64 / 1e6),
            format!("{} / {}", row.init_handshakes, row.invoke_handshakes),
            row.crates.map_or("–".to_owned(), |count| count.to_string()),
        ]
    };
    markdown(&heading, &rows.iter().map(cells).collect::<Vec<_>>())
}

/// The targets and whether they are met; nothing where the run says nothing about them.
#[must_use]
pub fn of_targets(results: &Results) -> String {
    let cells = |target: &Target| {
        let bound = match target.bound {
            Bound::AtMost(bound) => format!("≤ {bound} {}", target.unit),
            Bound::AtLeast(bound) => format!("≥ {bound} {}", target.unit),
        };
        let verdict = if target.is_met() { "met" } else { "missed" };
        vec![
            target.name.clone(),
            bound,
            // One digit more than elsewhere: a value beside its bound must not look like it.
            format!("{:.3} {}", target.value, target.unit),
            verdict.to_owned(),
        ]
    };
    let rows: Vec<_> = targets(results).iter().map(cells).collect();
    if rows.is_empty() {
        return String::new();
    }
    markdown(&["target", "bound", "measured", ""], &rows)
}

/// How it was measured: the machine and the counts.
#[must_use]
pub fn circumstances(results: &Results, language: Language) -> String {
    let Results {
        machine,
        node_version,
        cold_starts,
        warm_invocations,
        ..
    } = results;
    match language {
        Language::English => format!(
            "Medians of {cold_starts} cold starts and {} warm invocations of each, taken in turn on {machine}, with Node.js {node_version}.\n",
            cold_starts * warm_invocations
        ),
        Language::Japanese => format!(
            "関数ごとにコールドスタート {cold_starts} 回、ウォーム呼び出し {} 回の中央値。順番に交互に測定。測定環境: {machine}、Node.js {node_version}。\n",
            cold_starts * warm_invocations
        ),
    }
}

/// The median, and in brackets where the middle half lies.
fn spread(spread: Spread) -> String {
    format!(
        "{} ({}–{})",
        number(spread.median),
        number(spread.lower_quartile),
        number(spread.upper_quartile)
    )
}

fn megabytes(bytes: f64) -> String {
    format!("{} MB", number(bytes / 1e6))
}

/// Three digits that count, or all before the point.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_with_japanese_in_them() {
        let table = markdown(
            &["関数", "ms"],
            &[vec!["ours".to_owned(), "1.0".to_owned()]],
        );
        assert_eq!(table, "| 関数 |  ms |\n| ---- | --: |\n| ours | 1.0 |\n");
    }

    #[test]
    fn three_digits_count() {
        assert_eq!(
            [0.345, 2.345, 23.45, 234.5].map(number),
            ["0.34", "2.35", "23.4", "234"]
        );
    }
}

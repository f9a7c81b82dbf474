//! Tables in Markdown, whose columns line up in a terminal too.

use std::iter::once;

/// Three digits that count, or all before the point.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

/// The longest bar, in characters.
const LONGEST: f64 = 20.0;

/// A bar whose length is the value's share of the largest one, at least an eighth of a character.
pub(crate) fn bar(value: f64, largest: f64) -> String {
    let eighths = (value / largest * LONGEST * 8.0).round().max(1.0) as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + rest
}

/// Rows of cells under a heading, nothing where there are none. Of the columns, the first `texts` are set left and the others right.
pub(crate) fn markdown<const N: usize>(
    texts: usize,
    heading: [&str; N],
    rows: Vec<[String; N]>,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heading = heading.map(str::to_owned);
    let widths: Vec<_> = (0..N)
        .map(|column| {
            let cells = rows.iter().chain(once(&heading));
            cells.map(|row| width(&row[column])).max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String; N]| {
        let cells: Vec<_> = (0..N)
            .map(|column| {
                let space = " ".repeat(widths[column] - width(&row[column]));
                if column < texts {
                    format!("{}{space}", row[column])
                } else {
                    format!("{space}{}", row[column])
                }
            })
            .collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = std::array::from_fn(|column| {
        let dashes = "-".repeat(widths[column]);
        if column < texts {
            dashes
        } else {
            dashes[1..].to_owned() + ":"
        }
    });
    let lines = [&heading, &rule].into_iter().chain(&rows);
    lines.map(line).collect()
}

/// Columns of a terminal: Japanese characters take two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|char| if char >= '\u{3000}' { 2 } else { 1 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_with_japanese_in_them() {
        let row = ["ours".to_owned(), "1.0".to_owned()];
        let table = markdown(1, ["関数", "ms"], vec![row]);
        assert_eq!(table, "| 関数 |  ms |\n| ---- | --: |\n| ours | 1.0 |\n");
    }

    #[test]
    fn a_bar_is_as_long_as_its_value_and_is_seen() {
        assert_eq!(bar(100.0, 100.0).chars().count(), 20);
        assert_eq!(bar(52.0, 100.0), "██████████▍");
        assert_eq!(bar(0.0, 100.0), "▏");
    }

    #[test]
    fn three_digits_count() {
        assert_eq!(
            [0.345, 2.345, 23.45, 234.5].map(number),
            ["0.34", "2.35", "23.4", "234"]
        );
    }
}

//! The Rust in `docs/walkthrough.ja.md` is the function's own.

use super::page::{is_updating, read, root};

const PAGE: &str = "docs/walkthrough.ja.md";

/// The item of a source file whose first line begins with `start`, to the brace that ends it, set left.
fn item(source: &str, start: &str) -> String {
    let mut lines = source
        .lines()
        .skip_while(|line| !line.trim_start().starts_with(start));
    let first = lines
        .next()
        .unwrap_or_else(|| panic!("no source begins with {start}"));
    let indent = first.len() - first.trim_start().len();
    let end = format!("{}}}", " ".repeat(indent));
    let mut text = String::new();
    for line in std::iter::once(first).chain(lines) {
        text.push_str(line.get(indent..).unwrap_or_default());
        text.push('\n');
        if line == end {
            break;
        }
    }
    text
}

#[test]
fn the_rust_of_the_walkthrough_is_the_function_s_own() {
    let mut rest = read(PAGE);
    let mut updated = String::new();
    let mut count = 0;
    while let Some((before, marked)) = rest.split_once("<!-- from ") {
        let (name, after) = marked.split_once(" -->\n```rust\n").unwrap();
        let (code, after) = after.split_once("```\n").unwrap();
        let (file, start) = name.split_once(": ").unwrap();
        let wanted = item(&read(file), start);
        assert!(
            is_updating() || code == wanted,
            "{PAGE}: {name} is behind the source: run `make docs`"
        );
        updated += &format!("{before}<!-- from {name} -->\n```rust\n{wanted}```\n");
        rest = after.to_owned();
        count += 1;
    }
    assert!(count >= 3, "{count}");
    if is_updating() {
        std::fs::write(root(PAGE), updated + &rest).unwrap();
    }
}

#[test]
fn no_other_rust_stands_in_it() {
    let page = read(PAGE);
    assert_eq!(
        page.matches("```rust\n").count(),
        page.matches("<!-- from ").count()
    );
}

//! The picture of a terminal is of what was printed, and the READMEs show the same.

use super::page::{read, sections};

const CAPTURE: &str = "docs/picture.txt";

/// What a person reads in an SVG: the text between its tags, without the blanks that lay it out.
fn words(svg: &str) -> String {
    let (_, drawn) = svg.split_once("</defs>").unwrap();
    let mut text = String::new();
    let mut is_tag = false;
    for c in drawn.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    let text = [
        ("&#160;", ""),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text, |text, (escaped, plain)| text.replace(escaped, plain));
    text.split_whitespace().collect()
}

#[test]
fn the_pictures_show_what_was_printed_and_nothing_else() {
    let printed: String = read(CAPTURE).split_whitespace().collect();
    for theme in ["light", "dark"] {
        let svg = read(&format!("docs/picture-{theme}.svg"));
        assert!(
            !svg.contains("url(http"),
            "{theme}: loads something from elsewhere"
        );
        let shown = words(&svg);
        let shown = shown.strip_prefix("BedrockonLambda").unwrap();
        assert_eq!(shown, printed, "{theme}: run `make picture`");
    }
}

#[test]
fn the_first_block_of_the_readmes_is_what_was_printed() {
    let printed = read(CAPTURE);
    let lines: Vec<_> = printed.lines().collect();
    for page in ["README.md", "README.ja.md"] {
        let first = sections(page)
            .into_iter()
            .find_map(|s| s.blocks.into_iter().next());
        let (_, block) = first.unwrap();
        assert_eq!(block.lines().count(), 2, "{page}");
        for line in block.lines() {
            assert!(
                lines.contains(&line),
                "{page} shows {line}: run `make picture` and look"
            );
        }
    }
}

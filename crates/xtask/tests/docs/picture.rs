//! The picture of a terminal is of what was printed, and the READMEs show the same.

use super::page::{read, sections};

const CAPTURE: &str = "docs/picture.txt";

/// What a person reads in an SVG: the text between its tags, without the blanks that lay it out.
fn words(svg: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for c in svg.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    let text = [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
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
fn the_pictures_show_an_answer_the_doctor_and_a_deploy_but_no_account() {
    let printed = read(CAPTURE);
    for shown in ["\n$ make ask ", "\n$ make doctor\n✓ ", "\nDeployed "] {
        assert!(printed.contains(shown), "{shown}");
    }
    let digits = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    assert!(
        !printed
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(digits)
    );
}

/// The picture with `#` for each of its colours.
fn without_colours(svg: &str) -> String {
    let mut pieces = svg.split('#');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let hex = piece.chars().take_while(char::is_ascii_hexdigit).count();
        text + "#" + &piece[if hex == 6 { 6 } else { 0 }..]
    })
}

#[test]
fn the_overviews_differ_in_their_colours_alone() {
    let [light, dark] = ["light", "dark"].map(|theme| read(&format!("docs/overview-{theme}.svg")));
    assert_ne!(light, dark);
    assert_eq!(without_colours(&light), without_colours(&dark));
}

#[test]
fn the_readmes_are_at_most_170_lines_and_name_the_version() {
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("\nversion = \"").unwrap();
    let (version, _) = rest.split_once('"').unwrap();
    for page in ["README.md", "README.ja.md"] {
        let text = read(page);
        assert!(
            text.lines().count() <= 170,
            "{page}: {}",
            text.lines().count()
        );
        assert!(
            text.contains(&format!("badge/version-{version}-")),
            "{page}"
        );
    }
    let changes = read("CHANGELOG.md");
    assert!(
        changes.contains(&format!("\n## [{version}] - ")),
        "{version}"
    );
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

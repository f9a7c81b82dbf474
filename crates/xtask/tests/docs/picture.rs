//! The picture of a terminal is of what was printed, and the READMEs show the same.

use super::page::{is_updating, read, root, sections};

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

/// Names of the template's colours, and what they are in light and dark.
const COLOURS: [(&str, [&str; 2]); 7] = [
    ("{paper}", ["#ffffff", "#0d1117"]),
    ("{line}", ["#59636e", "#9198a1"]),
    ("{area}", ["#fff8ee", "#1d1a12"]),
    ("{frame}", ["#bc7a00", "#d29922"]),
    ("{box}", ["#f6f8fa", "#151b23"]),
    ("{ink}", ["#1f2328", "#f0f6fc"]),
    ("{note}", ["#0969da", "#4493f8"]),
];

/// The overview in one language and theme: of each `[[English|Japanese]]` one of the two, and the theme's colours.
fn overview(template: &str, language: usize, theme: usize) -> String {
    let mut pieces = template.split("[[");
    let mut svg = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (words, rest) = piece.split_once("]]").unwrap();
        svg += words.split('|').nth(language).unwrap();
        svg += rest;
    }
    COLOURS.iter().fold(svg, |svg, (name, colours)| {
        svg.replace(name, colours[theme])
    })
}

#[test]
fn the_overviews_are_those_of_their_template() {
    let template = read("docs/overview.svg.template");
    for (language, ending) in ["svg", "ja.svg"].iter().enumerate() {
        for (theme, name) in ["light", "dark"].iter().enumerate() {
            let file = format!("docs/overview-{name}.{ending}");
            let svg = overview(&template, language, theme);
            assert!(
                !svg.contains(['{', '|']),
                "{file}: a label or a colour is not filled in"
            );
            if is_updating() {
                std::fs::write(root(&file), &svg).unwrap();
            }
            assert_eq!(read(&file), svg, "{file}: run `make docs`");
        }
    }
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

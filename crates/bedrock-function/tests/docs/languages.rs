//! Each page that is there in English and in Japanese says the same in both.

use super::page::{Section, all, root, sections};

/// English pages and their Japanese ones.
fn pairs() -> Vec<(String, String)> {
    all()
        .into_iter()
        .filter_map(|page| {
            let japanese = page.strip_suffix(".md")?.to_owned() + ".ja.md";
            root(&japanese).exists().then_some((page, japanese))
        })
        .collect()
}

/// Compares one thing of each section of each pair.
fn assert_same(what: &str, of: impl Fn(&Section) -> Vec<String>) {
    let pairs = pairs();
    assert!(pairs.len() >= 4, "{pairs:?}");
    for (english, japanese) in pairs {
        for (one, other) in sections(&english).iter().zip(sections(&japanese)) {
            let (left, right) = (of(one), of(&other));
            assert!(
                left == right,
                "{what} of {english} # {} and of {japanese} # {} differ:\n{:?}\n{:?}",
                one.title,
                other.title,
                missing(&left, &right),
                missing(&right, &left),
            );
        }
    }
}

/// What of `these` is not among `those`, as often.
fn missing<'a>(these: &'a [String], those: &[String]) -> Vec<&'a String> {
    let mut left = those.to_vec();
    these
        .iter()
        .filter(|one| match left.iter().position(|other| other == *one) {
            Some(place) => {
                left.swap_remove(place);
                false
            }
            None => true,
        })
        .collect()
}

/// The table of errors has whole messages in its cells, in Japanese once more: another test compares its rows.
fn has_messages(section: &Section) -> bool {
    section
        .cell_spans
        .iter()
        .any(|span| span == "AnswerTooLarge")
}

fn sorted(mut items: Vec<String>) -> Vec<String> {
    items.sort();
    items
}

#[test]
fn both_languages_have_the_same_sections() {
    for (english, japanese) in pairs() {
        let levels = |page| sections(page).iter().map(|s| s.level).collect::<Vec<_>>();
        assert_eq!(levels(&english), levels(&japanese), "{english}");
    }
}

#[test]
fn both_languages_have_the_same_commands() {
    assert_same("the commands", Section::commands);
}

#[test]
fn both_languages_have_the_same_code() {
    let name = |span: &String| span.replace(".ja.md", ".md");
    assert_same("the code", |section| {
        sorted(section.spans.iter().map(name).collect())
    });
    assert_same("the code in tables", |section| {
        let spans = section.cell_spans.iter();
        sorted(spans.filter(|_| !has_messages(section)).map(name).collect())
    });
    assert_same("the blocks of output", |section| {
        let is_output = |line: &&str| !line.starts_with("$ ");
        section
            .blocks
            .iter()
            .map(|(_, block)| block.lines().filter(is_output).collect())
            .collect()
    });
}

#[test]
fn both_languages_lead_to_the_same_places() {
    assert_same("the links", |section| {
        let place = |link: &String| {
            let page = link.split('#').next().unwrap_or_default();
            page.replace(".ja.md", ".md")
        };
        sorted(section.links.iter().map(place).collect())
    });
}

#[test]
fn both_languages_have_the_same_numbers() {
    assert_same("the numbers", |section| {
        let mut found = sorted(numbers(&section.texts.join("\n")));
        if has_messages(section) {
            found.dedup();
        }
        found
    });
}

#[test]
fn both_languages_have_as_many_rows() {
    assert_same("the rows", |section| {
        section
            .rows
            .iter()
            .map(|row| row.len().to_string())
            .collect()
    });
}

/// Numbers of more than one digit: smaller ones are words in one language and digits in the other.
fn numbers(text: &str) -> Vec<String> {
    text.replace("100 万", "1000000")
        .replace(" million", " 1000000")
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|number| number.trim_matches('.'))
        .filter(|number| number.len() > 1)
        .map(str::to_owned)
        .collect()
}

#[test]
fn numbers_are_found() {
    assert_eq!(
        numbers("$0.20 per million calls, 100 万回, 3 alarms; 128 MB."),
        ["0.20", "1000000", "1000000", "128"]
    );
}

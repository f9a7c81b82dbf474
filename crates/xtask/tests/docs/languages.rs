//! Each page that is there in English and in Japanese says the same in both.

use super::page::{Section, all, read, root, sections};

/// The table of errors has whole messages in its cells, in Japanese once more: another test compares its rows.
fn has_messages(section: &Section) -> bool {
    let mut spans = section.cell_spans.iter();
    spans.any(|span| span == "AnswerTooLarge")
}

/// What a section has in every language, in words: what has an order in it, and then the rest, sorted.
fn facts(section: &Section) -> Vec<String> {
    let lines = section.blocks.iter().flat_map(|(language, block)| {
        let is_console = language == "console";
        block
            .lines()
            .map(move |line| match line.strip_prefix("$ ") {
                Some(command) if is_console => {
                    let command = command.split("  #").next().unwrap_or_default();
                    format!("command: {}", command.trim())
                }
                // A comment is in the page's language.
                _ if language == "sh" && line.starts_with("# ") => "a comment".to_owned(),
                _ => format!("output: {line}"),
            })
    });
    let rows = section
        .rows
        .iter()
        .map(|row| format!("a row of {}", row.len()));
    let mut facts = vec![format!("a heading of level {}", section.level)];
    facts.extend(lines.chain(rows));

    let page = |name: &String| name.replace(".ja.", ".");
    let mut sorted: Vec<_> = section
        .spans
        .iter()
        .map(|span| format!("code: {}", page(span)))
        .collect();
    sorted.extend(
        section
            .links
            .iter()
            .map(|link| format!("link: {}", page(link).split('#').next().unwrap_or_default())),
    );
    let mut numbers = numbers(&section.texts.join("\n"));
    numbers.sort();
    if has_messages(section) {
        numbers.dedup();
    } else {
        sorted.extend(
            section
                .cell_spans
                .iter()
                .map(|span| format!("code in a table: {}", page(span))),
        );
    }
    sorted.extend(numbers.iter().map(|number| format!("number: {number}")));
    sorted.sort();
    facts.extend(sorted);
    facts
}

/// What of `these` is not among `those`, as often.
fn missing<'a>(these: &'a [String], those: &[String]) -> Vec<&'a String> {
    let mut left = those.to_vec();
    let is_missing = |one: &&String| match left.iter().position(|other| other == *one) {
        Some(place) => {
            left.swap_remove(place);
            false
        }
        None => true,
    };
    these.iter().filter(is_missing).collect()
}

#[test]
fn both_languages_have_the_same_sections_commands_code_links_numbers_and_rows() {
    let pairs: Vec<_> = all()
        .into_iter()
        .filter_map(|page| {
            let japanese = page.strip_suffix(".md")?.to_owned() + ".ja.md";
            root(&japanese).exists().then_some((page, japanese))
        })
        .collect();
    assert!(pairs.len() >= 4, "{pairs:?}");
    let mut differ = Vec::new();
    for (english, japanese) in pairs {
        let (one, other) = (sections(&english), sections(&japanese));
        assert_eq!(
            one.len(),
            other.len(),
            "the sections of {english} and of {japanese}"
        );
        for (one, other) in one.iter().zip(&other) {
            let (left, right) = (facts(one), facts(other));
            if left != right {
                differ.push(format!(
                    "{english} # {} and {japanese} # {} differ (in their order, where nothing is listed):\n{:#?}\n{:#?}",
                    one.title,
                    other.title,
                    missing(&left, &right),
                    missing(&right, &left),
                ));
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// Lines of a paragraph that the next one goes on, outside of code.
fn wrapped(text: &str) -> Vec<&str> {
    let is_block = |line: &str| {
        let line = line.trim_start();
        line.is_empty()
            || ["#", "|", "<", "- ", "```"]
                .iter()
                .any(|mark| line.starts_with(mark))
            || line.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut is_code = false;
    let mut found = Vec::new();
    let mut before = "";
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code
            && !is_block(line)
            && !before.is_empty()
            && !before.starts_with(['#', '<', '`'])
        {
            found.push(line);
        }
        before = if is_code { "" } else { line };
    }
    found
}

#[test]
fn a_paragraph_of_a_japanese_page_is_one_line() {
    assert_eq!(
        wrapped("一行\n二行\n\n- 項目\n  続き\n"),
        ["二行", "  続き"]
    );
    for page in all().iter().filter(|page| page.ends_with(".ja.md")) {
        let text = read(page);
        assert!(wrapped(&text).is_empty(), "{page}: {:?}", wrapped(&text));
    }
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

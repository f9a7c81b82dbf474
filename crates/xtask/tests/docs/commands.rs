//! Every command that is named is there, and every command that is there says what it does.

use std::{collections::BTreeSet, process::Command};

use super::page::{all, read, root, sections};

/// `Makefile`, and what it includes.
fn makefiles() -> Vec<String> {
    let main = read("Makefile");
    let included = main
        .lines()
        .filter_map(|line| line.strip_prefix("include "));
    std::iter::once("Makefile")
        .chain(included.flat_map(str::split_whitespace))
        .map(str::to_owned)
        .collect()
}

/// The targets that they declare, and whether each says what it does.
fn targets() -> Vec<(String, bool)> {
    let texts: Vec<_> = makefiles().iter().map(|file| read(file)).collect();
    let makefiles = texts.join("\n");
    let phony = makefiles
        .lines()
        .filter_map(|line| line.strip_prefix(".PHONY: "))
        .flat_map(str::split_whitespace);
    phony
        .map(|target| {
            let is_rule = |line: &&str| line.starts_with(&format!("{target}:"));
            let rule = makefiles.lines().find(is_rule).unwrap_or_default();
            (target.to_owned(), rule.contains(" ## "))
        })
        .collect()
}

/// The targets that a piece of code names: the words after `make` that look like one.
fn named(code: &str) -> impl Iterator<Item = &str> {
    code.split_whitespace()
        .zip(code.split_whitespace().skip(1))
        .filter(|(before, _)| *before == "make")
        .map(|(_, target)| target)
        .filter(|target| target.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
}

#[test]
fn every_target_says_what_it_does() {
    let targets = targets();
    assert!(targets.len() > 20, "{targets:?}");
    for (target, is_described) in targets {
        assert!(is_described, "make {target} has no `## what it does`");
    }
}

#[test]
fn every_command_that_a_page_names_is_a_target() {
    let known: BTreeSet<_> = targets().into_iter().map(|(target, _)| target).collect();
    let mut checked = 0;
    for page in all() {
        for section in sections(&page) {
            let blocks = section.blocks.iter().map(|(_, block)| block);
            for target in section
                .all_spans()
                .chain(blocks)
                .flat_map(|code| named(code))
            {
                assert!(
                    known.contains(target),
                    "{page} names make {target}, which is no target"
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "{checked}");
}

/// `make help` as a program reads it: no colours, and no line that a terminal of 100 columns breaks.
#[test]
fn the_help_lists_every_target_within_100_columns() {
    let help = Command::new(root("tools/help"))
        .args(makefiles().iter().map(|file| root(file)))
        .env("TERM", "xterm")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(!help.contains('\u{1b}'), "{help}");
    for line in help.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for (target, _) in targets() {
        let is_its = |line: &&str| line.trim_start().starts_with(&format!("{target} "));
        assert_eq!(
            help.lines().filter(is_its).count(),
            1,
            "{target} in:\n{help}"
        );
    }
}

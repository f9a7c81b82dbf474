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

/// The targets that they declare, and what each says that it does, from `##`.
fn targets() -> Vec<(String, String)> {
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
            let help = rule.find(" ##").map_or("", |at| &rule[at + 1..]);
            (target.to_owned(), help.to_owned())
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
    for (target, help) in targets {
        let is_described = help.starts_with("## ") || help.starts_with("##- ");
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

/// `make help` as a program reads it, with ALL=1 or without.
fn help(all: &str) -> String {
    let help = Command::new(root("tools/help"))
        .args(makefiles().iter().map(|file| root(file)))
        .env("TERM", "xterm")
        .env("ALL", all)
        .output()
        .unwrap();
    String::from_utf8(help.stdout).unwrap()
}

/// How many lines list the target.
fn count(help: &str, target: &str) -> usize {
    let is_its = |line: &&str| line.trim_start().starts_with(&format!("{target} "));
    help.lines().filter(is_its).count()
}

/// No colours, and no line that a terminal of 100 columns breaks.
#[test]
fn the_help_lists_every_target_within_100_columns() {
    let help = help("1");
    assert!(!help.contains('\u{1b}'), "{help}");
    for line in help.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for (target, _) in targets() {
        assert_eq!(count(&help, &target), 1, "{target} in:\n{help}");
    }
}

#[test]
fn the_help_leaves_out_what_ci_and_other_targets_call_and_says_how_to_see_it() {
    let help = help("");
    let targets = targets();
    let (hidden, listed): (Vec<_>, Vec<_>) = targets
        .iter()
        .partition(|(_, help)| help.starts_with("##-"));
    assert!(!hidden.is_empty());
    for (target, _) in &listed {
        assert_eq!(count(&help, target), 1, "{target} in:\n{help}");
    }
    for (target, _) in &hidden {
        assert_eq!(count(&help, target), 0, "{target} in:\n{help}");
    }
    let said = format!("make help ALL=1 lists {} more", hidden.len());
    assert!(help.contains(&said), "{help}");
}

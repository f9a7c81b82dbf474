//! `docs/architecture.md` names what is there, and every part of it; and every link of every page leads somewhere.

use std::{collections::BTreeSet, path::Path};

use super::page::{all, names, read, root, sections};

const PAGE: &str = "docs/architecture.md";

/// What the page calls a file or a folder: in code, and in the boxes of its picture.
fn named() -> BTreeSet<String> {
    let spans = sections(PAGE)
        .into_iter()
        .flat_map(|section| section.all_spans().cloned().collect::<Vec<_>>());
    let page = read(PAGE);
    let (_, rest) = page.split_once("```mermaid\n").unwrap();
    let (picture, _) = rest.split_once("```").unwrap();
    let is_in_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let words = picture
        .split(|c| !is_in_path(c))
        .filter(|word| word.ends_with(".rs"));
    spans.chain(words.map(str::to_owned)).collect()
}

/// Whether a piece of code is meant as a path: it has a folder or an ending, and nothing that no path has.
fn is_path(code: &str) -> bool {
    let endings = [".rs", ".ts", ".json", ".md", ".mk", ".svg", ".txt", ".toml"];
    let is_plain = code
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    is_plain && (code.contains('/') || endings.iter().any(|ending| code.ends_with(ending)))
}

#[test]
fn every_path_that_it_names_exists() {
    let named = named();
    let paths: Vec<_> = named.iter().filter(|name| is_path(name)).collect();
    assert!(paths.len() > 40, "{paths:?}");
    for path in paths {
        // Within the function, its sources go without their folder.
        let is_there = [path.clone(), format!("crates/bedrock-function/src/{path}")]
            .iter()
            .any(|path| root(path).exists());
        assert!(is_there, "{PAGE} names {path}, which is not there");
    }
}

fn sources(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            sources(&path, &format!("{name}/"), found);
        } else if name.ends_with(".rs") {
            found.push(name);
        }
    }
}

#[test]
fn every_crate_and_every_file_of_the_function_is_named() {
    let named = named();
    let mut expected: Vec<_> = names("crates")
        .iter()
        .map(|name| format!("crates/{name}"))
        .collect();
    sources(&root("crates/bedrock-function/src"), "", &mut expected);
    assert!(expected.len() > 25, "{expected:?}");
    for name in expected {
        assert!(named.contains(&name), "{PAGE} does not name {name}");
    }
}

/// A heading's anchor, as GitHub makes it.
fn anchor(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | 'ー'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// A badge of a workflow: GitHub resolves it from the page's own address, `…/blob/main/README.md`.
fn badge(link: &str) -> Option<&str> {
    link.strip_prefix("../../actions/workflows/")?
        .strip_suffix("/badge.svg")
}

fn leads_somewhere(page: &str, link: &str) -> bool {
    if let Some(workflow) = badge(link) {
        return root(&format!(".github/workflows/{workflow}")).exists();
    }
    let (file, wanted) = link.split_once('#').unwrap_or((link, ""));
    let folder = Path::new(page).parent().unwrap();
    let target = if file.is_empty() {
        page.into()
    } else {
        folder.join(file)
    };
    let target = target.to_str().unwrap();
    let has_heading = || {
        sections(target)
            .iter()
            .any(|s| s.level > 0 && anchor(&s.title) == wanted)
    };
    root(target).exists() && (wanted.is_empty() || has_heading())
}

#[test]
fn every_link_within_the_workspace_leads_somewhere() {
    let mut checked = 0;
    for page in all() {
        for link in sections(&page).into_iter().flat_map(|s| s.links) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            assert!(leads_somewhere(&page, &link), "{page} links to {link}");
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn a_link_to_nowhere_is_found() {
    assert!(leads_somewhere(
        "README.md",
        "docs/settings.md#settings-of-the-function"
    ));
    assert!(!leads_somewhere("README.md", "docs/settings.md#of-nothing"));
    assert!(!leads_somewhere("README.md", "docs/nothing.md"));
    assert!(leads_somewhere("README.ja.md", "#向いていない用途"));
    assert!(leads_somewhere("docs/settings.md", "../README.md"));
    let badge = |name: &str| format!("../../actions/workflows/{name}/badge.svg");
    assert!(leads_somewhere("README.md", &badge("ci.yml")));
    assert!(!leads_somewhere("README.md", &badge("none.yml")));
}

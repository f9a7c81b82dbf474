//! `docs/architecture.md` names what is there, and all of the function.

use std::{collections::BTreeSet, path::Path};

use super::page::{read, root, sections};

const PAGE: &str = "docs/architecture.md";

fn names() -> BTreeSet<String> {
    sections(PAGE)
        .iter()
        .flat_map(|section| section.all_spans().cloned())
        .collect()
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
    let names = names();
    let paths: Vec<_> = names.iter().filter(|name| is_path(name)).collect();
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
fn every_room_of_the_function_is_named() {
    let names = names();
    let mut rooms = Vec::new();
    sources(&root("crates/bedrock-function/src"), "", &mut rooms);
    assert!(rooms.len() > 25, "{rooms:?}");
    for room in rooms {
        assert!(names.contains(&room), "{PAGE} does not name {room}");
    }
}

#[test]
fn every_crate_is_named() {
    let names = names();
    for entry in std::fs::read_dir(root("crates")).unwrap() {
        let name = entry.unwrap().file_name();
        let name = format!("crates/{}", name.to_str().unwrap());
        assert!(names.contains(&name), "{PAGE} does not name {name}");
    }
}

/// The boxes of the picture are modules: a name that is no room any more must go from it too.
#[test]
fn the_picture_shows_modules_that_exist() {
    let page = read(PAGE);
    let (_, rest) = page.split_once("```mermaid\n").unwrap();
    let (picture, _) = rest.split_once("```").unwrap();
    let files: Vec<_> = picture
        .split(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)))
        .filter(|word| word.ends_with(".rs"))
        .collect();
    assert!(files.len() > 8, "{files:?}");
    for file in files {
        assert!(
            root(&format!("crates/bedrock-function/src/{file}")).exists(),
            "{file}"
        );
    }
}

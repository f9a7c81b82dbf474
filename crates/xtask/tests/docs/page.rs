//! A page of the documentation, by section.

use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A file of the workspace.
pub(crate) fn root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(file)
}

/// The text of a file of the workspace.
pub(crate) fn read(file: &str) -> String {
    std::fs::read_to_string(root(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Whether the files are to be rewritten.
pub(crate) fn is_updating() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// The names of a folder of the workspace.
pub(crate) fn names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root(folder)).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every page for people: `*.md` of the workspace and of `docs`.
pub(crate) fn all() -> Vec<String> {
    ["", "docs/"]
        .iter()
        .flat_map(|folder| {
            names(folder)
                .into_iter()
                .map(move |name| format!("{folder}{name}"))
        })
        .filter(|name| name.ends_with(".md"))
        .collect()
}

/// What stands under one heading.
#[derive(Debug, Default)]
pub(crate) struct Section {
    /// 1 for the page's title; 0 for what stands before it.
    pub(crate) level: usize,
    /// The heading's own words.
    pub(crate) title: String,
    /// Words outside of code, one piece of text to an item.
    pub(crate) texts: Vec<String>,
    /// `spans` of code outside of tables.
    pub(crate) spans: Vec<String>,
    /// `spans` of code in tables.
    pub(crate) cell_spans: Vec<String>,
    /// Blocks of code: their language and what is in them.
    pub(crate) blocks: Vec<(String, String)>,
    /// Where its links and pictures lead.
    pub(crate) links: Vec<String>,
    /// Cells of the bodies of its tables, row by row, as they are written but for the marks.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Section {
    /// Its `spans` of code, wherever they stand.
    pub(crate) fn all_spans(&self) -> impl Iterator<Item = &String> {
        self.spans.iter().chain(&self.cell_spans)
    }
}

/// Where in a section the parser is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Body,
    Heading,
    TableHead,
    Cell,
}

impl Section {
    fn write(&mut self, text: &str, place: Place) {
        match place {
            Place::Heading => self.title.push_str(text),
            Place::Cell => self
                .rows
                .last_mut()
                .unwrap()
                .last_mut()
                .unwrap()
                .push_str(text),
            Place::Body | Place::TableHead => {}
        }
    }
}

/// A page's sections, in order.
pub(crate) fn sections(file: &str) -> Vec<Section> {
    let text = read(file);
    let mut sections = vec![Section::default()];
    let mut place = Place::Body;
    let mut block: Option<(String, String)> = None;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        if let Event::Start(Tag::Heading { level, .. }) = event {
            sections.push(Section {
                level: level as usize,
                ..Section::default()
            });
        }
        let section = sections.last_mut().unwrap();
        match event {
            Event::Start(Tag::Heading { .. }) => place = Place::Heading,
            Event::Start(Tag::TableHead) => place = Place::TableHead,
            Event::Start(Tag::TableRow) => section.rows.push(Vec::new()),
            Event::Start(Tag::TableCell) if place != Place::TableHead => {
                place = Place::Cell;
                section.rows.last_mut().unwrap().push(String::new());
            }
            Event::End(TagEnd::TableCell) if place == Place::TableHead => {}
            Event::End(TagEnd::Heading(_) | TagEnd::TableHead | TagEnd::TableCell) => {
                place = Place::Body
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                block = Some((language.into_string(), String::new()));
            }
            Event::End(TagEnd::CodeBlock) => section.blocks.extend(block.take()),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                section.links.push(dest_url.into_string());
            }
            Event::Html(html) | Event::InlineHtml(html) => section.links.extend(pictures(&html)),
            Event::Text(text) => match &mut block {
                Some((_, code)) => code.push_str(&text),
                None => {
                    section.write(&text, place);
                    section.texts.push(text.into_string());
                }
            },
            Event::Code(code) => {
                section.write(&format!("`{code}`"), place);
                let is_table = matches!(place, Place::TableHead | Place::Cell);
                let spans = if is_table {
                    &mut section.cell_spans
                } else {
                    &mut section.spans
                };
                spans.push(code.into_string());
            }
            _ => {}
        }
    }
    sections
}

/// The files that a tag of HTML shows.
fn pictures(html: &str) -> Vec<String> {
    ["src=\"", "srcset=\""]
        .iter()
        .flat_map(|attribute| html.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

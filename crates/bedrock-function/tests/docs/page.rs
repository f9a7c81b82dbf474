//! A page of the documentation, taken apart.

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

/// Every page for people: `*.md` of the workspace and of `docs`.
pub(crate) fn all() -> Vec<String> {
    let mut pages: Vec<_> = ["", "docs/"]
        .iter()
        .flat_map(|folder| {
            std::fs::read_dir(root(folder))
                .unwrap()
                .map(move |e| (folder, e))
        })
        .map(|(folder, entry)| format!("{folder}{}", entry.unwrap().file_name().to_str().unwrap()))
        .filter(|name| name.ends_with(".md"))
        .collect();
    pages.sort();
    pages
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

    /// The commands of its blocks, without their comments.
    pub(crate) fn commands(&self) -> Vec<String> {
        let lines = self
            .blocks
            .iter()
            .filter(|(language, _)| language == "console")
            .flat_map(|(_, block)| block.lines());
        lines
            .filter_map(|line| line.strip_prefix("$ "))
            .map(|line| {
                line.split("  #")
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_owned()
            })
            .collect()
    }
}

/// A page's sections, in order.
pub(crate) fn sections(file: &str) -> Vec<Section> {
    let text = read(file);
    let mut sections = vec![Section::default()];
    let mut reader = Reader::default();
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        if let Event::Start(Tag::Heading { level, .. }) = event {
            sections.push(Section {
                level: level as usize,
                ..Section::default()
            });
        }
        reader.take(event, sections.last_mut().unwrap());
    }
    sections
}

/// Where in a section the parser is.
#[derive(Default)]
struct Reader {
    is_heading: bool,
    is_head: bool,
    is_cell: bool,
    block: Option<(String, String)>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, section: &mut Section) {
        match event {
            Event::Start(tag) => self.start(tag, section),
            Event::End(tag) => self.end(tag, section),
            Event::Text(text) if self.block.is_some() => {
                self.block.as_mut().unwrap().1.push_str(&text);
            }
            Event::Text(text) => {
                self.write(&text, section);
                section.texts.push(text.into_string());
            }
            Event::Code(code) => {
                self.write(&format!("`{code}`"), section);
                let spans = if self.is_cell {
                    &mut section.cell_spans
                } else {
                    &mut section.spans
                };
                spans.push(code.into_string());
            }
            Event::Html(html) | Event::InlineHtml(html) => section.links.extend(pictures(&html)),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, section: &mut Section) {
        match tag {
            Tag::Heading { .. } => self.is_heading = true,
            Tag::TableHead => self.is_head = true,
            Tag::TableRow => section.rows.push(Vec::new()),
            Tag::TableCell => {
                self.is_cell = true;
                if let (false, Some(row)) = (self.is_head, section.rows.last_mut()) {
                    row.push(String::new());
                }
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(language)) => {
                self.block = Some((language.into_string(), String::new()));
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                section.links.push(dest_url.into_string());
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, section: &mut Section) {
        match tag {
            TagEnd::Heading(_) => self.is_heading = false,
            TagEnd::TableHead => self.is_head = false,
            TagEnd::TableCell => self.is_cell = false,
            TagEnd::CodeBlock => section.blocks.extend(self.block.take()),
            _ => {}
        }
    }

    fn write(&self, text: &str, section: &mut Section) {
        if self.is_heading {
            section.title.push_str(text);
        }
        if let (true, Some(cell)) = (
            self.is_cell,
            section.rows.last_mut().and_then(|r| r.last_mut()),
        ) {
            cell.push_str(text);
        }
    }
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

//! The file of prompts, row by row. No more than one row of it is in memory.

mod jsonl;
mod table;
mod template;
mod tiers;

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::value::RawValue;
pub use template::Template;
pub use tiers::Tiers;
pub(crate) use tiers::untiered;

use crate::Failure;

/// The largest event of a row, in bytes: 256 KiB, the payload of a task by the quotas of Step Functions. It
/// holds here too, so that what runs here runs there.
pub const LONGEST_TASK: usize = 256 * 1024;

/// One row, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line of the file on which it begins, from 1.
    pub line: u64,
    /// Its id, in JSON.
    pub id: String,
    /// The event that it makes: `{"task": …}` with the id in it.
    pub task: String,
}

impl Row {
    fn new(line: u64, id: String, task: String) -> Self {
        Self { line, id, task }
    }
}

/// What is wrong with a row: a sentence of what is, and one of what to do.
#[derive(Debug)]
pub struct Wrong {
    /// The line of the file, from 1.
    pub line: u64,
    /// The sentences. They quote nothing of the row.
    pub problem: String,
}

/// Why there is no next row.
#[derive(Debug)]
pub enum RowError {
    /// The row is wrong. The one after it can be read.
    Wrong(Wrong),
    /// The file cannot be read.
    Unreadable(io::Error),
}

/// Says that a row is too long.
pub(crate) fn too_long() -> String {
    format!(
        "It is more than the {LONGEST_TASK} bytes that a task of Step Functions takes. Shorten it."
    )
}

/// The rows of a file, from its beginning.
pub type Rows = Box<dyn Iterator<Item = Result<Row, RowError>> + Send>;

/// A file of prompts.
#[derive(Debug)]
pub struct Input {
    path: PathBuf,
    file: File,
    /// Of CSV.
    template: Option<Template>,
    /// Of CSV, for every row.
    schema: Option<Box<RawValue>>,
    tiers: Tiers,
    stamp: (u64, Option<SystemTime>),
}

impl Input {
    /// Opens a file: CSV, where its name ends in `.csv`, and else JSON Lines.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or a template is missing, or it or a schema is out of place.
    pub fn open(
        path: &Path,
        template: Option<Template>,
        schema: Option<Box<RawValue>>,
        tiers: Tiers,
    ) -> Result<Self, Failure> {
        let is_csv = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        match (is_csv, &template) {
            (true, None) => return Err(Failure::NoTemplate(path.to_owned())),
            (false, Some(_)) => return Err(Failure::TemplateOfJson(path.to_owned())),
            (false, None) if schema.is_some() => {
                return Err(Failure::SchemaOfJson(path.to_owned()));
            }
            _ => {}
        }
        let unreadable = |source| Failure::Input {
            path: path.to_owned(),
            source,
        };
        // Before it is opened: a named pipe would wait for a writer.
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(Failure::NoFile(path.to_owned()));
        }
        let file = File::open(path).map_err(unreadable)?;
        let stamp = (metadata.len(), metadata.modified().ok());
        Ok(Self {
            path: path.to_owned(),
            file,
            template,
            schema,
            tiers,
            stamp,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it from the beginning. Readers that overlap would read over one another.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or its header does not fit the template.
    pub fn rows(&self) -> Result<Rows, Failure> {
        let mut file = self.rewound().map_err(|source| self.unreadable(source))?;
        let Some(template) = &self.template else {
            let reader = BufReader::with_capacity(1 << 16, file);
            return Ok(Box::new(jsonl::Lines::new(reader, self.tiers.clone())));
        };
        let start = skip_byte_order_mark(&mut file).map_err(|source| self.unreadable(source))?;
        let added = table::Added {
            schema: self.schema.clone(),
            service_tier: self.tiers.of(None),
        };
        let records = table::Records::new(file, start, template, added).map_err(|problem| {
            Failure::Header {
                path: self.path.clone(),
                problem,
            }
        })?;
        Ok(Box::new(records))
    }

    fn rewound(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }

    pub(crate) fn unreadable(&self, source: io::Error) -> Failure {
        Failure::Input {
            path: self.path.clone(),
            source,
        }
    }

    /// The next row of a file whose rows have all been read before.
    pub(crate) fn row_again(&self, rows: &mut Rows) -> Result<Row, Failure> {
        match rows.next() {
            Some(Ok(row)) if self.is_unchanged() => Ok(row),
            _ => Err(Failure::Changed(self.path.clone())),
        }
    }

    /// Whether nobody has written to it since it was opened, as far as its length and time tell.
    fn is_unchanged(&self) -> bool {
        let metadata = self.file.metadata();
        metadata.is_ok_and(|now| self.stamp == (now.len(), now.modified().ok()))
    }
}

/// Leaves the file behind its byte order mark, and says where that is.
fn skip_byte_order_mark(file: &mut File) -> io::Result<u64> {
    let mut start = [0; 3];
    let mut read = 0;
    while read < start.len() {
        match file.read(&mut start[read..])? {
            0 => break,
            count => read += count,
        }
    }
    let is_mark = start == *"\u{feff}".as_bytes();
    file.seek(SeekFrom::Start(if is_mark { 3 } else { 0 }))
}

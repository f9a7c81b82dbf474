//! CSV with a header: a template makes a prompt of each record.

use std::{fs::File, io, os::unix::fs::FileExt};

use serde::Serialize;

use super::{
    Row, RowError, Wrong,
    template::{Bound, Template},
};

/// The records of a file, as rows.
pub(super) struct Records {
    reader: csv::Reader<File>,
    /// The same file, whose bytes are read at a place.
    file: File,
    /// Where the header begins in it.
    start: u64,
    template: Bound,
    id: Option<usize>,
    record: csv::StringRecord,
}

#[derive(Serialize)]
struct Event<'a> {
    task: Object<'a>,
}

#[derive(Serialize)]
struct Object<'a> {
    id: Id<'a>,
    prompt: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Id<'a> {
    Column(&'a str),
    Line(u64),
}

impl Records {
    /// Reads the header. The file stands at its `start`, behind a byte order mark.
    ///
    /// # Errors
    ///
    /// A sentence, when there is no header, or the template names a column that it does not have.
    pub(super) fn new(file: File, start: u64, template: &Template) -> Result<Self, String> {
        let at = file
            .try_clone()
            .map_err(|error| format!("It cannot be read: {error}."))?;
        let mut reader = csv::Reader::from_reader(file);
        let header = reader
            .headers()
            .map_err(|_| "Its header is not UTF-8 text. Save the file in UTF-8.".to_owned())?;
        let names: Vec<_> = header.iter().map(str::trim).collect();
        let template = template.bind(&names)?;
        let id = names.iter().position(|name| *name == "id");
        Ok(Self {
            reader,
            file: at,
            start,
            template,
            id,
            record: csv::StringRecord::new(),
        })
    }

    fn row(&self) -> Row {
        let line = self.line(self.record.position());
        let given = self.id.and_then(|place| self.record.get(place));
        let id = match given {
            Some(id) if !id.is_empty() => Id::Column(id),
            _ => Id::Line(line),
        };
        // Strings and whole numbers always serialize.
        let text = serde_json::to_string(&id).unwrap_or_default();
        let event = Event {
            task: Object {
                id,
                prompt: self.template.prompt(&self.record),
            },
        };
        Row::new(
            line,
            text,
            serde_json::to_string(&event).unwrap_or_default(),
        )
    }

    /// The line on which a record begins. csv gives the end of the record before it, which may stand in the middle of
    /// CRLF, or before empty lines.
    fn line(&self, position: Option<&csv::Position>) -> u64 {
        let Some(position) = position else { return 0 };
        let (mut line, mut at) = (position.line(), self.start + position.byte());
        let mut chunk = [0; 64];
        while let Ok(count @ 1..) = self.file.read_at(&mut chunk, at) {
            for byte in &chunk[..count] {
                match byte {
                    b'\n' => line += 1,
                    b'\r' => {}
                    _ => return line,
                }
            }
            at += count as u64;
        }
        line
    }

    fn row_error(&self, error: csv::Error) -> RowError {
        let line = self.line(error.position());
        let problem = match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => format!(
                "It has {len} fields, and the header {expected_len}. Quote those that have commas."
            ),
            csv::ErrorKind::Utf8 { .. } => {
                "It is not UTF-8 text. Save the file in UTF-8.".to_owned()
            }
            _ => return RowError::Unreadable(io::Error::other(error)),
        };
        RowError::Wrong(Wrong { line, problem })
    }
}

impl Iterator for Records {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => Some(Ok(self.row())),
            Err(error) => Some(Err(self.row_error(error))),
        }
    }
}

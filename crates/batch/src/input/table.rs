//! CSV with a header: a template makes a prompt of each record.

use std::{
    fs::File,
    io::{self, Read, Take},
    os::unix::fs::FileExt,
};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    LONGEST_TASK, Row, RowError, Wrong,
    template::{Bound, Template},
};

/// The longest record, in bytes, with its quotes: several times what a prompt may have, for there are columns that the
/// template does not name. Without it, a quote that is not closed would bring the rest of the file into memory.
const LONGEST_RECORD: u64 = 4 * LONGEST_TASK as u64;

/// What every row gets beside its id and its prompt.
pub(super) struct Added {
    pub(super) schema: Option<Box<RawValue>>,
    pub(super) service_tier: Option<&'static str>,
}

/// The records of a file, as rows.
pub(super) struct Records {
    /// Limited anew before each record.
    reader: csv::Reader<Take<File>>,
    /// The same file, whose bytes are read at a place.
    file: File,
    /// Where the header begins in it.
    start: u64,
    template: Bound,
    added: Added,
    id: Option<usize>,
    record: csv::StringRecord,
    /// After a record that is too long, csv stands somewhere in it.
    is_lost: bool,
}

#[derive(Serialize)]
struct Event<'a> {
    task: Object<'a>,
}

#[derive(Serialize)]
struct Object<'a> {
    #[serde(rename = "serviceTier", skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    id: Id<'a>,
    prompt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a RawValue>,
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
    pub(super) fn new(
        file: File,
        start: u64,
        template: &Template,
        added: Added,
    ) -> Result<Self, String> {
        let at = file
            .try_clone()
            .map_err(|error| format!("It cannot be read: {error}."))?;
        let mut reader = csv::Reader::from_reader(file.take(LONGEST_RECORD + 1));
        let header = reader.headers().cloned();
        if reader.position().byte() > LONGEST_RECORD {
            return Err(too_long("Its header"));
        }
        let header = header
            .map_err(|_| "Its header is not UTF-8 text. Save the file in UTF-8.".to_owned())?;
        let names: Vec<_> = header.iter().map(str::trim).collect();
        let template = template.bind(&names)?;
        let id = names.iter().position(|name| *name == "id");
        Ok(Self {
            reader,
            file: at,
            start,
            template,
            added,
            id,
            record: csv::StringRecord::new(),
            is_lost: false,
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
                service_tier: self.added.service_tier,
                id,
                prompt: self.template.prompt(&self.record),
                schema: self.added.schema.as_deref(),
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
        if self.is_lost {
            return None;
        }
        let begin = self.reader.position().clone();
        self.reader.get_mut().set_limit(LONGEST_RECORD + 1);
        let read = self.reader.read_record(&mut self.record);
        if self.reader.position().byte() - begin.byte() > LONGEST_RECORD {
            self.is_lost = true;
            return Some(Err(RowError::Wrong(Wrong {
                line: self.line(Some(&begin)),
                problem: too_long("It"),
            })));
        }
        match read {
            Ok(false) => None,
            Ok(true) => Some(Ok(self.row())),
            Err(error) => Some(Err(self.row_error(error))),
        }
    }
}

fn too_long(subject: &str) -> String {
    format!(
        "{subject} is more than {LONGEST_RECORD} bytes, and what comes after it was not read. Close its quotes, or shorten it."
    )
}

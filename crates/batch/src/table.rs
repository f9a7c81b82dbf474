//! The answers as a table: CSV that is made of the output, a record for each of its lines, in the same order.
//!
//! A schema's answer has a column for each member of its object that is a string, a number, a boolean or null. Which
//! these are is known when all lines are read: they are read twice, and no more than one is in memory.

use std::{
    borrow::Cow,
    fmt,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use indexmap::IndexSet;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::{
    Failure,
    journal::{beside, failed},
};

/// The columns before and behind those of the answers in JSON.
const BEFORE: [&str; 3] = ["id", "statusCode", "text"];
const BEHIND: [&str; 6] = [
    "code",
    "message",
    "model",
    "inputTokens",
    "outputTokens",
    "costUsd",
];

/// More names than that are no table: rows that each have a schema of their own would make one column after another.
const MOST_COLUMNS: usize = 1_000;

/// Where the table of an output is: beside it, with `.csv` for its extension.
///
/// # Errors
///
/// When the output is called so itself, or something else is there.
pub fn path(input: &Path, output: &Path) -> Result<PathBuf, Failure> {
    let table = output.with_extension("csv");
    let is_input = || {
        fs::canonicalize(&table)
            .is_ok_and(|table| fs::canonicalize(input).is_ok_and(|input| input == table))
    };
    if table == output {
        return Err(Failure::Setting(format!(
            "{} would be the output and its table. Give OUTPUT a name that ends in .jsonl; CSV=1 writes the table beside it.",
            output.display()
        )));
    }
    if is_input() {
        return Err(Failure::Setting(format!(
            "The table of CSV=1 would replace the input {}. Give OUTPUT another name.",
            table.display()
        )));
    }
    if is_foreign(&table) {
        return Err(Failure::Foreign {
            path: table,
            line: 1,
        });
    }
    Ok(table)
}

/// Whether a file has something in it, and it is not the beginning of a table.
fn is_foreign(path: &Path) -> bool {
    let begin = BEFORE.join(",");
    let mut read = Vec::new();
    let file = File::open(path);
    let ended = file.and_then(|file| file.take(begin.len() as u64).read_to_end(&mut read));
    ended.is_ok() && !read.is_empty() && read != begin.as_bytes()
}

/// Writes the table of an output. Whoever reads it sees the old one or the new one, whole.
///
/// # Errors
///
/// When a file cannot be read or written, or there would be more than 1,000 columns.
pub fn write(output: &Path, table: &Path) -> Result<(), Failure> {
    let unreadable = |source| failed(output, "read", source);
    let mut columns = Columns::default();
    for line in lines(output).map_err(unreadable)? {
        columns.note(&line.map_err(unreadable)?);
    }
    if columns.0.len() > MOST_COLUMNS {
        return Err(Failure::Setting(format!(
            "The answers have more than {MOST_COLUMNS} members of different names, so there is no table. {} has them all.",
            output.display()
        )));
    }
    let unfinished = beside(table, ".unfinished");
    let written = columns
        .write(output, &unfinished)
        .and_then(|()| fs::rename(&unfinished, table));
    written.map_err(|source| {
        let _ = fs::remove_file(&unfinished);
        failed(table, "written", source)
    })
}

fn lines(output: &Path) -> io::Result<impl Iterator<Item = io::Result<Vec<u8>>>> {
    Ok(BufReader::with_capacity(1 << 16, File::open(output)?).split(b'\n'))
}

/// The members of a line that have a column.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    status_code: u16,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    json: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    usage: Option<Usage>,
    #[serde(borrow)]
    cost_usd: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
}

impl<'a> Line<'a> {
    /// Every line has been read as a reply before.
    fn parse(line: &'a [u8]) -> io::Result<Self> {
        serde_json::from_slice(line).map_err(io::Error::from)
    }

    /// The members of the answer's object, in its order; none, where it is no object.
    fn members(&self) -> Vec<(String, Value)> {
        let members = self
            .json
            .and_then(|json| serde_json::from_str(json.get()).ok());
        members.map_or_else(Vec::new, |Members(members)| members)
    }
}

/// The members of an object, in its order, which serde_json's own map does not keep.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The names of the answers' members, in the order in which they came.
#[derive(Default)]
struct Columns(IndexSet<String>);

impl Columns {
    fn note(&mut self, line: &[u8]) {
        let Ok(line) = Line::parse(line) else { return };
        for (name, value) in line.members() {
            let is_column = !(value.is_object() || value.is_array());
            if is_column && self.0.len() <= MOST_COLUMNS {
                self.0.insert(name);
            }
        }
    }

    fn write(&self, output: &Path, path: &Path) -> io::Result<()> {
        let mut table = csv::Writer::from_path(path)?;
        table.write_record(self.header())?;
        for line in lines(output)? {
            table.write_record(self.record(&Line::parse(&line?)?))?;
        }
        table
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?
            .sync_all()
    }

    /// A member that has the name of another column is told from it.
    fn header(&self) -> Vec<String> {
        let members = self.0.iter().map(|name| {
            let is_taken = BEFORE.contains(&name.as_str()) || BEHIND.contains(&name.as_str());
            let prefix = if is_taken { "json." } else { "" };
            harmless(&format!("{prefix}{name}"))
        });
        let before = BEFORE.map(str::to_owned).into_iter();
        before
            .chain(members)
            .chain(BEHIND.map(str::to_owned))
            .collect()
    }

    fn record(&self, line: &Line<'_>) -> Vec<String> {
        let mut members = vec![String::new(); self.0.len()];
        for (name, value) in line.members() {
            if let Some(place) = self.0.get_index_of(&name) {
                members[place] = cell(&value);
            }
        }
        let text = |text: &Option<Cow<'_, str>>| text.as_deref().map(harmless).unwrap_or_default();
        let tokens = |of: fn(&Usage) -> u64| {
            line.usage
                .as_ref()
                .map(|usage| of(usage).to_string())
                .unwrap_or_default()
        };
        let id = serde_json::from_str::<Cow<'_, str>>(line.id.get());
        let id = id.map_or_else(|_| line.id.get().to_owned(), |id| harmless(&id));
        let mut record = vec![id, line.status_code.to_string(), text(&line.text)];
        record.append(&mut members);
        record.extend([
            text(&line.code),
            text(&line.message),
            text(&line.model),
            tokens(|usage| usage.input_tokens),
            tokens(|usage| usage.output_tokens),
            line.cost_usd
                .map(|usd| usd.get().to_owned())
                .unwrap_or_default(),
        ]);
        record
    }
}

/// A value in a cell: null is empty, and so is what has no cell.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => harmless(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(is) => is.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// A spreadsheet takes a text for a formula that begins with one of these, and would run what a prompt had a model write
/// (OWASP, "CSV Injection"). An apostrophe before it makes it a text.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let mark = if is_formula { "'" } else { "" };
    format!("{mark}{text}")
}

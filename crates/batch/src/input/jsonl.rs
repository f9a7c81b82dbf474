//! JSON Lines: an event to a line.

use std::{
    borrow::Cow,
    io::{self, BufRead, Read},
};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{LONGEST_TASK, Row, RowError, Tiers, Wrong};

/// The rows of a file. Empty lines are none.
pub(super) struct Lines<R> {
    reader: R,
    tiers: Tiers,
    number: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R, tiers: Tiers) -> Self {
        Self {
            reader,
            tiers,
            number: 0,
            buffer: Vec::new(),
        }
    }

    /// Reads the next line, no more of it than a row may have. Says whether there is one.
    fn read(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        self.number += 1;
        let mut limited = self.reader.by_ref().take(LONGEST_TASK as u64 + 1);
        limited.read_until(b'\n', &mut self.buffer)?;
        if self.is_too_long() {
            self.reader.skip_until(b'\n')?;
        }
        Ok(!self.buffer.is_empty())
    }

    fn is_too_long(&self) -> bool {
        self.buffer.len() > LONGEST_TASK && !self.buffer.ends_with(b"\n")
    }

    fn row(&self) -> Result<Option<Row>, String> {
        if self.is_too_long() {
            return Err(super::too_long());
        }
        let Ok(line) = std::str::from_utf8(&self.buffer) else {
            return Err("It is not UTF-8 text. Save the file in UTF-8.".to_owned());
        };
        let is_first = self.number == 1;
        let line = match line.strip_prefix('\u{feff}') {
            Some(line) if is_first => line.trim(),
            _ => line.trim(),
        };
        if line.is_empty() {
            return Ok(None);
        }
        row(self.number, line, &self.tiers).map(Some)
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(RowError::Unreadable(error))),
            }
            let line = self.number;
            match self.row() {
                Ok(None) => {}
                Ok(Some(row)) => return Some(Ok(row)),
                Err(problem) => return Some(Err(RowError::Wrong(Wrong { line, problem }))),
            }
        }
    }
}

/// The `id` of an event, whatever else is in it.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    id: Option<&'a RawValue>,
}

/// A key that is `null` is given too.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The members of an event by which it has a tier.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tiered<'a> {
    #[serde(borrow, default)]
    model_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "given")]
    service_tier: Option<&'a RawValue>,
}

/// The tier that an event gets. One that cannot be read gets none: the function's own code says what is wrong with it.
fn tier_of(event: &str, tiers: &Tiers) -> Option<&'static str> {
    if tiers.is_empty() {
        return None;
    }
    let event: Tiered<'_> = serde_json::from_str(event).ok()?;
    match event.service_tier {
        Some(_) => None,
        None => tiers.of(event.model_id.as_deref()),
    }
}

/// The row of a line that has some text.
fn row(number: u64, line: &str, tiers: &Tiers) -> Result<Row, String> {
    let Some(members) = line.strip_prefix('{') else {
        return Err("It is not a JSON object. Write one such as {\"prompt\": \"…\"}.".to_owned());
    };
    // What serde_json says of an error can quote the line.
    let head: Head<'_> = serde_json::from_str(line).map_err(|error| match error.is_data() {
        true => "It has id twice. Write it once.".to_owned(),
        false => format!(
            "It is not valid JSON at column {}. Correct it there.",
            error.column()
        ),
    })?;
    let tier = tier_of(line, tiers).map(|tier| format!("\"serviceTier\":\"{tier}\""));
    let mut added = Vec::from_iter(tier);
    let id = match head.id.map(RawValue::get) {
        Some("null") => {
            return Err("Its id is null. Give a string or a number, or leave id out.".to_owned());
        }
        Some(id) => id.to_owned(),
        None => {
            added.push(format!("\"id\":{number}"));
            number.to_string()
        }
    };
    let mut added = added.join(",");
    if !added.is_empty() && !members.trim_start().starts_with('}') {
        added.push(',');
    }
    let task = format!("{{\"task\":{{{added}{members}}}");
    Ok(Row::new(number, id, task))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: impl AsRef<[u8]>) -> Vec<Result<Row, String>> {
        Lines::new(text.as_ref(), Tiers::default())
            .map(|row| {
                row.map_err(|error| match error {
                    RowError::Wrong(wrong) => format!("{}: {}", wrong.line, wrong.problem),
                    RowError::Unreadable(error) => error.to_string(),
                })
            })
            .collect()
    }

    fn tasks(text: impl AsRef<[u8]>) -> Vec<(u64, String, String)> {
        rows(text)
            .into_iter()
            .map(|row| row.unwrap())
            .map(|row| (row.line, row.id, row.task))
            .collect()
    }

    fn task(line: u64, id: &str, task: &str) -> (u64, String, String) {
        (line, id.to_owned(), task.to_owned())
    }

    #[test]
    fn a_line_s_number_is_its_id_where_it_has_none() {
        let text = "{\"prompt\":\"a\"}\n\n{ \"id\" : \"x\", \"prompt\":\"b\"}\n  { }\n";
        assert_eq!(
            tasks(text),
            [
                task(1, "1", r#"{"task":{"id":1,"prompt":"a"}}"#),
                task(3, "\"x\"", r#"{"task":{ "id" : "x", "prompt":"b"}}"#),
                task(4, "4", r#"{"task":{"id":4 }}"#),
            ]
        );
    }

    #[test]
    fn a_byte_order_mark_carriage_returns_and_a_last_line_without_end_are_read_over() {
        let text = "\u{feff}{\"id\":1}\r\n\r\n{\"id\":2}\r\n{\"id\":3}";
        let ids: Vec<_> = tasks(text)
            .into_iter()
            .map(|(line, id, _)| (line, id))
            .collect();
        assert_eq!(
            ids,
            [
                (1, "1".to_owned()),
                (3, "2".to_owned()),
                (4, "3".to_owned())
            ]
        );
        assert_eq!(tasks(""), []);
        assert_eq!(tasks("\u{feff}\n \n"), []);
    }

    #[test]
    fn each_wrong_line_is_named_and_the_next_is_read() {
        let text = [
            b"[1]\n".as_slice(),
            b"{\"prompt\":\"my secret\n",
            b"{\"id\":1,\"id\":2}\n",
            b"{\"id\":null}\n",
            b"{\"prompt\":\"\xff\"}\n",
            b"{\"a\":1}, \"b\": {\n",
            b"{}\n",
        ]
        .concat();
        let rows = rows(text);
        for (row, says) in rows.iter().zip([
            "1: It is not a JSON object",
            "2: It is not valid JSON at column 20",
            "3: It has id twice",
            "4: Its id is null",
            "5: It is not UTF-8",
            "6: It is not valid JSON at column 8",
        ]) {
            let problem = row.as_ref().unwrap_err();
            assert!(problem.starts_with(says), "{problem}");
            assert!(!problem.contains("secret"), "{problem}");
        }
        assert!(rows[6].is_ok());
    }

    #[test]
    fn a_line_that_is_too_long_is_not_kept_and_the_next_is_read() {
        let long = format!(
            "{{\"prompt\":\"{}\"}}\n{{}}\n",
            "a".repeat(2 * LONGEST_TASK)
        );
        let mut lines = Lines::new(long.as_bytes(), Tiers::default());
        assert!(matches!(lines.next(), Some(Err(RowError::Wrong(_)))));
        assert!(lines.buffer.capacity() < 2 * LONGEST_TASK);
        assert_eq!(lines.next().unwrap().unwrap().line, 2);
        assert!(lines.next().is_none());
    }
}

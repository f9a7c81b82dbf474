//! Rows that are asked elsewhere: what goes there, and what comes back.

use std::{
    borrow::Cow,
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use bedrock_function::config::Config;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Answers, Failure, Input, Journal, Place, Reply, Row,
    check::hash_of,
    journal::failed,
    reply::{InvocationError, id_key, line_of_error, line_of_reply},
    run::{Run, system},
};

/// The rows that have no answer.
///
/// # Errors
///
/// When the input cannot be read, or has changed.
pub fn pending(
    input: &Input,
    places: &[Place],
) -> Result<impl Iterator<Item = Result<Row, Failure>>, Failure> {
    let mut rows = input.rows()?;
    let rows = places
        .iter()
        .map(move |place| (place.is_answer(), input.row_again(&mut rows)));
    Ok(rows
        .filter(|(is_answered, _)| !is_answered)
        .map(|(_, row)| row))
}

/// An event as it went there, and a row's execution that failed, whose `Input` is one.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    task: Task<'a>,
}

#[derive(Deserialize)]
struct Task<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

/// What came of a row: the function's reply, or `id`, `code` and `message`, as the `Catch` of the state machine leaves them.
#[derive(Deserialize)]
struct Returned<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Option<Cow<'a, str>>,
}

/// A row's execution that did not succeed, as Step Functions writes it to `FAILED_0.jsonl`, whatever the `Transformation`
/// of the `WriterConfig` (its guide, "`ResultWriter`").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Execution<'a> {
    #[serde(borrow)]
    input: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow)]
    cause: Option<Cow<'a, str>>,
}

/// A row that was asked.
struct Asked {
    /// Of what it asked then, whatever the input says now.
    hash: u64,
    has_line: bool,
}

/// The rows that were asked, by id. Some forty bytes for each.
pub struct Merging {
    rows: HashMap<u64, Asked>,
    /// Results of nothing that was asked.
    pub strangers: u64,
}

impl Merging {
    /// Reads the events that went there. A row that has had its answer since is taken for one that has its line.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or has something else in it.
    pub fn new(items: &Path, config: &Config, answers: &Answers) -> Result<Self, Failure> {
        let mut rows = HashMap::new();
        for line in lines(items)? {
            let line = line?;
            let item: Item<'_> = serde_json::from_str(&line).map_err(|_| {
                Failure::Setting(format!(
                    "{} is no file of events that batch check wrote. Give the one that was asked.",
                    items.display()
                ))
            })?;
            let (id, hash) = (id_key(item.task.id.get()), hash_of(&line, config));
            let has_line = answers.has(id, hash);
            rows.insert(id, Asked { hash, has_line });
        }
        Ok(Self { rows, strangers: 0 })
    }

    /// Takes the results into the journal, one for each row that was asked: an answer, where there is one among several.
    /// So the answers come first, and the failures after them. A row that was ended before it had a result gets no line.
    ///
    /// # Errors
    ///
    /// When a result is none, or a file cannot be read or written.
    pub fn take(
        &mut self,
        results: &Path,
        journal: &mut Journal,
        run: &mut Run,
    ) -> Result<(), Failure> {
        for answers in [true, false] {
            for result in lines(results)? {
                self.take_one(&result?, answers, journal, run)?;
            }
        }
        journal.flush()
    }

    fn take_one(
        &mut self,
        result: &str,
        answers: bool,
        journal: &mut Journal,
        run: &mut Run,
    ) -> Result<(), Failure> {
        let is_answer = Reply::parse(result.as_bytes()).is_some_and(|reply| reply.is_answer());
        if is_answer != answers {
            return Ok(());
        }
        let Some(Came { id, error }) = read(result)? else {
            return Ok(());
        };
        let Some(asked) = self.rows.get_mut(&id_key(id.get())) else {
            self.strangers += 1;
            return Ok(());
        };
        if asked.has_line {
            return Ok(());
        }
        let line = match error {
            Some(error) => line_of_error(id.get(), &error, None, asked.hash).map_err(system)?,
            None => line_of_reply(id.get(), result.as_bytes(), asked.hash).ok_or_else(no_result)?,
        };
        run.record(journal, &line)?;
        asked.has_line = true;
        Ok(())
    }
}

/// The lines of a file that are not empty.
fn lines(path: &Path) -> Result<impl Iterator<Item = Result<String, Failure>>, Failure> {
    let unreadable = |source| failed(path, "read", source);
    let file = File::open(path).map_err(unreadable)?;
    Ok(BufReader::with_capacity(1 << 16, file)
        .lines()
        .filter(|line| !line.as_ref().is_ok_and(|line| line.trim().is_empty()))
        .map(move |line| line.map_err(unreadable)))
}

/// What came of a row.
struct Came {
    id: Box<RawValue>,
    /// Where it is no reply.
    error: Option<InvocationError>,
}

impl Came {
    fn failed(id: &RawValue, code: &str, message: &str) -> Self {
        let error = InvocationError {
            code: code.to_owned(),
            message: message.to_owned(),
        };
        Self {
            id: id.to_owned(),
            error: Some(error),
        }
    }
}

/// Reads a result; none of a row that was ended before it had one.
fn read(result: &str) -> Result<Option<Came>, Failure> {
    if let Ok(execution) = serde_json::from_str::<Execution<'_>>(result) {
        return of_execution(&execution);
    }
    let returned: Returned<'_> = serde_json::from_str(result).map_err(|_| no_result())?;
    if Reply::parse(result.as_bytes()).is_some() {
        let id = returned.id.to_owned();
        return Ok(Some(Came { id, error: None }));
    }
    let (Some(code), Some(message)) = (returned.code, returned.message) else {
        return Err(no_result());
    };
    Ok(Some(Came::failed(returned.id, &code, &message)))
}

/// What Step Functions calls an execution whose time is over.
const TIMED_OUT: &str = "States.Timeout";

fn of_execution(execution: &Execution<'_>) -> Result<Option<Came>, Failure> {
    let code = match (execution.status.as_ref(), &execution.error) {
        ("ABORTED" | "PENDING", _) => return Ok(None),
        ("TIMED_OUT", None) => TIMED_OUT,
        (_, Some(error)) => error.as_ref(),
        (status, None) => status,
    };
    let item: Item<'_> = serde_json::from_str(&execution.input).map_err(|_| no_result())?;
    let message = match execution.cause.as_deref() {
        Some(cause) if !cause.is_empty() => cause,
        _ if code == TIMED_OUT => "The row's five minutes were over. Ask it again.",
        _ => "Step Functions gave no cause. Ask it again.",
    };
    Ok(Some(Came::failed(item.task.id, code, message)))
}

fn no_result() -> Failure {
    Failure::Setting("A result has no id. Give what the function returned.".to_owned())
}

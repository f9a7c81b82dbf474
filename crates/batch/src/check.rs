//! Every row, checked before any is sent: by the function's own code, with the configuration that the function has.

use std::collections::HashMap;

use bedrock_function::{
    admit::admit, config::Config, doors::Door, errors::Error, text::TextRequest,
};

use crate::{
    Answers, Estimate, Failure, Input, LONGEST_TASK, Place, Progress, Row, RowError, Wrong,
    estimate::Typical,
    input::too_long,
    reply::{id_key, input_hash},
};

/// Wrong rows that are listed; of the others it is said how many there are.
const LISTED: usize = 20;

/// What a row passes on its way to the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing: an id comes back as it is written.
    Direct,
    /// Step Functions, which reads and writes an id anew.
    StepFunctions,
}

/// What is to be asked.
#[derive(Debug)]
pub struct Plan {
    /// Where each row's line is, in the order of the input.
    pub places: Vec<Place>,
    /// What the rows without an answer may cost.
    pub estimate: Estimate,
    /// Earlier answers that are of no row any more, or of one that has changed since.
    pub left_over: usize,
}

impl Plan {
    /// The rows that have an answer.
    pub fn answered(&self) -> u64 {
        self.places.iter().filter(|place| place.is_answer()).count() as u64
    }
}

/// Checks every row, and finds those that have no answer.
///
/// # Errors
///
/// All rows that are wrong; or when the input cannot be read, or has no row.
pub fn check(
    input: &Input,
    mut answers: Answers,
    config: &Config,
    way: Way,
    progress: &Progress,
) -> Result<Plan, Failure> {
    let mut checker = Checker {
        config,
        way,
        estimate: Estimate::new(Typical::of(&answers)),
        places: Vec::new(),
        lines: HashMap::new(),
        wrong: Vec::new(),
        count: 0,
    };
    for row in input.rows()? {
        progress.checked();
        match row {
            Ok(row) => checker.add(&row, &mut answers),
            Err(RowError::Wrong(wrong)) => checker.note(wrong),
            Err(RowError::Unreadable(source)) => return Err(input.unreadable(source)),
        }
    }
    if checker.count > 0 {
        return Err(Failure::Wrong {
            path: input.path().to_owned(),
            first: checker.wrong,
            count: checker.count,
        });
    }
    if checker.places.is_empty() {
        return Err(Failure::Empty(input.path().to_owned()));
    }
    Ok(Plan {
        places: checker.places,
        estimate: checker.estimate,
        left_over: answers.left(),
    })
}

struct Checker<'a> {
    config: &'a Config,
    way: Way,
    estimate: Estimate,
    places: Vec<Place>,
    /// The line of each id.
    lines: HashMap<u64, u32>,
    wrong: Vec<Wrong>,
    count: u64,
}

impl Checker<'_> {
    fn add(&mut self, row: &Row, answers: &mut Answers) {
        let request = match checked(row, self.config, self.way) {
            Ok(request) => request,
            Err(problem) => {
                return self.note(Wrong {
                    line: row.line,
                    problem,
                });
            }
        };
        let id = id_key(&row.id);
        let line = u32::try_from(row.line).unwrap_or(u32::MAX);
        if let Some(first) = self.lines.insert(id, line) {
            let problem = format!(
                "Its id is that of line {first} (a line without one has its number). Give each its own."
            );
            return self.note(Wrong {
                line: row.line,
                problem,
            });
        }
        let place = answers.take(id, hash_of(&row.task, self.config));
        if !place.is_answer() {
            self.estimate.add(&request, self.config);
        }
        self.places.push(place);
    }

    fn note(&mut self, wrong: Wrong) {
        self.count += 1;
        if self.wrong.len() < LISTED {
            self.wrong.push(wrong);
        }
    }
}

/// The request that the function would send.
fn checked(row: &Row, config: &Config, way: Way) -> Result<TextRequest, String> {
    if row.task.len() > LONGEST_TASK {
        return Err(too_long());
    }
    if way == Way::StepFunctions && is_rewritten(&row.id) {
        return Err("Its id is a number that Step Functions may write in another way. Give a whole number of up to 15 digits, or a string.".to_owned());
    }
    let (_, wanted) = Door::open(row.task.as_str().into());
    let request = wanted.and_then(|wanted| admit(wanted, config).map_err(Error::from));
    request.map_err(|error| match error {
        // The function's own message for this is the walkthrough's, and is no sentence.
        Error::NoPrompt => "It has no prompt. Write one.".to_owned(),
        error => error.message(),
    })
}

/// Whether an id may come back in another form: JSONata computes in floats, which write 1.0 as 1, and hold whole numbers
/// of 15 digits and some of more.
fn is_rewritten(id: &str) -> bool {
    let digits = id.strip_prefix('-').unwrap_or(id);
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit());
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (!is_whole || digits.len() > 15 || id == "-0")
}

/// The hash of what an event asks.
pub(crate) fn hash_of(task: &str, config: &Config) -> u64 {
    input_hash(config.models.default_model().as_str(), task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_a_float_writes_otherwise_is_known() {
        for id in ["1.0", "1e3", "-0", "9007199254740993", "-1234567890123456"] {
            assert!(is_rewritten(id), "{id}");
        }
        for id in ["0", "7", "-7", "123456789012345", "\"1.0\"", "\"\""] {
            assert!(!is_rewritten(id), "{id}");
        }
    }
}

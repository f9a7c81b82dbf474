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
    progress: &Progress,
) -> Result<Plan, Failure> {
    let mut checker = Checker {
        config,
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
    estimate: Estimate,
    places: Vec<Place>,
    /// The line of each id.
    lines: HashMap<u64, u32>,
    wrong: Vec<Wrong>,
    count: u64,
}

impl Checker<'_> {
    fn add(&mut self, row: &Row, answers: &mut Answers) {
        let request = match checked(row, self.config) {
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
        let place = answers.take(id, hash(row, self.config));
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
fn checked(row: &Row, config: &Config) -> Result<TextRequest, String> {
    if row.task.len() > LONGEST_TASK {
        return Err(too_long());
    }
    let (_, wanted) = Door::open(row.task.as_str().into());
    let request = wanted.and_then(|wanted| admit(wanted, config).map_err(Error::from));
    request.map_err(|error| match error {
        // The function's own message for this is the walkthrough's, and is no sentence.
        Error::NoPrompt => "It has no prompt. Write one.".to_owned(),
        error => error.message(),
    })
}

/// The hash of what a row asks.
pub(crate) fn hash(row: &Row, config: &Config) -> u64 {
    hash_of(&row.task, config)
}

/// The hash of what an event asks.
pub(crate) fn hash_of(task: &str, config: &Config) -> u64 {
    input_hash(config.models.default_model().as_str(), task)
}

//! Rows that are asked elsewhere: what goes there, and what comes back.

use std::{borrow::Cow, collections::HashMap};

use bedrock_function::config::Config;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Failure, Input, Journal, Place, Row,
    check::hash,
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

/// Where a row is, and the hash of what it asks.
struct Known {
    index: usize,
    hash: u64,
}

/// An error that stayed, as a state machine's `Catch` leaves it.
#[derive(Deserialize)]
struct Caught<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

/// The rows by id, to which results belong. Some forty bytes for each.
pub struct Merging {
    rows: HashMap<u64, Known>,
}

impl Merging {
    /// Reads the input once more.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn new(input: &Input, config: &Config) -> Result<Self, Failure> {
        let rows = input.rows()?.enumerate().filter_map(|(index, row)| {
            let row = row.ok()?;
            let hash = hash(&row, config);
            Some((id_key(&row.id), Known { index, hash }))
        });
        Ok(Self {
            rows: rows.collect(),
        })
    }

    /// Takes a result into the journal. One of no row is left out, and so is what a row with an answer gets.
    ///
    /// # Errors
    ///
    /// When the result is none, or the journal cannot be written.
    pub fn take(
        &mut self,
        result: &[u8],
        journal: &mut Journal,
        places: &mut [Place],
        run: &mut Run,
    ) -> Result<(), Failure> {
        #[derive(Deserialize)]
        struct Head<'a> {
            #[serde(borrow)]
            id: &'a RawValue,
        }
        if result.trim_ascii().is_empty() {
            return Ok(());
        }
        let none =
            || Failure::Setting("A result has no id. Give what the function returned.".to_owned());
        let id = serde_json::from_slice::<Head<'_>>(result)
            .map_err(|_| none())?
            .id
            .get();
        let Some(Known { index, hash }) = self.rows.get(&id_key(id)) else {
            return Ok(());
        };
        let place = &mut places[*index];
        if place.is_answer() {
            return Ok(());
        }
        let line = match line_of_reply(id, result, *hash) {
            Some(line) => line,
            None => caught(result, *hash).ok_or_else(none)?,
        };
        run.record(journal, place, &line)?;
        Ok(())
    }
}

fn caught(result: &[u8], hash: u64) -> Option<Vec<u8>> {
    let caught: Caught<'_> = serde_json::from_slice(result).ok()?;
    let error = InvocationError {
        code: caught.code.into_owned(),
        message: caught.message.into_owned(),
    };
    line_of_error(caught.id.get(), &error, None, hash)
        .map_err(system)
        .ok()
}

//! A task of Step Functions: the object in `task`, and an object for a reply, whose members a state machine
//! can use as they are.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Delivery, Usage, Wanted,
    json::{Fields, Kind, string, wrong_kind},
    keys,
    reply::AnswerBody,
};
use crate::{
    errors::{Cause, Error, InvalidRequest},
    text::Answer,
};

/// The most that a task may return, in bytes: 256 KiB, by the quotas of Step Functions, less what its
/// integration of Lambda may put around the payload.
const LARGEST_REPLY: usize = 256 * 1024 - 4 * 1024;

/// The longest `id`, in bytes of JSON.
const LONGEST_ID: usize = 1024;

/// The `id` of a task, a string or a number as the caller wrote it.
#[derive(Debug, Clone, Serialize)]
pub struct TaskId(Box<RawValue>);

/// The event's `task`. An event with a prompt of its own is a direct one, whatever else is in it.
pub(super) fn of<'a>(fields: &Fields<'a>) -> Option<&'a RawValue> {
    fields.task.filter(|_| fields.prompt.is_none())
}

/// Reads the task's object. The `id` is returned beside an error too, where it could be read.
pub(super) fn open(task: &RawValue) -> (Option<TaskId>, Result<Wanted, Error>) {
    let fields = match Fields::parse("task", task.get()) {
        Ok(fields) => fields,
        Err(invalid) => return (None, Err(invalid.into())),
    };
    match fields.id.map(task_id).transpose() {
        Ok(id) => (id, wanted(&fields)),
        Err(invalid) => (None, Err(invalid.into())),
    }
}

fn task_id(raw: &RawValue) -> Result<TaskId, InvalidRequest> {
    match Kind::of(raw.get()) {
        Kind::String => drop(string("id", raw)?),
        // Beyond the range of floats, most parsers could not read the reply.
        Kind::Number if serde_json::from_str::<f64>(raw.get()).is_err() => {
            let range = "a smaller number, or a string";
            return Err(InvalidRequest::out_of_range("id", range));
        }
        Kind::Number => {}
        _ => return Err(wrong_kind("id", raw, "a string or a number")),
    }
    if raw.get().len() > LONGEST_ID {
        return Err(InvalidRequest::new(
            format!("id has more than {LONGEST_ID} bytes."),
            "Send a shorter one.",
        ));
    }
    Ok(TaskId(raw.to_owned()))
}

fn wanted(fields: &Fields<'_>) -> Result<Wanted, Error> {
    let wanted = keys::wanted(fields, false)?;
    match wanted.delivery {
        Delivery::Streamed => {
            Err(InvalidRequest::new("A task's answer is not streamed.", "Leave out stream.").into())
        }
        // The usage is always in the reply: nobody reads a log line for each of many tasks.
        Delivery::Whole { .. } => Ok(Wanted {
            delivery: Delivery::Whole { usage: true },
            ..wanted
        }),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskReply<'a, B> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a TaskId>,
    status_code: u16,
    #[serde(flatten)]
    body: B,
}

/// The reply with an answer.
pub(super) fn answer(
    id: Option<&TaskId>,
    answer: &Answer,
    json: Option<&RawValue>,
    usage: Option<Usage>,
) -> Result<Box<RawValue>, Error> {
    let reply = written(id, 200, AnswerBody::new(answer, json, usage));
    if reply.get().len() > LARGEST_REPLY {
        Err(Error::TooLarge(Cause::TaskAnswerTooLarge))
    } else {
        Ok(reply)
    }
}

/// The reply with an error that is not worth trying again.
pub(super) fn error(id: Option<&TaskId>, error: &Error, request_id: &str) -> Box<RawValue> {
    written(id, error.status(), error.coded_body(request_id))
}

fn written(id: Option<&TaskId>, status_code: u16, body: impl Serialize) -> Box<RawValue> {
    let reply = TaskReply {
        id,
        status_code,
        body,
    };
    // Strings and finite numbers always serialize.
    serde_json::value::to_raw_value(&reply).unwrap_or_default()
}

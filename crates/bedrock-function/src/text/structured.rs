//! Answers in JSON: the schema that an answer must satisfy, and the check of it.

use json_schema::Schema;
use serde_json::value::RawValue;

use super::{DEADLINE_EXCEEDED, Stop};
use crate::errors::{Cause, Unsatisfied};

/// The stop reasons of a model that did not write valid JSON, or no valid call of the tool.
const MALFORMED: [&str; 2] = ["malformed_model_output", "malformed_tool_use"];

/// The schema of an answer, and how the model is told of it.
#[derive(Clone, Debug)]
pub struct Structured {
    /// What the answer must satisfy.
    pub schema: Schema,
    /// How the model is told of it.
    pub way: Way,
    /// How often it may be asked again when an answer does not satisfy the schema.
    pub retries: u8,
}

/// How a model is told of a schema.
#[derive(Clone, Debug)]
pub enum Way {
    /// The answer's text is the JSON.
    TextFormat,
    /// The answer is the input of a tool that the model must call.
    Tool {
        /// The schema as that tool's input.
        input_schema: Box<RawValue>,
    },
}

impl Structured {
    /// Whether the answer is a tool's input.
    #[must_use]
    pub fn is_by_tool(&self) -> bool {
        matches!(self.way, Way::Tool { .. })
    }

    /// The schema as it is sent.
    #[must_use]
    pub fn sent(&self) -> &str {
        match &self.way {
            Way::TextFormat => self.schema.text(),
            Way::Tool { input_schema } => input_schema.get(),
        }
    }

    /// The answer's JSON as the model wrote it, without white space between its parts.
    ///
    /// # Errors
    ///
    /// An answer that was cut short, or is no JSON, or does not satisfy the schema.
    pub fn json_of(&self, text: &str, stop: &Stop) -> Result<Box<RawValue>, Unsatisfied> {
        if let Some(reason) = stop.cut_short_by() {
            // The text can be JSON all the same, because Bedrock closes the brackets of a tool's input that is cut.
            let cause = match reason {
                reason if MALFORMED.contains(&reason) => Cause::AnswerNotJson,
                DEADLINE_EXCEEDED => Cause::AnswerCutByTime,
                _ => Cause::AnswerCut,
            };
            return Err(Unsatisfied {
                stop_reason: Some(reason.to_owned()),
                ..Unsatisfied::new(cause)
            });
        }
        let not_json = |_| Unsatisfied::new(Cause::AnswerNotJson);
        let value = serde_json::from_str(text).map_err(not_json)?;
        self.schema.check(&value).map_err(|violation| Unsatisfied {
            violation: Some(violation),
            ..Unsatisfied::new(Cause::AnswerViolatesSchema)
        })?;
        RawValue::from_string(json_schema::compact(text)).map_err(not_json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structured() -> Structured {
        Structured {
            schema: Schema::parse(r#"{"type": "object", "required": ["a"]}"#).unwrap(),
            way: Way::TextFormat,
            retries: 0,
        }
    }

    fn stop(reason: &str) -> Stop {
        Stop {
            is_ordinary: reason == "end_turn",
            reason: Some(reason.to_owned()),
        }
    }

    #[test]
    fn an_answer_that_was_cut_is_none_even_where_it_satisfies_the_schema() {
        let text = "{ \"a\": 1 }";
        let json = structured().json_of(text, &stop("end_turn")).unwrap();
        assert_eq!(json.get(), "{\"a\":1}");
        for (reason, cause) in [
            ("max_tokens", Cause::AnswerCut),
            ("malformed_tool_use", Cause::AnswerNotJson),
            (DEADLINE_EXCEEDED, Cause::AnswerCutByTime),
        ] {
            let unsatisfied = structured().json_of(text, &stop(reason)).unwrap_err();
            assert_eq!(unsatisfied.cause, cause);
            assert_eq!(unsatisfied.stop_reason.as_deref(), Some(reason));
        }
    }

    #[test]
    fn text_around_the_json_is_no_json() {
        for text in ["", "Here it is: {\"a\":1}", "{\"a\":1}\u{200b}", "{\"a\":"] {
            let unsatisfied = structured().json_of(text, &stop("end_turn")).unwrap_err();
            assert_eq!(unsatisfied.cause, Cause::AnswerNotJson, "{text}");
        }
    }
}

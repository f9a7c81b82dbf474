//! What goes wrong on Bedrock's side of one invocation, and what the caller must get.

use std::fmt;

use bedrock_local::Answer;

/// The attempts that the function makes at most, the first included.
const MOST_ATTEMPTS: u32 = 3;

/// What happens to an invocation at Bedrock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nothing: it is answered.
    None,
    /// 429 to the first attempt.
    ThrottledOnce,
    /// 429 to every attempt.
    Throttled,
    /// 500 to the first attempt.
    FailedOnce,
    /// The connection of the first attempt is reset.
    ResetOnce,
    /// It is answered, and then the connection is closed.
    Stale,
    /// 400: Bedrock finds the request wrong.
    Refused,
    /// 424: the model fails.
    ModelFailed,
    /// 200 with JSON that breaks off.
    Malformed,
    /// 200 with a body that breaks off with its connection.
    Truncated,
    /// 200 with an answer that holds no text.
    NoText,
}

impl Fault {
    const ALL: [Self; 11] = [
        Self::None,
        Self::ThrottledOnce,
        Self::Throttled,
        Self::FailedOnce,
        Self::ResetOnce,
        Self::Stale,
        Self::Refused,
        Self::ModelFailed,
        Self::Malformed,
        Self::Truncated,
        Self::NoText,
    ];

    /// The faults of one process, in turn. Before a retry the SDK waits half a second on average: three of sixteen are enough of those.
    pub(crate) const IN_TURN: [Self; 16] = [
        Self::Malformed,
        Self::Refused,
        Self::Truncated,
        Self::NoText,
        Self::Stale,
        Self::ThrottledOnce,
        Self::ModelFailed,
        Self::Malformed,
        Self::Refused,
        Self::FailedOnce,
        Self::NoText,
        Self::Stale,
        Self::Truncated,
        Self::Refused,
        Self::ResetOnce,
        Self::ModelFailed,
    ];

    /// The fault of that name, as [`fmt::Display`] writes it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ThrottledOnce => "throttled-once",
            Self::Throttled => "throttled",
            Self::FailedOnce => "failed-once",
            Self::ResetOnce => "reset-once",
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::ModelFailed => "model-failed",
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::NoText => "no-text",
        }
    }

    /// The `statusCode` that the caller gets.
    pub(crate) fn status_code(self) -> u16 {
        match self {
            Self::None | Self::ThrottledOnce | Self::FailedOnce | Self::ResetOnce | Self::Stale => {
                200
            }
            Self::Refused => 400,
            Self::Throttled => 429,
            Self::Malformed | Self::NoText => 500,
            Self::ModelFailed => 502,
            Self::Truncated => 503,
        }
    }

    /// How many requests Bedrock gets. What it has begun to answer with 200 is on the bill, and not asked again.
    pub(crate) fn attempts(self) -> u32 {
        match self {
            Self::ThrottledOnce | Self::FailedOnce | Self::ResetOnce => 2,
            Self::Throttled => MOST_ATTEMPTS,
            _ => 1,
        }
    }

    /// What Bedrock answers to an attempt, of which the first is number 1; `text` is the answer where there is one.
    pub(crate) fn answer(self, attempt: u32, text: &str) -> Answer {
        let whole = Answer::converse_text(text);
        match self {
            Self::Throttled => throttling(),
            Self::ThrottledOnce if attempt == 1 => throttling(),
            Self::FailedOnce if attempt == 1 => {
                Answer::error(500, "InternalServerException", "Try your request again.")
            }
            Self::ResetOnce if attempt == 1 => Answer::reset(),
            Self::Stale => whole.close_connection_afterwards(),
            Self::Refused => Answer::error(400, "ValidationException", "Malformed input request."),
            Self::ModelFailed => Answer::error(424, "ModelErrorException", "The model failed."),
            Self::Malformed => Answer::raw(200, "application/json", r#"{"output":{"message":"#),
            // In the middle of the JSON that every answer begins with.
            Self::Truncated => whole.truncate_at(20),
            Self::NoText => Answer::converse_text(""),
            _ => whole,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn throttling() -> Answer {
    Answer::error(
        429,
        "ThrottlingException",
        "Too many requests, please wait before trying again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_by_its_name() {
        for fault in Fault::ALL {
            assert_eq!(Fault::named(&fault.to_string()), Some(fault));
        }
    }

    #[test]
    fn one_process_meets_every_fault_but_being_throttled_to_the_end() {
        let missing: Vec<_> = Fault::ALL
            .into_iter()
            .filter(|fault| !Fault::IN_TURN.contains(fault))
            .collect();
        assert_eq!(missing, [Fault::None, Fault::Throttled]);
    }
}

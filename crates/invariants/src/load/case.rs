//! One invocation, the fault that it meets, and the reply that it must get.

/// A fault of Bedrock, and what an invocation that meets it must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In the stand-in's words, as `FAULT=` of `make invoke` takes them; empty for none.
    pub words: &'static str,
    /// The `statusCode` of the reply.
    pub status_code: u16,
    /// The requests that Bedrock gets. What it has begun to answer with 200 is on the bill, and not asked again.
    pub requests: u32,
}

const fn fault(words: &'static str, status_code: u16, requests: u32) -> Fault {
    Fault {
        words,
        status_code,
        requests,
    }
}

/// An ordinary answer.
pub(crate) const NONE: Fault = fault("", 200, 1);

const THROTTLED_ONCE: Fault = fault("throttle:1", 200, 2);
/// The function makes three attempts at most.
const THROTTLED: Fault = fault("throttle", 429, 3);
const STALE: Fault = fault("stale", 200, 1);
const REFUSED: Fault = fault("error:ValidationException", 400, 1);
const MODEL_FAILED: Fault = fault("error:ModelErrorException", 502, 1);
const MALFORMED: Fault = fault("malformed", 500, 1);
const TRUNCATED: Fault = fault("truncated", 503, 1);
const NO_TEXT: Fault = fault("no-text", 500, 1);

/// The faults of one process, in turn. Before a retry the SDK waits half a second on average: three of sixteen are enough of those.
pub(crate) const OF_ONE_PROCESS: [Fault; 16] = [
    MALFORMED,
    REFUSED,
    TRUNCATED,
    NO_TEXT,
    STALE,
    THROTTLED_ONCE,
    MODEL_FAILED,
    MALFORMED,
    REFUSED,
    fault("error:InternalServerException:1", 200, 2),
    NO_TEXT,
    STALE,
    TRUNCATED,
    REFUSED,
    fault("reset:1", 200, 2),
    MODEL_FAILED,
];

/// The faults of many processes, in turn: to the end, and once.
pub(crate) const OF_MANY_PROCESSES: [Fault; 2] = [THROTTLED, THROTTLED_ONCE];

/// Lengths of prompts, in characters of padding, in turn: from a line to a page, so that buffers of many sizes come and go.
const PADDING: [usize; 5] = [0, 20, 300, 1_000, 50];

/// One invocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) process: u32,
    pub(crate) number: u32,
    pub(crate) fault: Fault,
}

impl Case {
    /// A prompt that no other invocation of the run has.
    pub(crate) fn prompt(self) -> String {
        let padding = "日".repeat(PADDING[self.number as usize % PADDING.len()]);
        format!("{} {} \"{padding}\"\n", self.process, self.number)
    }

    /// The one right answer to a prompt.
    pub(crate) fn answer(prompt: &str) -> String {
        format!("You said: {prompt}")
    }

    /// Lambda's id of the invocation, which error replies repeat.
    pub(crate) fn request_id(self) -> String {
        format!("process-{}-invocation-{}", self.process, self.number)
    }
}

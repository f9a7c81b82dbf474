//! One invocation: its prompt, which nobody else has, and the one answer to it.

use crate::Fault;

/// Lengths of prompts, in characters of padding, in turn: from a line to a page, so that buffers of many sizes come and go.
const PADDING: [usize; 5] = [0, 20, 300, 1_000, 50];

/// One invocation. Its prompt says who asks and what befalls it, so that the stand-in needs to know nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Case {
    pub(crate) caller: u32,
    pub(crate) number: u32,
    pub(crate) fault: Fault,
}

impl Case {
    pub(crate) fn prompt(self) -> String {
        let Self {
            caller,
            number,
            fault,
        } = self;
        let padding = "日".repeat(PADDING[number as usize % PADDING.len()]);
        format!("{caller} {number} {fault} \"{padding}\"\n")
    }

    /// Reads a prompt; none, where it is not one of these.
    pub(crate) fn of(prompt: &str) -> Option<Self> {
        let mut words = prompt.split(' ');
        Some(Self {
            caller: words.next()?.parse().ok()?,
            number: words.next()?.parse().ok()?,
            fault: Fault::named(words.next()?)?,
        })
    }

    /// The one right answer.
    pub(crate) fn answer(prompt: &str) -> String {
        format!("You said: {prompt}")
    }

    /// Lambda's id of the invocation, which error replies repeat.
    pub(crate) fn request_id(self) -> String {
        format!("caller-{}-invocation-{}", self.caller, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read_from_its_own_prompt() {
        let case = Case {
            caller: 7,
            number: 3,
            fault: Fault::ResetOnce,
        };
        assert_eq!(Case::of(&case.prompt()), Some(case));
        assert_eq!(Case::of("What is AWS Lambda?"), None);
    }
}

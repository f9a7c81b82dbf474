//! A model in memory that answers with the prompt.

use std::sync::{Arc, Mutex, PoisonError};

use bedrock_function::{
    budget::TimeBudget,
    text::{Answer, AnswerEnd, AnswerStream, CallError, Stop, TextModel, TextRequest},
};

/// Answers with the prompt itself, and keeps what it was asked last. Clones share that.
#[derive(Clone, Debug, Default)]
pub struct Echo {
    asked: Arc<Mutex<Option<TextRequest>>>,
}

impl Echo {
    /// Takes the last request out; none, where nothing was asked since.
    #[must_use]
    pub fn take_asked(&self) -> Option<TextRequest> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl TextModel for Echo {
    async fn ask(&self, request: TextRequest, _: TimeBudget) -> Result<AnswerStream, CallError> {
        let text = request.prompt.clone();
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
        let end = AnswerEnd {
            stop: Stop {
                reason: Some("end_turn".to_owned()),
                is_ordinary: true,
            },
            attempts: 1,
            ..AnswerEnd::default()
        };
        Ok(Answer { text, end }.into_stream())
    }
}

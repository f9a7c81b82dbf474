//! The turns of a conversation, its model and its system prompt.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The keys of the function's event that a conversation fills.
#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Conversation {
    /// The function's first model answers where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) system: Option<String>,
    messages: Vec<Message>,
}

#[derive(Serialize, Deserialize)]
struct Message {
    role: Role,
    text: String,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
}

impl Conversation {
    pub(crate) fn with_model(id: &str) -> Self {
        Self {
            model_id: (!id.is_empty()).then(|| id.to_owned()),
            ..Self::default()
        }
    }

    /// The event that asks the next question. The function returns the usage in either case.
    pub(crate) fn event(&self, prompt: &str, stream: bool) -> Result<Bytes, serde_json::Error> {
        #[derive(Serialize)]
        struct Event<'a> {
            prompt: &'a str,
            stream: bool,
            usage: bool,
            #[serde(flatten)]
            conversation: &'a Conversation,
        }
        let event = Event {
            prompt,
            stream,
            usage: !stream,
            conversation: self,
        };
        Ok(serde_json::to_vec(&event)?.into())
    }

    /// Keeps a question with its answer. An empty answer, which no model takes as a turn, is left out with its question.
    pub(crate) fn keep(&mut self, question: String, answer: String) {
        if answer.is_empty() {
            return;
        }
        for (role, text) in [(Role::User, question), (Role::Assistant, answer)] {
            self.messages.push(Message { role, text });
        }
    }

    /// Removes all turns. The model and the system prompt stay.
    pub(crate) fn forget(&mut self) {
        self.messages.clear();
    }

    /// Writes it to a new file, in the event's own keys.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        let mut file = File::create_new(path)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")
    }
}

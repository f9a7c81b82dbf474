//! Prompts and replies of all operations, the stand-in's own reply, and its count of tokens.

use crate::Model;
use crate::bedrock::tier::ServiceTier;
use json_schema::Schema;

/// A request for a model, the same for all operations.
#[derive(Debug)]
pub(crate) struct Prompt<'a> {
    pub(crate) model: &'a Model,
    pub(crate) system: Vec<String>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) inference: Inference,
    pub(crate) format: Option<Format>,
    /// The tier that was asked for.
    pub(crate) tier: Option<ServiceTier>,
}

/// The JSON that an answer must be.
#[derive(Debug)]
pub(crate) struct Format {
    pub(crate) schema: Schema,
    /// The tool that must be called with it.
    pub(crate) tool: Option<String>,
}

/// One turn of a conversation.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) role: Role,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    User,
    Assistant,
}

/// The inference parameters of a request.
#[derive(Debug, Default, Clone)]
pub(crate) struct Inference {
    pub(crate) max_tokens: u32,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) stop_sequences: Vec<String>,
}

/// A model's answer, the same for all operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The block before the text, where a model shows its reasoning.
    pub(crate) reasoning: Option<String>,
    pub(crate) text: String,
    pub(crate) stop: Stop,
    pub(crate) input_tokens: u32,
    pub(crate) output_tokens: u32,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// By itself.
    End,
    /// At the limit of tokens.
    Limit,
    /// At a stop sequence.
    Sequence,
    /// By a filter.
    Filtered,
}

impl Reply {
    /// A complete reply with that text, to a prompt of 10 tokens.
    pub(crate) fn of_text(text: &str) -> Self {
        Self {
            reasoning: None,
            text: text.to_owned(),
            stop: Stop::End,
            input_tokens: 10,
            output_tokens: count_tokens(text),
        }
    }
}

impl Prompt<'_> {
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.system
            .iter()
            .map(String::as_str)
            .chain(self.turns.iter().map(|turn| turn.text.as_str()))
    }

    /// The tool that must be called.
    pub(crate) fn tool(&self) -> Option<&str> {
        self.format.as_ref()?.tool.as_deref()
    }

    pub(crate) fn tokens(&self) -> u32 {
        self.texts().map(count_tokens).sum()
    }
}

/// The stand-in's own reply: a value made from the schema, or a sentence that says what it is and what it received, in
/// Japanese for a Japanese prompt, else in English. With `violates`, the value does not satisfy the schema, if such a
/// value is found.
pub(crate) fn answer(prompt: &Prompt<'_>, violates: bool) -> Reply {
    let text = match &prompt.format {
        Some(Format { schema, .. }) => value(schema, violates),
        None => sentence(prompt),
    };
    let (text, stop) = limit(&text, &prompt.inference);
    let output_tokens = count_tokens(&text);
    Reply {
        reasoning: None,
        text,
        stop,
        input_tokens: prompt.tokens(),
        output_tokens,
    }
}

/// JSON; null, where the stand-in finds no value.
fn value(schema: &Schema, violates: bool) -> String {
    let counterexample = violates.then(|| schema.counterexample()).flatten();
    let value = counterexample.or_else(|| schema.sample());
    value.unwrap_or_else(|| "null".to_owned())
}

fn sentence(prompt: &Prompt<'_>) -> String {
    let (model, turns) = (&prompt.model.id, prompt.turns.len());
    let characters: usize = prompt
        .turns
        .iter()
        .map(|turn| turn.text.chars().count())
        .sum();
    if prompt.texts().any(|text| text.chars().any(is_japanese)) {
        format!(
            "これはモデルの回答ではありません。Amazon Bedrock のモックサーバー（bedrock-local）の応答です。{model} 宛てに {characters} 文字、{turns} ターンの会話を受け取りました。"
        )
    } else {
        let turns = if turns == 1 {
            "1 turn".to_owned()
        } else {
            format!("{turns} turns")
        };
        format!(
            "This is not a model's answer: bedrock-local, a stand-in for Amazon Bedrock, wrote it. It received {characters} characters in {turns} for {model}."
        )
    }
}

/// Hiragana, katakana, the CJK ideographs and their punctuation.
fn is_japanese(character: char) -> bool {
    matches!(character, '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

/// Cuts a text at `maxTokens` or the first stop sequence, whichever comes first. The stop sequence is left out.
fn limit(text: &str, inference: &Inference) -> (String, Stop) {
    let cut = first_tokens(text, inference.max_tokens);
    let stops = inference
        .stop_sequences
        .iter()
        .filter(|stop| !stop.is_empty());
    match stops.filter_map(|stop| cut.find(stop.as_str())).min() {
        Some(position) => (cut[..position].to_owned(), Stop::Sequence),
        None if cut.len() < text.len() => (cut.to_owned(), Stop::Limit),
        None => (text.to_owned(), Stop::End),
    }
}

/// Counts tokens by the stand-in's rule: one for every four ASCII characters or part of four, and one for every other
/// character. It is a plausible and stable number, not that of any model's tokeniser.
#[must_use]
pub fn count_tokens(text: &str) -> u32 {
    let ascii = text.chars().filter(char::is_ascii).count();
    let other = text.chars().count() - ascii;
    u32::try_from(ascii.div_ceil(4) + other).unwrap_or(u32::MAX)
}

/// The longest beginning of a text that has at most that many tokens.
pub(crate) fn first_tokens(text: &str, limit: u32) -> &str {
    let (mut ascii, mut other) = (0_usize, 0_usize);
    for (position, character) in text.char_indices() {
        if character.is_ascii() {
            ascii += 1
        } else {
            other += 1
        }
        if ascii.div_ceil(4) + other > limit as usize {
            return &text[..position];
        }
    }
    text
}

/// The text in parts of one token each.
pub(crate) fn split_tokens(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (token, rest) = text.split_at(first_tokens(text, 1).len());
        text = rest;
        (!token.is_empty()).then_some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_ascii_characters_or_one_other_are_a_token() {
        assert_eq!(count_tokens(""), 0);
        assert_eq!(count_tokens("abcd"), 1);
        assert_eq!(count_tokens("abcde"), 2);
        assert_eq!(count_tokens("東京"), 2);
        assert_eq!(count_tokens("東京 is"), 3);
    }

    #[test]
    fn a_cut_text_has_no_more_tokens_than_asked_for() {
        assert_eq!(first_tokens("abcdefgh", 1), "abcd");
        assert_eq!(first_tokens("東京タワー", 2), "東京");
        assert_eq!(first_tokens("short", 9), "short");
    }

    #[test]
    fn the_parts_of_a_text_are_the_text_and_one_token_each() {
        for text in ["", "This is 東京タワー, 333 m.", "👩‍🚀 flies"] {
            let parts: Vec<&str> = split_tokens(text).collect();
            assert_eq!(parts.concat(), text);
            assert!(
                parts.iter().all(|part| count_tokens(part) == 1),
                "{parts:?}"
            );
        }
    }
}

//! The stand-in's own answer.

use crate::{
    Model,
    tokens::{count_tokens, first_tokens},
};

/// What is asked of a model, whichever operation it came by.
#[derive(Debug)]
pub(crate) struct Prompt<'a> {
    pub(crate) model: &'a Model,
    pub(crate) system: Vec<String>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) inference: Inference,
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

/// How the answer is to be made.
#[derive(Debug, Default, Clone)]
pub(crate) struct Inference {
    pub(crate) max_tokens: u32,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) stop_sequences: Vec<String>,
}

/// What a model answers, whichever operation it goes out by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// What comes before the text, where a model shows its reasoning.
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

impl Prompt<'_> {
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.system
            .iter()
            .map(String::as_str)
            .chain(self.turns.iter().map(|turn| turn.text.as_str()))
    }

    pub(crate) fn tokens(&self) -> u32 {
        self.texts().map(count_tokens).sum()
    }
}

/// Says what the stand-in is and what it received: in Japanese where the prompt is, else in English.
pub(crate) fn answer(prompt: &Prompt<'_>) -> Reply {
    let (text, stop) = limit(&sentence(prompt), &prompt.inference);
    let output_tokens = count_tokens(&text);
    Reply {
        reasoning: None,
        text,
        stop,
        input_tokens: prompt.tokens(),
        output_tokens,
    }
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
            "これはモデルの回答ではありません。Amazon Bedrock の代役である bedrock-local の返事です。{model} 宛てに {characters} 文字、{turns} ターンの会話を受け取りました。"
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

/// Ends a text where the first of `maxTokens` and the stop sequences ends it. The stop sequence is not part of it.
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

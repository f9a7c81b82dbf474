//! Parses a line of input.

use std::path::PathBuf;

use crate::failure::Failure;

/// The commands, for `/help`.
pub(super) const HELP: &str = "\
/model ID      has another model answer from now on
/system TEXT   sets the system prompt; without TEXT there is none
/new           forgets what has been said
/save FILE     writes the conversation to a new file, as JSON
/help          lists the commands
Ctrl-C stops an answer. An empty line or Ctrl-D ends the conversation.";

/// The same in Japanese.
pub(super) const HELP_JA: &str = "\
/model ID      以後の質問に答えるモデルを変える
/system TEXT   システムプロンプトを設定する。TEXT を省くと解除する
/new           会話を最初からやり直す
/save FILE     会話を新しいファイルに JSON で保存する
/help          コマンドの一覧を表示する
Ctrl-C で回答を止めます。空の行か Ctrl-D で会話を終えます。";

/// A line of input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// An empty line.
    End,
    Question(String),
    New,
    Model(String),
    System(Option<String>),
    Save(PathBuf),
    Help,
}

impl Line {
    /// A command begins with a slash, in the first column. Everything else is a question.
    pub(super) fn parse(line: &str) -> Result<Self, Failure> {
        if !line.starts_with('/') {
            return Ok(match line.trim() {
                "" => Self::End,
                question => Self::Question(question.to_owned()),
            });
        }
        let (command, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match (command, value.trim()) {
            ("/new", "") => Ok(Self::New),
            ("/help", "") => Ok(Self::Help),
            ("/model", "") => Err(Failure::ModelWithoutId),
            ("/model", id) => Ok(Self::Model(id.to_owned())),
            ("/system", "") => Ok(Self::System(None)),
            ("/system", text) => Ok(Self::System(Some(text.to_owned()))),
            ("/save", "") => Err(Failure::SaveWithoutFile),
            ("/save", file) => Ok(Self::Save(file.into())),
            _ => Err(Failure::UnknownCommand(line.trim().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_question_or_a_command() {
        for (line, expected) in [
            ("", Line::End),
            (" \t", Line::End),
            (" What is /new? ", Line::Question("What is /new?".into())),
            (" /etc/hosts", Line::Question("/etc/hosts".into())),
            ("/new", Line::New),
            ("/help ", Line::Help),
            ("/model  m:0 ", Line::Model("m:0".into())),
            (
                "/system Be  short.",
                Line::System(Some("Be  short.".into())),
            ),
            ("/system", Line::System(None)),
            ("/save a b.json", Line::Save("a b.json".into())),
        ] {
            assert_eq!(Line::parse(line).unwrap(), expected, "{line:?}");
        }
    }

    #[test]
    fn a_command_that_is_unknown_or_lacks_its_value_says_what_to_type() {
        for (line, words) in [
            ("/model", "/model apac.amazon.nova-micro-v1:0"),
            ("/save", "/save talk.json"),
            ("/news", "\"/news\" is no command"),
            ("/new start", "\"/new start\" is no command"),
            ("/", "\"/\" is no command"),
        ] {
            let failure = Line::parse(line).unwrap_err();
            assert!(failure.to_string().contains(words), "{failure}");
            assert_eq!(failure.exit_code(), 2);
        }
    }

    #[test]
    fn the_help_names_every_command() {
        for command in ["/model", "/system", "/new", "/save", "/help"] {
            for help in [HELP, HELP_JA] {
                assert!(help.contains(&format!("{command} ")), "{command}");
            }
        }
    }
}

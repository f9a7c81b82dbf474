//! `make chat`: a conversation with the function.

mod conversation;
mod input;
mod line;
pub(crate) mod page;
mod terminal;

use std::{
    env,
    future::pending,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use conversation::Conversation;
use input::{Entered, Input};
use lambda_local::localized;
use line::{HELP, HELP_JA, Line};
use terminal::Terminal;

use crate::{
    cli::Options, failure::Failure, function::Function, japanese, output::AnswerOutput, stack,
};

/// Asks line by line until an empty one, and shows each answer while it arrives.
///
/// A question that fails is left out of the conversation. Without a terminal, the exit code is that of the first failure.
pub(crate) async fn run(options: &Options) -> Result<ExitCode, Failure> {
    let is_interactive = is_interactive();
    let pace = stack::PACE.filter(|_| is_interactive);
    let function = Function::start(options, pace).await?;
    let (input, terminal) = if is_interactive {
        let ends = "Ctrl-C stops an answer, an empty line ends; /help lists the commands";
        stack::say(&[("chat", ends.to_owned())]);
        (Input::editor()?, Some(Terminal::take()?))
    } else {
        (Input::plain(), None)
    };
    let chat = Chat {
        function,
        terminal,
        conversation: Conversation::with_model(&options.model),
    };
    match chat.until_ended(input).await? {
        Some(failure) if !is_interactive => Ok(ExitCode::from(failure.exit_code())),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Whether a person sits at a terminal that lines can be edited at.
fn is_interactive() -> bool {
    let is_dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
}

struct Chat {
    function: Function,
    /// None where nobody sits at a terminal.
    terminal: Option<Terminal>,
    conversation: Conversation,
}

impl Chat {
    /// Gives the first failure, if there was one.
    async fn until_ended(mut self, mut input: Input) -> Result<Option<Failure>, Failure> {
        let mut first = None;
        loop {
            let line = match input.next().await.map_err(Failure::Input)? {
                Entered::Line(line) => line,
                Entered::Interrupt => continue,
                Entered::End => return Ok(first),
            };
            let followed = match Line::parse(&line) {
                Ok(Line::End) => return Ok(first),
                Ok(line) => self.follow(line).await,
                Err(failure) => Err(failure),
            };
            match followed {
                Ok(()) => {}
                // The reader of the answers is gone.
                Err(failure @ Failure::Output(_)) => return Err(failure),
                Err(failure) => {
                    let _ = writeln!(io::stderr(), "{}", japanese::sentence(&failure));
                    first.get_or_insert(failure);
                }
            }
        }
    }

    async fn follow(&mut self, line: Line) -> Result<(), Failure> {
        match line {
            Line::End => {}
            Line::Question(question) => return self.ask(question).await,
            Line::New => self.conversation.forget(),
            Line::Model(id) => self.conversation.model_id = Some(id),
            Line::System(text) => self.conversation.system = text,
            Line::Save(path) => return self.save(&path),
            Line::Help => drop(writeln!(io::stderr(), "{}", localized(HELP, HELP_JA))),
        }
        Ok(())
    }

    async fn ask(&mut self, question: String) -> Result<(), Failure> {
        let event = self.conversation.event(&question, self.function.streams());
        let event = event.map_err(io::Error::other)?;
        let mut output = AnswerOutput::new();
        let answered = tokio::select! {
            answered = self.function.ask(event, |text| output.piece(text)) => Some(answered),
            () = interrupted(self.terminal.as_ref()) => None,
        };
        let answer = match answered {
            Some(answered) => output.end(answered)?,
            None => output.stop()?,
        };
        self.conversation.keep(question, answer);
        Ok(())
    }

    fn save(&self, path: &Path) -> Result<(), Failure> {
        let saved = self.conversation.save(path);
        saved.map_err(|source| Failure::Save {
            path: path.to_owned(),
            source,
        })
    }
}

async fn interrupted(terminal: Option<&Terminal>) {
    match terminal {
        Some(terminal) => terminal.interrupted().await,
        None => pending().await,
    }
}

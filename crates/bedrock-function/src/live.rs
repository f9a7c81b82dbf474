//! An answer that is passed on while it arrives.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;

use crate::{
    budget::TimeBudget,
    call::Call,
    doors::{
        Body,
        sse::{self, Done},
    },
    errors::Error,
    panic::{Panicked, caught},
    record::{Record, millis},
    text::{AnswerPart, AnswerStream},
};

/// Some proxies close a connection that is silent for longer; a comment is sent before that.
const SILENCE: Duration = Duration::from_secs(15);

/// How long an event waits for its caller when the time of the call is over: half of the margin that the
/// budget keeps back for the reply. Without `done`, the caller could not tell that nothing more comes.
const LAST_WAIT: Duration = Duration::from_millis(250);

/// An answer whose first text has arrived.
pub(crate) struct LiveAnswer {
    call: Call,
    parts: AnswerStream,
    budget: TimeBudget,
    first_text: String,
    first_text_after: Duration,
}

impl LiveAnswer {
    /// Waits for the first text. Nothing has been sent before it, so an error until then is an ordinary reply.
    pub(crate) async fn begin(
        call: Call,
        mut parts: AnswerStream,
        budget: TimeBudget,
        record: &mut Record,
    ) -> Result<Self, Error> {
        loop {
            match parts.next().await {
                Some(Ok(AnswerPart::Text(text))) if text.is_empty() => {}
                Some(Ok(AnswerPart::Text(first_text))) => {
                    return Ok(Self {
                        first_text_after: call.started.elapsed(),
                        call,
                        parts,
                        budget,
                        first_text,
                    });
                }
                Some(Ok(AnswerPart::End(end))) => {
                    // Without text there is no JSON either.
                    return Err(match call.answered("", &end, record) {
                        Err(why) => call.unsatisfied(why),
                        Ok(_) => Error::NoText {
                            stop_reason: end.stop.cut_short_by().map(str::to_owned),
                        },
                    });
                }
                Some(Err(error)) => return Err(call.failed(error, record)),
                None => return Err(Error::Internal),
            }
        }
    }

    /// Passes the answer on as Server-Sent Events. `request_id` is Lambda's.
    ///
    /// A task of its own reads the answer. It goes on after the caller has left, because the generation
    /// is billed to its end, and the record must say what it cost. It reads no faster than the caller
    /// does: one event is buffered, and the rest waits in Bedrock's connection.
    pub(crate) fn into_body(self, mut record: Record, request_id: String) -> Body {
        record.streams(self.first_text_after);
        let (events, mut body) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut caller = Caller {
                budget: self.budget,
                events: Some(events),
            };
            let last = self.pass_on(&mut caller, &mut record, &request_id).await;
            // The line is written before the body ends: Lambda may freeze the process after that.
            drop(record);
            caller.send(last).await;
        });
        Box::pin(futures_util::stream::poll_fn(move |context| {
            body.poll_recv(context).map(|event| event.map(Ok))
        }))
    }

    /// Passes the pieces on, and gives the last event.
    async fn pass_on(
        mut self,
        caller: &mut Caller,
        record: &mut Record,
        request_id: &str,
    ) -> String {
        let mut text = std::mem::take(&mut self.first_text);
        let keeps_text = self.call.logs_content || self.call.is_structured();
        caller.send(sse::text(&text)).await;
        let ended = loop {
            let part = tokio::time::timeout(SILENCE, caught(self.parts.next())).await;
            match part {
                Err(_) => caller.send(sse::COMMENT.to_owned()).await,
                Ok(Ok(Some(Ok(AnswerPart::Text(piece))))) => {
                    caller.send(sse::text(&piece)).await;
                    if keeps_text {
                        text.push_str(&piece);
                    }
                }
                Ok(Ok(Some(Ok(AnswerPart::End(end))))) => break Ok(end),
                Ok(Ok(Some(Err(error)))) => break Err(self.call.failed(error, record)),
                // The `TextModel` has a fault: it panicked, or gave no end.
                Ok(Ok(None) | Err(Panicked)) => break Err(Error::Internal),
            }
        };
        let ended = ended.and_then(|end| match self.call.answered(&text, &end, record) {
            Ok(json) => Ok((end, json)),
            Err(why) => Err(self.call.unsatisfied(why)),
        });
        if self.call.logs_content {
            record.text = Some(text);
        }
        match ended {
            Ok((end, json)) => sse::done(&Done {
                stop_reason: end.stop.reason,
                json,
                usage: self.call.usage(end.tokens),
                first_text_ms: millis(self.first_text_after),
            }),
            Err(error) => {
                record.failed(&error);
                sse::error(&error, request_id)
            }
        }
    }
}

/// The caller's end of the body; no sender once the caller has left or is too slow.
struct Caller {
    budget: TimeBudget,
    events: Option<mpsc::Sender<String>>,
}

impl Caller {
    async fn send(&mut self, event: String) {
        let Some(events) = &self.events else { return };
        let wait = self.budget.remaining().max(LAST_WAIT);
        if !matches!(
            tokio::time::timeout(wait, events.send(event)).await,
            Ok(Ok(()))
        ) {
            self.events = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};

    use super::*;
    use crate::{config::Config, doors::Door, text::AnswerEnd};

    /// The body of an answer whose parts come so long after one another, and which may take so long.
    async fn body(parts: Vec<(Duration, AnswerPart)>, time: Duration) -> Body {
        let variables = [
            ("AWS_REGION", "r"),
            ("BEDROCK_MODEL_IDS", "m"),
            ("BEDROCK_STREAM", "1"),
        ];
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        let config = Config::from_lookup(|name| find(name).map(|(_, value)| (*value).to_owned()));
        let config = config.unwrap();
        let (_, wanted) = Door::open(r#"{"prompt":"hi","stream":true}"#.into());
        let request = crate::admit::admit(wanted.unwrap(), &config).unwrap();
        let parts = stream::iter(parts).then(|(pause, part)| async move {
            tokio::time::sleep(pause).await;
            Ok(part)
        });
        let now = std::time::SystemTime::now();
        let budget = TimeBudget::until(now, now, time);
        let mut record = Record::new("REQUEST-ID", true, None);
        let call = Call::new(&request, &config);
        let answer = LiveAnswer::begin(call, Box::pin(parts), budget, &mut record).await;
        answer
            .ok()
            .unwrap()
            .into_body(record, "REQUEST-ID".to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_event_waits_a_moment_for_its_caller_also_when_the_time_is_over() {
        let parts = vec![
            (Duration::ZERO, AnswerPart::Text("a".to_owned())),
            (Duration::ZERO, AnswerPart::End(AnswerEnd::default())),
        ];
        let mut body = body(parts, Duration::ZERO).await;
        // The first event fills the channel, so that the last one has to wait.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(
            body.next()
                .await
                .unwrap()
                .unwrap()
                .starts_with("event: text")
        );
        assert!(
            body.next()
                .await
                .unwrap()
                .unwrap()
                .starts_with("event: done")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_answer_sends_a_comment_every_15_seconds() {
        let text = || AnswerPart::Text("a".to_owned());
        let parts = vec![
            (Duration::from_secs(40), text()),
            (Duration::from_secs(14), text()),
            (
                Duration::from_secs(31),
                AnswerPart::End(AnswerEnd::default()),
            ),
        ];
        let body = body(parts, Duration::from_secs(900)).await;
        let events: Vec<_> = body.map(|event| event.unwrap()).collect().await;
        let is_comment: Vec<_> = events.iter().map(|event| event == sse::COMMENT).collect();
        assert_eq!(is_comment, [false, false, true, true, false], "{events:?}");
    }
}

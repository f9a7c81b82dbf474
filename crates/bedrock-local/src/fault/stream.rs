//! Faults between the events of a stream.

use crate::bedrock::event_stream::text_delta;
use crate::serve::body::Step;
use futures_util::stream::{self, Stream, StreamExt};
use std::time::Duration;

/// The deltas before [`Place::Middle`]. It is a fixed number because the length of a stream is not known while it is sent.
const DELTAS_BEFORE_MIDDLE: usize = 2;

/// A place in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the first event.
    Start,
    /// After two deltas, or after the last one where there are fewer.
    Middle,
    /// After the last delta, before `messageStop`.
    End,
    /// After `messageStop`, before `metadata`.
    Metadata,
}

/// A fault between the events of a stream.
#[derive(Debug, Clone)]
pub(crate) enum StreamFault {
    /// These steps are inserted at that place, once.
    Before(Place, Vec<Step>),
    /// Each event comes in chunks of that many bytes, with a wait before each.
    Trickle(usize, Duration),
    /// An empty delta comes before each delta.
    EmptyDeltas,
}

impl StreamFault {
    pub(crate) fn apply(
        self,
        steps: impl Stream<Item = Step> + Send + 'static,
    ) -> impl Stream<Item = Step> + Send + 'static {
        let mut fault = self;
        let mut deltas = 0;
        steps.flat_map(move |step| {
            let changed = fault.change(step, deltas);
            deltas += changed.iter().filter(|step| step.is_delta()).count();
            stream::iter(changed)
        })
    }

    fn change(&mut self, step: Step, deltas: usize) -> Vec<Step> {
        match self {
            Self::Before(place, inserted) if place.is_before(&step, deltas) => {
                let mut steps = std::mem::take(inserted);
                steps.push(step);
                steps
            }
            Self::Trickle(piece, every) => step.trickle(*piece, *every),
            Self::EmptyDeltas if step.is_delta() => vec![text_delta(0, ""), step],
            _ => vec![step],
        }
    }
}

impl Place {
    /// Whether the place is right before that step, which comes after so many deltas.
    fn is_before(self, step: &Step, deltas: usize) -> bool {
        let stops = step.is_event("messageStop");
        match self {
            Self::Start => true,
            Self::Middle => deltas >= DELTAS_BEFORE_MIDDLE || stops,
            Self::End => stops,
            Self::Metadata => step.is_event("metadata"),
        }
    }
}

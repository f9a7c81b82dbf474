//! The function, local or deployed, whose answers are passed on while they arrive.

use std::num::NonZeroU32;

use bytes::Bytes;

use crate::{
    cli::{Options, Target},
    deployed::{DeployedFunction, Deployment},
    failure::Failure,
    reply::Reply,
    response::{Done, Response},
    stack::LocalFunction,
};

/// A function that answers one event after another.
pub(crate) enum Function {
    Local(Box<LocalFunction>),
    Deployed(Box<DeployedFunction>),
}

impl Function {
    /// Starts the local one, or finds the deployed one. `pace` is that of the local stand-in, in tokens a second.
    pub(crate) async fn start(
        options: &Options,
        pace: Option<NonZeroU32>,
    ) -> Result<Self, Failure> {
        let bedrock = &options.bedrock;
        Ok(match options.target()? {
            Target::Local => Self::Local(Box::new(LocalFunction::start(bedrock, pace).await?)),
            Target::Aws => Self::Deployed(Box::new(Deployment::announced(bedrock)?.into())),
        })
    }

    /// Whether an event may ask it to stream.
    pub(crate) fn streams(&self) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Deployed(function) => function.streams(),
        }
    }

    /// Hands the function an event, and each piece of its answer on as it comes; a whole answer is one piece.
    ///
    /// Dropping the future stops the answer. Gives what the answer took, where the function tells.
    pub(crate) async fn ask(
        &mut self,
        event: Bytes,
        mut on_text: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<Option<Done>, Failure> {
        let response = match self {
            Self::Local(function) => function.ask(event, &mut on_text).await?,
            Self::Deployed(function) => function.ask(event, &mut on_text).await?,
        };
        match response {
            Response::Streamed(done) => Ok(Some(done)),
            Response::Whole(payload) => {
                let reply = Reply::parse(&payload)?;
                let done = reply.done();
                on_text(&reply.answer()?.text)?;
                Ok(done)
            }
        }
    }
}

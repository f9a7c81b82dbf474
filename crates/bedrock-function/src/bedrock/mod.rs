//! The models of Bedrock: the connection to Bedrock Runtime, the operations by which they are called,
//! and what can go wrong.

mod attempts;
mod client;
mod connection;
mod converse;
mod converse_body;
mod converse_stream;
mod credentials;
mod failure;
mod http;
mod titan;
mod tool_input;

pub use client::ConnectError;

use aws_sdk_bedrockruntime::Client;

use crate::{
    budget::TimeBudget,
    config::{Api, Config, GrantedModels},
    text::{AnswerStream, CallError, TextModel, TextRequest},
};
use attempts::Attempts;
use connection::Connection;

/// All models of Bedrock: each is called by the one operation that it takes.
#[derive(Clone, Debug)]
pub struct BedrockModels {
    client: Client,
    connection: Connection,
    granted: GrantedModels,
    /// Whether `bedrock:InvokeModelWithResponseStream` is granted.
    may_stream: bool,
}

impl BedrockModels {
    /// Models that are called as the configuration says. Opens no connection.
    ///
    /// # Errors
    ///
    /// A CA bundle that cannot be read or holds no certificate.
    pub async fn new(config: &Config) -> Result<Self, ConnectError> {
        let (client, connection) = client::client(config).await?;
        Ok(Self {
            client,
            connection,
            granted: config.models.clone(),
            may_stream: config.stream,
        })
    }

    /// Opens a connection for the first call to find. A failure is logged and does no harm.
    pub async fn open_connection(&self) {
        self.connection.open().await;
    }

    /// The same models through another client, for tests: `change` gets the settings of this one.
    #[must_use]
    pub fn with_client(
        self,
        change: impl FnOnce(
            aws_sdk_bedrockruntime::config::Builder,
        ) -> aws_sdk_bedrockruntime::config::Builder,
    ) -> Self {
        let config = change(self.client.config().to_builder());
        Self {
            client: Client::from_conf(config.build()),
            ..self
        }
    }
}

impl TextModel for BedrockModels {
    async fn ask(
        &self,
        request: TextRequest,
        budget: TimeBudget,
    ) -> Result<AnswerStream, CallError> {
        self.connection.ready(budget).await;
        let attempts = Attempts::new(budget, &self.client);
        let client = &self.client;
        if self.may_stream && self.granted.streams(&request.model) {
            let connection = self.connection.clone();
            return converse_stream::ask(client, request, attempts, connection).await;
        }
        let answer = match self.granted.api(&request.model) {
            Api::Converse => converse::ask(client, request, &attempts).await,
            Api::InvokeModel => titan::ask(client, request, &attempts).await,
        };
        self.connection.was_used();
        Ok(answer?.into_stream())
    }
}

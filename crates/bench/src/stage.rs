//! A Bedrock on loopback, and functions started against it.

use std::time::Duration;

use bedrock_local::{
    ACCESS_KEY_ID, Answer, BedrockLocal, ModelTable, SECRET_ACCESS_KEY, TlsIdentity,
};
use lambda_local::{Builder, Cpu, Function, Outcome, Phase};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::{BenchError, subject::Subject};

/// The memory that the function is deployed with, in MB.
pub(crate) const MEMORY_MB: u32 = 128;

/// A session token as long as those of a role (measured on AWS: some 900 bytes); every request carries it.
const SESSION_TOKEN_BYTES: usize = 900;

/// Between two invocations, so that one never pays for the CPU that the last one used: two of the kernel's periods.
const PAUSE: Duration = Duration::from_millis(40);

/// Bedrock over TLS and over plain HTTP, and a file that makes the first one trusted.
pub(crate) struct Stage {
    tls: BedrockLocal,
    plain: BedrockLocal,
    certificate: NamedTempFile,
    model: String,
}

impl Stage {
    pub(crate) async fn set() -> Result<Self, BenchError> {
        let identity = TlsIdentity::localhost()?;
        let certificate = NamedTempFile::new().map_err(BenchError::file(std::env::temp_dir()))?;
        std::fs::write(certificate.path(), identity.certificate_authority_pem())
            .map_err(BenchError::file(certificate.path()))?;
        Ok(Self {
            tls: BedrockLocal::builder().tls(identity).start().await?,
            plain: BedrockLocal::builder().start().await?,
            certificate,
            model: ModelTable::bundled()?.default,
        })
    }

    /// Has both answer with this text from now on.
    pub(crate) fn answer_with(&self, text: &str) {
        for bedrock in [&self.tls, &self.plain] {
            bedrock.always(Answer::converse_text(text));
        }
    }

    /// TLS handshakes so far.
    pub(crate) fn handshakes(&self) -> usize {
        self.tls.handshakes()
    }

    /// Starts a function, frozen between invocations as on Lambda.
    pub(crate) async fn start(&self, subject: &Subject, cpu: Cpu) -> Result<Function, BenchError> {
        let function = self.builder(subject).cpu(cpu).freeze().start().await;
        function.map_err(|source| BenchError::Start {
            subject: format!("{:?}", subject.name),
            source,
        })
    }

    fn builder(&self, subject: &Subject) -> Builder {
        let bedrock = if subject.tls { &self.tls } else { &self.plain };
        let program = &subject.program;
        Function::builder(&program.program)
            .args(&program.args)
            .memory_mb(MEMORY_MB)
            .credentials(
                ACCESS_KEY_ID,
                SECRET_ACCESS_KEY,
                Some(&"t".repeat(SESSION_TOKEN_BYTES)),
            )
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.endpoint_url())
            .env("BEDROCK_MODEL_IDS", &self.model)
            .env(&program.certificate_variable, self.certificate.path())
            .envs(&program.env)
    }
}

/// Invokes a function once, checks that it answered, and tells what that took.
pub(crate) async fn invoke(
    function: &Function,
    subject: &Subject,
    event: &str,
) -> Result<Phase, BenchError> {
    tokio::time::sleep(PAUSE).await;
    let (outcome, phase) = function.measure(event.to_owned()).await;
    let no_answer = |reason: String| BenchError::NoAnswer {
        subject: format!("{:?}", subject.name),
        reason,
    };
    match &outcome {
        Outcome::Response { body, .. } if subject.asks_bedrock() => {
            let reply: Value = serde_json::from_slice(body).unwrap_or_default();
            match reply["statusCode"].as_u64() {
                Some(200) => Ok(phase),
                status => Err(no_answer(format!("its statusCode is {status:?}"))),
            }
        }
        Outcome::Response { .. } => Ok(phase),
        failed => Err(no_answer(failed.to_string())),
    }
}

//! A Bedrock on loopback, and functions started against it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bedrock_local::{ACCESS_KEY_ID, Answer, BedrockLocal, SECRET_ACCESS_KEY, TlsIdentity};
use lambda_local::{Builder, Cpu, Function, Phase};
use models::ModelTable;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::subject::Subject;

/// The memory that the function is deployed with, in MB.
pub(crate) const MEMORY_MB: u32 = 128;

/// A session token as long as those of a role (measured on AWS: some 900 bytes); every request carries it.
const SESSION_TOKEN_BYTES: usize = 900;

/// The pause between two invocations, two of the kernel's periods: an invocation must not be throttled for the CPU of the last one.
pub(crate) const PAUSE: Duration = Duration::from_millis(40);

/// Bedrock over TLS and over plain HTTP, and a file that makes the first one trusted.
pub(crate) struct Bedrock {
    tls: BedrockLocal,
    plain: BedrockLocal,
    certificate: NamedTempFile,
    model: String,
}

impl Bedrock {
    pub(crate) async fn start() -> Result<Self> {
        let identity = TlsIdentity::localhost()?;
        let certificate = NamedTempFile::new()?;
        std::fs::write(certificate.path(), identity.certificate_authority_pem())?;
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

    /// Has both stream what the function makes from now on.
    pub(crate) fn stream_with(&self, answer: impl Fn() -> Answer + Clone + Send + Sync + 'static) {
        for bedrock in [&self.tls, &self.plain] {
            let answer = answer.clone();
            bedrock.respond_with(move |_| answer());
        }
    }

    /// TLS handshakes so far.
    pub(crate) fn handshakes(&self) -> usize {
        self.tls.handshakes()
    }

    /// Starts a function, frozen between invocations as on Lambda.
    pub(crate) async fn start_function(&self, subject: &Subject, cpu: Cpu) -> Result<Function> {
        let function = self.builder(subject).cpu(cpu).freeze().start().await;
        function.with_context(|| format!("{:?} did not start", subject.name))
    }

    fn builder(&self, subject: &Subject) -> Builder {
        let bedrock = if subject.has_tls() {
            &self.tls
        } else {
            &self.plain
        };
        Function::builder(&subject.program)
            .args(&subject.args)
            .memory_mb(MEMORY_MB)
            .credentials(
                ACCESS_KEY_ID,
                SECRET_ACCESS_KEY,
                Some(&"t".repeat(SESSION_TOKEN_BYTES)),
            )
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.endpoint_url())
            .env("BEDROCK_MODEL_IDS", &self.model)
            .env(&subject.certificate_variable, self.certificate.path())
            .envs(&subject.env)
    }
}

/// Invokes a function once, checks that it answered, and returns the time and resources. An error does not quote the reply.
pub(crate) async fn invoke(function: &Function, subject: &Subject, event: &str) -> Result<Phase> {
    tokio::time::sleep(PAUSE).await;
    let (outcome, phase) = function.measure(event.to_owned()).await;
    let name = subject.name;
    let Some(reply) = outcome.response() else {
        bail!("{name:?} gave no answer: {outcome}");
    };
    let reply: Value = serde_json::from_slice(reply).unwrap_or_default();
    let status = &reply["statusCode"];
    if subject.asks_bedrock() && status != 200 {
        bail!("{name:?} gave no answer: its statusCode is {status}");
    }
    Ok(phase)
}

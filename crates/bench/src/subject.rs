//! The functions that are measured.

use std::{collections::BTreeMap, fs, path::Path, path::PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// One of the functions, in one of its ways to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// This workspace's function, as it is deployed.
    Ours,
    /// The same, opening no connection during INIT.
    OursWithoutPreconnect,
    /// The same, opening no connection during INIT, and over plain HTTP.
    OursOverPlainHttp,
    /// Node.js and the AWS SDK, as a console walkthrough has it.
    Node,
    /// The same, bundled into one file.
    NodeBundled,
    /// Rust as the SDK's documentation writes it.
    StraightforwardRust,
    /// The Lambda runtime for Rust and nothing else.
    HelloWorld,
}

impl Name {
    /// Whether somebody would deploy it. The others are variants of ours, for explanation.
    pub(crate) fn is_peer(self) -> bool {
        !matches!(self, Self::OursWithoutPreconnect | Self::OursOverPlainHttp)
    }
}

/// A function with all that is needed to run it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subject {
    pub(crate) name: Name,
    pub(crate) program: PathBuf,
    #[serde(default)]
    pub(crate) args: Vec<String>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// The variable that names a file of root certificates to trust.
    pub(crate) certificate_variable: String,
    /// The folder that is zipped and uploaded.
    pub(crate) zip_folder: PathBuf,
    /// Crates in its dependency tree, itself included; none for Node.js.
    pub(crate) crates: Option<u32>,
}

impl Subject {
    /// Whether its answers are Bedrock's.
    pub(crate) fn asks_bedrock(&self) -> bool {
        self.name != Name::HelloWorld
    }

    /// Whether Bedrock is reached over TLS, as on AWS.
    pub(crate) fn has_tls(&self) -> bool {
        self.name != Name::OursOverPlainHttp
    }
}

/// All functions, and the Node.js that two of them run on. `subjects/build` prints this.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subjects {
    pub(crate) subjects: Vec<Subject>,
    /// Those that stream.
    #[serde(default)]
    pub(crate) streaming: Vec<Subject>,
    #[serde(default)]
    pub(crate) node_version: String,
}

impl Subjects {
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = fs::read(file).with_context(|| format!("Cannot read {}", file.display()))?;
        serde_json::from_slice(&text).with_context(|| {
            format!(
                "{} is not what crates/bench/subjects/build prints",
                file.display()
            )
        })
    }
}

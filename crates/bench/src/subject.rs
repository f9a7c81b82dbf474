//! The functions that are measured.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::BenchError;

/// How a function is started; `tools/bench-subjects` writes this.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Program {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// The variable that names a file of root certificates to trust.
    pub(crate) certificate_variable: String,
    /// What a person would upload.
    pub(crate) zip_folder: PathBuf,
    /// Crates in its tree, itself included; npm's packages are no crates.
    #[serde(default)]
    pub(crate) crates: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    subjects: Others,
    bedrock_function: Crates,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Others {
    node: Program,
    node_bundled: Program,
    straightforward: Program,
    hello_world: Program,
}

#[derive(Debug, Deserialize)]
struct Crates {
    crates: u32,
}

/// One of the functions, in one of its ways to be run.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, Deserialize,
)]
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
    /// Whether it is this workspace's function.
    pub(crate) fn is_ours(self) -> bool {
        matches!(
            self,
            Self::Ours | Self::OursWithoutPreconnect | Self::OursOverPlainHttp
        )
    }

    /// Whether somebody would deploy it: the others explain our own.
    pub(crate) fn is_peer(self) -> bool {
        self == Self::Ours || !self.is_ours()
    }
}

/// A function with all that is needed to run it.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) name: Name,
    pub(crate) program: Program,
    /// Whether Bedrock is reached over TLS, as on AWS.
    pub(crate) tls: bool,
}

impl Subject {
    /// Whether its answers are Bedrock's.
    pub(crate) fn asks_bedrock(&self) -> bool {
        self.name != Name::HelloWorld
    }
}

/// Reads how the others are started, and puts ours beside them.
pub(crate) fn read(file: &Path, ours: &Path) -> Result<Vec<Subject>, BenchError> {
    let text = fs::read_to_string(file).map_err(BenchError::file(file))?;
    let File {
        subjects,
        bedrock_function,
    } = serde_json::from_str(&text).map_err(BenchError::json(file))?;
    let bare = ours_with(
        ours,
        bedrock_function.crates,
        &[("BEDROCK_PRECONNECT", "0")],
    );
    let tls = |name, program| Subject {
        name,
        program,
        tls: true,
    };
    Ok(vec![
        tls(Name::Ours, ours_with(ours, bedrock_function.crates, &[])),
        tls(Name::OursWithoutPreconnect, bare.clone()),
        Subject {
            name: Name::OursOverPlainHttp,
            program: bare,
            tls: false,
        },
        tls(Name::Node, subjects.node),
        tls(Name::NodeBundled, subjects.node_bundled),
        tls(Name::StraightforwardRust, subjects.straightforward),
        tls(Name::HelloWorld, subjects.hello_world),
    ])
}

/// Our function, with the environment of a deployment and these variables.
pub(crate) fn ours_with(bootstrap: &Path, crates: u32, variables: &[(&str, &str)]) -> Program {
    let deployed = [
        ("BEDROCK_MODEL_TABLE", crate::stage::model_table()),
        ("BEDROCK_METRICS_NAMESPACE", "BedrockOnLambda".to_owned()),
        (
            "GLIBC_TUNABLES",
            "glibc.malloc.mmap_threshold=1048576".to_owned(),
        ),
    ];
    let own = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    Program {
        program: bootstrap.to_owned(),
        args: Vec::new(),
        env: deployed
            .into_iter()
            .chain(own)
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        certificate_variable: "AWS_CA_BUNDLE".to_owned(),
        zip_folder: bootstrap.parent().unwrap_or(bootstrap).to_owned(),
        crates: Some(crates),
    }
}

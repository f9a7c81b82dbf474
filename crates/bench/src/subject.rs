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
    node_version: String,
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

    pub(crate) fn no_usage(&self) -> BenchError {
        BenchError::NoUsage {
            subject: format!("{:?}", self.name),
        }
    }
}

/// Our function: what `make build` made, with the environment that it is deployed with.
#[derive(Debug, Clone)]
pub struct Ours {
    bootstrap: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Ours {
    /// Reads the environment from `infra/deployed-environment.json`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is something else.
    pub fn read(bootstrap: &Path, environment: &Path) -> Result<Self, BenchError> {
        let text = fs::read_to_string(environment).map_err(BenchError::file(environment))?;
        Ok(Self {
            bootstrap: bootstrap.to_owned(),
            environment: serde_json::from_str(&text).map_err(BenchError::json(environment))?,
        })
    }

    /// How it is started, with this variable in place of its own or of none.
    pub(crate) fn with(&self, variable: &str, value: &str) -> Program {
        let mut program = self.as_deployed();
        program.env.insert(variable.to_owned(), value.to_owned());
        program
    }

    fn as_deployed(&self) -> Program {
        let folder = self.bootstrap.parent().unwrap_or(&self.bootstrap);
        Program {
            program: self.bootstrap.clone(),
            args: Vec::new(),
            env: self.environment.clone(),
            certificate_variable: "AWS_CA_BUNDLE".to_owned(),
            zip_folder: folder.to_owned(),
            crates: None,
        }
    }
}

/// All functions, and the Node.js that two of them run on.
pub(crate) struct Subjects {
    pub(crate) all: Vec<Subject>,
    pub(crate) node_version: String,
}

/// Reads how the others are started, and puts ours beside them.
pub(crate) fn read(file: &Path, ours: &Ours) -> Result<Subjects, BenchError> {
    let text = fs::read_to_string(file).map_err(BenchError::file(file))?;
    let File {
        subjects,
        bedrock_function,
        node_version,
    } = serde_json::from_str(&text).map_err(BenchError::json(file))?;
    let counted = |program| Program {
        crates: Some(bedrock_function.crates),
        ..program
    };
    let bare = counted(ours.with("BEDROCK_PRECONNECT", "0"));
    let tls = |name, program| Subject {
        name,
        program,
        tls: true,
    };
    let all = vec![
        tls(Name::Ours, counted(ours.as_deployed())),
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
    ];
    Ok(Subjects { all, node_version })
}

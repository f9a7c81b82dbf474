//! The two languages of the documents.

use crate::subject::Name;

/// A language that the documents are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// README.md
    English,
    /// README.ja.md
    Japanese,
}

/// Headings.
pub(crate) struct Words {
    pub(crate) function: &'static str,
    pub(crate) init: &'static str,
    pub(crate) first: &'static str,
    pub(crate) warm_p50: &'static str,
    pub(crate) peak_memory: &'static str,
    pub(crate) zip: &'static str,
}

impl Language {
    pub(crate) fn words(self) -> Words {
        match self {
            Self::English => Words {
                function: "at 128 MB",
                init: "INIT",
                first: "first invocation",
                warm_p50: "warm",
                peak_memory: "peak memory",
                zip: "zip",
            },
            Self::Japanese => Words {
                function: "128 MB での値",
                init: "INIT",
                first: "最初の呼び出し",
                warm_p50: "ウォーム",
                peak_memory: "最大メモリー",
                zip: "zip",
            },
        }
    }

    pub(crate) fn name(self, name: Name) -> &'static str {
        match (self, name) {
            (Self::English, Name::Ours) => "this function",
            (Self::English, Name::OursWithoutPreconnect) => {
                "this function, connecting at the first call"
            }
            (Self::English, Name::OursOverPlainHttp) => "the same over plain HTTP",
            (Self::English, Name::Node) => "Node.js, as in the walkthrough",
            (Self::English, Name::NodeBundled) => "Node.js, bundled",
            (Self::English, Name::StraightforwardRust) => "Rust, straightforward",
            (Self::English, Name::HelloWorld) => "Rust hello world, no Bedrock",
            (Self::Japanese, Name::Ours) => "この関数",
            (Self::Japanese, Name::OursWithoutPreconnect) => "この関数 (最初の呼び出しで接続)",
            (Self::Japanese, Name::OursOverPlainHttp) => "同上、平文の HTTP",
            (Self::Japanese, Name::Node) => "Node.js (手順書どおり)",
            (Self::Japanese, Name::NodeBundled) => "Node.js (バンドル済み)",
            (Self::Japanese, Name::StraightforwardRust) => "Rust (素直な移植)",
            (Self::Japanese, Name::HelloWorld) => "Rust の hello world (Bedrock なし)",
        }
    }
}

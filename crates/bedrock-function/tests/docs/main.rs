//! The documentation's tables, compared with the code and the data that they describe.
//!
//! With `UPDATE_DOCS=1` (`make docs`) the files are rewritten instead.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use bedrock_function::cause::Cause;
use serde_json::Value;

fn root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(file)
}

/// Compares what stands in a file between the markers of a table with what should.
fn assert_table(file: &str, name: &str, expected: &str) {
    let begin = format!("<!-- {name}: made by make docs -->\n");
    let text = std::fs::read_to_string(root(file)).unwrap();
    let (before, rest) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{file} has no {begin}"));
    let (written, after) = rest.split_once("<!-- end -->").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let updated = format!("{before}{begin}{expected}<!-- end -->{after}");
        std::fs::write(root(file), updated).unwrap();
    } else {
        assert!(
            written == expected,
            "the table of {name} in {file} is behind: run `make docs`"
        );
    }
}

fn errors() -> String {
    let mut table =
        String::from("| status | `code` | what happened | what to do |\n|---|---|---|---|\n");
    for cause in Cause::ALL {
        let (status, code) = (cause.code().status(), cause.code().as_str());
        let (happened, remedy) = cause.sentences();
        let filled = |text: &str| {
            text.replace("{model}", "*model*")
                .replace("{waited}", "*n*")
        };
        let (happened, remedy) = (filled(happened), filled(remedy));
        writeln!(table, "| {status} | `{code}` | {happened} | {remedy} |").unwrap();
    }
    table
}

/// The words of the table of models in one language.
struct Words {
    head: &'static str,
    default: &'static str,
    ended: &'static str,
    place: fn(&str) -> &'static str,
    needs: fn(&str) -> &'static str,
}

const ENGLISH: Words = Words {
    head: "| model | prompts stay in | USD per million tokens, in / out | needs |\n|---|---|---|---|\n",
    default: " (default)",
    ended: "has ended; the local stand-in answers as AWS does",
    place: |id| match id.split_once('.') {
        Some(("jp", _)) => "Japan",
        Some(("apac", _)) => "Asia-Pacific",
        Some(("global", _)) => "anywhere",
        _ => "Tokyo",
    },
    needs: |access| match access {
        "none" => "nothing",
        "marketplace" => "Marketplace agreement",
        "marketplace-and-form" => "Marketplace agreement, use-case form",
        other => panic!("{other}"),
    },
};

const JAPANESE: Words = Words {
    head: "| モデル | プロンプトの処理場所 | 100 万トークンあたり USD（入力 / 出力） | 必要な手続き |\n|---|---|---|---|\n",
    default: "（既定）",
    ended: "提供終了。ローカルの代役も AWS と同じエラーを返します",
    place: |id| match id.split_once('.') {
        Some(("jp", _)) => "日本国内",
        Some(("apac", _)) => "アジア太平洋",
        Some(("global", _)) => "世界中",
        _ => "東京",
    },
    needs: |access| match access {
        "none" => "なし",
        "marketplace" => "Marketplace の契約",
        "marketplace-and-form" => "Marketplace の契約、利用目的フォーム",
        other => panic!("{other}"),
    },
};

fn models(words: &Words) -> String {
    let text = std::fs::read_to_string(root("models.json")).unwrap();
    let table: Value = serde_json::from_str(&text).unwrap();
    let mut rows = words.head.to_owned();
    for model in table["models"].as_array().unwrap() {
        let id = model["id"].as_str().unwrap();
        let mark = if model["id"] == table["default"] {
            words.default
        } else {
            ""
        };
        if model["lifecycle"]["status"] == "ended" {
            writeln!(rows, "| `{id}` | | | {} |", words.ended).unwrap();
            continue;
        }
        let price = &model["pricePerMillionTokens"];
        let (place, needs) = (
            (words.place)(id),
            (words.needs)(model["access"].as_str().unwrap()),
        );
        let (input, output) = (&price["input"], &price["output"]);
        writeln!(
            rows,
            "| `{id}`{mark} | {place} | {input} / {output} | {needs} |"
        )
        .unwrap();
    }
    rows
}

/// One test, because updating rewrites whole files.
#[test]
fn the_tables_in_the_readmes_are_those_of_the_code_and_of_models_json() {
    assert_table("README.md", "errors", &errors());
    assert_table("README.md", "models", &models(&ENGLISH));
    assert_table("README.ja.md", "models", &models(&JAPANESE));
}

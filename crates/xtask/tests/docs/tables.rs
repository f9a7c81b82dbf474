//! The tables that are made of code and data.

use std::fmt::Write;

use bedrock_function::errors::Cause;
use bench::{
    Batches, Growth, Results, Streaming,
    tables::{
        self,
        Language::{English, Japanese},
    },
};
use models::{Access, ModelTable, Status};
use serde::de::DeserializeOwned;

use super::page::{is_updating, read, root, sections};

/// Compares what stands in a file between the markers of a part with what should.
fn assert_part(file: &str, name: &str, expected: &str) {
    let begin = format!("<!-- {name}: made by make docs -->\n");
    let text = read(file);
    let (before, rest) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{file} has no {begin}"));
    let (written, after) = rest.split_once("<!-- end -->").unwrap();
    if is_updating() {
        let updated = format!("{before}{begin}{expected}<!-- end -->{after}");
        std::fs::write(root(file), updated).unwrap();
    } else {
        assert!(
            written == expected,
            "{name} in {file} is behind: run `make docs`"
        );
    }
}

/// A cause as the tables have it: status, code, what happened, what to do.
fn row(cause: Cause) -> [String; 4] {
    let (happened, remedy) = cause.sentences();
    let filled = |text: &str| {
        text.replace("{model}", "*model*")
            .replace("{waited}", "*n*")
            .replace("{violation}", "*keyword* at */place*")
            .replace("{stopReason}", "*reason*")
    };
    let code = cause.code();
    let status = code.status().to_string();
    [
        status,
        format!("`{}`", code.as_str()),
        filled(happened),
        filled(remedy),
    ]
}

fn errors() -> String {
    let head = "| status | `code` | what happened | what to do |\n|---|---|---|---|\n";
    let rows = Cause::ALL.iter().map(|cause| row(*cause));
    rows.fold(head.to_owned(), |mut table, cells| {
        writeln!(table, "| {} |", cells.join(" | ").trim_end()).unwrap();
        table
    })
}

/// The Japanese of each cause is written by hand, beside the message that the reply has: whoever
/// changes a message meets this test, and looks at the Japanese as well.
#[test]
fn every_cause_has_its_row_in_japanese_and_no_row_is_left_over() {
    let page = "docs/errors.ja.md";
    let rows: Vec<_> = sections(page).into_iter().flat_map(|s| s.rows).collect();
    let expected: Vec<_> = Cause::ALL.iter().map(|cause| row(*cause)).collect();
    for [status, code, happened, remedy] in &expected {
        let message = format!("{happened} {remedy}").replace('*', "");
        let is_its = |row: &&Vec<String>| {
            row[0] == *status && row[1] == *code && row[2] == message.trim_end()
        };
        let found: Vec<_> = rows.iter().filter(is_its).collect();
        assert_eq!(found.len(), 1, "{page} has no row for {code}: {message}");
        assert_translates(&found[0][3], &message);
    }
    assert_eq!(
        rows.len(),
        expected.len(),
        "{page} has rows of causes that are no more"
    );
}

/// Whether a cell is Japanese, and names in code what its message names.
fn assert_translates(japanese: &str, message: &str) {
    let is_japanese = |c: char| ('ぁ'..='ヿ').contains(&c);
    assert!(japanese.contains(is_japanese), "{message}: {japanese}");
    for span in japanese.split('`').skip(1).step_by(2) {
        assert!(message.contains(span), "{span} is not in: {message}");
    }
    for name in message
        .split([' ', ',', '.', ';'])
        .filter(|word| is_name(word))
    {
        assert!(japanese.contains(name), "{name} is not in: {japanese}");
    }
}

/// `maxTokens`, `AWS_CA_BUNDLE`, `MODEL=…`: a word that is the same in every language.
fn is_name(word: &str) -> bool {
    let is_hump = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    word.contains(['_', '=']) || word.as_bytes().windows(2).any(is_hump)
}

/// The words of the table of models in one language.
struct Words {
    head: &'static str,
    default: &'static str,
    ended: &'static str,
    place: fn(&str) -> &'static str,
    needs: fn(Access) -> &'static str,
}

const ENGLISH: Words = Words {
    head: "| model | prompts stay in | USD per million tokens, in / out | needs |\n|---|---|---|---|\n",
    default: " (default)",
    ended: "has ended; locally the mock server answers as AWS does",
    place: |id| match id.split_once('.') {
        Some(("jp", _)) => "Japan",
        Some(("apac", _)) => "Asia-Pacific",
        Some(("global", _)) => "anywhere",
        _ => "Tokyo",
    },
    needs: |access| match access {
        Access::None => "nothing",
        Access::Marketplace => "Marketplace agreement",
        Access::MarketplaceAndForm => "Marketplace agreement, use-case form",
    },
};

const JAPANESE: Words = Words {
    head: "| モデル | プロンプトの処理場所 | 100 万トークンあたり USD（入力 / 出力） | 必要な手続き |\n|---|---|---|---|\n",
    default: "（既定）",
    ended: "提供終了。ローカルのモックサーバーも AWS と同じエラーを返します",
    place: |id| match id.split_once('.') {
        Some(("jp", _)) => "日本国内",
        Some(("apac", _)) => "アジア太平洋",
        Some(("global", _)) => "世界中",
        _ => "東京",
    },
    needs: |access| match access {
        Access::None => "なし",
        Access::Marketplace => "Marketplace の契約",
        Access::MarketplaceAndForm => "Marketplace の契約、利用目的フォーム",
    },
};

fn models(words: &Words) -> String {
    let table = ModelTable::bundled().unwrap();
    let mut rows = words.head.to_owned();
    for model in &table.models {
        let id = &model.id;
        let price = model.price_per_million_tokens;
        // By the row's status: its date would have a table that is in Git fall behind overnight.
        if model.lifecycle.status == Status::Ended {
            writeln!(rows, "| `{id}` | | | {} |", words.ended).unwrap();
            continue;
        }
        let mark = if *id == table.default {
            words.default
        } else {
            ""
        };
        let (place, needs) = ((words.place)(id), (words.needs)(model.access));
        writeln!(
            rows,
            "| `{id}`{mark} | {place} | {} / {} | {needs} |",
            price.input, price.output
        )
        .unwrap();
    }
    rows
}

/// The numbers of the last run of a benchmark.
fn measured<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("crates/bench/results/{name}.json");
    serde_json::from_str(&read(&path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// One test, because updating rewrites whole files.
#[test]
fn the_tables_are_those_of_the_code_of_models_json_and_of_the_benchmarks() {
    assert_part("docs/errors.md", "errors", &errors());
    assert_part("docs/models.md", "models", &models(&ENGLISH));
    assert_part("docs/models.ja.md", "models", &models(&JAPANESE));
    let compared: Results = measured("compare");
    assert_part("README.md", "bench", &tables::readme(&compared, English));
    assert_part(
        "README.ja.md",
        "bench",
        &tables::readme(&compared, Japanese),
    );
    assert_part(
        "docs/benchmarks.md",
        "bench",
        &tables::comparison(&compared),
    );
    let streamed: Streaming = measured("stream");
    assert_part(
        "docs/benchmarks.md",
        "stream",
        &tables::streaming(&streamed),
    );
    let batches: Batches = measured("batch");
    assert_part("docs/benchmarks.md", "batch", &tables::batches(&batches));
    let grown: Growth = measured("growth");
    assert_part("docs/benchmarks.md", "growth", &tables::growth(&grown));
}

#[test]
fn what_is_published_comes_of_at_least_fifteen_cold_starts_throttled() {
    let results: Results = measured("compare");
    assert!(results.cold_starts >= 15, "{}", results.cold_starts);
    assert_eq!(results.unthrottled, None);
}

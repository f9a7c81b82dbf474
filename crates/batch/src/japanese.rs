//! The sentences of failures in Japanese. What is wrong with a row is said in English, as the
//! function says it.

use std::fmt::Write;

use batch::{Failure, Wrong, estimate::usd};

/// What happened and what to do. A failure without its sentence here does not compile.
pub(crate) fn in_japanese(failure: &Failure) -> String {
    match failure {
        Failure::Unnamed(name) => format!(
            "{name} が指定されていません。make batch INPUT=events/batch/prompts.jsonl OUTPUT=answers.jsonl のように、INPUT と OUTPUT を指定してください。"
        ),
        Failure::Input { path, source } => format!(
            "入力 {} を読み込めません ({source})。プロンプトを書いたファイルのパスを指定してください。",
            path.display()
        ),
        Failure::NoFile(path) => format!(
            "入力 {} は通常のファイルではありません。入力は 2 回以上読むため、プロンプトをファイルに書いてください。",
            path.display()
        ),
        Failure::NoOutputFile(path) => format!(
            "出力 {} は通常のファイルではありません。ファイルのパスか、新しいファイルの名前を指定してください。",
            path.display()
        ),
        Failure::Empty(path) => format!(
            "入力 {} にプロンプトがありません。{{\"prompt\": \"…\"}} のように 1 行に 1 件ずつ書いてください。",
            path.display()
        ),
        Failure::Changed(path) => format!(
            "入力 {} が読み込み中に変更されました。書き終えてから、もう一度実行してください。届いた回答は残っています。",
            path.display()
        ),
        Failure::SameFile(path) => format!(
            "入力と出力がどちらも {} です。出力に別の名前を指定してください。",
            path.display()
        ),
        Failure::NoTemplate(path) => format!(
            "{} は CSV なので、プロンプトを作るテンプレートが必要です。TEMPLATE='Classify: {{review}}' のように、列の名前を使って指定してください。",
            path.display()
        ),
        Failure::TemplateOfJson(path) => format!(
            "{} は JSON Lines として読み込むため、テンプレートは使えません。TEMPLATE の指定をやめるか、名前が .csv で終わるファイルを指定してください。",
            path.display()
        ),
        Failure::SchemaOfJson(path) => format!(
            "{} は JSON Lines として読み込むため、スキーマは行ごとに書きます。SCHEMA の指定をやめるか、名前が .csv で終わるファイルを指定してください。",
            path.display()
        ),
        Failure::Wrong { path, first, count } => listed(&path.display().to_string(), first, *count),
        Failure::TooDear {
            most_usd,
            limit_usd,
        } => format!(
            "料金が最大 {} になり、COST_LIMIT_USD={limit_usd} を超える可能性があります。何も送信していません。maxTokens を小さくするか、COST_LIMIT_USD を大きくするか、YES=1 を付けてください。",
            usd(*most_usd)
        ),
        Failure::Output { path, what, source } => format!(
            "{} を{} ({source})。それまでの回答は残っています。原因を取り除いて、同じコマンドをもう一度実行してください。",
            path.display(),
            match *what {
                "read" => "読み込めません",
                "opened" => "開けません",
                "removed" => "削除できません",
                _ => "書き込めません",
            }
        ),
        Failure::Foreign { path, line } => format!(
            "{} の {line} 行目はバッチの回答ではないため、このファイルは置き換えません。別の OUTPUT を指定するか、このファイルを移動してください。",
            path.display()
        ),
        Failure::Locked(path) => format!(
            "別のコマンドが {} に書き込んでいます。終わるのを待つか、別の OUTPUT を指定してください。",
            path.display()
        ),
        Failure::OnAws(path) => format!(
            "この出力には AWS で実行したバッチの回答が入ります ({})。TARGET=aws を付けて再開するか、別の OUTPUT を指定してください。",
            path.display()
        ),
        Failure::Table(failure) => in_japanese(failure),
        Failure::Bedrock(error) => format!("Bedrock のモックサーバーを起動できません: {error}"),
        Failure::System(error) => format!(
            "処理を続けられません ({error})。同じコマンドをもう一度実行してください。届いた回答は残っています。"
        ),
        // What a parser or the function says, which has its own language.
        Failure::Setting(_)
        | Failure::Header { .. }
        | Failure::Config(_)
        | Failure::Function(_) => failure.to_string(),
    }
}

fn listed(path: &str, first: &[Wrong], count: u64) -> String {
    let mut text = format!("{path} の {count} 行に誤りがあります。何も送信していません。");
    for Wrong { line, problem } in first {
        // Writing to a string does not fail.
        let _ = write!(text, "\n  {line} 行目: {problem}");
    }
    match count - first.len() as u64 {
        0 => text,
        more => text + &format!("\n  ほか {more} 行"),
    }
}

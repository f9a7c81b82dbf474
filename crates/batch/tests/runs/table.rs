//! The answers as a table, and a schema for the rows of one.

use std::time::Duration;

use serde_json::json;

use super::stage::{Stage, answer, ended};

/// The records of a table, its header first.
fn table(stage: &Stage, name: &str) -> Vec<Vec<String>> {
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(stage.path(name));
    let records = reader.unwrap().into_records();
    let fields = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    records.map(|record| fields(record.unwrap())).collect()
}

/// A record as an object, by the names of the header.
fn column<'a>(table: &'a [Vec<String>], row: usize, name: &str) -> &'a str {
    let at = table[0].iter().position(|known| known == name);
    &table[row][at.unwrap()]
}

#[tokio::test]
async fn a_table_has_a_record_for_each_line_of_the_output() {
    let denied =
        |prompt: &str| (prompt == "c").then(|| "error:AccessDeniedException".parse().unwrap());
    let stage = Stage::with(Duration::ZERO, denied).await;
    let lines = [
        json!({"id": "=1+1", "prompt": "a, \"b\"\r\n日本"}),
        json!({"prompt": "b"}),
        json!({"id": 1.5, "prompt": "c"}),
    ];
    stage.write(
        "prompts.jsonl",
        lines.map(|line| line.to_string()).join("\n"),
    );
    let ended = stage.run_with(&["--csv"]).await;
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let table = table(&stage, "answers.csv");
    assert_eq!(
        table[0].join(","),
        "id,statusCode,text,code,message,model,inputTokens,outputTokens,costUsd"
    );
    let first = ["'=1+1", "200", &answer("a, \"b\"\r\n日本"), "", ""];
    assert_eq!(table[1][..5], first);
    assert_eq!(
        column(&table, 1, "outputTokens"),
        stage.answers()[0]["usage"]["outputTokens"].to_string()
    );
    assert_eq!(
        column(&table, 1, "costUsd"),
        stage.answers()[0]["costUsd"].to_string()
    );
    assert_eq!(table[2][..3], ["2", "200", &answer("b")]);
    assert_eq!(table[3][..4], ["1.5", "403", "", "AccessDeniedException"]);
    assert!(column(&table, 3, "message").contains("access"));
    assert_eq!(table.len(), 4);
}

#[tokio::test]
async fn a_schema_makes_columns_of_the_members_that_fit_into_one() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write("reviews.csv", "id,review\nr1,good\nr2,bad\n");
    stage.write(
        "review.json",
        r#"{
            "type": "object",
            "properties": {
                "sentiment": { "enum": ["positive", "negative"] },
                "stars": { "type": "integer" },
                "is 100% sure": { "type": "boolean" },
                "id": { "type": "null" },
                "dishes": { "type": "array", "items": { "type": "string" } }
            },
            "required": ["sentiment", "stars", "is 100% sure", "id", "dishes"],
            "additionalProperties": false
        }"#,
    );
    // The stand-in of the program itself, which answers a schema with a value of it.
    let mut command = stage.program("run");
    command.arg("--function").arg(super::stage::function());
    command.args(["--input", "reviews.csv", "--template", "{review}"]);
    command.args(["--schema", "review.json", "--csv"]);
    let ended = ended(command.spawn().unwrap()).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let answers = stage.answers();
    let table = table(&stage, "answers.csv");
    assert_eq!(
        table[0][3..7],
        ["sentiment", "stars", "is 100% sure", "json.id"]
    );
    for (row, answer) in answers.iter().enumerate() {
        let value = &answer["json"];
        assert_eq!(column(&table, row + 1, "sentiment"), value["sentiment"]);
        assert_eq!(column(&table, row + 1, "stars"), value["stars"].to_string());
        assert_eq!(
            column(&table, row + 1, "is 100% sure"),
            value["is 100% sure"].to_string()
        );
        assert_eq!(column(&table, row + 1, "json.id"), "");
        assert_eq!(column(&table, row + 1, "text"), answer["text"]);
    }
    assert_eq!((answers.len(), table.len()), (2, 3));
}

#[tokio::test]
async fn the_same_command_makes_the_table_of_an_output_that_is_there_and_asks_nothing() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(3);
    assert_eq!(stage.run().await.code, 0);
    assert!(!stage.path("answers.csv").exists());
    assert_eq!(stage.run_with(&["--csv"]).await.code, 0);
    assert_eq!(table(&stage, "answers.csv").len(), 4);
    assert_eq!(stage.requested(), 3);
}

#[tokio::test]
async fn a_table_that_would_replace_something_else_is_refused_and_nothing_is_sent() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(1);
    stage.write("answers.csv", "review\ngood\n");
    for (more, says) in [
        (
            &["--output", "answers.csv"][..],
            "Give OUTPUT a name that ends in .jsonl",
        ),
        (
            &["--input", "answers.csv", "--template", "{review}"],
            "would replace the input answers.csv",
        ),
        (
            &[],
            "Line 1 of answers.csv is none of a batch's answers, and the file would be replaced.",
        ),
    ] {
        let ended = stage.run_with(&[&["--csv"], more].concat()).await;
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
    }
    assert_eq!(stage.requested(), 0);
    // Nothing in it can be lost.
    stage.write("answers.csv", "");
    assert_eq!(stage.run_with(&["--csv"]).await.code, 0);
}

#[tokio::test]
async fn a_schema_that_cannot_be_used_is_refused_before_anything_is_sent() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(1);
    stage.write("reviews.csv", "review\ngood\n");
    stage.write("not.json", "not");
    stage.write("array.json", "[]");
    let csv = ["--input", "reviews.csv", "--template", "{review}"];
    for (more, schema, says) in [
        (&csv[..], "none.json", "The schema none.json cannot be read"),
        (&csv, "not.json", "The schema not.json is not JSON"),
        (&csv, "array.json", "line 2: schema is an array."),
        (&[], "array.json", "whose lines have a schema each"),
    ] {
        let ended = stage
            .run_with(&[more, &["--schema", schema]].concat())
            .await;
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
    }
    assert_eq!(stage.requested(), 0);
}

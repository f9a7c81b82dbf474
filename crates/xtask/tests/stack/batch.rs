//! `make batch` itself: what it hands over, and what comes out.

use serde_json::Value;

use super::{TURN, make};

#[test]
#[ignore = "run by make test-invoke"]
fn make_hands_a_template_over_as_it_is_and_answers_every_row() {
    let _turn = TURN.lock();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("reviews.csv"), "id,review\nr1,good\n").unwrap();
    let template = "\"quotes\" $HOME $(shell touch made) `x` \\ 'single' 日本語 {{{review}}}";
    let output = make("batch")
        .arg(format!("INPUT={}", path("reviews.csv")))
        .arg(format!("OUTPUT={}", path("answers.jsonl")))
        .arg(format!("TEMPLATE={template}"))
        .arg("TARGET=local")
        .args(["MODEL=apac.amazon.nova-micro-v1:0", "JSON=1"])
        .output()
        .unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(summary["answered"], 1, "{summary}");
    let answers = std::fs::read_to_string(path("answers.jsonl")).unwrap();
    let answer: Value = serde_json::from_str(&answers).unwrap();
    assert_eq!(answer["id"], "r1");
    assert_eq!(answer["model"], "apac.amazon.nova-micro-v1:0");
    // The stand-in counts what it received.
    let prompt = template.replace("{{{review}}}", "{good}");
    let received = format!("{} 文字", prompt.chars().count());
    assert!(
        answer["text"].as_str().unwrap().contains(&received),
        "{answer}"
    );
}

#[test]
#[ignore = "run by make test-invoke"]
fn make_batch_without_an_output_says_what_to_give() {
    let _turn = TURN.lock();
    let output = make("batch")
        .args(["INPUT=events/batch/prompts.jsonl", "TARGET=local"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("OUTPUT names no file. Give both"),
        "{stderr}"
    );
}

#[test]
#[ignore = "run by make test-invoke"]
fn make_batch_makes_a_table_of_a_table_by_a_schema() {
    let _turn = TURN.lock();
    let folder = tempfile::tempdir().unwrap();
    let output = make("batch")
        .arg("INPUT=events/batch/reviews.csv")
        .arg(format!(
            "OUTPUT={}",
            folder.path().join("answers.jsonl").display()
        ))
        .args([
            "TEMPLATE=Judge: {review}",
            "SCHEMA=events/schema/review.json",
            "CSV=1",
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let table = std::fs::read_to_string(folder.path().join("answers.csv")).unwrap();
    let header = "id,statusCode,text,sentiment,subject,stars,";
    assert!(table.starts_with(header), "{table}");
    assert_eq!(table.lines().count(), 5);
}

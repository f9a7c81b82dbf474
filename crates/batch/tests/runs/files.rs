//! What goes in, what comes out, and what is refused before anything is sent.

use std::{os::unix::fs::symlink, time::Duration};

use serde_json::{Value, json};

use super::stage::{Stage, answer, ended};

async fn refused(stage: &Stage, more: &[&str]) -> String {
    let ended = stage.run_with(more).await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    assert_eq!(stage.requested(), 0);
    for name in ["answers.jsonl", "answers.jsonl.part"] {
        assert!(!stage.path(name).exists(), "{name} is left behind");
    }
    ended.stderr
}

#[tokio::test]
async fn every_line_is_answered_in_the_order_of_the_input() {
    let stage = Stage::new(Duration::ZERO).await;
    let input = "\u{feff}{\"prompt\":\"a\"}\r\n\r\n{\"id\":\"x\",\"prompt\":\"日本\",\"maxTokens\":7}\r\n{\"id\":1.50,\"prompt\":\"c\"}";
    stage.write("prompts.jsonl", input);
    let ended = stage.run().await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    let answers = stage.answers();
    for (line, (id, prompt)) in
        answers
            .iter()
            .zip([(json!(1), "a"), (json!("x"), "日本"), (json!(1.5), "c")])
    {
        assert_eq!((&line["id"], &line["statusCode"]), (&id, &json!(200)));
        assert_eq!(line["text"], answer(prompt));
        assert!(
            line["costUsd"].is_f64() && line["usage"]["inputTokens"].is_u64(),
            "{line}"
        );
    }
    assert_eq!(answers.len(), 3);
}

#[tokio::test]
async fn an_output_that_a_batch_on_aws_answers_is_left_to_it() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(1);
    stage.write("answers.jsonl.aws", "{}");
    let stderr = refused(&stage, &[]).await;
    assert!(
        stderr.contains("A batch on AWS answers that output: answers.jsonl.aws says which."),
        "{stderr}"
    );
}

#[tokio::test]
async fn the_summary_is_json_on_stdout_where_that_is_asked_for() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(3);
    let ended = stage.run_with(&["--json"]).await;
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&summary["rows"], &summary["answered"]),
        (&json!(3), &json!(3))
    );
    // Three times 10 tokens in and 5 out, at 0.396 and 3.311 USD a million.
    assert!(
        (summary["run"]["costUsd"].as_f64().unwrap() - 3.0 * 20.515e-6).abs() < 1e-9,
        "{summary}"
    );
}

#[tokio::test]
async fn all_wrong_lines_are_named_and_nothing_is_sent() {
    let stage = Stage::new(Duration::ZERO).await;
    let wrong = [
        "7",
        "{\"prompt\":7}",
        "{\"prompt\":\"my secret\"",
        "{}",
        "{\"prompt\":\"a\",\"stream\":true}",
    ];
    let mut input = vec!["{\"id\":6,\"prompt\":\"a\"}".to_owned()];
    input.extend(wrong.map(str::to_owned));
    // Line 7 has no id, and its number is the one of line 8.
    input.extend(["{\"prompt\":\"a\"}", "{\"id\":7,\"prompt\":\"a\"}"].map(str::to_owned));
    input.extend((0..20).map(|_| "{\"prompt\":\"a\",\"modelId\":\"none\"}".to_owned()));
    stage.write("prompts.jsonl", input.join("\n"));
    let said = refused(&stage, &[]).await;
    assert!(
        said.contains("26 lines of prompts.jsonl are wrong; nothing was sent."),
        "{said}"
    );
    for sentence in [
        "\n  line 2: It is not a JSON object.",
        "\n  line 3: prompt is a number. Send a string.",
        "\n  line 4: It is not valid JSON at column 21.",
        "\n  line 5: It has no prompt.",
        "\n  line 6: A task's answer is not streamed.",
        "\n  line 8: Its id is that of line 7 ",
        "\n  line 9: modelId names a model that this function may not call.",
        "\n  and 6 more",
    ] {
        assert!(said.contains(sentence), "{sentence} in:\n{said}");
    }
    assert!(
        !said.contains("secret") && !said.contains("line 1:"),
        "{said}"
    );
}

#[tokio::test]
async fn an_input_that_cannot_be_used_is_refused_in_a_sentence() {
    let stage = Stage::new(Duration::ZERO).await;
    let said = refused(&stage, &[]).await;
    assert!(said.contains("prompts.jsonl cannot be read"), "{said}");
    stage.write("prompts.jsonl", "\n\n");
    assert!(refused(&stage, &[]).await.contains("has no prompt in it"));
    assert!(
        refused(&stage, &["--input", "."])
            .await
            .contains("is no file")
    );
    assert!(
        refused(&stage, &["--output", "prompts.jsonl"])
            .await
            .contains("are both")
    );
    assert!(
        refused(&stage, &["--template", "{a}"])
            .await
            .contains("TEMPLATE out")
    );
    assert!(
        refused(&stage, &["--model", "none"])
            .await
            .contains("MODEL=none")
    );
    stage.write(
        "prompts.jsonl",
        format!("{{\"prompt\":\"{}\"}}", "a".repeat(262_144)),
    );
    assert!(
        refused(&stage, &[])
            .await
            .contains("line 1: It is more than the 262144 bytes")
    );
}

#[tokio::test]
async fn a_template_makes_prompts_of_csv() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write(
        "reviews.csv",
        "\u{feff}id,review,stars\r\nr1,\"good, \"\"very\"\"\r\nindeed\",5\r\n,悪い,1\r\n",
    );
    let ended = stage
        .run_with(&[
            "--input",
            "reviews.csv",
            "--template",
            "{{{stars}}} {review}",
        ])
        .await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let answers = stage.answers();
    assert_eq!(answers[0]["id"], "r1");
    assert_eq!(answers[0]["text"], answer("{5} good, \"very\"\r\nindeed"));
    // The record begins on the fourth line of the file.
    assert_eq!(answers[1]["id"], 4);
    assert_eq!(answers[1]["text"], answer("{1} 悪い"));
}

#[tokio::test]
async fn csv_that_does_not_fit_is_refused_in_a_sentence() {
    let stage = Stage::new(Duration::ZERO).await;
    let of = |template: &'static str| ["--input", "reviews.csv", "--template", template];
    stage.write("reviews.csv", b"review,stars\ngood,5\nbad\n\xff,1\n,2\n");
    assert!(
        refused(&stage, &["--input", "reviews.csv"])
            .await
            .contains("TEMPLATE=")
    );
    let said = refused(&stage, &of("{text}")).await;
    assert!(
        said.contains("names the column text, and the file has review, stars"),
        "{said}"
    );
    assert!(
        refused(&stage, &of("{review"))
            .await
            .contains("without its }")
    );
    let said = refused(&stage, &of("{review}")).await;
    for sentence in [
        "line 3: It has 1 fields, and the header 2.",
        "line 4: It is not UTF-8",
        "line 5: It has no prompt.",
    ] {
        assert!(said.contains(sentence), "{sentence} in:\n{said}");
    }
}

#[tokio::test]
async fn a_quote_that_is_not_closed_is_named_by_its_line_and_does_not_bring_the_file_into_memory() {
    let stage = Stage::new(Duration::ZERO).await;
    let args = ["--input", "reviews.csv", "--template", "{review}"];
    // As much as a record may have is not too much, where the template takes little of it.
    let longest = "a".repeat(1_048_576 - "\n,\n".len());
    let many = "5,good\n".repeat(5_000_000);
    stage.write(
        "reviews.csv",
        format!("notes,review\n{longest},\n\n\n5,\"never closed\n{many}"),
    );
    let mut command = stage.command(&args);
    let child = command.spawn().unwrap();
    let (ended, peak) = super::memory::ended_with_peak(child).await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    for sentence in [
        "2 lines of reviews.csv are wrong",
        "line 2: It has no prompt.",
        "line 5: It is more than 1048576 bytes, and what comes after it was not read. Close its quotes, or shorten it.",
    ] {
        assert!(
            ended.stderr.contains(sentence),
            "{sentence} in:\n{}",
            ended.stderr
        );
    }
    assert!(peak < 24 << 20, "{peak} bytes");
    stage.write("reviews.csv", format!("review,\"never closed\n{many}"));
    assert!(
        refused(&stage, &args)
            .await
            .contains("Its header is more than 1048576 bytes")
    );
}

#[tokio::test]
async fn a_full_disk_is_a_sentence_and_what_was_answered_before_stays() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(2);
    assert_eq!(stage.run().await.code, 0);
    stage.write_prompts(4);
    symlink("/dev/full", stage.path("answers.jsonl.part")).unwrap();
    let ended = stage.run().await;
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("answers.jsonl.part cannot be written: No space left on device"),
        "{}",
        ended.stderr
    );
    assert_eq!(stage.answers().len(), 2);
}

#[tokio::test]
async fn what_is_no_ordinary_file_is_neither_waited_for_nor_replaced() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(2);
    let pipe = std::process::Command::new("mkfifo")
        .arg(stage.path("pipe"))
        .status();
    assert!(pipe.unwrap().success());
    symlink("/dev/null", stage.path("device")).unwrap();
    for (input, output) in [
        ("pipe", "answers.jsonl"),
        ("prompts.jsonl", "pipe"),
        ("prompts.jsonl", "device"),
    ] {
        let mut command = stage.command(&[]);
        command
            .env("BATCH_INPUT", input)
            .env("BATCH_OUTPUT", output);
        let ended = super::stage::ended(command.spawn().unwrap()).await;
        assert_eq!(ended.code, 2, "{input} {output}: {}", ended.stderr);
        assert!(ended.stderr.contains(" is no file. "), "{}", ended.stderr);
    }
    assert!(stage.path("device").is_symlink());
    assert!(!stage.path("device.part").exists());
}

#[tokio::test]
async fn a_program_that_is_no_function_is_named() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(2);
    let ended = stage.run_with(&["--function", "/bin/false"]).await;
    // The option is given a second time.
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let mut command = stage.command(&[]);
    command.env("BEDROCK_MAX_TOKENS", "none");
    let ended = super::stage::ended(command.spawn().unwrap()).await;
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("BEDROCK_MAX_TOKENS"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn lines_tell_how_far_it_is_where_there_is_no_terminal() {
    let stage = Stage::new(Duration::from_millis(200)).await;
    stage.write_prompts(12);
    let ended = stage.run_with(&["--report-every", "20ms"]).await;
    assert_eq!(ended.code, 0);
    assert!(
        ended.stderr.contains(" of 12 done, 0 failed"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn in_a_japanese_locale_the_run_and_its_failures_are_told_in_japanese() {
    let stage = Stage::new(Duration::ZERO).await;
    let told = async || {
        let child = stage
            .command(&[])
            .env("LANG", "ja_JP.UTF-8")
            .spawn()
            .unwrap();
        ended(child).await
    };
    stage.write("prompts.jsonl", "{\"prompt\":\"a\"}\n{\"prompt\":1}\n");
    let wrong = told().await;
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(
        wrong
            .stderr
            .contains("の 1 行に誤りがあります。何も送信していません。\n  2 行目: "),
        "{}",
        wrong.stderr
    );
    stage.write("prompts.jsonl", "{\"prompt\":\"a\"}\n");
    let answered = told().await;
    assert_eq!(answered.code, 0, "{}", answered.stderr);
    assert!(
        answered
            .stderr
            .contains("answered  1 件中 1 件 (今回 1 件、"),
        "{}",
        answered.stderr
    );
}

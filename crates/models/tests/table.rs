//! The workspace's table, and tables that are none.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but not in the functions that tests share"
)]

use models::{Api, Date, Model, ModelTable};
use serde_json::{Value, json};

const TITAN: &str = "amazon.titan-text-express-v1";
const MICRO: &str = "apac.amazon.nova-micro-v1:0";

fn table() -> ModelTable {
    ModelTable::bundled().unwrap()
}

#[test]
fn the_bundled_table_is_the_workspaces() {
    let table = table();
    assert_eq!(table.default, "jp.amazon.nova-2-lite-v1:0");
    let micro = table.find(MICRO).unwrap();
    assert_eq!(micro.destination_regions.len(), 6);
}

#[test]
fn titan_text_alone_is_called_by_invoke_model_and_does_not_stream() {
    for model in table().models {
        let is_titan = model.id == TITAN;
        assert_eq!(model.api == Api::InvokeModel, is_titan, "{}", model.id);
        assert_eq!(model.response_streaming, !is_titan, "{}", model.id);
    }
}

#[test]
fn a_batch_asks_for_the_flexible_tier_of_models_that_are_confirmed_for_it() {
    let mut models = table().models;
    models.retain(Model::is_flex_in_batch);
    let ids: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["openai.gpt-oss-20b-1:0", "qwen.qwen3-32b-v1:0"]);
    let marked = &mut models[0];
    marked
        .unconfirmed
        .push("flexible tier: no call was seen".to_owned());
    assert!(!marked.is_flex_in_batch());
}

#[test]
fn a_row_is_written_as_it_was_read() {
    let text: Value = serde_json::from_str(include_str!("../../../models.json")).unwrap();
    assert_eq!(json!(table().models), text["models"]);
}

#[test]
fn a_table_with_an_id_twice_or_without_its_default_is_refused() {
    let error = |text: &str| ModelTable::from_json(text).unwrap_err().to_string();
    let none = error(r#"{"default":"a","sourceRegion":"r","models":[]}"#);
    assert!(none.contains("no row for its default, \"a\""), "{none}");
    let wrong = error("{}");
    assert!(wrong.contains("cannot be read"), "{wrong}");
    let mut twice: Value = serde_json::from_str(include_str!("../../../models.json")).unwrap();
    twice["models"][1] = twice["models"][0].clone();
    let twice = error(&twice.to_string());
    assert!(
        twice.contains("two rows for \"jp.amazon.nova-2-lite-v1:0\""),
        "{twice}"
    );
}

/// A row of the table with that life.
fn living(status: &Value, end_of_life: &Value) -> Model {
    let mut row = json!(table().models[0]);
    row["lifecycle"]["status"] = status.clone();
    row["lifecycle"]["endOfLife"] = end_of_life.clone();
    serde_json::from_value(row).unwrap()
}

fn day(text: &Value) -> Date {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text.as_str().unwrap(), format).unwrap()
}

/// The CDK app's reader passes the same cases (`infra/test/model-life.test.ts`), so that both agree on every row and day.
#[test]
fn a_model_has_ended_by_its_status_and_from_the_day_of_its_end_on() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("ended.json")).unwrap();
    assert_eq!(cases.len(), 18);
    for case in cases {
        let ended = living(&case["status"], &case["endOfLife"]).has_ended(day(&case["today"]));
        assert_eq!(json!(ended), case["ended"], "{case}");
    }
}

#[test]
fn the_default_model_comes_first_and_no_ended_one_is_granted() {
    let granted = table().granted(models::today()).unwrap();
    let ids: Vec<&str> = granted.ids.split(',').collect();
    assert_eq!(ids[0], table().default);
    assert!(!ids.contains(&TITAN), "{ids:?}");
    let rows: Vec<Value> = serde_json::from_str(&granted.rows).unwrap();
    let of_rows: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(of_rows, ids);
    for row in rows {
        assert!(row["pricePerMillionTokens"].is_object(), "{row}");
    }
}

#[test]
fn a_model_whose_announced_end_has_come_is_not_granted() {
    let (mut table, today) = (table(), models::today());
    let row = table.models.iter_mut().find(|row| row.id == MICRO);
    row.unwrap().lifecycle.end_of_life = Some(today);
    let granted = |day| table.granted(day).unwrap().ids;
    assert!(!granted(today).contains(MICRO));
    assert!(granted(today.previous_day().unwrap()).contains(MICRO));
}

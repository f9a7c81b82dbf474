//! The function's validator beside a whole one, on random schemas: the same values satisfy them, and each
//! violation is one that the other finds too.

use json_schema::Schema;
use proptest::prelude::*;
use serde_json::Value;

use super::{
    schemas::{schema, schemas},
    shapes::any_json,
};

const SCHEMAS: usize = 500;

/// What the whole validator finds: place in the value, and keyword.
fn violations(schema: &Value, value: &Value) -> Vec<(String, String)> {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors = validator.iter_errors(value);
    errors
        .map(|error| {
            let keyword = error
                .schema_path()
                .as_str()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            (error.instance_path().as_str().to_owned(), keyword)
        })
        .collect()
}

/// Checks a value by both validators; says whether it satisfies the schema.
fn agreed(schema: &Value, value: &Value) -> bool {
    let ours = Schema::parse(&schema.to_string()).unwrap().check(value);
    let theirs = violations(schema, value);
    match ours {
        Ok(()) => {
            assert!(theirs.is_empty(), "{schema}\n{value}\n{theirs:?}");
            true
        }
        Err(violation) => {
            let is_found = theirs
                .iter()
                .any(|(pointer, keyword)| match violation.keyword {
                    // Of members that the schema does not name, the object is told.
                    "additionalProperties" => pointer.starts_with(&violation.pointer),
                    ours => *pointer == violation.pointer && keyword == ours,
                });
            assert!(is_found, "{schema}\n{value}\n{violation:?}\n{theirs:?}");
            false
        }
    }
}

#[test]
fn what_is_made_from_a_schema_satisfies_it_and_what_is_broken_does_not() {
    let (mut samples, mut counterexamples) = (0, 0);
    for schema in schemas(SCHEMAS) {
        let parsed = Schema::parse(&schema.to_string()).unwrap();
        if let Some(sample) = parsed.sample() {
            samples += 1;
            assert!(
                agreed(&schema, &serde_json::from_str(&sample).unwrap()),
                "{schema}\n{sample}"
            );
        }
        if let Some(broken) = parsed.counterexample() {
            counterexamples += 1;
            assert!(
                !agreed(&schema, &serde_json::from_str(&broken).unwrap()),
                "{schema}\n{broken}"
            );
        }
    }
    // The rest contradict themselves, as with a minimum above the maximum, or take every value.
    assert!(samples > SCHEMAS * 9 / 10, "{samples} samples");
    assert!(
        counterexamples > SCHEMAS * 8 / 10,
        "{counterexamples} counterexamples"
    );
}

proptest! {
    #[test]
    fn both_validators_say_the_same_of_any_value(schema in schema(), value in any_json()) {
        agreed(&schema, &value);
    }

    #[test]
    fn both_say_the_same_of_a_value_with_anything_in_one_place(
        schema in schema(),
        other in any_json(),
        at in any::<prop::sample::Index>(),
    ) {
        let sample = Schema::parse(&schema.to_string()).unwrap().sample();
        prop_assume!(sample.is_some());
        let mut value: Value = serde_json::from_str(&sample.unwrap()).unwrap();
        let mut places = Vec::new();
        collect_places(&value, String::new(), &mut places);
        *value.pointer_mut(&places[at.index(places.len())]).unwrap() = other;
        agreed(&schema, &value);
    }

    #[test]
    fn a_schema_for_a_tool_asks_for_the_same(schema in schema(), value in any_json()) {
        let wrapped = wrapped(schema);
        let parsed = Schema::parse(&wrapped.to_string()).unwrap();
        let tool: Value = serde_json::from_str(parsed.as_tool_input().unwrap().get()).unwrap();
        let names: Vec<_> = tool.as_object().unwrap().keys().collect();
        prop_assert_eq!(names, ["properties", "required", "type"]);
        let value = serde_json::json!({"value": value});
        let by_tool = jsonschema::validator_for(&tool).unwrap().is_valid(&value);
        prop_assert_eq!(by_tool, parsed.check(&value).is_ok());
    }
}

/// The schema as that of a member of an object, which a tool's input must be.
pub(crate) fn wrapped(mut schema: Value) -> Value {
    let members = schema.as_object_mut().unwrap();
    let [defs, definitions] = ["$defs", "definitions"].map(|name| members.remove(name).unwrap());
    serde_json::json!({
        "type": "object",
        "properties": {"value": schema},
        "required": ["value"],
        "additionalProperties": false,
        "$defs": defs,
        "definitions": definitions,
    })
}

/// The JSON Pointer of everything in a value.
fn collect_places(value: &Value, pointer: String, places: &mut Vec<String>) {
    match value {
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                collect_places(value, format!("{pointer}/{at}"), places);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect_places(value, format!("{pointer}/{name}"), places);
            }
        }
        _ => {}
    }
    places.push(pointer);
}

//! Random schemas of the part of JSON Schema that the function takes.

use proptest::{
    collection::vec, prelude::*, sample::subsequence, strategy::ValueTree, test_runner::TestRunner,
};
use serde_json::{Map, Value, json};

/// Names of members, some of which JSON Pointer and JSON escape.
const NAMES: [&str; 7] = ["a", "b", "c", "a/b", "d~e", "\"quoted\"", "東京"];

fn lengths() -> impl Strategy<Value = Value> {
    (prop::option::of(0..4_u64), prop::option::of(4..9_u64)).prop_map(|(least, most)| {
        let mut schema = json!({"type": "string"});
        put(&mut schema, "minLength", least.map(Value::from));
        put(&mut schema, "maxLength", most.map(Value::from));
        schema
    })
}

fn put(schema: &mut Value, keyword: &str, value: Option<Value>) {
    if let Some(value) = value {
        schema[keyword] = value;
    }
}

/// Two numbers as bounds, in order, of which either may be exclusive; some leave no value between them.
fn bounds() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        (-20..20_i64).prop_map(Value::from),
        (-80..80_i64).prop_map(|quarters| Value::from(quarters as f64 / 4.0)),
    ];
    let low = prop::option::of((
        prop::sample::select(vec!["minimum", "exclusiveMinimum"]),
        number.clone(),
    ));
    let high = prop::option::of((
        prop::sample::select(vec!["maximum", "exclusiveMaximum"]),
        number,
    ));
    let of = prop::sample::select(vec!["integer", "number"]);
    (of, low, high).prop_map(|(of, low, high)| {
        let mut schema = json!({"type": of});
        for (keyword, bound) in [low, high].into_iter().flatten() {
            schema[keyword] = bound;
        }
        schema
    })
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        Just(json!(1.0)),
        "[a-c東]{0,3}".prop_map(Value::from),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    let types = vec![
        "string", "integer", "number", "boolean", "null", "array", "object",
    ];
    prop_oneof![
        3 => lengths(),
        3 => bounds(),
        1 => Just(json!({})),
        1 => prop::sample::select(types.clone()).prop_map(|of| json!({"type": of})),
        1 => subsequence(types, 1..4).prop_map(|types| json!({"type": types, "description": "any of them"})),
        1 => vec(scalar(), 1..4).prop_map(|values| json!({"enum": values})),
        1 => scalar().prop_map(|only| json!({"const": only})),
        2 => prop::sample::select(vec!["#/$defs/leaf", "#/$defs/rows", "#/definitions/a~1b"])
            .prop_map(|reference| json!({"$ref": reference, "title": "elsewhere"})),
    ]
}

fn object(inner: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Value> {
    let names = subsequence(NAMES.to_vec(), 0..4);
    let additional = prop_oneof![
        2 => Just(Some(Value::Bool(false))),
        1 => Just(None),
        1 => inner.clone().prop_map(Some),
    ];
    (names, vec((inner, any::<bool>()), 4), additional).prop_map(|(names, members, additional)| {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (name, (schema, is_required)) in names.into_iter().zip(members) {
            properties.insert(name.to_owned(), schema);
            required.extend(is_required.then_some(name));
        }
        let mut schema = json!({"type": "object", "properties": properties, "required": required});
        put(&mut schema, "additionalProperties", additional);
        schema
    })
}

fn array(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    (
        inner,
        prop::option::of(0..3_u64),
        prop::option::of(2..4_u64),
    )
        .prop_map(|(items, least, most)| {
            let mut schema = json!({"type": "array", "items": items});
            put(&mut schema, "minItems", least.map(Value::from));
            put(&mut schema, "maxItems", most.map(Value::from));
            schema
        })
}

/// None that the grammar of `outputConfig` has no place for: each schema has them all.
fn with_definitions(mut schema: Value) -> Value {
    schema["$defs"] = json!({
        "leaf": {"type": ["string", "null"], "maxLength": 3},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/leaf"}, "minItems": 1},
    });
    schema["definitions"] = json!({"a/b": {"type": "integer", "enum": [-1, 3]}});
    schema
}

/// Any schema.
pub(crate) fn schema() -> impl Strategy<Value = Value> {
    let inside = leaf().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            object(inner.clone()),
            array(inner.clone()),
            vec(inner, 1..4).prop_map(|branches| json!({"anyOf": branches})),
        ]
        .boxed()
    });
    inside.prop_map(|schema| {
        // Beside a `$ref`, definitions would be a second keyword.
        let rooted = if schema.get("$ref").is_some() {
            json!({"anyOf": [schema]})
        } else {
            schema
        };
        with_definitions(rooted)
    })
}

/// The same schemas each time, as many as that.
pub(crate) fn schemas(count: usize) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let strategy = schema();
    let tree = |_| strategy.new_tree(&mut runner).map(|tree| tree.current());
    (0..count).map(tree).collect::<Result<_, _>>().unwrap()
}

//! Values made from a schema, always the same ones. A stand-in for a model answers with them.

use serde_json::{Number, Value};

use crate::{
    Schema,
    node::{Additional, Node, Type},
};

/// The text of strings that belong to no member.
const TEXT: &str = "text";

/// The longest array or string that is made: a schema may ask for one of any length.
const MOST: u64 = 10_000;

impl Schema {
    /// A value that satisfies the schema, as JSON in the order of its members; none, where none was found.
    #[must_use]
    pub fn sample(&self) -> Option<String> {
        self.sample_of(&self.root, TEXT)
    }

    /// A value that does not satisfy the schema, an object if possible; none where every value that was
    /// tried satisfies it.
    #[must_use]
    pub fn counterexample(&self) -> Option<String> {
        let sample: Value = serde_json::from_str(&self.sample()?).ok()?;
        let broken = broken(&sample);
        let others = [
            Value::Object(serde_json::Map::new()),
            Value::Null,
            Value::from(TEXT),
        ];
        let tried: Vec<Value> = broken.into_iter().chain(others).collect();
        let (objects, rest): (Vec<_>, Vec<_>) = tried.into_iter().partition(Value::is_object);
        let mut tried = objects.into_iter().chain(rest);
        let found = tried.find(|value| self.check(value).is_err());
        found.map(|value| value.to_string())
    }

    /// A value that satisfies the node. `name` is the member's whose value it is.
    fn sample_of(&self, node: &Node, name: &str) -> Option<String> {
        let node = self.resolved(node);
        let satisfies = |text: &String| {
            serde_json::from_str(text).is_ok_and(|value| self.check_node(node, &value).is_ok())
        };
        let values = node.constant.iter().chain(node.values.iter().flatten());
        let values = values.map(Value::to_string);
        let branches = node
            .any_of
            .iter()
            .filter_map(|branch| self.sample_of(branch, name));
        let types = if node.types.is_empty() {
            &Type::ALL[..]
        } else {
            &node.types
        };
        let of_types = types
            .iter()
            .flat_map(|of| self.sample_of_type(node, *of, name));
        values.chain(branches).chain(of_types).find(satisfies)
    }

    /// Values to try.
    fn sample_of_type(&self, node: &Node, of: Type, name: &str) -> Vec<String> {
        match of {
            Type::Object => self.object(node).into_iter().collect(),
            Type::Array => self.array(node, name).into_iter().collect(),
            Type::String => string(node, name)
                .into_iter()
                .map(|text| Value::from(text).to_string())
                .collect(),
            Type::Integer => numbers(node, true),
            Type::Number => numbers(node, false),
            Type::Boolean => vec!["true".to_owned(), "false".to_owned()],
            Type::Null => vec!["null".to_owned()],
        }
    }

    fn object(&self, node: &Node) -> Option<String> {
        let mut members = Vec::new();
        for (name, property) in &node.properties {
            match self.sample_of(property, name) {
                Some(value) => members.push((name, value)),
                None if node.required.contains(name) => return None,
                None => {}
            }
        }
        for name in &node.required {
            if members.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let value = match &node.additional {
                Additional::Any => "null".to_owned(),
                Additional::None => return None,
                Additional::Each(each) => self.sample_of(each, name)?,
            };
            members.push((name, value));
        }
        let members = members
            .into_iter()
            .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
        Some(format!("{{{}}}", members.collect::<Vec<_>>().join(",")))
    }

    fn array(&self, node: &Node, name: &str) -> Option<String> {
        let wanted = node.min_items.unwrap_or(1).max(1);
        let length = node.max_items.map_or(wanted, |most| wanted.min(most));
        let item = match &node.items {
            _ if length == 0 => String::new(),
            Some(items) => self.sample_of(items, name)?,
            None => Value::from(name).to_string(),
        };
        if length > MOST {
            return None;
        }
        let items = vec![item; usize::try_from(length).ok()?];
        Some(format!("[{}]", items.join(",")))
    }
}

/// The name, as long as the schema wants it; none, where that is too long.
fn string(node: &Node, name: &str) -> Option<String> {
    let least = node.min_length.unwrap_or(0);
    let most = node.max_length.unwrap_or(u64::MAX);
    let count = name.chars().count() as u64;
    let length = count.max(least).min(most);
    let name = if name.is_empty() { TEXT } else { name };
    let length = usize::try_from(length).ok().filter(|_| length <= MOST)?;
    Some(name.chars().cycle().take(length).collect())
}

/// 1 and 0, the bounds, and what is next to them or between them.
fn numbers(node: &Node, are_whole: bool) -> Vec<String> {
    let bounds = [
        &node.minimum,
        &node.exclusive_minimum,
        &node.maximum,
        &node.exclusive_maximum,
    ];
    let exact = bounds.into_iter().flatten().map(Number::to_string);
    let bounds: Vec<f64> = bounds
        .into_iter()
        .flatten()
        .filter_map(Number::as_f64)
        .collect();
    let low = bounds.iter().copied().fold(f64::INFINITY, f64::min);
    let high = bounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let near = bounds.iter().flat_map(|bound| {
        [
            bound.ceil(),
            bound.floor(),
            bound.ceil() + 1.0,
            bound.floor() - 1.0,
        ]
    });
    let between = [low + (high - low) / 2.0];
    let tried = near.chain(between).filter(|number| number.is_finite());
    let tried = tried.map(|number| {
        if number.fract() == 0.0 && number.abs() < 1e15 {
            (number as i64).to_string()
        } else {
            number.to_string()
        }
    });
    let tried = ["1".to_owned(), "0".to_owned()]
        .into_iter()
        .chain(exact)
        .chain(tried);
    tried
        .filter(|number| !are_whole || !number.contains('.'))
        .collect()
}

/// Variants of the value, each with one change, in every part of it.
fn broken(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(members) => {
            let without = members.keys().map(|name| {
                let mut members = members.clone();
                members.remove(name);
                Value::Object(members)
            });
            let with_another = {
                let mut members = members.clone();
                members.insert("unexpected".to_owned(), Value::Null);
                Value::Object(members)
            };
            let changed = members.iter().flat_map(|(name, value)| {
                broken(value).into_iter().map(move |value| {
                    let mut members = members.clone();
                    members.insert(name.clone(), value);
                    Value::Object(members)
                })
            });
            without.chain([with_another]).chain(changed).collect()
        }
        Value::Array(values) => {
            let of_items = values.first().into_iter().flat_map(broken);
            of_items
                .map(|item| Value::Array(vec![item]))
                .chain([Value::from(TEXT)])
                .collect()
        }
        Value::String(_) => vec![Value::from(1)],
        _ => vec![Value::from(TEXT)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_every_member_in_order_and_its_own_name_for_a_text() {
        let schema = Schema::parse(
            r##"{
                "type": "object",
                "properties": {
                    "rows": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/row"}},
                    "kind": {"enum": ["b", "a"]},
                    "code": {"type": "string", "minLength": 6, "maxLength": 6}
                },
                "required": ["rows"],
                "$defs": {"row": {"type": "object", "properties": {"price": {"type": "number", "exclusiveMinimum": 2.5}, "item": {"type": "string"}}}}
            }"##,
        )
        .unwrap();
        assert_eq!(
            schema.sample().unwrap(),
            r#"{"rows":[{"price":3,"item":"item"},{"price":3,"item":"item"}],"kind":"b","code":"codeco"}"#
        );
        let counterexample = serde_json::from_str(&schema.counterexample().unwrap()).unwrap();
        assert!(schema.check(&counterexample).is_err());
    }

    #[test]
    fn no_value_is_made_where_there_is_none() {
        for schema in [
            r#"{"type": "string", "enum": [1]}"#,
            r#"{"type": "object", "required": ["a"], "additionalProperties": false}"#,
        ] {
            assert_eq!(Schema::parse(schema).unwrap().sample(), None, "{schema}");
        }
        assert_eq!(Schema::parse("{}").unwrap().counterexample(), None);
    }
}

//! Whether a value satisfies a schema.

use std::cmp::Ordering;

use serde::Serialize;
use serde_json::{Map, Number, Value};

use crate::{
    Schema,
    node::{Additional, Node, pointer_to},
};

/// The first thing in which a value does not satisfy a schema. Holds nothing of the value but names that
/// the schema gives to its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// A JSON Pointer into the value; empty for the whole of it.
    pub pointer: String,
    /// The keyword of the schema that is not satisfied there.
    pub keyword: &'static str,
}

impl Violation {
    /// Of a value itself.
    fn of(keyword: &'static str) -> Self {
        Self {
            pointer: String::new(),
            keyword,
        }
    }

    /// The same, seen from the array or object that has the value under that name.
    fn inside(self, name: &str) -> Self {
        Self {
            pointer: pointer_to("", &[name]) + &self.pointer,
            ..self
        }
    }
}

impl Schema {
    /// Checks a value.
    ///
    /// # Errors
    ///
    /// The first violation, in the order of the schema's members.
    pub fn check(&self, value: &Value) -> Result<(), Violation> {
        self.check_node(&self.root, value)
    }

    /// Checks a value by a node of the schema. The pointer of a violation begins at that value.
    pub(crate) fn check_node(&self, node: &Node, value: &Value) -> Result<(), Violation> {
        let node = self.resolved(node);
        if let Some(keyword) = own_keyword(node, value) {
            return Err(Violation::of(keyword));
        }
        match value {
            Value::Array(values) => self.check_items(node, values)?,
            Value::Object(members) => self.check_members(node, members)?,
            _ => {}
        }
        let satisfies_one = node
            .any_of
            .iter()
            .any(|branch| self.check_node(branch, value).is_ok());
        if node.any_of.is_empty() || satisfies_one {
            return Ok(());
        }
        Err(Violation::of("anyOf"))
    }

    fn check_items(&self, node: &Node, values: &[Value]) -> Result<(), Violation> {
        let Some(items) = &node.items else {
            return Ok(());
        };
        for (at, value) in values.iter().enumerate() {
            self.check_node(items, value)
                .map_err(|violation| violation.inside(&at.to_string()))?;
        }
        Ok(())
    }

    fn check_members(&self, node: &Node, members: &Map<String, Value>) -> Result<(), Violation> {
        for (name, property) in &node.properties {
            if let Some(value) = members.get(name) {
                self.check_node(property, value)
                    .map_err(|violation| violation.inside(name))?;
            }
        }
        let is_named = |name: &str| node.properties.iter().any(|(known, _)| known == name);
        let mut others = members.iter().filter(|(name, _)| !is_named(name));
        let is_satisfied = match &node.additional {
            Additional::Any => true,
            Additional::None => others.next().is_none(),
            Additional::Each(each) => others.all(|(_, value)| self.check_node(each, value).is_ok()),
        };
        if is_satisfied {
            return Ok(());
        }
        // Such a member has a name of the model's own, which is part of the value.
        Err(Violation::of("additionalProperties"))
    }
}

/// The first keyword that the value itself does not satisfy, whatever is inside it.
fn own_keyword(node: &Node, value: &Value) -> Option<&'static str> {
    if !node.types.is_empty() && !node.types.iter().any(|of| of.includes(value)) {
        return Some("type");
    }
    if node
        .constant
        .as_ref()
        .is_some_and(|only| !equal(only, value))
    {
        return Some("const");
    }
    if node
        .values
        .as_ref()
        .is_some_and(|values| !values.iter().any(|one| equal(one, value)))
    {
        return Some("enum");
    }
    match value {
        Value::Number(number) => bound(node, number),
        Value::String(text) => {
            let bounds = (node.min_length, node.max_length);
            let is_bounded = bounds != (None, None);
            // Characters are counted only where their number matters.
            let length = if is_bounded { text.chars().count() } else { 0 };
            size(length, bounds, ("minLength", "maxLength"))
        }
        Value::Array(values) => size(
            values.len(),
            (node.min_items, node.max_items),
            ("minItems", "maxItems"),
        ),
        Value::Object(members) => {
            let has_all = node.required.iter().all(|name| members.contains_key(name));
            (!has_all).then_some("required")
        }
        _ => None,
    }
}

fn bound(node: &Node, number: &Number) -> Option<&'static str> {
    let is = |bound: &Option<Number>, wanted: fn(Ordering) -> bool| {
        bound
            .as_ref()
            .is_none_or(|bound| compare(number, bound).is_some_and(wanted))
    };
    let bounds = [
        ("minimum", is(&node.minimum, Ordering::is_ge)),
        ("maximum", is(&node.maximum, Ordering::is_le)),
        (
            "exclusiveMinimum",
            is(&node.exclusive_minimum, Ordering::is_gt),
        ),
        (
            "exclusiveMaximum",
            is(&node.exclusive_maximum, Ordering::is_lt),
        ),
    ];
    bounds
        .into_iter()
        .find(|(_, holds)| !holds)
        .map(|(keyword, _)| keyword)
}

fn size(
    size: usize,
    (least, most): (Option<u64>, Option<u64>),
    (least_keyword, most_keyword): (&'static str, &'static str),
) -> Option<&'static str> {
    let size = size as u64;
    if least.is_some_and(|least| size < least) {
        Some(least_keyword)
    } else if most.is_some_and(|most| size > most) {
        Some(most_keyword)
    } else {
        None
    }
}

/// Whole numbers are compared exactly, others as floats.
fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// Whether two values are the same in JSON Schema's sense: 1 and 1.0 are.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            compare(left, right) == Some(Ordering::Equal)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let is_in_right = |(name, value): (&String, &Value)| {
                right.get(name).is_some_and(|one| equal(value, one))
            };
            left.len() == right.len() && left.iter().all(is_in_right)
        }
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn violation(schema: &Value, value: &Value) -> Option<(String, &'static str)> {
        let schema = Schema::parse(&schema.to_string()).unwrap();
        let violation = schema.check(value).err()?;
        Some((violation.pointer, violation.keyword))
    }

    #[test]
    fn the_first_violation_is_told_by_its_place_and_keyword() {
        let schema = json!({
            "type": "object",
            "properties": {
                "rows": {"type": "array", "items": {"$ref": "#/$defs/row"}, "maxItems": 2},
                "note": {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "null"}]},
            },
            "required": ["rows"],
            "additionalProperties": false,
            "$defs": {"row": {
                "type": "object",
                "properties": {"a/b": {"type": "integer", "minimum": 0}, "c": {"enum": ["x", 1]}},
                "required": ["a/b"],
                "additionalProperties": {"type": "boolean"},
            }},
        });
        for (value, pointer, keyword) in [
            (json!([]), "", "type"),
            (json!({}), "", "required"),
            (json!({"rows": [], "other": 1}), "", "additionalProperties"),
            (json!({"rows": [{}, {}, {}]}), "/rows", "maxItems"),
            (json!({"rows": [{"a/b": 1}, {}]}), "/rows/1", "required"),
            (json!({"rows": [{"a/b": -1}]}), "/rows/0/a~1b", "minimum"),
            (json!({"rows": [{"a/b": 1.5}]}), "/rows/0/a~1b", "type"),
            (json!({"rows": [{"a/b": 1, "c": 2}]}), "/rows/0/c", "enum"),
            (
                json!({"rows": [{"a/b": 1, "d": 2}]}),
                "/rows/0",
                "additionalProperties",
            ),
            (json!({"rows": [], "note": "東京都"}), "/note", "anyOf"),
        ] {
            let found = violation(&schema, &value);
            assert_eq!(found, Some((pointer.to_owned(), keyword)), "{value}");
        }
        let value = json!({"rows": [{"a/b": 2.0, "c": 1.0, "d": true}], "note": "東京"});
        assert_eq!(violation(&schema, &value), None);
    }

    #[test]
    fn large_whole_numbers_are_compared_exactly() {
        let schema = json!({"maximum": 9_007_199_254_740_992_u64});
        let just_above = json!(9_007_199_254_740_993_u64);
        assert_eq!(
            violation(&schema, &just_above),
            Some((String::new(), "maximum"))
        );
    }
}

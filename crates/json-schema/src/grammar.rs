//! What Bedrock refuses of a schema that it compiles into a grammar, as it does for `outputConfig`.
//!
//! Sources: "Get validated JSON results from models" in the Amazon Bedrock user guide (no recursion, no
//! reference to another document, no numeric bounds, `additionalProperties: false` in every object), and
//! what live calls were answered where that is silent or differs: `exclusiveMinimum`, `exclusiveMaximum`,
//! `maxItems` and a `minItems` above 1 are refused, `minLength` and `maxLength` are not
//! (pydantic/pydantic-ai#4237), and optional members and unions are limited
//! (strands-agents/harness-sdk#2664; "Structured outputs" in Anthropic's documentation).

use serde_json::Value;

use crate::{
    Problem, ProblemKind, Schema,
    node::{Additional, Node, Type, pointer_to},
};

/// Members that are not required, in the whole schema.
pub(crate) const MOST_OPTIONAL: usize = 24;

/// Schemas with `anyOf` or several types, in the whole schema.
pub(crate) const MOST_UNIONS: usize = 16;

impl Schema {
    /// What Bedrock would refuse first; nothing, where it takes the schema.
    #[must_use]
    pub fn refused_as_grammar(&self) -> Option<Problem> {
        let definitions = self.definitions.iter();
        let definitions = definitions.map(|one| (one.reference[1..].to_owned(), &one.node));
        let roots: Vec<_> = definitions.chain([(String::new(), &self.root)]).collect();
        let mut counts = Counts::default();
        let refused = roots
            .into_iter()
            .find_map(|(pointer, node)| counts.refused_in(node, pointer));
        refused.or(match counts {
            Counts { optional, .. } if optional > MOST_OPTIONAL => {
                Some(Problem::new("", ProblemKind::TooManyOptional(optional)))
            }
            Counts { unions, .. } if unions > MOST_UNIONS => {
                Some(Problem::new("", ProblemKind::TooManyUnions(unions)))
            }
            _ => None,
        })
    }
}

#[derive(Default)]
struct Counts {
    optional: usize,
    unions: usize,
}

impl Counts {
    fn refused_in(&mut self, node: &Node, pointer: String) -> Option<Problem> {
        if let Some((of, keyword)) = refused_keyword(node) {
            return Some(Problem::new(pointer, ProblemKind::Refused(of, keyword)));
        }
        if node.is_of_objects() && node.additional != Additional::None {
            return Some(Problem::new(pointer, ProblemKind::OpenObject));
        }
        let mut values = node.values.iter().flatten().chain(&node.constant);
        if values.any(|value| matches!(value, Value::Array(_) | Value::Object(_))) {
            return Some(Problem::new(pointer, ProblemKind::ComplexEnum));
        }
        let is_optional = |(name, _): &&(String, Node)| !node.required.contains(name);
        self.optional += node.properties.iter().filter(is_optional).count();
        self.unions += usize::from(node.types.len() > 1 || !node.any_of.is_empty());
        node.children()
            .find_map(|(way, child)| self.refused_in(child, pointer_to(&pointer, &way)))
    }
}

fn refused_keyword(node: &Node) -> Option<(&'static str, &'static str)> {
    let number = if node.types.contains(&Type::Integer) {
        "integer"
    } else {
        "number"
    };
    [
        (number, "maximum", node.maximum.is_some()),
        (number, "minimum", node.minimum.is_some()),
        (number, "exclusiveMaximum", node.exclusive_maximum.is_some()),
        (number, "exclusiveMinimum", node.exclusive_minimum.is_some()),
        ("array", "maxItems", node.max_items.is_some()),
        (
            "array",
            "minItems",
            node.min_items.is_some_and(|least| least > 1),
        ),
    ]
    .into_iter()
    .find(|(.., is_there)| *is_there)
    .map(|(of, keyword, _)| (of, keyword))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn refused(schema: &Value) -> Option<String> {
        let schema = Schema::parse(&schema.to_string()).unwrap();
        schema
            .refused_as_grammar()
            .map(|refused| refused.happened())
    }

    #[test]
    fn what_bedrock_refuses_is_named_with_its_place() {
        for (schema, says) in [
            (json!({"minimum": 1}), "has minimum, which"),
            (
                json!({"items": {"exclusiveMaximum": 1}}),
                "has exclusiveMaximum at /items, which",
            ),
            (json!({"maxItems": 3}), "has maxItems, which"),
            (json!({"minItems": 2}), "has minItems above 1, which"),
            (json!({"type": "object"}), "has an object without"),
            (
                json!({"items": {"properties": {}, "required": ["a"]}}),
                "has an object at /items without",
            ),
            (json!({"additionalProperties": {}}), "has an object without"),
            (
                json!({"$defs": {"a": {"const": []}}}),
                "among the values at /$defs/a",
            ),
        ] {
            let refused = refused(&schema).unwrap();
            assert!(refused.contains(says), "{schema}: {refused}");
        }
        for schema in [
            json!({"minItems": 1, "minLength": 3, "maxLength": 4, "items": {"enum": ["a", 1, null]}}),
            json!({"type": "object", "additionalProperties": false}),
            json!({"additionalProperties": true}),
        ] {
            assert_eq!(refused(&schema), None, "{schema}");
        }
    }

    #[test]
    fn optional_members_and_unions_are_counted_over_the_whole_schema() {
        let object = |members: usize| {
            let names = (0..members).map(|at| (at.to_string(), json!({})));
            let properties = names.collect::<Map<_, _>>();
            json!({"properties": properties, "required": ["0"], "additionalProperties": false})
        };
        assert_eq!(refused(&object(25)), None);
        let says = refused(&object(26)).unwrap();
        assert!(
            says.starts_with("has 25 members that are not required"),
            "{says}"
        );

        let mut unions = json!({"type": ["string", "null"]});
        for _ in 0..15 {
            unions = json!({"anyOf": [unions, {"type": "null"}]});
        }
        assert_eq!(refused(&unions), None);
        let says = refused(&json!({"anyOf": [unions]})).unwrap();
        assert!(says.starts_with("has 17 schemas with anyOf"), "{says}");
    }
}

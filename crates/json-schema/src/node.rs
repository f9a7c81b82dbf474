//! A parsed schema: the root, or one of those inside it.

use std::borrow::Cow;

use serde_json::{Number, Value};

/// The keywords that a value must satisfy. An absent keyword is satisfied by every value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    /// Empty for any type.
    pub(crate) types: Vec<Type>,
    /// `enum`.
    pub(crate) values: Option<Vec<Value>>,
    /// `const`.
    pub(crate) constant: Option<Value>,
    pub(crate) properties: Vec<(String, Node)>,
    pub(crate) required: Vec<String>,
    pub(crate) additional: Additional,
    pub(crate) items: Option<Box<Node>>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) minimum: Option<Number>,
    pub(crate) maximum: Option<Number>,
    pub(crate) exclusive_minimum: Option<Number>,
    pub(crate) exclusive_maximum: Option<Number>,
    /// Empty where it is absent.
    pub(crate) any_of: Vec<Node>,
    /// Of the schema's definitions.
    pub(crate) reference: Option<usize>,
}

/// `additionalProperties`: what holds of a member that `properties` does not name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Additional {
    #[default]
    Any,
    None,
    Each(Box<Node>),
}

/// A type of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
    Null,
}

impl Type {
    pub(crate) const ALL: [Self; 7] = [
        Self::Object,
        Self::Array,
        Self::String,
        Self::Integer,
        Self::Number,
        Self::Boolean,
        Self::Null,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }

    pub(crate) fn includes(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Object, Value::Object(_))
            | (Self::Array, Value::Array(_))
            | (Self::String, Value::String(_))
            | (Self::Number, Value::Number(_))
            | (Self::Boolean, Value::Bool(_))
            | (Self::Null, Value::Null) => true,
            // 1.0 is an integer too.
            (Self::Integer, Value::Number(number)) => {
                !number.is_f64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
            }
            _ => false,
        }
    }
}

impl Node {
    /// Whether the schema speaks of objects.
    pub(crate) fn is_of_objects(&self) -> bool {
        self.types.contains(&Type::Object)
            || !self.properties.is_empty()
            || !self.required.is_empty()
            || self.additional != Additional::Any
    }

    /// The schemas right inside this one, with the way to each.
    pub(crate) fn children(&self) -> impl Iterator<Item = (Vec<Cow<'_, str>>, &Node)> {
        let properties = self.properties.iter();
        let properties =
            properties.map(|(name, node)| (vec!["properties".into(), name.into()], node));
        let items = self
            .items
            .iter()
            .map(|node| (vec!["items".into()], &**node));
        let additional = match &self.additional {
            Additional::Each(node) => Some((vec!["additionalProperties".into()], &**node)),
            _ => None,
        };
        let any_of = self.any_of.iter().enumerate();
        let any_of = any_of.map(|(at, node)| (vec!["anyOf".into(), at.to_string().into()], node));
        properties.chain(items).chain(additional).chain(any_of)
    }
}

/// A member's way in a JSON Pointer (RFC 6901).
pub(crate) fn pointer_to(parent: &str, way: &[impl AsRef<str>]) -> String {
    way.iter().fold(parent.to_owned(), |pointer, step| {
        let step = step.as_ref().replace('~', "~0").replace('/', "~1");
        format!("{pointer}/{step}")
    })
}

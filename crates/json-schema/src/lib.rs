//! The part of JSON Schema (draft 2020-12) by which an answer of a model is asked for and checked.
//!
//! | keywords | |
//! |---|---|
//! | `type`, `enum`, `const`, `anyOf` | checked |
//! | `properties`, `required`, `additionalProperties` | checked |
//! | `items`, `minItems`, `maxItems` | checked |
//! | `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum` | checked |
//! | `minLength`, `maxLength` | checked, in characters |
//! | `$ref` to `#/$defs/…` or `#/definitions/…` | followed; never recursive |
//! | `title`, `description`, `default`, `examples`, `format`, `$schema`, `$comment`, `deprecated`, `readOnly`, `writeOnly` | passed on to the model, not checked |
//!
//! A schema with any other keyword is refused, because an answer could not be checked by it. A validator of
//! all of JSON Schema brings a regex engine, which is larger than the rest of what an answer needs.

mod check;
mod grammar;
mod members;
mod node;
mod parse;
mod problem;
mod sample;
mod tool;

pub use check::Violation;
pub use members::compact;
pub use problem::{Problem, ProblemKind};

use node::Node;

/// A schema that answers can be checked by.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    text: Box<str>,
    root: Node,
    definitions: Vec<Definition>,
}

/// A member of `$defs` or `definitions`.
#[derive(Clone, Debug, PartialEq)]
struct Definition {
    /// As `$ref` writes it.
    reference: String,
    node: Node,
    /// Of its text.
    bytes: usize,
}

impl Schema {
    /// The schema as it was given, without white space.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The node that a `$ref` leads to, or the node itself. There are no cycles.
    fn resolved<'a>(&'a self, mut node: &'a Node) -> &'a Node {
        while let Some(definition) = node.reference.and_then(|at| self.definitions.get(at)) {
            node = &definition.node;
        }
        node
    }
}

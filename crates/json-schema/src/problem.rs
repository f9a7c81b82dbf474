//! Why a schema is refused.

use std::fmt;

use crate::grammar::{MOST_OPTIONAL, MOST_UNIONS};

/// Why a schema is refused, and the place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A JSON Pointer into the schema; empty for the whole of it.
    pub pointer: String,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A schema that is no object, or one that cannot be read.
    NotASchema,
    /// An object with one of its members twice.
    Twice,
    /// A keyword of JSON Schema that answers are not checked by.
    Unchecked(&'static str),
    /// A keyword that is none of JSON Schema's.
    Unknown,
    /// A keyword with a value that it does not take, and what it takes.
    Wrong(&'static str, &'static str),
    /// A `$ref` that names no definition of this schema.
    Outside,
    /// A `$ref` to a definition that is not there.
    Undefined,
    /// A `$ref` with other keywords beside it that are checked.
    Beside,
    /// A definition that leads back to itself.
    Recursive,
    /// Schemas inside one another, more of them than the number.
    TooDeep(usize),
    /// More schemas than the number, each counted as often as it is referred to.
    TooMany(usize),
    /// Definitions of more bytes than the number, each counted as often as it is referred to.
    TooLarge(usize),
    /// A root that is not of type object.
    NotOfObjects,
    /// A type, as Bedrock names it in its refusal, and a keyword that the grammar of an answer has no place for.
    Refused(&'static str, &'static str),
    /// An object that may have members of any name, of which there is no grammar.
    OpenObject,
    /// An `enum` or `const` with an array or object, of which there is no grammar.
    ComplexEnum,
    /// So many members that are not required, which are more than a grammar takes.
    TooManyOptional(usize),
    /// So many unions, which are more than a grammar takes.
    TooManyUnions(usize),
}

impl Problem {
    pub(crate) fn new(pointer: impl Into<String>, kind: ProblemKind) -> Self {
        Self {
            pointer: pointer.into(),
            kind,
        }
    }

    /// What is wrong, as the rest of a sentence that begins with what has the schema.
    #[must_use]
    pub fn happened(&self) -> String {
        let place = Place(&self.pointer);
        match self.kind {
            ProblemKind::NotASchema => format!("has no schema{place}: an object is wanted there."),
            ProblemKind::Twice => format!("has a member twice{place}."),
            ProblemKind::Unchecked(keyword) => {
                format!("has {keyword}{place}, by which answers are not checked here.")
            }
            ProblemKind::Unknown => {
                format!("has a keyword{place} that is none of JSON Schema's.")
            }
            ProblemKind::Wrong(keyword, wanted) => {
                format!("has a {keyword}{place} that is not {wanted}.")
            }
            ProblemKind::Outside => format!("has a $ref{place} that leads to no definition of it."),
            ProblemKind::Undefined => {
                format!("has a $ref{place} to a definition that is not there.")
            }
            ProblemKind::Beside => format!("has other keywords beside a $ref{place}."),
            ProblemKind::Recursive => format!("has a $ref{place} that leads back to itself."),
            ProblemKind::TooDeep(most) => {
                format!("has more than {most} schemas inside one another{place}.")
            }
            ProblemKind::TooMany(most) => {
                format!("has more than {most} schemas in it, counted at each $ref.")
            }
            ProblemKind::TooLarge(most) => {
                format!("has definitions of more than {most} bytes, counted at each $ref.")
            }
            ProblemKind::NotOfObjects => "is not of type object.".to_owned(),
            ProblemKind::Refused(_, keyword) => {
                let more = if keyword == "minItems" {
                    " above 1"
                } else {
                    ""
                };
                format!("has {keyword}{more}{place}, which this model refuses.")
            }
            ProblemKind::OpenObject => format!(
                "has an object{place} without \"additionalProperties\": false, which this model wants."
            ),
            ProblemKind::ComplexEnum => {
                format!("has an array or object among the values{place}, which this model refuses.")
            }
            ProblemKind::TooManyOptional(found) => format!(
                "has {found} members that are not required; this model takes {MOST_OPTIONAL}."
            ),
            ProblemKind::TooManyUnions(found) => format!(
                "has {found} schemas with anyOf or several types; this model takes {MOST_UNIONS}."
            ),
        }
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self.kind {
            ProblemKind::NotASchema => {
                "Send an object such as {\"type\": \"object\", \"properties\": {…}}."
            }
            ProblemKind::Twice => "Send each once.",
            ProblemKind::Unchecked(_) => {
                "Leave it out, and say in the prompt or in a description what it asks for."
            }
            ProblemKind::Unknown => "Leave it out; a note goes into description.",
            ProblemKind::Wrong(..) => "Correct it.",
            ProblemKind::Outside => "Refer to #/$defs/NAME, and put the schema there.",
            ProblemKind::Undefined => "Put it into $defs.",
            ProblemKind::Beside => {
                "Move them into the definition; title, description and default may stay."
            }
            ProblemKind::Recursive => {
                "Write the levels out that are needed: Bedrock takes no recursive schema."
            }
            ProblemKind::TooDeep(_)
            | ProblemKind::TooMany(_)
            | ProblemKind::TooLarge(_)
            | ProblemKind::TooManyUnions(_) => "Simplify it.",
            ProblemKind::NotOfObjects => {
                "Put the value into a property of an object: this model answers with objects alone."
            }
            ProblemKind::Refused(..) => {
                "Leave it out, and say in a description what it asks for; or choose a model that is called with a tool."
            }
            ProblemKind::OpenObject => "Add it, and name every member in properties.",
            ProblemKind::ComplexEnum => "List strings, numbers, booleans and null alone.",
            ProblemKind::TooManyOptional(_) => {
                "Require them; a member without a value can be null."
            }
        }
    }
}

/// Where in the schema; nothing, where that is the whole of it.
struct Place<'a>(&'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            pointer => write!(f, " at {pointer}"),
        }
    }
}

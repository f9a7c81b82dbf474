//! Parses the text of a schema.

use serde::de::DeserializeOwned;
use serde_json::{Number, Value, value::RawValue};

use crate::{
    Definition, Problem, ProblemKind, Schema,
    members::{Members, compact},
    node::{Additional, Node, Type, pointer_to},
};

/// Schemas inside one another. Deeper ones are no use to a model, and checking recurses.
const MOST_LEVELS: usize = 32;

/// Schemas, each counted as often as it is referred to: the work of a check grows with them.
const MOST_SCHEMAS: usize = 10_000;

/// Bytes of the definitions, each counted as often as it is referred to: a tool's input has them written out.
const MOST_BYTES: usize = 256 * 1024;

/// Keywords that describe a value to its reader, and do not restrict it.
const ANNOTATIONS: [&str; 10] = [
    "$comment",
    "$schema",
    "default",
    "deprecated",
    "description",
    "examples",
    "format",
    "readOnly",
    "title",
    "writeOnly",
];

/// Keywords of JSON Schema, draft 2020-12 and before, that are not checked here.
const UNCHECKED: [&str; 32] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$vocabulary",
    "additionalItems",
    "allOf",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "id",
    "if",
    "maxContains",
    "maxProperties",
    "minContains",
    "minProperties",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "uniqueItems",
];

/// Where a schema keeps its definitions: today, and before draft 2019-09.
pub(crate) const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    ///
    /// The first problem for which the schema is refused.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let root = members(text, "")?;
        let mut found = Vec::new();
        for place in DEFINITIONS {
            let Some(definitions) = root.get(place) else {
                continue;
            };
            let definitions = members(definitions.get(), &format!("/{place}"))?;
            for (name, schema) in definitions.0 {
                found.push((pointer_to("", &[place, &name]), schema));
            }
        }
        let references: Vec<_> = found.iter().map(|(at, _)| format!("#{at}")).collect();
        let parser = Parser {
            references: &references,
        };
        let mut definitions = Vec::with_capacity(found.len());
        for ((at, schema), reference) in found.iter().zip(&references) {
            let node = parser.schema(schema.get(), at, 1)?;
            let reference = reference.clone();
            let bytes = schema.get().len();
            definitions.push(Definition {
                reference,
                node,
                bytes,
            });
        }
        let schema = Self {
            text: compact(text).into(),
            root: parser.schema(text, "", 1)?,
            definitions,
        };
        schema.check_references()?;
        Ok(schema)
    }

    /// Refuses cycles, and references that multiply.
    fn check_references(&self) -> Result<(), Problem> {
        let mut sizes = vec![Known::Nothing; self.definitions.len()];
        for (at, definition) in self.definitions.iter().enumerate() {
            self.size_of_definition(at, &definition.reference[1..], 1, &mut sizes)?;
        }
        let size = self.size(&self.root, "", 1, &mut sizes)?;
        size.check("")
    }

    fn size_of_definition(
        &self,
        at: usize,
        pointer: &str,
        level: usize,
        sizes: &mut [Known],
    ) -> Result<Size, Problem> {
        match sizes[at] {
            Known::Size(size) => Ok(size),
            Known::Begun => Err(Problem::new(pointer, ProblemKind::Recursive)),
            Known::Nothing => {
                sizes[at] = Known::Begun;
                let definition = &self.definitions[at];
                let mut size =
                    self.size(&definition.node, &definition.reference[1..], level, sizes)?;
                size.bytes = size.bytes.saturating_add(definition.bytes);
                size.check(&definition.reference[1..])?;
                sizes[at] = Known::Size(size);
                Ok(size)
            }
        }
    }

    /// `level` bounds the recursion, which follows a chain of definitions to its end.
    fn size(
        &self,
        node: &Node,
        pointer: &str,
        level: usize,
        sizes: &mut [Known],
    ) -> Result<Size, Problem> {
        if level > MOST_LEVELS {
            return Err(Problem::new(pointer, ProblemKind::TooDeep(MOST_LEVELS)));
        }
        let mut inside = Size::default();
        if let Some(at) = node.reference {
            inside.take(self.size_of_definition(at, pointer, level + 1, sizes)?);
        }
        for (way, child) in node.children() {
            inside.take(self.size(child, &pointer_to(pointer, &way), level + 1, sizes)?);
        }
        Ok(Size {
            schemas: inside.schemas.saturating_add(1),
            levels: inside.levels + 1,
            bytes: inside.bytes,
        })
    }
}

/// What is known of a definition's size.
#[derive(Clone, Copy)]
enum Known {
    Nothing,
    Begun,
    Size(Size),
}

/// How much a schema is when its references are written out.
#[derive(Clone, Copy, Default)]
struct Size {
    schemas: usize,
    levels: usize,
    bytes: usize,
}

impl Size {
    fn take(&mut self, child: Self) {
        self.schemas = self.schemas.saturating_add(child.schemas);
        self.levels = self.levels.max(child.levels);
        self.bytes = self.bytes.saturating_add(child.bytes);
    }

    fn check(self, pointer: &str) -> Result<(), Problem> {
        let kind = match self {
            Self { schemas, .. } if schemas > MOST_SCHEMAS => ProblemKind::TooMany(MOST_SCHEMAS),
            Self { bytes, .. } if bytes > MOST_BYTES => ProblemKind::TooLarge(MOST_BYTES),
            Self { levels, .. } if levels > MOST_LEVELS => ProblemKind::TooDeep(MOST_LEVELS),
            _ => return Ok(()),
        };
        Err(Problem::new(pointer, kind))
    }
}

struct Parser<'a> {
    references: &'a [String],
}

impl Parser<'_> {
    fn schema(&self, text: &str, pointer: &str, level: usize) -> Result<Node, Problem> {
        if level > MOST_LEVELS {
            return Err(Problem::new(pointer, ProblemKind::TooDeep(MOST_LEVELS)));
        }
        let mut node = Node::default();
        let mut is_checked = false;
        for (keyword, value) in members(text, pointer)?.0 {
            if ANNOTATIONS.contains(&keyword.as_str()) {
                continue;
            }
            if pointer.is_empty() && DEFINITIONS.contains(&keyword.as_str()) {
                continue;
            }
            if keyword == "$ref" {
                node.reference = Some(self.reference(value, pointer)?);
                continue;
            }
            is_checked = true;
            self.keyword(&mut node, &keyword, value, pointer, level)?;
        }
        if is_checked && node.reference.is_some() {
            return Err(Problem::new(pointer, ProblemKind::Beside));
        }
        Ok(node)
    }

    fn keyword(
        &self,
        node: &mut Node,
        keyword: &str,
        value: &RawValue,
        pointer: &str,
        level: usize,
    ) -> Result<(), Problem> {
        let inside = |way: &[&str], text: &RawValue| {
            self.schema(text.get(), &pointer_to(pointer, way), level + 1)
        };
        let at = Keyword { value, pointer };
        match keyword {
            "type" => node.types = at.types()?,
            "enum" => node.values = Some(at.read("enum", "an array")?),
            "const" => node.constant = Some(at.read("const", "a value of JSON")?),
            "properties" => {
                let place = pointer_to(pointer, &["properties"]);
                for (name, schema) in members(value.get(), &place)?.0 {
                    let property = inside(&["properties", &name], schema)?;
                    node.properties.push((name, property));
                }
            }
            "required" => node.required = at.read("required", "an array of strings")?,
            "additionalProperties" => {
                node.additional = match value.get() {
                    "true" => Additional::Any,
                    "false" => Additional::None,
                    _ => Additional::Each(Box::new(inside(&["additionalProperties"], value)?)),
                }
            }
            "items" => node.items = Some(Box::new(inside(&["items"], value)?)),
            "minItems" => node.min_items = Some(at.count("minItems")?),
            "maxItems" => node.max_items = Some(at.count("maxItems")?),
            "minLength" => node.min_length = Some(at.count("minLength")?),
            "maxLength" => node.max_length = Some(at.count("maxLength")?),
            "minimum" => node.minimum = Some(at.number("minimum")?),
            "maximum" => node.maximum = Some(at.number("maximum")?),
            "exclusiveMinimum" => node.exclusive_minimum = Some(at.number("exclusiveMinimum")?),
            "exclusiveMaximum" => node.exclusive_maximum = Some(at.number("exclusiveMaximum")?),
            "anyOf" => {
                let branches: Vec<&RawValue> = serde_json::from_str(value.get())
                    .ok()
                    .filter(|branches: &Vec<_>| !branches.is_empty())
                    .ok_or_else(|| at.wrong("anyOf", "an array of schemas"))?;
                for (at, branch) in branches.into_iter().enumerate() {
                    node.any_of
                        .push(inside(&["anyOf", &at.to_string()], branch)?);
                }
            }
            other => {
                let known = UNCHECKED.into_iter().chain(DEFINITIONS);
                let kind = known
                    .into_iter()
                    .find(|known| *known == other)
                    .map_or(ProblemKind::Unknown, ProblemKind::Unchecked);
                return Err(Problem::new(pointer, kind));
            }
        }
        Ok(())
    }

    /// The definition that a `$ref` names.
    fn reference(&self, value: &RawValue, pointer: &str) -> Result<usize, Problem> {
        let reference: String = Keyword { value, pointer }.read("$ref", "a string")?;
        let found = self.references.iter().position(|known| *known == reference);
        found.ok_or_else(|| {
            let is_definition = DEFINITIONS.iter().any(|place| {
                let name = reference.strip_prefix(&format!("#/{place}/"));
                name.is_some_and(|name| !name.contains('/'))
            });
            let kind = match (is_definition, reference.as_str()) {
                (true, _) => ProblemKind::Undefined,
                (false, "#") => ProblemKind::Recursive,
                (false, _) => ProblemKind::Outside,
            };
            Problem::new(pointer, kind)
        })
    }
}

/// A keyword's value, and where the keyword stands.
struct Keyword<'a> {
    value: &'a RawValue,
    pointer: &'a str,
}

impl Keyword<'_> {
    fn wrong(&self, keyword: &'static str, wanted: &'static str) -> Problem {
        Problem::new(self.pointer, ProblemKind::Wrong(keyword, wanted))
    }

    fn read<T: DeserializeOwned>(
        &self,
        keyword: &'static str,
        wanted: &'static str,
    ) -> Result<T, Problem> {
        serde_json::from_str(self.value.get()).map_err(|_| self.wrong(keyword, wanted))
    }

    fn number(&self, keyword: &'static str) -> Result<Number, Problem> {
        self.read(keyword, "a number")
    }

    /// A whole number from 0, however it is written.
    fn count(&self, keyword: &'static str) -> Result<u64, Problem> {
        const WANTED: &str = "a whole number from 0";
        let number: Number = self.read(keyword, WANTED)?;
        let is_whole = |number: &f64| number.fract() == 0.0 && *number >= 0.0;
        let written = number.as_f64().filter(is_whole).map(|number| number as u64);
        let count = number.as_u64().or(written);
        count.ok_or_else(|| self.wrong(keyword, WANTED))
    }

    /// One type or several.
    fn types(&self) -> Result<Vec<Type>, Problem> {
        const WANTED: &str = "one of JSON Schema's types, or an array of them";
        let value: Value = self.read("type", WANTED)?;
        let names = match value {
            Value::Array(names) if !names.is_empty() => names,
            other => vec![other],
        };
        let named = |name: Value| {
            Type::ALL
                .into_iter()
                .find(|known| name.as_str() == Some(known.name()))
        };
        let types: Option<Vec<Type>> = names.into_iter().map(named).collect();
        types.ok_or_else(|| self.wrong("type", WANTED))
    }
}

fn members<'a>(text: &'a str, pointer: &str) -> Result<Members<'a>, Problem> {
    let members =
        Members::of(text).ok_or_else(|| Problem::new(pointer, ProblemKind::NotASchema))?;
    if members.are_distinct() {
        Ok(members)
    } else {
        Err(Problem::new(pointer, ProblemKind::Twice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> (String, ProblemKind) {
        let problem = Schema::parse(text).unwrap_err();
        (problem.pointer, problem.kind)
    }

    #[test]
    fn what_cannot_be_checked_is_refused_at_its_place() {
        for (text, pointer, kind) in [
            ("[]", "", ProblemKind::NotASchema),
            (
                r#"{"properties": {"a/b": true}}"#,
                "/properties/a~1b",
                ProblemKind::NotASchema,
            ),
            (r#"{"type": "a", "type": "b"}"#, "", ProblemKind::Twice),
            (
                r#"{"items": {"oneOf": []}}"#,
                "/items",
                ProblemKind::Unchecked("oneOf"),
            ),
            (
                r#"{"anyOf": [{"type": "null"}, {"items": {"oneOf": []}}]}"#,
                "/anyOf/1/items",
                ProblemKind::Unchecked("oneOf"),
            ),
            (
                r#"{"$defs": {"a": {"$defs": {}}}}"#,
                "/$defs/a",
                ProblemKind::Unchecked("$defs"),
            ),
            (r#"{"nullable": true}"#, "", ProblemKind::Unknown),
            (
                r#"{"items": {"$defs": {}}}"#,
                "/items",
                ProblemKind::Unchecked("$defs"),
            ),
            (
                r#"{"$ref": "https://example.com/a.json"}"#,
                "",
                ProblemKind::Outside,
            ),
            (r##"{"$ref": "#/properties/a"}"##, "", ProblemKind::Outside),
            (r##"{"$ref": "#/$defs/a"}"##, "", ProblemKind::Undefined),
            (
                r##"{"$defs": {"a": {}}, "$ref": "#/$defs/a", "minLength": 1}"##,
                "",
                ProblemKind::Beside,
            ),
            (
                r##"{"items": {"$ref": "#"}}"##,
                "/items",
                ProblemKind::Recursive,
            ),
            (
                r##"{"$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"$ref": "#/$defs/a"}}}"##,
                "/$defs/b",
                ProblemKind::Recursive,
            ),
        ] {
            assert_eq!(problem(text), (pointer.to_owned(), kind), "{text}");
        }
        for (keyword, value) in [
            ("type", "\"text\""),
            ("type", "[]"),
            ("required", "\"a\""),
            ("minItems", "-1"),
            ("maxLength", "1.5"),
            ("minimum", "\"1\""),
            ("anyOf", "[]"),
            ("enum", "1"),
        ] {
            let (_, kind) = problem(&format!("{{\"{keyword}\": {value}}}"));
            let is_it = matches!(kind, ProblemKind::Wrong(wrong, _) if wrong == keyword);
            assert!(is_it, "{keyword}: {kind:?}");
        }
    }

    #[test]
    fn a_schema_keeps_its_levels_and_its_size_within_bounds() {
        let nested = |levels: usize| {
            format!(
                "{}{{}}{}",
                r#"{"items": "#.repeat(levels - 1),
                "}".repeat(levels - 1)
            )
        };
        assert!(Schema::parse(&nested(MOST_LEVELS)).is_ok());
        let (_, kind) = problem(&nested(MOST_LEVELS + 1));
        assert_eq!(kind, ProblemKind::TooDeep(MOST_LEVELS));
        let (_, kind) = problem(&nested(10_000));
        assert_eq!(kind, ProblemKind::TooDeep(MOST_LEVELS));

        // Each definition refers to the next one twice.
        let doubled = |definitions: usize| {
            let each: Vec<_> = (1..definitions)
                .map(|at| {
                    let next = format!("{{\"$ref\": \"#/$defs/{}\"}}", at + 1);
                    format!("\"{at}\": {{\"anyOf\": [{next}, {next}]}}")
                })
                .collect();
            let each = each.join(", ");
            format!("{{\"$defs\": {{{each}, \"{definitions}\": {{}}}}, \"$ref\": \"#/$defs/1\"}}")
        };
        assert!(Schema::parse(&doubled(12)).is_ok());
        let (_, kind) = problem(&doubled(13));
        assert_eq!(kind, ProblemKind::TooMany(MOST_SCHEMAS));

        // 1,024 times the last one, which is long.
        let long = doubled(11).replace("{}", &format!("{{\"title\": \"{}\"}}", "a".repeat(300)));
        let (_, kind) = problem(&long);
        assert_eq!(kind, ProblemKind::TooLarge(MOST_BYTES));
        // A chain of definitions is not followed further than it may be deep.
        let chain: Vec<_> = (0..5_000)
            .map(|at| {
                format!(
                    "\"{at}\": {{\"items\": {{\"$ref\": \"#/$defs/{}\"}}}}",
                    at + 1
                )
            })
            .collect();
        let (_, kind) = problem(&format!(
            "{{\"$defs\": {{{}, \"5000\": {{}}}}}}",
            chain.join(",")
        ));
        assert_eq!(kind, ProblemKind::TooDeep(MOST_LEVELS));
    }

    #[test]
    fn a_count_is_a_whole_number_however_it_is_written() {
        assert!(Schema::parse(r#"{"minItems": 2.0}"#).is_ok());
    }
}

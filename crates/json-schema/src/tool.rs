//! A schema as the input of a tool.
//!
//! At its top, Amazon Nova takes `type`, `properties` and `required` alone ("Defining a tool" in the Amazon Nova
//! user guide), and so no definitions: each `$ref` is replaced by the schema that it refers to. The order and the
//! text of everything else stay.

use serde_json::value::RawValue;

use crate::{
    Problem, ProblemKind, Schema,
    members::Members,
    node::{Type, pointer_to},
    parse::DEFINITIONS,
};

impl Schema {
    /// The schema as `inputSchema.json` of a tool.
    ///
    /// # Errors
    ///
    /// A schema that is not of type object.
    pub fn as_tool_input(&self) -> Result<Box<RawValue>, Problem> {
        let unreadable = || Problem::new("", ProblemKind::NotASchema);
        if self.resolved(&self.root).types != [Type::Object] {
            return Err(Problem::new("", ProblemKind::NotOfObjects));
        }
        let writer = Writer {
            root: Members::of(&self.text).ok_or_else(unreadable)?,
        };
        let mut members = Vec::new();
        writer.members(&self.text, &mut members);
        members.retain(|(name, _)| ["type", "properties", "required"].contains(&name.as_str()));
        for (name, value) in &mut members {
            if name == "type" {
                // Bedrock takes no array there, not even of one.
                *value = "\"object\"";
            }
        }
        RawValue::from_string(writer.object(&members)).map_err(|_| unreadable())
    }
}

struct Writer<'a> {
    root: Members<'a>,
}

impl<'a> Writer<'a> {
    /// The members of a schema; in place of a `$ref`, those that it leads to and that are not there already.
    fn members(&self, schema: &'a str, into: &mut Vec<(String, &'a str)>) {
        let Some(members) = Members::of(schema) else {
            return;
        };
        let reference = members.get("$ref");
        for (name, value) in members.0 {
            let is_new = !into.iter().any(|(known, _)| *known == name);
            if name != "$ref" && is_new {
                into.push((name, value.get()));
            }
        }
        if let Some(definition) = reference.and_then(|reference| self.definition(reference)) {
            self.members(definition, into);
        }
    }

    fn definition(&self, reference: &RawValue) -> Option<&'a str> {
        let reference: String = serde_json::from_str(reference.get()).ok()?;
        DEFINITIONS.into_iter().find_map(|place| {
            let definitions = Members::of(self.root.get(place)?.get())?;
            let mut definitions = definitions.0.into_iter();
            let found = definitions.find(|(name, _)| {
                reference.strip_prefix('#') == Some(&pointer_to("", &[place, name]))
            });
            found.map(|(_, schema)| schema.get())
        })
    }

    fn schema(&self, schema: &'a str) -> String {
        let mut members = Vec::new();
        self.members(schema, &mut members);
        self.object(&members)
    }

    fn object(&self, members: &[(String, &'a str)]) -> String {
        let members = members.iter().map(|(name, value)| {
            let value = match name.as_str() {
                "properties" => {
                    let properties = Members::of(value).map_or(Vec::new(), |members| members.0);
                    let properties = properties
                        .into_iter()
                        .map(|(name, schema)| (name, self.schema(schema.get())));
                    object(properties)
                }
                "items" | "additionalProperties" if value.starts_with('{') => self.schema(value),
                "anyOf" => {
                    let branches: Vec<&RawValue> = serde_json::from_str(value).unwrap_or_default();
                    let branches = branches.into_iter().map(|branch| self.schema(branch.get()));
                    format!("[{}]", branches.collect::<Vec<_>>().join(","))
                }
                _ => (*value).to_owned(),
            };
            (name.clone(), value)
        });
        object(members)
    }
}

fn object(members: impl Iterator<Item = (String, String)>) -> String {
    let members = members.map(|(name, value)| {
        // A string always serializes.
        let name = serde_json::to_string(&name).unwrap_or_default();
        format!("{name}:{value}")
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool_input(schema: &str) -> String {
        let input = Schema::parse(schema).unwrap().as_tool_input().unwrap();
        input.get().to_owned()
    }

    #[test]
    fn definitions_are_written_where_they_are_referred_to_and_the_order_stays() {
        let schema = r##"{
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Rows",
            "type": "object",
            "additionalProperties": false,
            "required": ["z", "a"],
            "properties": {
                "z": {"type": "array", "items": {"$ref": "#/$defs/row~1s", "description": "A row."}},
                "a": {"anyOf": [{"$ref": "#/definitions/price"}, {"type": "null"}]}
            },
            "$defs": {"row/s": {"type": "object", "description": "?", "properties": {"price": {"$ref": "#/definitions/price"}}, "additionalProperties": false}},
            "definitions": {"price": {"type": "number", "minimum": 0.50}}
        }"##;
        assert_eq!(
            tool_input(schema),
            concat!(
                r#"{"type":"object","required":["z","a"],"properties":{"#,
                r#""z":{"type":"array","items":{"description":"A row.","type":"object","#,
                r#""properties":{"price":{"type":"number","minimum":0.50}},"additionalProperties":false}},"#,
                r#""a":{"anyOf":[{"type":"number","minimum":0.50},{"type":"null"}]}}}"#,
            )
        );
    }

    #[test]
    fn a_root_that_refers_to_an_object_is_one() {
        let schema = r##"{"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "title": "A"}}}"##;
        assert_eq!(tool_input(schema), r#"{"type":"object"}"#);
        assert_eq!(
            tool_input(r#"{"type": ["object"]}"#),
            r#"{"type":"object"}"#
        );
    }

    #[test]
    fn a_root_of_any_other_type_has_no_place_in_a_tool() {
        for schema in [
            "{}",
            r#"{"type": "array"}"#,
            r#"{"type": ["object", "null"]}"#,
        ] {
            let problem = Schema::parse(schema).unwrap().as_tool_input().unwrap_err();
            assert_eq!(problem.kind, ProblemKind::NotOfObjects, "{schema}");
        }
    }
}
